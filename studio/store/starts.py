"""The model that a run begins with instead of random weights: found by name, held against what the run asks for."""

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.core.adapter_costs import HEAD
from studio.core.config import DataConfig, ModelConfig, RunConfig, config_from_json
from studio.core.errors import StudioError
from studio.core.run_step import split_step
from studio.core.shelf import OBJECTIVES
from studio.gate.names import inside, visible
from studio.store.checkpoints import check_sizes, choose, folder_name
from studio.store.files import read_json
from studio.store.models import FOLDER, find_model, list_models
from studio.store.own_tokenizers import FOLDER as TOKENIZERS
from studio.store.own_tokenizers import kind_names, list_tokenizers
from studio.store.runs import RunRecord
from studio.tokenizers import Tokenizer, tokenizer_from_json, tokenizer_kinds

_FREE = ("drop_rate", "initialization")  # what a run may change about the model it starts from
_PATH_MARKS = "/\\~"
_LISTED = 3  # differences in a refusal


@dataclass(frozen=True)
class Start:
    """A model in a folder of ours, with its config as it was trained and the kind of tokenizer that lies beside it.

    `name` finds exactly this one again: NAME, RUN@STEP, or the folder where it lies outside of the project.
    """

    name: str
    title: str
    folder: Path
    config: RunConfig


def find_start(project: Path, asked: str) -> Start:
    """What `RunConfig.start_from` means in a project; a `StudioError` says why nothing can begin with it."""
    if any(mark in asked for mark in _PATH_MARKS):
        return _in_folder(Path(asked).expanduser())
    name, step = split_step(asked)
    run = inside(project / "runs", name)
    if (run / "config.json").is_file():
        return _of_run(run, step or "best", inside_project=True)
    if (model := find_model(project, asked)) is not None:
        return _start(asked, asked, model.folder)
    known = [path.parent.name for path in sorted((project / "runs").glob("*/config.json"))]
    listed = ", ".join(f"“{one}”" for one in [*(model.name for model in list_models(project)), *known]) or "none yet"
    raise StudioError(
        f"There is no model or run “{visible(asked)}” in this project to start from.", f"There are: {listed}."
    )


def start_name(project: Path, folder: Path) -> str:
    """What to write into `start_from` for the model or the checkpoint in `folder`."""
    own = folder.parent == project / FOLDER
    if own and not (project / "runs" / folder.name / "config.json").is_file():
        return folder.name
    run = folder.parent.parent
    return f"{run.name}@{int(folder.name.removeprefix('step-'))}" if run.parent == project / "runs" else str(folder)


def means(start_from: str, project: Path, folder: Path) -> bool:
    """Whether a settled `start_from` is the model in `folder`, or a checkpoint of the run in it."""
    if not start_from:
        return False
    name, step = split_step(start_from)
    places = [Path(start_from)] if any(mark in start_from for mark in _PATH_MARKS) else [project / FOLDER / start_from]
    if step.isdigit():
        places.append(project / "runs" / name / "checkpoints" / folder_name(int(step)))
    return any(place == folder or folder in place.parents for place in places)


def _in_folder(path: Path) -> Start:
    if (path / "checkpoints").is_dir() and (path / "config.json").is_file():
        return _of_run(path, "best", inside_project=False)
    if (path / "state.json").is_file():
        own = path.parent.name == FOLDER
        title = path.name if own else f"{path.parent.parent.name} · {path.name}"
        return _start(str(path.resolve()), title, path)
    if path.exists():
        raise StudioError(
            f"“{path}” is no model of Atelier's own, so a run cannot start from it.",
            "Import it first, then name it: python3 main.py import PATH --project DIR.",
        )
    raise StudioError(f"There is no model “{path}” to start from.", "Check the name, or choose another model.")


def _of_run(folder: Path, which: str, inside_project: bool) -> Start:
    exact = folder / "checkpoints" / folder_name(int(which)) if which.isdecimal() else None
    if exact is not None and exact.is_dir():  # a settled name: the other checkpoints need not be read
        step, found = int(which), exact
    else:
        info = choose(RunRecord(folder), which)
        step, found = info.step, info.folder
    name = f"{folder.name}@{step}" if inside_project else str(found.resolve())
    return _start(name, f"{folder.name} · step {step:,}", found)


def _start(name: str, title: str, folder: Path) -> Start:
    check_sizes(folder)
    if not (folder / "tokenizer.json").is_file():
        raise StudioError(
            f"“{title}” came without a tokenizer, so no text can be cut into its tokens.",
            "Choose a model that brought one.",
        )
    stamps = _stamp(folder / "state.json"), _stamp(folder / "tokenizer.json")
    return Start(name, title, folder, _trained(folder, *stamps))


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was written and how large it is; a missing one is left to whoever reads it."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)  # the Pretrain page asks at each change of the draft, and a tokenizer is megabytes
def _trained(folder: Path, _state: tuple[int, int], _tokenizer: tuple[int, int]) -> RunConfig:
    """The config of the model in a folder as it was trained; read again once one of its files is another."""
    state, tokenizer = read_json(folder / "state.json"), read_json(folder / "tokenizer.json")
    config = config_from_json(state.get("config") if isinstance(state, dict) else None)
    kind = tokenizer.get("name") if isinstance(tokenizer, dict) else ""
    data = dataclasses.replace(config.data, tokenizer=str(kind or config.data.tokenizer))
    headed = config.adapter.kind != "none" and HEAD in config.adapter.names  # merged, it is no embedding any more
    model = dataclasses.replace(config.model, tie_embeddings=config.model.tie_embeddings and not headed)
    return config.with_part(data=data, model=model)


