"""The child of `encoder_process`: reads pieces of a text from its standard input, gives back their ids.

It ends with its input, so that it never outlives whoever started it.
"""

import json
import sys
from typing import IO

from studio.tokenizers import Tokenizer, tokenizer_from_json
from studio.tokenizers.byte_pair import RankedTokenizer

REFUSED = (1 << 32) - 1  # in place of a size: the piece could not be encoded, which its owner finds out again


def main() -> None:
    """Build the tokenizer that is told first, then encode every piece."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    order = json.loads(read_frame(source) or b"null")
    if order is None:
        return
    tokenizer = tokenizer_from_json(order["tokenizer"])
    if isinstance(tokenizer, RankedTokenizer):
        tokenizer.encoding  # noqa: B018 - nobody waits here while it is built
    while (piece := read_frame(source)) is not None:
        ids = ids_of(tokenizer, piece, order["marked"])
        target.write(REFUSED.to_bytes(4, "big") if ids is None else frame(ids))
        target.flush()


def ids_of(tokenizer: Tokenizer, piece: bytes, marked: bool) -> bytes | None:
    """The ids of a piece as 32-bit numbers, the low byte first; None where the vocabulary cannot say it."""
    try:
        return tokenizer.encode_array(piece.decode("utf-8"), marked=marked).astype("<u4").tobytes()
    except Exception:  # whatever it is happens again where it can be told
        return None


def frame(content: bytes) -> bytes:
    """Some bytes behind their number."""
    return len(content).to_bytes(4, "big") + content


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next bytes behind their number; None at the end, or where they were `REFUSED`."""
    head = stream.read(4)
    size = int.from_bytes(head, "big")
    if len(head) < 4 or size == REFUSED:
        return None
    content = stream.read(size)
    return content if len(content) == size else None


if __name__ == "__main__":
    main()
