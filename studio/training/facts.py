"""The settings of a run as a card that is read, not edited: the ones that matter, and all of them when asked."""

from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.core.config import AdapterConfig, RunConfig
from studio.core.knobs import Knob, changed_fields, knobs_of
from studio.core.language import tr
from studio.core.stops import show_stops
from studio.parts.wording import count, small_number, start_words
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Card
from studio.widgets.scroll import Scroll

PARTS = (
    ("data", "Text"), ("model", "Model"), ("training", "Training"),
    ("compute", "Compute"), ("sampling", "Samples"),
)  # fmt: skip
TASKS = (
    ("adapter", "Adapter"), ("classify", "Classes"), ("regress", "Numbers"), ("instruct", "Answers"),
    ("prefer", "Preferences"),
)  # sections that count for some runs only  # fmt: skip
_LONGEST = 28  # characters of a value
_ROW = 24  # pixels from one line to the next


@dataclass(frozen=True)
class Fact:
    """One line: what it is called, its value with unit, whether it is not the default, and what it does."""

    label: str
    value: str
    changed: bool = False
    help: str = ""
    essential: bool = False  # shown even where there is room for few


def value_text(knob: Knob, value: Any) -> str:
    """A setting as its form row would read: choices by their words, numbers with their unit."""
    named = dict(knob.choices).get(value)
    if named:
        return tr(named)
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, float):
        return f"{small_number(value)} {tr(knob.unit)}".strip()
    if isinstance(value, int):
        return f"{count(value)} {tr(knob.unit)}".strip()
    if isinstance(value, tuple):
        return show_stops(value) or tr("none")
    return str(value) or tr("none")


def changed_by_choice(config: RunConfig) -> tuple[str, ...]:
    """The settings that are not their default; the text is no such setting, since every run has its own."""
    return tuple(name for name in changed_fields(config) if name != "data.text")


def main_facts(config: RunConfig) -> list[Fact]:
    """The few settings a person looks for first."""
    model, training = config.model, config.training
    changed = set(changed_by_choice(config))
    shape = tr("{layers} × {width}, {heads} heads", layers=model.n_layers, width=model.emb_dim, heads=model.n_heads)
    batch = f"{training.batch_size} × {training.accumulation}"
    tokens = training.batch_size * training.accumulation * model.context_length
    return [
        *([task] if (task := _task(config)).changed else []),
        *([_start(config)] if config.start_from else []),
        *([_adapter(config.adapter)] if config.adapter.kind != "none" else []),
        Fact(tr("Dataset"), config.data.dataset, essential=True) if config.data.dataset
        else Fact(tr("Text"), config.data.text or tr("none"), essential=True),
        Fact(tr("Tokenizer"), config.data.tokenizer, "data.tokenizer" in changed),
        Fact(
            tr("Model"), shape, bool(changed & {"model.n_layers", "model.emb_dim", "model.n_heads"}), essential=True
        ),
        _fact(config, changed, "model.context_length"),
        replace(_fact(config, changed, "training.learning_rate"), essential=True),
        _fact(config, changed, "training.warmup_steps"),
        Fact(
            tr("Batch × accumulation"), batch, bool(changed & {"training.batch_size", "training.accumulation"})
        ),
        _fact(config, changed, "model.drop_rate"),
        *([] if config.data.dataset else [Fact(tr("Tokens a step"), count(tokens), essential=True)]),  # rows differ
    ]  # fmt: skip


def all_facts(config: RunConfig) -> list[tuple[str, list[Fact]]]:
    """Every setting under the heading of its part, in the order it was declared."""
    changed = set(changed_by_choice(config))
    groups = [
        (tr(title), [_fact(config, changed, f"{part}.{name}") for name in knobs_of(getattr(config, part))])
        for part, title in (*PARTS, *((part, title) for part, title in TASKS if _counts(part, config)))
    ]
    groups[0][1][:0] = [_task(config), *([_start(config)] if config.start_from else [])]
    return groups


def _task(config: RunConfig) -> Fact:
    """What the run learns; a low window tells it where it is not the usual task."""
    knob = knobs_of(config)["objective"]
    changed = "objective" in changed_by_choice(config)
    return Fact(tr(knob.label), value_text(knob, config.objective), changed, tr(knob.help), essential=changed)


def _start(config: RunConfig) -> Fact:
    """The model whose weights it began with."""
    knob = knobs_of(config)["start_from"]
    return Fact(tr(knob.label), start_words(config.start_from), True, tr(knob.help), essential=True)


