"""Keeps the facts behind a plan fresh: asks a worker when text, tokenizer or model change, never twice for the same."""

import dataclasses
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.live.session import Session
from studio.training.plan import Facts, Plan, plan
from studio.training.survey import measured_speed, survey

_STEPS = 1_000  # steps the engine is asked to estimate; any number gives the same speed


class PlanKeeper(QObject):
    """`plan(config)` answers at once with what is known; `changed` says when more is."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts = Facts()
        self._surveyed: object = None
        self._timed: object = None
        self._speed = 0.0  # tokens per second by the engine's estimate, for `_timed`

    def facts(self, config: RunConfig) -> Facts:
        """What is known about a run of `config` now."""
        speed = measured_speed(config, list(self._session.runs.values()))
        return dataclasses.replace(self._facts, tokens_per_second=speed or self._speed, measured=speed > 0)

    def plan(self, config: RunConfig) -> Plan:
        """The arithmetic of a run with what is known now."""
        return plan(config, self.facts(config))

    def follow(self, config: RunConfig) -> None:
        """Ask for what is not known yet about this configuration."""
        self._survey(config)
        self._time(config)

    def _survey(self, config: RunConfig) -> None:
        project = self._session.project
        key = (project and project.path, config.data, config.model, config.start_from)
        if key == self._surveyed:
            return
        self._surveyed = key
        if project is None or config.data.text not in [text.name for text in project.texts()]:
            self._facts = Facts()
            return
        job = self._session.jobs.start(survey, project, config, lane="pretrain.survey")
        job.succeeded.connect(self._take_survey)
        job.failed.connect(self._survey_failed)

    def _take_survey(self, facts: Facts) -> None:
        self._facts = facts
        self.changed.emit()

    def _survey_failed(self, error: object) -> None:
        """What cannot be read yet stays unknown; the run itself will say why, in its own words."""
        self._facts = Facts()
        self.changed.emit()

    def _time(self, config: RunConfig) -> None:
        """Let the engine time this computer: once torch is there, and not while a run needs it."""
        vocabulary = config.model.vocab_size or self._facts.vocab_size
        if self._session.torch_state != "ready" or self._session.running is not None or not vocabulary:
            return
        model = dataclasses.replace(config.model, vocab_size=vocabulary)
        if model.problems():
            return
        key = (model, config.compute.device, config.compute.precision)
        if key == self._timed:
            return
        self._timed = key
        training = dataclasses.replace(config.training, batch_size=1, accumulation=1)
        asked = config.with_part(model=model, training=training)
        job = self._session.jobs.start(
            "studio.engine.budget:estimate_seconds", asked, _STEPS, lane="pretrain.estimate"
        )  # fmt: skip
        self._tokens = _STEPS * model.context_length
        job.succeeded.connect(self._take_time)
        job.failed.connect(self._time_failed)

    def _take_time(self, seconds: Any) -> None:
        self._speed = self._tokens / float(seconds) if seconds else 0.0
        self.changed.emit()

    def _time_failed(self, error: object) -> None:
        self._speed = 0.0
