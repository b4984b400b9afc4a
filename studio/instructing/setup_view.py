"""A fine-tuning before it starts: its rows as the model will see them, what is trained and how, what will happen."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from studio.adapting.adapter_card import AdapterCard
from studio.controls.editors import ChoiceEdit
from studio.controls.form_cards import FormCards
from studio.controls.named_row import NamedRow
from studio.controls.segmented import Segmented
from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import Problem
from studio.core.language import tr
from studio.instructing.painted_card import PaintedCard
from studio.instructing.plan import plan_facts
from studio.instructing.rows_seen import RowsSeen, Source
from studio.instructing.survey_card import SurveyCard
from studio.instructing.template_card import TemplateCard
from studio.parts.row_finding import RowFinding
from studio.widgets.breadth import Breadth
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll
from studio.widgets.side_column import SideColumn

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Preference", ("prefer.beta",)),
    ("Learning", (
        "instruct.learn", "data.validation_share", "data.test_share", "data.split", "instruct.batching",
        "instruct.longest",
    )),
    ("Training", (
        "training.epochs", "training.steps", "training.learning_rate", "training.batch_size", "training.warmup_steps",
        "training.accumulation", "training.clip_norm", "training.patience", "model.drop_rate",
        "training.minimum_learning_rate", "training.schedule", "training.weight_decay", "training.decay_everything",
    )),
    ("Sample answers", ("sampling.prompt", "sampling.tokens", "sampling.temperature", "instruct.canaries")),
    ("Along the way", (
        "training.evaluate_every", "training.sample_every", "training.save_every", "training.evaluation_batches",
        "training.keep_checkpoints",
    )),
    ("Compute", ("compute.precision", "compute.device", "compute.seed", "compute.threads", "compute.host")),
)  # fmt: skip
TASKS = (("instruct", "Answers"), ("prefer", "Preferences"))
ABOUT = {
    "instruct": "The model learns to give the answers of the rows. Everything else is only read.",
    "prefer": "Of two answers to the same question the model learns which one was liked better (DPO). It starts from a "
    "model that answers already; an adapter moves away from it, and it stays the reference.",
}
BETA = (
    "β is the price of moving away from the model it began as: a small one lets the answers change a lot, a large one "
    "keeps them close."
)
_SETTINGS = Breadth((380, 460), (320, 320))
_LEAST_PAINTED, _ENOUGH, _PEEK = 260, 480, 130  # pixels of the painted row, and of what is seen below it
_GROWS = 2  # share of a row that a choice of the settings takes of what is left
_BESIDE_FROM = 700  # pixels of the left column from which two cards stand side by side


class SetupView(QWidget):
    """Edits a draft: `edited` carries the new configuration, the owner answers with `set_draft`."""

    edited = Signal(object)  # RunConfig
    start_chosen = Signal(str)  # `start_from`
    data_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = RunConfig()
        self.task = Segmented([(name, tr(words)) for name, words in TASKS], look, tr("What is learned"))
        self.dataset, self.start = ChoiceEdit([("", tr("none yet"))], look), ChoiceEdit([("", "")], look)
        self.dataset.setAccessibleName(tr("Dataset"))
        self.start.setAccessibleName(tr("Starts from"))
        self.tokenizer = ChoiceEdit([("", "")], look)
        self.tokenizer.setAccessibleName(tr("Tokenizer"))
        self.painted, self.survey = PaintedCard(look), SurveyCard(look)
        self.template, self.adapter = TemplateCard(look), AdapterCard(look)
        self._settings = FormCards(RunConfig, GROUPS, look, self)
        self.forms = self._settings.forms
        self.facts = FactRows()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._picture(look), 1)
        self._side = self._column(look)
        row.addWidget(self._side)
        self._connect()

    def _picture(self, look: Look) -> QWidget:
        """What the rows are like, at the left."""
        self._plan = Card(tr("What will happen"), look)
        self._plan.body.addWidget(self.facts)
        self._plan.body.addStretch(1)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._below.setSpacing(16)
        self._below.addWidget(self.survey, 3)
        self._below.addWidget(self._plan, 2)
        self._left = Scroll()
        self._left.body.addWidget(self.painted, 1)
        self._left.body.addLayout(self._below)
        return self._left

    def _column(self, look: Look) -> SideColumn:
        """The settings, at the right."""
        first, model = Card(tr("Task"), look), Card(tr("Model"), look)
        first.header.addWidget(self.task)
        self.about = Label("", "small", wrap=True)
        first.body.addWidget(self.about)
        first.body.addWidget(NamedRow(tr("Dataset"), self.dataset, _GROWS))
        self.start_note = Label("", "small", wrap=True)
        self._tokenizer_row = NamedRow(tr("Tokenizer"), self.tokenizer, _GROWS)
        model.body.addWidget(NamedRow(tr("Starts from"), self.start, _GROWS))
        model.body.addWidget(self._tokenizer_row)
        model.body.addWidget(self.start_note)
        preference, learning, *others = self._settings.cards.values()
        preference.body.addWidget(Label(tr(BETA), "small", wrap=True))
        return SideColumn([first, model, self.template, preference, learning, self.adapter, *others])

    def _connect(self) -> None:
        self._settings.edited.connect(self.edited)
        self.task.changed.connect(self._task_chosen)
        self.dataset.changed.connect(self._data_chosen)
        self.tokenizer.changed.connect(self._data_chosen)
        self.start.changed.connect(self._start_chosen)
        self.template.opened.connect(self._look_at_one_row)
        self.template.chosen.connect(self._template_chosen)
        self.adapter.edited.connect(self._adapter_edited)
        self.survey.rows_wanted.connect(self._show_rows)
        self.survey.data_wanted.connect(self.data_wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the settings leave more of it to the rows."""
        super().resizeEvent(event)
        _SETTINGS.fit(self._side, self.width())
        self.painted.setMinimumHeight(max(_LEAST_PAINTED, min(self.height() - _PEEK, _ENOUGH)))
        beside = self.width() - _SETTINGS.of(self.width())[1] >= _BESIDE_FROM
        self._below.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    # --- what it is given -------------------------------------------------------------------------------------------

    def set_choices(
        self,
        datasets: Sequence[tuple[str, str]],
        starts: Sequence[tuple[str, str]],
        tokenizers: Sequence[tuple[str, str]],
    ) -> None:
        """Offer the project's datasets, and models as (`start_from`, words)."""
        self.dataset.set_choices([*([] if self._config.data.dataset else [("", tr("choose one"))]), *datasets])
        self.start.set_choices([("", tr("random weights")), *starts])
        self.tokenizer.set_choices(tokenizers)

    def set_draft(self, config: RunConfig) -> None:
        """Show a draft."""
        self._config = config
        prefers = config.objective == "prefer"
        self.task.set_value(config.objective)
        self.about.setText(tr(ABOUT[config.objective]))
        self.dataset.set_value(config.data.dataset)
        self.start.set_value(config.start_from)
        self.tokenizer.set_value(config.data.tokenizer)
        self._tokenizer_row.setVisible(not config.start_from)
        self.start_note.setText(
            tr("Its weights, its shape and its tokenizer are taken over.") if config.start_from
            else tr("Random weights know no language and no facts. A pretrained model learns to answer from a few "
                    "hundred rows.")
        )  # fmt: skip
        self.adapter.set_config(config, config.model)
        self.adapter.kind.set_enabled("none", not prefers, tr("DPO compares with the frozen model under an adapter."))
        self._settings.set_value(config)
        self._settings.cards["Preference"].setVisible(prefers)
        self.forms["Learning"].row("instruct.batching").setHidden(prefers)

    def show_source(self, source: Source | None, waiting: str) -> None:
        """The rows that can be painted from now on, or why there are none yet."""
        self.painted.set_empty_text(waiting)
        if source is None:
            self.painted.set_source(0, None)
        else:
            self.painted.set_source(source.dataset.rows, source.rules.tokenizer)

    def show_seen(self, seen: RowsSeen | None, trouble: StudioError | None, waiting: str) -> None:
        """What all rows are like, and what follows for the plan."""
        for card in (self.survey, self._plan):
            card.setVisible(bool(self._config.data.dataset))
        self.survey.show_rows(seen, trouble, waiting)
        self.facts.set_rows(plan_facts(self._config, seen))

    @property
    def problems(self) -> list[Problem]:
        """What a person typed that cannot be used."""
        return [*self._settings.problems, *self.adapter.problems]

    # --- what a person does -----------------------------------------------------------------------------------------

    def _task_chosen(self, task: str) -> None:
        self.edited.emit(replace(self._config, objective=task))

    def _data_chosen(self) -> None:
        data = replace(self._config.data, dataset=str(self.dataset.value()), tokenizer=str(self.tokenizer.value()))
        self.edited.emit(self._config.with_part(data=data))

    def _start_chosen(self) -> None:
        self.start_chosen.emit(str(self.start.value()))

    def _template_chosen(self, name: str, text: str) -> None:
        instruct = replace(self._config.instruct, template=name, template_text=text)
        self.edited.emit(self._config.with_part(instruct=instruct))

    def _adapter_edited(self, adapter: AdapterConfig) -> None:
        self.edited.emit(self._config.with_part(adapter=adapter))

    def _look_at_one_row(self) -> None:
        """A template that is being written is seen in a row; there is no batch of it yet."""
        self.painted.switch.set_value("row")
        self.painted.go_to(self.painted.number)

    def _show_rows(self, finding: object) -> None:
        if isinstance(finding, RowFinding):
            self.painted.step_through(finding.rows, finding.words)
