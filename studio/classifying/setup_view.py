"""A classifier before it is trained: what it learns from, what is wrong with that, what is trained and how."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.adapting.adapter_card import AdapterCard
from studio.classifying.class_bars import ClassBars
from studio.classifying.depth_slider import DepthSlider
from studio.classifying.length_bars import LengthBars
from studio.classifying.plan import plan_facts
from studio.classifying.rows_seen import TOGETHER, RowsSeen, limit_of
from studio.controls.editors import ChoiceEdit
from studio.controls.form_cards import FormCards
from studio.controls.named_row import NamedRow
from studio.controls.number_edit import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import Problem
from studio.core.language import tr
from studio.parts.finding_list import FindingList
from studio.parts.row_finding import RowFinding
from studio.widgets.breadth import Breadth
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll
from studio.widgets.side_column import SideColumn

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Split", (
        "classify.balance", "data.validation_share", "data.test_share", "data.split", "data.near_together",
        "classify.part", "classify.multi_label",
    )),
    ("Reading", (
        "classify.read_at", "classify.longest", "classify.pad_to", "classify.causal_mask", "classify.head_bias",
    )),
    ("Question", ("regress.question", "regress.ending", "regress.decimals", "regress.longest", "regress.top")),
    ("Training", (
        "training.steps", "training.learning_rate", "training.batch_size", "training.warmup_steps",
        "training.accumulation", "training.clip_norm", "model.drop_rate", "training.minimum_learning_rate",
        "training.schedule", "training.weight_decay", "training.decay_everything",
    )),
    ("Along the way", (
        "training.evaluate_every", "training.save_every", "training.evaluation_batches", "training.keep_checkpoints",
    )),
    ("Compute", ("compute.precision", "compute.device", "compute.seed", "compute.threads", "compute.host")),
)  # fmt: skip
_FOR_CLASSES, _FOR_NUMBERS = ("classify.balance", "classify.part", "classify.multi_label"), "Question"
_SETTINGS = Breadth((380, 460), (320, 320))


class SetupView(QWidget):
    """Edits a draft: `edited` carries the new configuration, the owner answers with `set_draft`."""

    edited = Signal(object)  # RunConfig
    start_chosen = Signal(str)  # `start_from`
    action_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = RunConfig()
        tasks = (("classify", tr("Classes")), ("regress", tr("Numbers")))
        self.task = Segmented(tasks, look, tr("What is guessed"))
        self.dataset, self.start = ChoiceEdit([("", tr("none yet"))], look), ChoiceEdit([("", "")], look)
        self.dataset.setAccessibleName(tr("Dataset"))
        self.start.setAccessibleName(tr("Starts from"))
        self.depth_slider, self.adapter = DepthSlider(look), AdapterCard(look)
        self.bars, self.findings, self.lengths = ClassBars(look), FindingList(look, _way_out), LengthBars(look)
        self.facts, self.passes = FactRows(), NumberEdit(look, False)
        self.passes.setFixedWidth(120)
        self.passes.minimum = 0.0
        self.passes.setAccessibleName(tr("Passes over the rows"))
        self.passes.setToolTip(tr("0 leaves it to the number of steps."))
        self._settings = FormCards(RunConfig, GROUPS, look, self)
        self.forms = self._settings.forms
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._picture(look), 1)
        self._side = self._column(look)
        row.addWidget(self._side)
        self._connect()

    def _picture(self, look: Look) -> QWidget:
        """What the rows are like, at the left."""
        self._rows_card, self._plan_card = Card(tr("What it learns from"), look), Card(tr("What will happen"), look)
        self.waiting = Label("", "quiet", wrap=True)
        for widget in (self.waiting, self.bars, self.findings):
            self._rows_card.body.addWidget(widget)
        self._length_card = Card(tr("Lengths"), look)
        self._length_card.body.addWidget(self.lengths, 1)
        self._plan_card.body.addWidget(self.facts)
        self._plan_card.body.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(16)
        below.addWidget(self._length_card, 3)
        below.addWidget(self._plan_card, 2)
        column = Scroll()
        column.body.addWidget(self._rows_card)
        column.body.addLayout(below, 1)
        column.body.addStretch(0)
        return column

    def _column(self, look: Look) -> SideColumn:
        """The settings, at the right."""
        first, model = Card(tr("Task"), look), Card(tr("Model"), look)
        first.header.addWidget(self.task)
        first.body.addWidget(NamedRow(tr("Dataset"), self.dataset))
        first.body.addWidget(NamedRow(tr("Passes over the rows"), self.passes))
        model.body.addWidget(NamedRow(tr("Starts from"), self.start))
        self.start_note = Label("", "small", wrap=True)
        model.body.addWidget(self.start_note)
        model.body.addWidget(self.depth_slider)
        return SideColumn([first, model, self.adapter, *self._settings.cards.values()])

    def _connect(self) -> None:
        self._settings.edited.connect(self.edited)
        self.task.changed.connect(self._task_chosen)
        self.dataset.changed.connect(self._dataset_chosen)
        self.start.changed.connect(self._start_chosen)
        self.passes.changed.connect(self._passes_chosen)
        self.depth_slider.changed.connect(self._depth_chosen)
        self.adapter.edited.connect(self._adapter_edited)
        self.findings.wanted.connect(self._way_out_wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the settings leave more of it to the rows."""
        super().resizeEvent(event)
        _SETTINGS.fit(self._side, self.width())

    def set_choices(self, datasets: Sequence[str], starts: Sequence[tuple[str, str]]) -> None:
        """Offer the project's datasets, and models as (`start_from`, words)."""
        named = [(name, name) for name in datasets]
        self.dataset.set_choices([*([] if self._config.data.dataset else [("", tr("choose one"))]), *named])
        self.start.set_choices([("", tr("random weights")), *starts])

    def set_draft(self, config: RunConfig, seen: RowsSeen | None, trouble: StudioError | None = None) -> None:
        """Show a draft, what its rows are like, or why they cannot be read."""
        self._config = config
        numbers = config.objective == "regress"
        self.task.set_value("regress" if numbers else "classify")
        self.dataset.set_value(config.data.dataset)
        self.start.set_value(config.start_from)
        self.start_note.setText(
            tr("Its weights, its shape and its tokenizer are taken over; its head is replaced by a new one.")
            if config.start_from and not numbers else "" if config.start_from
            else tr("Random weights know no language. A pretrained model learns this with far fewer rows.")
        )  # fmt: skip
        classes = len(seen.labels) if seen is not None and seen.labels else 2
        whole = config.adapter.kind == "none" and not numbers
        self.depth_slider.setVisible(whole)
        self.depth_slider.set_model(config.model, classes, config.classify.head_bias, config.classify.trained_blocks)
        self.adapter.set_config(config, config.model)
        self._settings.set_value(config)
        self.passes.set_value(config.training.epochs)
        self.forms["Training"].row("training.steps").setHidden(config.training.epochs > 0)
        self._settings.cards["Reading"].setVisible(not numbers)
        self._settings.cards[_FOR_NUMBERS].setVisible(numbers)
        for name in _FOR_CLASSES:
            self.forms["Split"].row(name).setHidden(numbers)
        self._show_rows(seen, trouble)
        self.facts.set_rows(plan_facts(config, seen))

    def _show_rows(self, seen: RowsSeen | None, trouble: StudioError | None) -> None:
        config = self._config
        if trouble is not None:
            self.findings.set_findings([RowFinding("danger", trouble.message, trouble.hint, "data")])
        else:
            self.findings.set_findings(seen.findings if seen is not None else ())
        shown = seen is not None and len(seen.labels) > 0 and trouble is None
        self.bars.setVisible(shown)
        self._length_card.setVisible(shown)
        self.waiting.setVisible(seen is None and trouble is None)
        self.waiting.setText(
            tr("Looking at the rows…") if config.data.dataset
            else tr("Choose a dataset of texts with labels at the right. The Data page imports tables and has samples.")
        )  # fmt: skip
        if shown and seen is not None:
            self._rows_card.set_note(seen.words)
            self.bars.set_counts(seen.labels, seen.counts)
            self.lengths.set_table(seen.lengths, limit_of(config))
        else:
            self._rows_card.set_note("")

    @property
    def problems(self) -> list[Problem]:
        """What a person typed that cannot be used."""
        return [*self._settings.problems, *self.adapter.problems]

    def _way_out_wanted(self, finding: RowFinding) -> None:
        self.action_wanted.emit(finding.action)

    def _task_chosen(self, task: str) -> None:
        self.edited.emit(replace(self._config, objective=task))

    def _dataset_chosen(self) -> None:
        data = replace(self._config.data, dataset=str(self.dataset.value()))
        self.edited.emit(self._config.with_part(data=data))

    def _start_chosen(self) -> None:
        self.start_chosen.emit(str(self.start.value()))

    def _passes_chosen(self) -> None:
        epochs = float(self.passes.value())
        if not self.passes.problem and epochs >= 0:
            self.edited.emit(self._config.with_part(training=replace(self._config.training, epochs=epochs)))

    def _depth_chosen(self, blocks: int) -> None:
        self.edited.emit(self._config.with_part(classify=replace(self._config.classify, trained_blocks=blocks)))

    def _adapter_edited(self, adapter: AdapterConfig) -> None:
        self.edited.emit(self._config.with_part(adapter=adapter))


def _way_out(finding: RowFinding) -> str:
    return {"data": tr("Open on the Data page"), TOGETHER: tr("Keep them together")}.get(finding.action, "")
