"""The models of a project: folders that came in whole, committed by one rename; torch is not needed to list them."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.gate.names import inside, safe_name
from studio.store.checkpoints import commit
from studio.store.disk import explained, require_space
from studio.store.files import free_name, read_json, remove_folder
from studio.store.trash import Trashed, discard

CARD = "model.json"  # beside state.json: what is known of the model beyond its shape
FOLDER = "models"


@dataclass(frozen=True)
class StoredModel:
    """One row of the list of models; `facts` are display text from outside: licence, chat template, generation, …"""

    name: str
    folder: Path
    family: str
    parameters: int
    bytes: int
    precision: str
    origin: str
    step: int
    saved: str  # ISO time, UTC
    facts: dict[str, Any]

    @property
    def licence(self) -> str:
        """What its source says of its licence; empty when it says nothing."""
        return str(self.facts.get("licence", ""))


def list_models(project: Path) -> list[StoredModel]:
    """Every whole model of the project, by name; unfinished or damaged folders are left out."""
    folder = project / FOLDER
    found = []
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        if entry.name.startswith(".") or not (entry / CARD).is_file():
            continue
        try:
            found.append(read_model(entry))
        except StudioError:
            continue
    return sorted(found, key=lambda model: model.name.casefold())


def find_model(project: Path, name: str) -> StoredModel | None:
    """One model by name, or None."""
    folder = inside(project / FOLDER, name)
    return read_model(folder) if (folder / CARD).is_file() else None


def read_model(folder: Path) -> StoredModel:
    """What the folder of a model says about it; one that is incomplete or damaged is a `StudioError`."""
    card, state, manifest = (read_json(folder / name) for name in (CARD, "state.json", "manifest.json"))
    try:
        return StoredModel(
            name=folder.name,
            folder=folder,
            family=str(state["config"]["model"]["family"]),
            parameters=int(card["parameters"]),
            bytes=sum(int(entry["bytes"]) for entry in manifest["files"].values()),
            precision=str(card["precision"]),
            origin=str(card["facts"].get("origin", "")),
            step=int(state["step"]),
            saved=str(manifest["saved"]),
            facts=dict(card["facts"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudioError(
            f"The model “{folder.name}” is damaged: its description “{CARD}” is not complete.", "Import it again."
        ) from error


@contextmanager
def adding(project: Path, name: str, needed: int) -> Iterator[tuple[Path, Path]]:
    """An empty folder to write a model into and the place it will have; committed on leaving, removed on any error.

    A name that is taken gets a number. `needed` bytes are checked on the real volume first.
    """
    models = project / FOLDER
    temporary = models / f".making-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    final = models / free_name(models, safe_name(name))
    with explained(f"The model “{final.name}”", models, needed):
        require_space(models, needed, f"the model “{final.name}”")
        temporary.mkdir(parents=True)
        try:
            yield temporary, final
            commit(temporary, final)
        except BaseException:
            remove_folder(temporary)
            raise


def delete_model(model: StoredModel) -> Trashed:
    """Move a model to its project's trash."""
    return discard(model.folder, model.folder.parent.parent / "trash")