def _adapter(adapter: AdapterConfig) -> Fact:
    """What is trained beside the frozen weights."""
    knob = knobs_of(adapter)["kind"]
    kind = {"lora": "LoRA", "qlora": "QLoRA"}[adapter.kind]
    words = tr("{kind}, rank {rank}, {layers}", kind=kind, rank=adapter.rank, layers=adapter.targets)
    return Fact(tr(knob.label), words, True, tr(knob.help), essential=True)


def _counts(part: str, config: RunConfig) -> bool:
    """Whether a section means anything to a run: its adapter's where it has one, else the one of its task."""
    if part == "adapter":
        return config.adapter.kind != "none"
    return part == config.objective or (part == "instruct" and config.objective == "prefer")


def _fact(config: RunConfig, changed: set[str], dotted: str) -> Fact:
    part, _, name = dotted.partition(".")
    section = getattr(config, part)
    knob = knobs_of(section)[name]
    return Fact(tr(knob.label), value_text(knob, getattr(section, name)), dotted in changed, tr(knob.help))


def shortened(text: str) -> str:
    """A long name with its middle left out, so that the row fits its card."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 9]}…{text[-8:]}"


class Dot(QWidget):
    """A small disc in a role's colour, or nothing."""

    def __init__(self, look: Look, role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._role = look, role
        self.setFixedSize(8, 16)
        look.changed.connect(self.update)

    def set_role(self, role: str) -> None:
        """Another colour; an empty role hides the disc and keeps its place."""
        self._role = role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """One antialiased disc."""
        if self._role:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._look.color(self._role))
            painter.drawEllipse(QRectF(1.0, self.height() / 2 - 3.0, 6.0, 6.0))
            painter.end()


class RunFacts(Card):
    """A card "This run": the main settings with a dot where they are not the default; one button unfolds the rest."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("This run"), look, parent)
        self._look = look
        self._config: RunConfig | None = None
        self.unfolded = self._brief = False
        self.fold = Button("", self._toggle, look, "link").set_small()
        self.header.addWidget(self.fold)
        self._scroll = Scroll()
        self.body.addWidget(self._scroll)
        self._rows = QWidget()

    def set_config(self, config: RunConfig) -> None:
        """Show this run's settings."""
        if config != self._config:
            self._config = config
            self._fill()

    def set_brief(self, brief: bool) -> None:
        """Only the settings that tell runs apart at a glance, for a low window."""
        if brief != self._brief:
            self._brief = brief
            self._fill()

    def _toggle(self) -> None:
        self.unfolded = not self.unfolded
        self._fill()

    def _fill(self) -> None:
        if self._config is None:
            return
        main, everything = main_facts(self._config), all_facts(self._config)
        if self._brief:
            main = [fact for fact in main if fact.essential]
        worked_out = 0 if self._config.data.dataset else 1  # "Tokens a step" is no setting
        more = sum(len(facts) for _, facts in everything) - len(main) + worked_out
        words = tr("{more} more · {changed} changed", more=more, changed=len(changed_by_choice(self._config)))
        self.fold.setText(tr("Fewer") if self.unfolded else words)
        rows = self._table(everything if self.unfolded else [("", main)])
        self._scroll.body.removeWidget(self._rows)
        self._rows.hide()
        self._rows.deleteLater()
        self._rows = rows
        self._scroll.body.addWidget(rows)
        self._scroll.body.addStretch(1)
        self._scroll.setMinimumHeight(_ROW * len(main))

    def _table(self, groups: list[tuple[str, list[Fact]]]) -> QWidget:
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for title, facts in groups:
            if title:
                grid.addWidget(Label(title, "strong"), grid.rowCount(), 0, 1, 3)
            for fact in facts:
                self._add(grid, fact)
        return rows

    def _add(self, grid: QGridLayout, fact: Fact) -> None:
        row = grid.rowCount()
        dot = Dot(self._look, "accent" if fact.changed else "")
        dot.setToolTip(tr("Not the default") if fact.changed else "")
        label, value = Label(fact.label, "quiet", wrap=True), Label(shortened(fact.value))
        value.setToolTip(fact.value if len(fact.value) > _LONGEST else "")
        label.setToolTip(fact.help)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setAccessibleName(f"{fact.label}: {fact.value}")
        for column, widget in enumerate((dot, label, value)):
            grid.addWidget(widget, row, column)
