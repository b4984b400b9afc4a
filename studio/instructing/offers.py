"""What a person can choose from: datasets of the right kind, models to begin with, tokenizers."""

from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.core.shelf import OBJECTIVES, SAMPLES
from studio.live.session import Session
from studio.parts.wording import count
from studio.store.models import list_models
from studio.tokenizers import tokenizer_kinds

if TYPE_CHECKING:
    from studio.store.datasets import Dataset
    from studio.store.project import Project

Choices = list[tuple[str, str]]  # value and words


def datasets_for(project: "Project | None", objective: str) -> Choices:
    """The datasets that an objective can learn from, with their rows; the wrong ones are not in the way."""
    return [
        (one.name, tr("{name} · {rows} rows", name=one.name, rows=count(one.rows)))
        for one in fitting(project, objective)
    ]


def fitting(project: "Project | None", objective: str) -> "list[Dataset]":
    """The same as datasets."""
    kinds = OBJECTIVES.load(objective).rows.kinds
    return [one for one in project.datasets() if one.reading.kind in kinds] if project is not None else []


def starts_for(session: Session) -> Choices:
    """Imported models, and runs that have saved something and can write."""
    project = session.project
    models = [(one.name, one.name) for one in list_models(project.path)] if project is not None else []
    able = [run for run in session.runs.values() if run.checkpoints and run.writes]
    return [*models, *((run.name, tr("run {name}", name=run.name)) for run in able)]


def tokenizers_for(project: "Project | None") -> Choices:
    """Kinds of tokenizers, and the project's own."""
    own = [(one.name, one.name) for one in project.tokenizers()] if project is not None else []
    return [*((kind.name, tr(kind.label)) for kind in tokenizer_kinds()), *own]


def sample_for(objective: str) -> tuple[str, str]:
    """The dataset that comes along for a task: its name and what it is called."""
    name = "preferences" if objective == "prefer" else "instructions"
    return name, str(tr(SAMPLES.load(name).label))
