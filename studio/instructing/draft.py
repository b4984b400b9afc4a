"""The configuration of the next fine-tuning: the page's own, apart from other tasks, kept with the project."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.shelf import OBJECTIVES
from studio.live.session import Session
from studio.parts.fine_tuning import fine_tuned
from studio.parts.kept_draft import KeptDraft
from studio.rows.conversing import SPLIT_COLUMN
from studio.rows.model_prompt import NAME as MODEL
from studio.store.datasets import Dataset
from studio.store.starts import find_start, without_start

FILE = "instruct-draft.json"
TASKS = ("instruct", "prefer")


class InstructDraft(QObject):
    """`config` is what the forms show; `changed` says that it is another one."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept = KeptDraft(session, FILE, TASKS, "instruct.draft")
        self.config = default_config(TASKS[0])

    def follow(self) -> None:
        """Read the draft of the project that is open now."""
        if self._kept.follow():
            self.config = self._kept.read() or default_config(TASKS[0])

    def set(self, config: RunConfig) -> None:
        """Take over a change; another task begins with its own defaults, rows, model and template stay."""
        if config == self.config:
            return
        if config.objective != self.config.objective:
            fresh = default_config(config.objective)
            data = replace(fresh.data, dataset=config.data.dataset, tokenizer=config.data.tokenizer)
            adapter = config.adapter if config.adapter.kind != "none" else fresh.adapter
            config = fresh.with_part(
                data=data, model=config.model, start_from=config.start_from, instruct=config.instruct, adapter=adapter
            )
        self.config = config
        self._kept.write(config)
        self.changed.emit()

    def suggest(self, dataset: Dataset) -> None:
        """Begin with a dataset where none was chosen; nothing is kept before a person changes something."""
        if not self.config.data.dataset:
            self.config = with_rows(self.config, dataset)

    def start_from(self, name: str) -> None:
        """Begin with a model of the project, or with random weights; an unknown one is a `StudioError`."""
        instruct = self.config.instruct
        if instruct.template == MODEL and name != self.config.start_from:  # that of another model
            fresh = default_config(self.config.objective).instruct
            instruct = replace(instruct, template=fresh.template, template_text="")
        if not name:
            self.set(without_start(self.config).with_part(instruct=instruct))
        elif self._kept.project is not None:
            start = find_start(self._kept.project.path, name)
            begun = replace(fine_tuned(self.config, start), objective=self.config.objective, start_from=name)
            self.set(begun.with_part(instruct=instruct))


def with_rows(config: RunConfig, dataset: Dataset) -> RunConfig:
    """The same on these rows, shared out as they say themselves where they do."""
    split = "column" if SPLIT_COLUMN in dataset.columns else config.data.split
    return config.with_part(data=replace(config.data, dataset=dataset.name, split=split))


def default_config(objective: str) -> RunConfig:
    """What the objective itself thinks of as a good beginning."""
    config: RunConfig = OBJECTIVES.load(objective).default
    return replace(config, objective=objective)
