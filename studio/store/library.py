"""Every model that lies on this computer's disk: imported ones and the checkpoints of runs, read without torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.core.config import ModelConfig, RunConfig, config_from_json
from studio.core.errors import StudioError
from studio.store.checkpoints import MANIFEST, CheckpointInfo
from studio.store.files import read_json
from studio.store.models import StoredModel, list_models
from studio.store.project import Project
from studio.store.runs import RunRecord
from studio.store.starts import find_start

BASE, CHECKPOINT = "base", "checkpoint"
ADAPTER = "adapter.safetensors"


@dataclass(frozen=True)
class Entry:
    """One model as it lies on disk; `trouble` says why a foreign one cannot be taken in.

    `kind` is "base" for what others trained. `text` is what a run learned and `start` the model it began with, if it
    did with one; `source` is where a base model came from. A checkpoint that holds only an `adapter` ("lora", "qlora")
    counts its own numbers and has the folder of its `base`, None where that is gone; `wearers` are the runs whose
    adapters lie on this model.
    """

    name: str
    kind: str
    folder: Path
    config: ModelConfig
    parameters: int
    bytes: int
    precision: str
    saved: str = ""  # ISO time, UTC
    sha256: str = ""  # of the weights
    source: str = ""
    text: str = ""
    start: str = ""
    licence: str = ""
    tokenizer: str = ""  # its name; empty without one
    chat_template: bool = False
    warnings: tuple[str, ...] = ()
    trouble: str = ""
    project: str = ""  # the name of another project; empty for the open one
    run: str = ""
    step: int = 0
    best: bool = False
    last: bool = False
    adapter: str = ""
    base: Path | None = None
    wearers: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and step, as the model in memory is called."""
        return f"{self.run} · step {self.step:,}" if self.run else self.name


def survey(here: Path | None, others: Sequence[Path] = ()) -> list[Entry]:
    """Models of the project `here`, then those of other projects: base models by name, then the newest runs first.

    What cannot be read is left out; the Runs page and the import say what is wrong with it.
    """
    found = _of_project(here, "") if here is not None else []
    for path in others:
        try:
            found += _of_project(path, Project.open(path).name)
        except (StudioError, OSError):
            continue
    return found


def entries_of(project: Project | None) -> list[Entry]:
    """The imported models of a project, by name."""
    found = []
    for model in list_models(project.path) if project is not None else []:
        try:
            found.append(entry_of(model))
        except StudioError:
            continue
    return found


def _of_project(path: Path, name: str) -> list[Entry]:
    found = [replace(entry, project=name) for entry in entries_of(Project(path, name))]
    for record in reversed(Project(path, name).runs()):
        try:
            found += [replace(entry, project=name) for entry in checkpoints_of(record)]
        except StudioError:
            continue
    worn: dict[Path, list[str]] = {}
    for entry in found:
        if entry.base is not None and entry.run not in worn.setdefault(entry.base, []):
            worn[entry.base].append(entry.run)
    return [replace(entry, wearers=tuple(worn.get(entry.folder, ()))) for entry in found]


def entry_of(model: StoredModel) -> Entry:
    """An imported model with what its description says."""
    config = _config(model.folder)
    warnings = model.facts.get("warnings")
    return Entry(
        name=model.name,
        kind=BASE,
        folder=model.folder,
        config=config.model,
        parameters=model.parameters,
        bytes=model.bytes,
        precision=model.precision,
        saved=model.saved,
        sha256=_sum(model.folder),
        source=model.origin,
        licence=model.licence,
        tokenizer=_tokenizer(model.folder, config),
        chat_template=bool(model.facts.get("chat_template")),
        warnings=tuple(map(str, warnings)) if isinstance(warnings, list) else (),
    )


def checkpoints_of(record: RunRecord) -> list[Entry]:
    """The checkpoints of a run, the best one first, then the newest."""
    infos, summary = record.checkpoints(), record.summary
    entries = [_checkpoint(record, info, summary.parameters, info is infos[-1]) for info in infos]
    return sorted(entries, key=lambda entry: (not entry.best, -entry.step))


def _checkpoint(record: RunRecord, info: CheckpointInfo, parameters: int, last: bool) -> Entry:
    config = _config(info.folder)
    adapter = config.adapter.kind if (info.folder / ADAPTER).is_file() else ""
    return Entry(
        name=record.name,
        kind=CHECKPOINT,
        folder=info.folder,
        config=config.model,
        parameters=_numbers(info.folder / ADAPTER) if adapter else parameters,
        bytes=info.bytes,
        precision="fp32",
        saved=info.saved,
        sha256=_sum(info.folder),
        text=config.data.source,
        start=config.start_from,
        tokenizer=_tokenizer(info.folder, config),
        run=record.name,
        step=info.step,
        best=info.best,
        last=last,
        adapter=adapter,
        base=_base(record, config.start_from) if adapter else None,
    )


def _base(record: RunRecord, start_from: str) -> Path | None:
    """The folder of the model that an adapter lies on, where it is still there."""
    try:
        return find_start(record.folder.parents[1], start_from).folder
    except StudioError:
        return None


def _numbers(weights: Path) -> int:
    """How many fp32 numbers a safetensors file holds: what follows its header, whose length its first bytes tell."""
    with weights.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    return max(0, weights.stat().st_size - 8 - header) // 4


def _config(folder: Path) -> RunConfig:
    state = read_json(folder / "state.json")
    return config_from_json(state.get("config") if isinstance(state, dict) else None)


def _tokenizer(folder: Path, config: RunConfig) -> str:
    return config.data.tokenizer if (folder / "tokenizer.json").is_file() else ""


def _sum(folder: Path) -> str:
    manifest: Any = read_json(folder / MANIFEST)
    try:
        files = manifest["files"]
        return str((files.get("model.safetensors") or files[ADAPTER])["sha256"])
    except (KeyError, TypeError):
        return ""
