"""`main.py export MODEL`: write a model in a form that other programs read."""

import argparse
from pathlib import Path

from studio.commands import DONE, Command, UsageError, say

ADAPTER = "peft"
CLASSES_GO = ("hugging_face", "script")  # formats that have a place for classes


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, in which form, and where to."""
    parser.add_argument(
        "model", metavar="MODEL", help="a model's, checkpoint's or run's folder, NAME, RUN, or RUN@STEP"
    )
    parser.add_argument("--format", required=True, metavar="FORMAT", help="hugging_face, gguf, script, or peft")
    parser.add_argument("--to", required=True, metavar="PATH", help="a new folder, or for one-file formats a new file")
    parser.add_argument("--precision", default="", metavar="P", help="number format, such as bf16 or q8_0; see README")
    parser.add_argument("--project", metavar="DIR", help="where names are looked up; else in the project opened last")


def run(options: argparse.Namespace) -> int:
    """Write, compare, and print where it lies."""
    from studio.commands.generate import find_checkpoint
    from studio.core.shelf import resolve
    from studio.store.disk import size_text

    formats = [*writable(), ADAPTER]
    if options.format not in formats:
        raise UsageError(f"Models are not written as “{options.format}”.", f"Choose one of: {', '.join(formats)}.")
    folder = find_checkpoint(options.model, options.project)
    if options.format == ADAPTER:
        print(resolve("studio.engine.classifier_export:export_adapter")(folder, Path(options.to).expanduser()))
        return DONE
    if sorts(folder):
        return classifier(folder, options)
    chosen = {"precision": options.precision} if options.precision else {}
    done = resolve("studio.engine.export:export")(folder, options.format, Path(options.to).expanduser(), chosen)
    for note in done.notes:
        say(note)
    say(f"{size_text(done.bytes)}; read back: {done.same} of {done.prompts} prompts go on with the same token, "
        f"scores differ by at most {done.error:.1g} of their spread")  # fmt: skip
    print(done.path)
    return DONE


def sorts(folder: Path) -> bool:
    """Whether the checkpoint in a folder learned classes."""
    from studio.store.files import read_json

    if not (folder / "state.json").is_file():
        return False
    state = read_json(folder / "state.json")
    return isinstance(state, dict) and dict(state.get("config") or {}).get("objective") == "classify"


def classifier(folder: Path, options: argparse.Namespace) -> int:
    """Write a classifier in one of the two forms that have a place for its classes."""
    from studio.core.shelf import resolve

    if options.format not in CLASSES_GO or options.precision:
        raise UsageError(
            f"A classifier is written as {' or '.join(CLASSES_GO)}, in fp32.",
            "Leave --precision out, and choose one of these formats.",
        )
    target = Path(options.to).expanduser()
    done = resolve("studio.engine.classifier_export:export_classifier")(folder, target, options.format)
    for note in done.notes:
        say(note)
    say(f"read back: {done.same} of {done.rows} rows get the same class, scores differ by at most {done.error:.1g} "
        f"of their spread")  # fmt: skip
    print(done.path)
    return DONE


def writable() -> list[str]:
    """Names of the formats that are written."""
    from studio.core.shelf import EXCHANGES

    return [name for name in EXCHANGES.names() if EXCHANGES.load(name).write is not None]


COMMAND = Command("export", "write a model in a form that other programs read", add_options, run)
