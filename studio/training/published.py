"""Curves that somebody else published, to lay under a run that repeats theirs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.config import RunConfig

if TYPE_CHECKING:
    from studio.store.project import Project


@dataclass(frozen=True)
class PublishedCurve:
    """Losses printed elsewhere: (updates, training loss, validation loss) for each point, and where they stand."""

    name: str
    source: str
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class PublishedRun:
    """A run that somebody published, with the settings that must agree before the curves may be compared."""

    title: str
    source: str
    text_sha256: str
    config: tuple[tuple[str, object], ...]
    curves: tuple[PublishedCurve, ...]

    def matches(self, config: RunConfig, text_sha256: str) -> bool:
        """Whether a run of `config` on a text with this digest repeats the published one."""
        return text_sha256 == self.text_sha256 and all(_field(config, name) == value for name, value in self.config)


def published_runs(resources: Path) -> list[PublishedRun]:
    """Every published run among the resources, by file name."""
    return [_read(path) for path in sorted((resources / "published").glob("*.json"))]


def _read(path: Path) -> PublishedRun:
    data = json.loads(path.read_text(encoding="utf-8"))
    curves = tuple(
        PublishedCurve(curve["name"], curve["source"], tuple((s, t, v) for s, t, v in curve["points"]))
        for curve in data["curves"]
    )
    return PublishedRun(data["title"], data["source"], data["text_sha256"], tuple(data["config"].items()), curves)


def _field(config: RunConfig, dotted: str) -> object:
    value: object = config
    for name in dotted.split("."):
        value = getattr(value, name)
    return value


def published_for(known: list[PublishedRun], config: RunConfig, project: "Project | None") -> PublishedRun | None:
    """The published run that `config` repeats on the same text, if there is one."""
    digests = [text.sha256 for text in project.texts() if text.name == config.data.text] if project else []
    return next((run for run in known for digest in digests if run.matches(config, digest)), None)
