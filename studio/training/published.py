"""Curves that somebody else published, to lay under a run that repeats theirs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.config import RunConfig
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.store.project import Project


@dataclass(frozen=True)
class PublishedCurve:
    """Figures printed elsewhere: (updates, training, validation) for each point, and where they stand.

    `measure` is what they are of, by the name of its tile: "loss" or "accuracy", a share.
    """

    name: str
    source: str
    points: tuple[tuple[float, float, float], ...]
    measure: str = "loss"


@dataclass(frozen=True)
class PublishedRun:
    """A run that somebody published, with the settings that must agree before the curves may be compared.

    `text_sha256` is of the text, or of the rows of the dataset, that it read.
    """

    title: str
    source: str
    text_sha256: str
    config: tuple[tuple[str, object], ...]
    curves: tuple[PublishedCurve, ...]

    def fits(self, config: RunConfig) -> bool:
        """Whether all settings that count are the same."""
        return all(_field(config, name) == value for name, value in self.config)

    def curve_of(self, measure: str) -> PublishedCurve | None:
        """The first curve of one measure."""
        return next((curve for curve in self.curves if curve.measure == measure), None)


def published_runs(resources: Path) -> list[PublishedRun]:
    """Every published run among the resources, by file name."""
    return [_read(path) for path in sorted((resources / "published").glob("*.json"))]


def _read(path: Path) -> PublishedRun:
    data = json.loads(path.read_text(encoding="utf-8"))
    curves = tuple(
        PublishedCurve(
            curve["name"], curve["source"], tuple((s, t, v) for s, t, v in curve["points"]),
            curve.get("measure", "loss"),
        )
        for curve in data["curves"]
    )  # fmt: skip
    return PublishedRun(data["title"], data["source"], data["text_sha256"], tuple(data["config"].items()), curves)


def _field(config: RunConfig, dotted: str) -> object:
    value: object = config
    for name in dotted.split("."):
        value = getattr(value, name)
    return value


def published_for(known: list[PublishedRun], config: RunConfig, project: "Project | None") -> PublishedRun | None:
    """The published run that `config` repeats on the same text or the same rows, if there is one."""
    fitting = [run for run in known if run.fits(config)]
    if not fitting or project is None:
        return None
    read = _digest(config, project)
    return next((run for run in fitting if run.text_sha256 == read), None)


def _digest(config: RunConfig, project: "Project") -> str:
    """Of what a run reads; nothing where that is gone."""
    data = config.data
    if not data.dataset:
        return next((text.sha256 for text in project.texts() if text.name == data.text), "")
    try:
        return project.dataset(data.dataset).sha256
    except StudioError:
        return ""
