"""`main.py generate MODEL PROMPT`: let a trained model write."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from studio.commands import DONE, STOPPED, Command, UsageError, say
from studio.commands.run import stopped_by_signals
from studio.core.errors import StudioError
from studio.core.run_step import split_step

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.config import Sampling
    from studio.store.checkpoints import CheckpointInfo
    from studio.store.project import Project


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, what it starts from, and the knobs of sampling."""
    from studio.core.config import Sampling

    add_model(parser)
    parser.add_argument("prompt", nargs="?", metavar="PROMPT", help="the text to go on from")
    parser.add_argument("--prompt-ids", metavar="1,403", help="token ids in place of PROMPT")
    parser.add_argument("--ids", action="store_true", help="print the new token ids as a JSON list instead of text")
    add_sampling(parser, Sampling())


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model, and where it is."""
    parser.add_argument("model", metavar="MODEL", help="a model's folder or file, RUN, RUN@STEP, or NAME")
    parser.add_argument("--project", metavar="DIR", help="where RUN is looked up; else in the project opened last")


def add_sampling(parser: argparse.ArgumentParser, default: "Sampling", without: tuple[str, ...] = ()) -> None:
    """Every knob of sampling but the prompt and those that a command does without."""
    from studio.core.config import Sampling
    from studio.core.knobs import knobs_of

    for name, knob in knobs_of(Sampling).items():
        if name not in ("prompt", *without):
            value = getattr(default, name)
            option, metavar = "--" + name.replace("_", "-"), knob.label.upper()[0]
            if isinstance(value, tuple):
                words = f"{knob.help} May be given several times.".replace("%", "%%")
                parser.add_argument(option, action="append", metavar=metavar, help=words)
                continue
            words = f"{knob.help} (default: {value})".replace("%", "%%")
            choices = [choice for choice, _ in knob.choices] or None
            parser.add_argument(
                option, type=type(value), default=value, choices=choices, metavar=None if choices else metavar,
                help=words,
            )  # fmt: skip


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
    from studio.core.stops import read_stop

    chosen = {name: getattr(options, name) for name in knobs_of(Sampling) if hasattr(options, name)}
    stop = tuple(read_stop(text) for text in options.stop or ())
    sampling = Sampling(**{**chosen, "prompt": chosen.get("prompt") or "", "stop": stop})
    if found := problems(sampling):
        raise UsageError(" ".join(problem.message for problem in found))
    return sampling


def find_checkpoint(model: str, project: str | None) -> Path:
    """The path that MODEL means: a path itself, `RUN` (its best, else its last), `RUN@STEP`, or a model's name."""
    from studio.gate.names import inside
    from studio.store.checkpoints import choose
    from studio.store.project import Project
    from studio.store.runs import RunRecord

    path = Path(model).expanduser()
    if (path / "state.json").is_file():
        return path
    if (path / "checkpoints").is_dir():
        return _folder(choose(RunRecord(path), "best"))
    if path.exists() and is_foreign(path):
        return path
    if path.is_dir():
        raise StudioError(
            f"“{path}” is neither a checkpoint nor a run, nor a model in a format that Atelier reads.",
            "A checkpoint holds a file “state.json”; a model from elsewhere its “config.json” and weights.",
        )
    if is_place(model):
        _refuse_place(path)
    name, step = split_step(model)
    opened = Project.open(Path(project).expanduser() if project else _last_project(model))
    if stored := named_model(opened.path, model):
        return stored
    if not (inside(opened.path / "runs", name) / "config.json").is_file():
        _refuse_name(name, opened)
    return _folder(choose(opened.run(name), int(step) if step.isdigit() else step or "best"))


def is_place(model: str) -> bool:
    """Whether MODEL is written as only a path is: no run and no model has such a name."""
    return model.startswith(("~", ".")) or bool({"/", os.sep} & set(model))


def _refuse_place(path: Path) -> NoReturn:
    if path.exists():
        raise StudioError(
            f"“{path}” is not a model in a format that Atelier reads.",
            "It reads a Hugging Face folder, .safetensors, .gguf, .pth, .bin of llama2.c, and OpenAI's GPT-2 folder.",
        )
    raise StudioError(f"There is no file or folder “{path}”.", "Check the name, or choose it again.")


def _refuse_name(name: str, opened: "Project") -> NoReturn:
    """Say which runs and models there are."""
    from studio.store.models import list_models

    def listed(names: list[str]) -> str:
        return ", ".join(f"“{name}”" for name in names) or "none yet"

    runs = listed([run.name for run in opened.runs()])
    models = listed([model.name for model in list_models(opened.path)])
    raise StudioError(
        f"There is no run and no model “{name}” in the project “{opened.name}”.", f"Runs: {runs}. Models: {models}."
    )


def is_foreign(path: Path) -> bool:
    """Whether some format on the shelf reads this file or folder."""
    from studio.core.shelf import EXCHANGES

    shelf = [EXCHANGES.load(name) for name in EXCHANGES.names()]
    return any(exchange.open is not None and exchange.recognises(path) for exchange in shelf)


def named_model(project: Path, name: str) -> Path | None:
    """The folder of the project's model of that name, unless a run has the same one."""
    from studio.gate.names import inside
    from studio.store.models import find_model

    found = find_model(project, name)
    if found is None or (inside(project / "runs", name) / "config.json").is_file():
        return None
    say(f"model: {found.folder}")
    return found.folder


def _folder(info: "CheckpointInfo") -> Path:
    say(f"checkpoint: {info.folder}")
    return info.folder


def _last_project(model: str) -> Path:
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    last = load_preferences(places().preferences, say).last_project
    if not last:
        raise UsageError(
            f"“{model}” is no file or folder here, and it is not known in which project to look for it.",
            "Name the project's folder with --project DIR, or give the path of a model.",
        )
    return Path(last)


def write_text(model: Any, sampling: "Sampling", control: "RunControl") -> None:
    """The new text, piece by piece; on a terminal the prompt stands before it."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        print(sampling.prompt, end="", file=sys.stderr, flush=True)
    if sampling.samples > 1:
        write_several(model, sampling, control)
        return
    for piece in model.complete(sampling, control):
        print(piece.text, end="", flush=True)
    print(flush=True)


def write_several(model: Any, sampling: "Sampling", control: "RunControl") -> None:
    """Texts that were written side by side, one after the other, with a line of dashes between them."""
    texts = [""] * sampling.samples
    for piece in model.complete(sampling, control):
        texts[piece.sample] += piece.text
    print("\n---\n".join(texts), flush=True)


def write_ids(model: Any, options: argparse.Namespace, sampling: "Sampling", control: "RunControl") -> None:
    """The new token ids as one JSON list (of lists for several texts), or their text where the model can spell it."""
    prompt = model.encode(options.prompt) if options.prompt is not None else ids_of(options.prompt_ids)
    unknown = [token for token in prompt if not 0 <= token < model.vocab_size]
    if unknown:
        raise StudioError(f"This model has no token {unknown[0]}.", f"Its ids go from 0 to {model.vocab_size - 1:,}.")
    several = sampling.samples > 1
    texts = model.all_ids(prompt, sampling, control) if several else [list(model.ids(prompt, sampling, control))]
    if options.ids or model.tokenizer is None:
        print(json.dumps(texts if several else texts[0]))
    else:
        print("\n---\n".join(model.tokenizer.decode(ids) for ids in texts))


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
