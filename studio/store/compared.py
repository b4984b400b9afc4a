"""Tokenizers side by side, those whose encoder is still to be built in a process of their own.

tiktoken lets no other thread of its process work while it builds a large encoder: up to 0.4 seconds, in which the
window would stand still.
"""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.errors import StudioError
from studio.tokenizers import Tokenizer, tokenizer_from_json
from studio.tokenizers.byte_pair import PATIENCE, VendoredTokenizer

if TYPE_CHECKING:
    from studio.vocabularies.comparison import Comparison

KeepGoing = Callable[[], bool]

_ROOT = Path(__file__).resolve().parents[2]
_LOOK = 0.05  # seconds between two questions whether it is still wanted


def compared(tokenizers: Mapping[str, Tokenizer], text: str, keep_going: KeepGoing) -> "list[Comparison]":
    """What `compare` says of each, in their order; for a worker thread."""
    found: list[Comparison] = []
    for name, tokenizer in tokenizers.items():
        apart = _elsewhere(name, tokenizer, text, keep_going) if holds_up(tokenizer) else None
        found += [apart] if apart is not None else _here({name: tokenizer}, text, keep_going)
    return found


def holds_up(tokenizer: Tokenizer) -> bool:
    """Whether tiktoken would now build an encoder for it."""
    return isinstance(tokenizer, VendoredTokenizer) and tokenizer.waits(PATIENCE + 1)


def _here(tokenizers: Mapping[str, Tokenizer], text: str, keep_going: KeepGoing | None) -> "list[Comparison]":
    from studio.vocabularies.comparison import compare

    return compare(tokenizers, text, keep_going=keep_going)


def _elsewhere(name: str, tokenizer: Tokenizer, text: str, keep_going: KeepGoing) -> "Comparison | None":
    """Measured by another process; None where there is none, or it has failed."""
    from studio.vocabularies.comparison import Comparison

    environment = os.environ | {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
    own: dict[str, Any] = {}
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NO_WINDOW}
    order = json.dumps({"name": name, "tokenizer": tokenizer.to_json(), "text": text})
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "studio.store.compared"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, **own,
        )  # fmt: skip
    except OSError:
        return None
    said = _answer(process, order.encode("ascii"), keep_going)
    try:
        return Comparison(**json.loads(said))
    except (ValueError, TypeError):  # it has ended without a word
        return None


def _answer(process: "subprocess.Popen[bytes]", order: bytes, keep_going: KeepGoing) -> bytes:
    """What the process says in the end; whatever happens, it has ended on leaving."""
    waiting: bytes | None = order
    try:
        while True:
            if not keep_going():
                raise StudioError("The comparison was stopped before it was finished.", "Nothing was changed.")
            try:
                return process.communicate(waiting, timeout=_LOOK)[0]
            except subprocess.TimeoutExpired:
                waiting = None  # `communicate` goes on with what it was given first
    except OSError:
        return b""
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()


def main() -> None:
    """Read an order from standard input, measure, and write the result as JSON."""
    order = json.loads(sys.stdin.buffer.read())
    tokenizer = tokenizer_from_json(order["tokenizer"])
    (found,) = _here({order["name"]: tokenizer}, order["text"], None)
    sys.stdout.write(json.dumps({**dataclasses.asdict(found), "by_language": dict(found.by_language)}))


if __name__ == "__main__":
    main()
