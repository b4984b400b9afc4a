"""How the programs of this room are told where everything lies: rows of 64-bit numbers, addresses and counts."""

from enum import IntEnum


class Matrix(IntEnum):
    """Linear layers of a block, in the rows of a table; the output head stands behind the last block."""

    QUERIES, KEYS, VALUES, OUT, GATE, UP, DOWN = range(7)


class Field(IntEnum):
    """What the table of linear layers says of each: addresses, 0 where there is nothing."""

    WEIGHT, SCALES, BIAS = range(3)


class Norm(IntEnum):
    """Norms of a block, each with the addresses of weight and bias; the last of all stands behind the last block."""

    BEFORE_ATTENTION, BEFORE_FEED_FORWARD, OF_QUERIES, OF_KEYS = range(4)


# What each thread's program for a token is given.
STEP = (
    "linears",  # int64 (layers * len(Matrix) + 1, len(Field))
    "norms",  # int64 (layers * len(Norm) + 1, 2)
    "cosines",  # float32 (places, head_dim / 2), as `sines`
    "sines",
    "keys",  # float32 (layers, groups, capacity, head_dim), as `values`: the tokens before, and room for this one
    "values",
    "capacity",
    "place",  # how many tokens were before
    "x",  # float32 (width,): the token's vector; from here on the threads share their memory
    "queries",  # float32 (heads * head_dim,), as `mixed`
    "new_keys",  # float32 (groups * head_dim,), as `new_values`
    "new_values",
    "mixed",
    "wide",  # float32 (hidden,), as `gates`
    "gates",
    "out",  # float32 (width,)
    "logits",  # float32 (vocabulary,)
    "meeting",  # int64 (MEETING,)
    "give_way",  # a function that offers the processor to somebody else
    "row",  # float32, room for the widest row; from here on each thread has its own
    "whole",  # int16, the same
    "scores",  # float32 (capacity,)
    "part",  # which thread it is
    "parts",  # of how many
)
MEETING = 16  # 64-bit numbers of a meeting, 0 at first

# What the program for one product is given.
PRODUCT = (
    "weight",  # int8 (rows, columns)
    "scales",  # float32 (rows,)
    "rows",
    "columns",
    "given",  # float32 (columns,)
    "whole",  # int16 (columns,), memory to work in
    "out",  # float32 (rows,)
)
