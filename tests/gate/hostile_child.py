"""Opens the files of a list, each in a process of its own, and prints what each one cost and what was said of it.

    python -m tests.gate.hostile_child LIST.json

Programs are imported before, once. Linux and macOS only.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

LONGEST = 240  # seconds by the clock after which a file is given up


def opened(how: str, path: Path) -> str:
    """What a file is answered with: the refusal, or what remained of it."""
    from studio.core.errors import StudioError
    from studio.engine.adopt import look
    from studio.engine.weights import empty_model, fill
    from studio.gate.chat_templates import look_at

    try:
        if how == "template":
            verdict = look_at(path.read_text("utf-8"))
            return f"refused: {verdict.why}" if verdict.refused else "harmless"
        found = look(path)
        fill(empty_model(found.config), found.sources, found.tensors, "cpu")
        return "; ".join(["harmless", *found.warnings])
    except StudioError as error:
        return f"refused: {error.message} {error.hint}"
    except BaseException as error:  # whatever it is, it is what the test is about
        return f"raised: {type(error).__name__}: {str(error)[:200]}"


def measured(how: str, path: Path) -> dict[str, Any]:
    """Processor seconds and the largest resident memory of opening one file, children included."""
    reading, writing = os.pipe()
    number = os.fork()
    if number == 0:
        os.close(reading)
        signal.alarm(LONGEST)
        with os.fdopen(writing, "w") as answer:
            answer.write(opened(how, path)[:4_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    _, status, used = os.wait4(number, 0)
    scale = 1 if sys.platform == "darwin" else 1_024
    seconds = used.ru_utime + used.ru_stime
    return {"seconds": seconds, "bytes": used.ru_maxrss * scale, "status": status, "said": said}


def main() -> None:
    """Write one line of JSON for each file."""
    import torch

    torch.set_num_threads(1)
    from studio.core.config import ModelConfig
    from studio.core.shelf import EXCHANGES, FAMILIES, OBJECTIVES
    from studio.engine.weights import empty_model, refuse_too_large

    for shelf in (EXCHANGES, FAMILIES, OBJECTIVES):
        for name in shelf.names():
            shelf.load(name)
    empty_model(ModelConfig(vocab_size=8, context_length=8, emb_dim=8, n_layers=1, n_heads=1))
    refuse_too_large(1, "cpu", "")
    for name, (how, path) in json.loads(Path(sys.argv[1]).read_text("utf-8")).items():
        sys.stdout.write(json.dumps({"name": name, **measured(how, Path(path))}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