def tokenizer_in(folder: Path) -> str | Tokenizer:
    """How texts are cut for the model in a folder: a kind that is the same everywhere by its name, else the saved one.

    So its tokens are shared with the runs that chose the kind by themselves.
    """
    tokenizer = tokenizer_from_json(read_json(folder / "tokenizer.json"))
    fixed = [kind.name for kind in tokenizer_kinds() if not kind.needs_text]
    return tokenizer.name if tokenizer.name in fixed else tokenizer


def cut_with(folder: Path, config: RunConfig) -> str | Tokenizer:
    """What the text of the run in `folder` was cut with: its kind, or the tokenizer of its own that it was given.

    That one, and the tokenizer of a model that the run began with, is saved with the checkpoint, and with its run,
    which is still there when the checkpoint was let go.
    """
    named = not config.start_from and config.data.tokenizer in kind_names()
    places = () if named else (folder, *folder.parents[1:2])
    saved = next((place for place in places if (place / "tokenizer.json").is_file()), None)
    return tokenizer_in(saved) if saved is not None else config.data.tokenizer


# --- what the run asks for --------------------------------------------------------------------------------------------


def settle(project: Path, config: RunConfig) -> RunConfig:
    """`config` with the shape and the tokenizer of the model it starts from, named exactly; unchanged without one.

    What was left as the objective's default is taken over; what says otherwise is refused by name.
    """
    if not config.start_from:
        return config
    start = find_start(project, config.start_from)
    model = _shape(start, config.model, OBJECTIVES.load(config.objective).default.model)
    data, own = config.data, start.config.data.tokenizer
    if data.tokenizer not in (own, DataConfig().tokenizer) and not _reads_alike(project, data.tokenizer, start):
        raise StudioError(
            f"“{start.title}” reads texts with the tokenizer “{own}”, but the run asks for “{data.tokenizer}”.",
            "Leave “data.tokenizer” as it is by default, so that the model's own is taken over.",
        )
    return config.with_part(start_from=start.name, model=model, data=dataclasses.replace(data, tokenizer=own))


def _reads_alike(project: Path, name: str, start: Start) -> bool:
    """Whether a tokenizer of the project is the one that the model came with."""
    own = next((one for one in list_tokenizers(project / TOKENIZERS) if one.name == name), None)
    return (
        own is not None
        and own.fingerprint == tokenizer_from_json(read_json(start.folder / "tokenizer.json")).fingerprint
    )


def _shape(start: Start, asked: ModelConfig, default: ModelConfig) -> ModelConfig:
    own = start.config.model
    others = [field.name for field in dataclasses.fields(own) if field.name not in (*_FREE, "context_length")]
    odd = [name for name in others if not _agree(name, asked, own) and getattr(asked, name) != getattr(default, name)]
    if odd:
        listed = ", ".join(f"{name} {getattr(asked, name)} instead of {getattr(own, name)}" for name in odd[:_LISTED])
        raise StudioError(
            f"The run starts from “{start.title}”, but asks for another shape: {listed}.",
            "Leave “model” out of the configuration to take the shape over, or start from random weights.",
        )
    context = asked.context_length
    if context == default.context_length and not all(_agree(name, asked, own) for name in others):
        context = own.context_length  # nobody has chosen it
    if context > own.context_length:
        raise StudioError(
            f"“{start.title}” sees {own.context_length:,} tokens at once; the run asks for {context:,}.",
            f"Set the context to {own.context_length:,} or less.",
        )
    return dataclasses.replace(own, drop_rate=asked.drop_rate, context_length=context)


def _agree(name: str, asked: ModelConfig, own: ModelConfig) -> bool:
    """Whether a field means the same in both, however it is written; 0 leaves a size to what follows from others."""
    written = {"hidden_dim": "feed_forward_dim", "n_kv_heads": "kv_heads", "head_width": "head_dim"}.get(name, name)
    return bool(getattr(asked, name) == getattr(own, name) or getattr(asked, written) == getattr(own, written))


def parted(before: RunConfig, after: RunConfig) -> bool:
    """Whether a change of the draft has left the model it starts from: it has another shape or tokenizer now."""
    if not after.start_from or after.start_from != before.start_from:
        return False
    free = {name: getattr(before.model, name) for name in (*_FREE, "context_length")}
    same = dataclasses.replace(after.model, **free) == before.model
    return not same or after.data.tokenizer != before.data.tokenizer


def without_start(config: RunConfig) -> RunConfig:
    """The same with random weights; its vocabulary follows the tokenizer again."""
    model = dataclasses.replace(config.model, vocab_size=0, mask_token=-1)
    return config.with_part(start_from="", model=model)
