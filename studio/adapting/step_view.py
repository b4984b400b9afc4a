"""The four stages of a training step, one at a time, on an example of one's own, with an adapter thrown away after."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.adapting.layer_map import LayerMap
from studio.adapting.own_words import own_words
from studio.adapting.row_button import RowButton
from studio.adapting.step_words import TITLES, sentence
from studio.controls.editors import TextEdit
from studio.controls.number_edit import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.adapter_costs import adapter_problems
from studio.core.config import AdapterConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.curves.line_chart import Level, Line, LineChart
from studio.live.session import Session
from studio.parts.wording import small_number
from studio.views.bars import percent_text
from studio.views.record_table import Column, RecordTable
from studio.views.token_text import visible_text
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.hover_card import CardRow
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.one_step import LayerStep, Stage

BEGIN = "studio.engine.one_step:begin"
STAGES = (("forward", "1 Forward"), ("loss", "2 Loss"), ("backward", "3 Backward"), ("optimise", "4 Optimise"))
TEXT = "Once upon a time there was a small boat that wanted to see the sea."
_LANE = "one step"


@dataclass(frozen=True)
class PlaceRow:
    """One place of the example: behind `token` the model says `guess`; `right` is what follows."""

    place: int
    token: str
    guess: str
    right: str
    chance: float
    loss: float
    after: float  # the right token's chance after the update; NaN before it
    learned: bool
    hit: bool


class StepView(QWidget):
    """Next computes a stage, Back shows the one before, Again begins anew with what is set."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.look = session, look
        self.stages: list[Stage] = []
        self.at = -1
        self._stepper: Any = None
        self._of: Callable[[], Any] = nobody  # the model that the stages are of, while it is there
        self.busy = False
        self.banner = Banner(look)
        self.text, self.answer = TextEdit(), TextEdit()
        for box, value, name in ((self.text, TEXT, tr("Text")), (self.answer, "", tr("Answer to learn"))):
            box.set_value(value)
            box.setAccessibleName(name)
            box.changed.connect(self._unsettle)
        self.answer.setPlaceholderText(tr("none: every token counts"))
        self.rank, self.rate = number_box(look, 8, True, tr("Rank")), number_box(look, 5e-3, False, tr("Learning rate"))
        for number in (self.rank, self.rate):
            number.changed.connect(self._unsettle)
        self.rows = RowButton(session, look)
        self.rows.picked.connect(self.take)
        self.rows.failed.connect(self._failed)
        self.trouble = Label("", "danger", wrap=True)
        self.trouble.hide()
        self.where = Segmented([(name, tr(words)) for name, words in STAGES], look, tr("Stage"))
        self.where.changed.connect(self._stage_chosen)
        self.step = Label("", "quiet")
        self.back = Button(tr("Back"), self.go_back, look)
        self.next = Button(tr("Next"), self.go_on, look, "primary")
        self.again = Button(tr("Again"), self.begin, look)
        self.title, self.words = Label("", "heading"), Label("", "", wrap=True)
        self.places = RecordTable(_columns(), look, key=lambda row: row.place)
        self.places.setAccessibleName(tr("Predictions behind each token"))
        self.chart = LineChart(look, tr("Loss at each place"), tr("place · loss of the right token, nats"))
        self.maps = (LayerMap(look, tr("Matrix A by layer")), LayerMap(look, tr("Matrix B by layer")))
        self._lay_out()

    def _lay_out(self) -> None:
        top = Card("", self.look)
        line = QHBoxLayout()
        line.setSpacing(8)
        for words, box, share in ((tr("Text"), self.text, 5), (tr("Answer"), self.answer, 2),
                                  (tr("Rank"), self.rank, 0), (tr("Rate"), self.rate, 0)):  # fmt: skip
            line.addWidget(Label(words, "quiet"))
            line.addWidget(box, share)
        line.insertWidget(2, self.rows)
        walk = QHBoxLayout()
        walk.setSpacing(8)
        walk.addWidget(self.where)
        walk.addWidget(self.step, 1)
        for button in (self.again, self.back, self.next):
            walk.addWidget(button)
        top.body.addLayout(line)
        top.body.addWidget(self.trouble)
        top.body.addLayout(walk)
        self.example, right = Card(tr("The example"), self.look), Card("", self.look)
        self.example.body.addWidget(self.places)
        right.body.addWidget(self.title)
        right.body.addWidget(self.words)
        right.body.addWidget(self.chart, 1)
        self._pair = QWidget()
        pair = QHBoxLayout(self._pair)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(16)
        self.names = (Label("", "strong"), Label("", "strong"))
        for name, drawn in zip(self.names, self.maps, strict=True):
            column = QVBoxLayout()
            column.addWidget(name)
            column.addWidget(drawn, 1)
            pair.addLayout(column, 1)
        right.body.addWidget(self._pair, 1)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.example, 5)
        row.addWidget(right, 6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(16)
        whole.addWidget(self.banner)
        whole.addWidget(top)
        whole.addLayout(row, 1)

    # --- computing ------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Another model begins anew."""
        loaded = self._session.loaded
        if loaded is not None and loaded is not self._of() and (not what or "loaded" in what):
            if not self.text.isModified():
                self.text.set_value(own_words(loaded, TEXT))
            self.begin()
        elif not self.stages:
            self._show()

    def let_go(self) -> None:
        """Keep nothing of a model that is not in memory any more: its weights would stay with it."""
        if self._session.loaded is not self._of():
            self._stepper, self.stages, self.at = None, [], -1
            self._of = nobody

    @property
    def adapter(self) -> AdapterConfig:
        """The new adapter: beside every layer of the blocks, its product taken once."""
        rank = int(self.rank.value())
        return AdapterConfig(kind="lora", rank=rank, alpha=float(rank))

    def _problem(self) -> str:
        typed = self.rank.problem or self.rate.problem
        loaded = self._session.loaded
        if typed or loaded is None:
            return typed
        found = adapter_problems(loaded.shape, self.adapter)
        return found[0].message if found else ""

    def _tell_trouble(self) -> str:
        found = self._problem()
        self.trouble.setText(found)
        self.trouble.setVisible(bool(found))
        return found

    def begin(self) -> None:
        """Throw the adapter away and make a new one; the first stage is computed at once."""
        loaded = self._session.loaded
        if self._tell_trouble() or loaded is None:
            return
        self._of = weakref.ref(loaded)
        wanted = (self.text.value(), self.answer.value(), self.adapter, float(self.rate.value()))
        self._ask(BEGIN, loaded, *wanted).succeeded.connect(self._began)

    def _ask(self, target: Any, *args: Any) -> Any:
        self.busy = True
        self._show()
        job = self._session.jobs.start(target, *args, lane=_LANE)
        job.failed.connect(self._failed)
        return job

    def _began(self, found: "tuple[Any, Stage]") -> None:
        if self._of() is not self._session.loaded:
            self.busy = False
            return
        self.banner.clear()
        self._stepper, first = found
        self.stages, self.at = [], -1
        self._came(first)

    def _came(self, stage: "Stage") -> None:
        self.busy = False
        self.stages.append(stage)
        self.at = len(self.stages) - 1
        self._show()

    def _failed(self, error: StudioError) -> None:
        self.busy = False
        self.banner.show_error(error.message, error.hint)
        self._show()

    # --- what a person does ---------------------------------------------------------------------------------------

    def take(self, text: str, answer: str) -> None:
        """This example, from its first stage."""
        for box, words in ((self.text, text), (self.answer, answer)):
            box.set_value(words)
            box.setModified(True)
        self.begin()

    def go_on(self) -> None:
        """The next stage: shown again, or computed."""
        if self.at + 1 < len(self.stages):
            self.at += 1
            self._show()
        elif self._stepper is not None and not self.busy:
            self._ask(self._stepper.advance).succeeded.connect(self._came)

    def go_back(self) -> None:
        """The stage before."""
        self.at = max(0, self.at - 1)
        self._show()

    def _stage_chosen(self, name: str) -> None:
        """A stage of the step that is shown, where it was computed already; the next one is computed."""
        place = self.at - self.at % 4 + [stage for stage, _ in STAGES].index(name)
        if place <= len(self.stages) - 1:
            self.at = place
            self._show()
        elif place == len(self.stages):
            self.at = len(self.stages) - 1
            self.go_on()
        else:
            self._show()

    def _unsettle(self) -> None:
        """What is shown is of other words; Again computes with these."""
        self._tell_trouble()
        self.again.set_kind("primary")

    # --- showing --------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        stage = self.stages[self.at] if self.stages else None
        self.back.setEnabled(self.at > 0 and not self.busy)
        self.next.setEnabled(stage is not None and not self.busy)
        self.again.setEnabled(self._session.loaded is not None and not self.busy)
        if stage is None:
            return
        self.again.set_kind("")
        self.where.set_value(stage.name)
        for place, (name, _) in enumerate(STAGES):
            self.where.set_enabled(name, self.at - self.at % 4 + place <= len(self.stages))
        self.step.setText(tr("step {number}", number=stage.step))
        last = stage.name == "optimise" and self.at == len(self.stages) - 1
        self.next.setText(tr("Next step") if last else tr("Next"))
        self.title.setText(tr(TITLES[stage.name]))
        self.words.setText(sentence(stage))
        self.places.set_rows(place_rows(stage))
        shown = len(stage.before.ids)
        cut = tr("{shown} of {total} tokens", shown=shown, total=stage.total) if shown < stage.total else ""
        self.example.set_note(cut)
        with_maps = bool(stage.layers)
        self._pair.setVisible(with_maps)
        self.chart.setVisible(not with_maps or stage.name == "optimise")
        if with_maps:
            self._show_maps(stage)
        self._show_chart(stage)

    def _show_maps(self, stage: "Stage") -> None:
        moved = stage.name == "optimise"
        fields = ("moved_a", "moved_b") if moved else ("gradient_a", "gradient_b")
        signs = ("|ΔA|", "|ΔB|") if moved else ("|∇A|", "|∇B|")
        highest = max(max(getattr(one, field) for field in fields) for one in stage.layers)
        for drawn, name, field, sign in zip(self.maps, self.names, fields, signs, strict=True):
            drawn.describe = partial(_describe, field, sign)
            drawn.set_layers(stage.layers, lambda one, field=field: getattr(one, field), sign, (0.0, highest))  # type: ignore[misc]
            whole = sum(getattr(one, field) ** 2 for one in stage.layers) ** 0.5
            name.setText(f"{sign} = {small_number(whole)}")

    def _show_chart(self, stage: "Stage") -> None:
        """Every place; where only an answer counts, that part stands out."""
        seen, after, learned = stage.before, stage.after, stage.before.learned
        x = np.arange(1, len(seen.losses) + 1, dtype=np.float64)
        if after is not None:
            self.chart.set_lines([Line(tr("loss afterwards − before"), x, after.losses - seen.losses, 2)],
                                 Level(0.0, tr("no change")))  # fmt: skip
            return
        lines = [Line(tr("what counts"), x[learned], seen.losses[learned], 0)]
        if not learned.all():
            lines.insert(0, Line(tr("the rest"), x, seen.losses, "text_quiet", quiet=True))
        mean = Level(seen.loss, tr("mean {loss}", loss=f"{seen.loss:.3f}"))
        self.chart.set_lines(lines, mean if stage.name != "forward" else None)


def number_box(look: Look, value: float, whole: bool, name: str) -> NumberEdit:
    """A rank, or a learning rate."""
    box = NumberEdit(look, whole)
    box.minimum, box.maximum, box.default = (1, 4_096, value) if whole else (0.0, 100.0, value)
    box.set_value(value)
    box.setFixedWidth(84)
    box.setAccessibleName(name)
    return box


def nobody() -> None:
    """Stands for a model that is not there."""


def place_rows(stage: "Stage") -> list[PlaceRow]:
    """The predictions of a stage, place by place."""
    seen, after = stage.before, stage.after
    return [
        PlaceRow(
            at, visible_text(seen.texts[at]), visible_text(seen.guess_texts[at]), visible_text(seen.texts[at + 1]),
            float(seen.chance[at]), float(seen.losses[at]), float(after.chance[at]) if after is not None else np.nan,
            bool(seen.learned[at]), seen.guesses[at] == seen.ids[at + 1],
        )
        for at in range(len(seen.guesses))
    ]  # fmt: skip


def _describe(field: str, sign: str, one: "LayerStep") -> list[CardRow]:
    return [CardRow(f"{sign} {small_number(getattr(one, field))}")]


def _columns() -> list[Column]:
    def quiet(row: PlaceRow) -> str:
        return "text" if row.learned else "text_disabled"

    def guessed(row: PlaceRow) -> str:
        return quiet(row) if not row.learned else ("good" if row.hit else "warning")

    return [
        Column(tr("Behind"), value=lambda row: row.place, text=lambda row: row.token, mono=True, role=quiet),
        Column(tr("It says"), value=lambda row: row.guess, mono=True, role=guessed),
        Column(tr("Right is"), value=lambda row: row.right, mono=True, role=quiet),
        Column(tr("Its chance"), value=lambda row: row.chance, text=lambda row: percent_text(row.chance),
               align="right", width=84, role=quiet),
        Column(tr("Loss"), value=lambda row: row.loss, text=lambda row: f"{row.loss:.2f}", align="right", width=60,
               role=quiet),
        Column(tr("Afterwards"), value=lambda row: row.after, align="right", width=84, role=quiet,
               text=lambda row: percent_text(row.after) if np.isfinite(row.after) else ""),
    ]  # fmt: skip
