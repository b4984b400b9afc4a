"""`main.py generate MODEL PROMPT`: let a trained model write."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, STOPPED, Command, UsageError, say
from studio.commands.run import split_step, stopped_by_signals
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.config import Sampling
    from studio.store.checkpoints import CheckpointInfo


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, what it starts from, and the knobs of sampling."""
    from studio.core.config import Sampling
    from studio.core.knobs import knobs_of

    parser.add_argument("model", metavar="MODEL", help="a checkpoint's or run's folder, RUN, or RUN@STEP")
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="the text to go on from")
    parser.add_argument("--prompt-ids", metavar="1,403", help="token ids in place of PROMPT")
    parser.add_argument("--ids", action="store_true", help="print the new token ids as a JSON list instead of text")
    parser.add_argument("--project", metavar="DIR", help="where RUN is looked up; else in the project opened last")
    default = Sampling()
    for name, knob in knobs_of(Sampling).items():
        if name != "prompt":
            value = getattr(default, name)
            words = f"{knob.help} (default: {value})".replace("%", "%%")
            option = "--" + name.replace("_", "-")
            parser.add_argument(option, type=type(value), default=value, metavar=knob.label.upper()[0], help=words)


def run(options: argparse.Namespace) -> int:
    """Write the text as it comes, or the ids when all are there."""
    if (options.prompt is None) == (options.prompt_ids is None):
        raise UsageError("Give a prompt, or its token ids with --prompt-ids; not both.")
    from studio.core.channel import RunControl
    from studio.core.shelf import resolve

    sampling = sampling_of(options)
    folder = find_checkpoint(options.model, options.project)
    model = resolve("studio.engine.loaded:open_model")(folder)
    control = RunControl()
    with stopped_by_signals(control):
        if options.ids or options.prompt is None:
            write_ids(model, options, sampling, control)
        else:
            write_text(model, sampling, control)
    return STOPPED if control.stopping else DONE


def sampling_of(options: argparse.Namespace) -> "Sampling":
    """The options as a `Sampling` whose values are within their limits."""
    from studio.core.config import Sampling
    from studio.core.knobs import knobs_of, problems

    chosen = {name: getattr(options, name) for name in knobs_of(Sampling)}
    sampling = Sampling(**{**chosen, "prompt": options.prompt or ""})
    if found := problems(sampling):
        raise UsageError(" ".join(problem.message for problem in found))
    return sampling


def find_checkpoint(model: str, project: str | None) -> Path:
    """The checkpoint's folder that MODEL means: a path, `RUN` (its best, else its last), or `RUN@STEP`."""
    from studio.store.checkpoints import choose
    from studio.store.project import Project
    from studio.store.runs import RunRecord

    path = Path(model).expanduser()
    if (path / "state.json").is_file():
        return path
    if (path / "checkpoints").is_dir():
        return _folder(choose(RunRecord(path), "best"))
    if path.is_dir():
        raise StudioError(f"“{path}” is neither a checkpoint nor a run.", "A checkpoint holds a file “state.json”.")
    name, step = split_step(model)
    home = Path(project) if project else _last_project()
    return _folder(choose(Project.open(home).run(name), int(step) if step.isdigit() else step or "best"))


def _folder(info: "CheckpointInfo") -> Path:
    say(f"checkpoint: {info.folder}")
    return info.folder


def _last_project() -> Path:
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    last = load_preferences(places().preferences, say).last_project
    if not last:
        raise UsageError("It is not known which project to look in.", "Name its folder with --project DIR.")
    return Path(last)


def write_text(model: Any, sampling: "Sampling", control: "RunControl") -> None:
    """The new text, piece by piece; on a terminal the prompt stands before it."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        print(sampling.prompt, end="", file=sys.stderr, flush=True)
    for piece in model.complete(sampling, control):
        print(piece.text, end="", flush=True)
    print(flush=True)


def write_ids(model: Any, options: argparse.Namespace, sampling: "Sampling", control: "RunControl") -> None:
    """The new token ids as one JSON list, or their text where the model can spell it."""
    prompt = model.encode(options.prompt) if options.prompt is not None else ids_of(options.prompt_ids)
    unknown = [token for token in prompt if not 0 <= token < model.vocab_size]
    if unknown:
        raise StudioError(f"This model has no token {unknown[0]}.", f"Its ids go from 0 to {model.vocab_size - 1:,}.")
    ids = list(model.ids(prompt, sampling, control))
    if options.ids or model.tokenizer is None:
        print(json.dumps(ids))
    else:
        print(model.tokenizer.decode(ids))


def ids_of(text: str) -> list[int]:
    """`1,403` as [1, 403]."""
    try:
        ids = [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        ids = []
    if not ids:
        raise UsageError("--prompt-ids takes whole numbers with commas between them, such as 1,403.")
    return ids


COMMAND = Command("generate", "let a trained model write", add_options, run)
