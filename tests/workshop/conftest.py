"""The stage of panels' tests, and a network's outline that needs no torch."""

import pytest

from studio.core.outline import Node
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session

FLOW = (4, 32, 64)
HEADS, SCORES = (4, 2, 32, 32), (4, 2, 32, 32)


def leaf(kind: str, path: str, parameters: int = 0, out: tuple[int, ...] = FLOW, **more: object) -> Node:
    """A step without parts."""
    return Node(kind, path, (FLOW,), out, parameters, **more)  # type: ignore[arg-type]


def column(letter: str) -> tuple[Node, ...]:
    """A matrix and the heads it makes."""
    here = "layers.0.self_attn"
    matrix = leaf("Linear", f"{here}.{letter}_proj", 4_096, weight=(64, 64))
    return matrix, leaf("heads", f"{here}.heads", out=HEADS)


def attention() -> Node:
    """Queries, keys and values side by side; the values are read late."""
    here = "layers.0.self_attn"
    rows = (
        tuple(column(letter) for letter in "qkv"),
        ((leaf("scores", f"{here}.scores", out=SCORES),),),
        ((leaf("softmax", f"{here}.softmax", out=SCORES),),),
        ((leaf("mix", f"{here}.mix", out=HEADS, late=(0, 2)),),),
        ((leaf("Linear", f"{here}.o_proj", 4_160, weight=(64, 64)),),),
    )
    return Node("Attention", here, (FLOW,), FLOW, 16_448, rows=rows)


def block() -> Node:
    """Norm, attention, sum; norm, feed forward, sum."""
    here = "layers.0"
    inside = ((leaf("Linear", f"{here}.mlp.up_proj", 16_640, (4, 32, 256)),), (leaf("gelu", f"{here}.mlp.gelu"),))
    feed_forward = Node(
        "FeedForward", f"{here}.mlp", (FLOW,), FLOW, 33_088, rows=tuple((column,) for column in inside)
    )  # fmt: skip
    steps = (
        leaf("LayerNorm", f"{here}.input_layernorm", 128), attention(), leaf("add", f"{here}.add", since=0),
        leaf("LayerNorm", f"{here}.post_attention_layernorm", 128), feed_forward, leaf("add", f"{here}.add", since=3),
    )  # fmt: skip
    return Node("Block", here, (FLOW,), FLOW, 49_792, rows=tuple(((step,),) for step in steps), times=3)


@pytest.fixture
def network() -> Node:
    """A GPT-2 of three blocks for four windows of 32 tokens, with a tied head."""
    tables = (
        (Node("Embedding", "embed_tokens", ((4, 32),), FLOW, 6_400, (100, 64)),),
        (Node("Embedding", "embed_positions", ((32,),), (32, 64), 2_048, (32, 64)),),
    )
    rows = (
        tables,
        ((leaf("add", "add"),),),
        ((block(),),),
        ((leaf("LayerNorm", "norm", 128, weight=(64,)),),),
        ((leaf("Linear", "lm_head", 0, (4, 32, 100), weight=(100, 64), tied="embed_tokens"),),),
    )
    return Node("Decoder", "", ((4, 32),), (4, 32, 100), 6_400 + 2_048 + 3 * 49_792 + 128, rows=rows)
