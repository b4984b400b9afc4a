"""A run before it starts: its settings, the learning rate drawn over its steps, and what it will read and write."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.form_cards import FormCards
from studio.core.config import AdapterConfig, RunConfig, TrainingConfig
from studio.core.history import History
from studio.core.knobs import Problem
from studio.core.language import tr
from studio.core.schedule import learning_rate
from studio.curves.plot import CurvePlot, Mark
from studio.parts.fine_tuning import FIELD as START
from studio.tokenizers import tokenizer_kinds
from studio.training.adapter_place import AdapterPlace
from studio.training.learning import FIELD, WRITING_ONLY, TaskNote, fills_gaps, tasks_of_texts
from studio.training.plan import Facts, Plan, plan_rows
from studio.training.start import StartNote
from studio.widgets.breadth import Breadth
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Task", (FIELD,)),
    ("Text", ("data.text", "data.tokenizer", "data.validation_share", "data.stride")),
    ("Training", (
        "training.steps", "training.learning_rate", "training.warmup_steps", "training.batch_size",
        "training.accumulation", "training.clip_norm", "model.drop_rate", "training.epochs",
        "training.minimum_learning_rate", "training.schedule", "training.weight_decay", "training.decay_everything",
        "training.beta1", "training.beta2",
    )),
    ("Along the way", (
        "training.evaluate_every", "training.sample_every", "training.save_every",
        "training.evaluation_batches", "training.keep_checkpoints", "training.patience",
    )),
    ("Samples", ("sampling.prompt", "sampling.tokens", "sampling.temperature", "sampling.top_k", "sampling.seed")),
    ("Watch inside", ("watch.inside", "watch.every", "watch.prompt", "watch.keep", "watch.megabytes", "watch.memory")),
    ("Compute", ("compute.precision", "compute.device", "compute.seed", "compute.threads", "compute.host")),
)  # fmt: skip
_POINTS = 400  # of the drawn schedule
_MARKS = 60  # more circles than this would be a line
_NOTES_FROM = 480  # pixels of the plan's card from which its notes have room
_FORMS = Breadth((360, 440), (300, 300))


def schedule_history(training: TrainingConfig, steps: int, tokens_per_step: int) -> History:
    """The learning rate over the whole run as a curve, with every bend of it in."""
    places = np.unique(np.linspace(0, steps - 1, min(steps, _POINTS)).astype(np.int64))
    bends = np.asarray([training.warmup_steps - 1, training.warmup_steps])
    places = np.union1d(places, bends[(bends >= 0) & (bends < steps)])
    rates = [learning_rate(int(place), training, steps) for place in places]
    history = History()
    history.extend(places + 1, (places + 1) * tokens_per_step, np.zeros(len(places)), rates)
    return history


def planned_marks(training: TrainingConfig, steps: int) -> list[Mark]:
    """Where the run will save and write a sample; nothing where that would be a row without gaps."""
    marks: list[Mark] = []
    for kind, every in (("checkpoint", training.save_every), ("sample", training.sample_every)):
        if every and steps // every <= _MARKS:
            marks += [Mark(kind, step, tr("planned")) for step in range(every, steps + 1, every)]
    return marks


class PlanCard(Card):
    """The figures of the plan, two rows of three; a narrow card keeps their notes for the pointer."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What will happen"), look, parent)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(16)
        self.body.addLayout(self._grid)
        self._cells: list[tuple[Label, Label, Label]] = []

    def set_rows(self, rows: list[tuple[str, str, str]]) -> None:
        """Title, value and note of each figure."""
        while len(self._cells) < len(rows):
            self._add_cell()
        for cell, texts in zip(self._cells, rows, strict=False):
            for label, text in zip(cell, texts, strict=True):
                label.setText(text)
            cell[1].setToolTip(texts[2])
            cell[1].setAccessibleName(", ".join(text for text in texts if text))

    def _add_cell(self) -> None:
        place = len(self._cells)
        cell = (Label("", "small"), Label("", "heading"), Label("", "small", wrap=True))
        column = QVBoxLayout()
        column.setSpacing(2)
        for label in cell:
            column.addWidget(label)
        column.addStretch(1)
        self._grid.addLayout(column, place // 3, place % 3)
        cell[2].setVisible(self.width() >= _NOTES_FROM)
        self._grid.setColumnStretch(place % 3, 1)
        self._cells.append(cell)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Notes only where they need not break their lines again and again."""
        super().resizeEvent(event)
        for _, _, note in self._cells:
            note.setVisible(self.width() >= _NOTES_FROM)

    def texts(self) -> list[tuple[str, str, str]]:
        """What stands there now."""
        return [(title.text(), value.text(), note.text()) for title, value, note in self._cells]


class RunSetup(QWidget):
    """Edits a draft: `edited` carries the new configuration, the owner answers with `set_draft`."""

    edited = Signal(object)  # RunConfig
    switch_requested = Signal()  # to a model that is made for the chosen task

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.schedule = CurvePlot(look, tr("Learning rate"), parent=self)
        self.schedule.show_controls()
        self.schedule.add_series("learning_rate", tr("planned"), 2, smoothed=False)
        self.schedule.setAccessibleName(tr("Learning rate over the planned steps"))
        self._config = RunConfig()
        self._texts: list[str] | None = None
        self._tokenizers: tuple[str, ...] = ()
        card = Card("", look)
        card.body.addWidget(self.schedule)
        self.plan = PlanCard(look)
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(card, 1)
        left.addWidget(self.plan)
        self._settings = FormCards(RunConfig, GROUPS, look, self)
        self._settings.edited.connect(self.edited)
        self.forms = self._settings.forms
        self._offer(())
        self.forms["Task"].set_choices(FIELD, tasks_of_texts())
        self.task = TaskNote(look)
        self.task.switch_requested.connect(self.switch_requested)
        self.start, self.adapter = StartNote(look), AdapterPlace(look)
        self.adapter.edited.connect(self._adapter_edited)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(left, 1)
        self._side = self._column()
        row.addWidget(self._side)

    def _column(self) -> SideColumn:
        cards: list[QWidget] = []
        for title, card in self._settings.cards.items():
            cards.append(card)
            if FIELD in dict(GROUPS)[title]:
                card.body.addWidget(self.task)
                card.body.addWidget(self.start)
                cards.append(self.adapter)
        return SideColumn(cards)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the forms leave more of it to the curve."""
        super().resizeEvent(event)
        _FORMS.fit(self._side, self.width())

    def set_choices(self, texts: list[str], tokenizers: Sequence[str] = ()) -> None:
        """Offer the project's texts, and its own tokenizers beside the ones of the shelf."""
        if self._tokenizers != tuple(tokenizers):
            self._offer(tuple(tokenizers))
        if texts != self._texts:
            self._texts = list(texts)
            named = [(name, name) for name in texts] or [("", tr("none yet"))]
            self.forms["Text"].set_choices("data.text", named)

    def _offer(self, own: tuple[str, ...]) -> None:
        kinds = [(kind.name, tr(kind.label)) for kind in tokenizer_kinds()]
        self.forms["Text"].set_choices("data.tokenizer", [*kinds, *((name, name) for name in own)])
        self._tokenizers = own

    def set_draft(self, config: RunConfig, facts: Facts, planned: Plan, trouble: str = "") -> None:
        """Show a draft with its consequences; `trouble` is about the model that it starts from."""
        self._settings.set_value(config)
        self._config = config
        self.task.set_config(config)
        self.adapter.set_config(config)
        self.start.set_config(config, trouble)
        self.forms["Text"].row("data.tokenizer").setHidden(bool(config.start_from))
        for name in WRITING_ONLY:
            self.forms["Samples"].row(name).setHidden(fills_gaps(config))
        tokens = config.training.batch_size * config.training.accumulation * config.model.context_length
        self.schedule.set_history("learning_rate", schedule_history(config.training, planned.steps, tokens))
        self.schedule.set_total(planned.steps)
        self.schedule.set_marks(planned_marks(config.training, planned.steps))
        self.schedule.reset_view()
        self.schedule.refresh()
        self.plan.set_rows(plan_rows(config, facts, planned))

    @property
    def problems(self) -> list[Problem]:
        """What a person typed that cannot be used, before it reached the draft."""
        typed = [problem for form in self.forms.values() for problem in form.problems]
        return [*typed, *self.adapter.problems]

    def _adapter_edited(self, adapter: AdapterConfig) -> None:
        self.edited.emit(self._config.with_part(adapter=adapter))

    def focus_on(self, field: str) -> None:
        """Put the keyboard on a setting, unfolding it if needed."""
        if field == START:
            self.start.take_focus()
        if field.startswith("adapter."):
            self.adapter.focus_on(field)
        for title, names in GROUPS:
            if field in names:
                self.forms[title].focus_on(field)
