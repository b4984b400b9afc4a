"""The next-token laboratory: what comes next at any place of the text, and what every control makes of it."""

import math
from typing import Any

import numpy.typing as npt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.core.config import Sampling
from studio.core.language import tr
from studio.lenses.follow_card import FollowCard
from studio.lenses.next_card import NextCard
from studio.lenses.next_difference import Pair, pair_numbers, pair_words
from studio.lenses.next_token import Bench, summary
from studio.lenses.sampling_panel import SamplingPanel
from studio.lenses.surprise_text import SurpriseText
from studio.live.session import Session
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import ShownText, text_of
from studio.views.bars import percent_text
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

SURPRISE, LOGITS = "studio.insight.lens:surprise", "studio.insight.lens:logits_behind"
_TALL = 640  # pixels of a view that holds both pictures
_SIDE = 256


class LaboratoryView(AskingView):
    """Moving a slider only reshapes logits that are there; another place asks for its own, the tree grows later."""

    name, label = "laboratory", "Next token"
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.bench: Bench | None = None
        self.pair: Pair | None = None  # A's bench and B's, where their difference is shown
        self.text: ShownText | None = None
        self._scenes: tuple[Any, Any] = (None, None)
        self._pointed_token = -1
        self.surprise, self.logits, self.other_surprise, self.other_logits = (
            Question(self.looking, what, self) for what in ("surprise", "next token", "surprise B", "next token B")
        )
        self.controls, self.words, self.next = SamplingPanel(look), SurpriseText(look), NextCard(look)
        self.picture = FollowCard(self.looking, look)
        self._connect()
        self._lay_out()

    def _connect(self) -> None:
        for question in (self.surprise, self.other_surprise):
            question.answered.connect(self._show_surprise)
        for question in (self.logits, self.other_logits):
            question.answered.connect(self._show_logits)
        self.controls.changed.connect(self._reshape)
        self.words.chosen.connect(self._lock_place)
        self.words.pointed.connect(self._preview_place)
        self.next.chosen.connect(self._lock_token)
        self.next.pointed.connect(self._point_token)

    def _lay_out(self) -> None:
        pictures, middle, row = QHBoxLayout(), QVBoxLayout(), QHBoxLayout(self)
        for layout in (pictures, middle, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(12)
        pictures.addWidget(self.next, 4)
        pictures.addWidget(self.picture, 5)
        middle.addWidget(self.words)
        middle.addLayout(pictures, 1)
        row.addWidget(SideColumn([self.controls], _SIDE))
        row.addLayout(middle, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A high window has room for both pictures under one another."""
        super().resizeEvent(event)
        self.picture.arrange(self.height() >= _TALL)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for the text's surprise and for the logits of the place that is looked at."""
        if not what or what & {"scene", "other", "mode"}:
            self._take_scenes()
        if not what or what & {"scene", "other", "mode", "selection"}:
            self._ask_logits()

    def let_go(self) -> None:
        """The scenes of a view that nobody sees, or that has nothing to show of them."""
        self._scenes, self.bench, self.pair, self.text = (None, None), None, None, None
        self.picture.another(None)
        for question in (self.surprise, self.logits, self.other_surprise, self.other_logits):
            question.forget()

    def missing(self) -> str:
        """Only a model that writes has a next token; two are compared token by token."""
        scene, other = self.looking.shown
        if any(one is not None and not one.config.model.causal for one in (scene, other)):
            return tr(
                "This model fills gaps in a text it sees whole; it has no next token. The logit lens shows its answers."
            )
        if scene is not None and other is not None and scene.config.model.vocab_size != other.config.model.vocab_size:
            return tr(
                "A expects one of {a} tokens, B one of {b}: their chances are no two halves of one difference. Look at "
                "A or at B alone.", a=f"{scene.config.model.vocab_size:,}", b=f"{other.config.model.vocab_size:,}",
            )  # fmt: skip
        return ""

    def _take_scenes(self) -> None:
        before, self._scenes = self._scenes, self.looking.shown  # kept, so that no later one has the same identity
        scene, other = self._scenes
        if scene is None or self.missing():
            self.let_go()
            self._show()
            return
        self.text = text_of(scene)
        self.words.set_text(self.text, scene.capture.ids)
        if scene is not before[0]:
            self.picture.another(scene)
        if scene is not before[0] or other is not before[1]:
            self.bench = self.pair = None
            self._pointed_token = -1  # of another vocabulary, perhaps
        self.surprise.ask(id(scene), SURPRISE, scene.model, scene.capture)
        if other is not None:
            self.other_surprise.ask(id(other), SURPRISE, other.model, other.capture)
        else:  # nobody keeps B now: a later one may have its identity
            self.other_surprise.forget()
            self.other_logits.forget()
        self._show_surprise()

    @property
    def row(self) -> int:
        """The place that is looked at: the logits behind it are reshaped."""
        return self.text.place(self.selection.value("row")) if self.text is not None else 0

    def _ask_logits(self) -> None:
        scene, other = self._scenes
        if self.text is None or scene is None:
            return
        locked = self.selection.locked("row")
        self.words.point_out(self.text.place(locked) if locked is not None else -1)
        self.logits.ask((id(scene), self.row), LOGITS, scene.model, scene.capture, self.row)
        if other is not None:
            self.other_logits.ask((id(other), self.row), LOGITS, other.model, other.capture, self.row)
        if self.bench is None:
            self._show()
            self._show_logits()

    def _show_surprise(self) -> None:
        found, other = self.surprise.current, self._scenes[1]
        if self.text is None or found is None:
            return
        if other is None:
            self.words.set_surprise(found)
        elif self.other_surprise.current is not None:
            self.words.set_difference(found, self.other_surprise.current)

    def _show_logits(self) -> None:
        questions = (self.logits,) if self._scenes[1] is None else (self.logits, self.other_logits)
        if any(question.error is not None for question in questions):
            self.bench = self.pair = None
        elif self.text is not None and all(question.current is not None for question in questions):
            seen, wish = self.text.ids[: self.row + 1], self.controls.value()
            self.bench, *others = (Bench(question.current, seen, wish) for question in questions)
            self.pair = Pair(self.bench, others[0]) if others else None
        self._show()
        self.told.emit()

    def _reshape(self, _sampling: Sampling) -> None:
        shaped = self.pair or self.bench
        if shaped is not None:
            shaped.set_sampling(self.controls.value())
            self._show()
            self.told.emit()

    def _show(self) -> None:
        self.picture.show_bench(self.bench, self.pair)
        if self.bench is None or self.text is None:
            self.next.forget(str(self.logits.error or self.other_logits.error or ""))
        elif self.pair is not None:
            self.next.show_pair(self.pair, self.text)
        else:
            self.next.show_bench(self.bench, self.text)

    # --- what a person does ---------------------------------------------------------------------------------------

    def _lock_place(self, row: int) -> None:
        self.selection.lock(row=row)

    def _preview_place(self, row: int) -> None:
        if row < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=row)

    def _lock_token(self, token: int) -> None:
        self.selection.lock(token=token)

    def _point_token(self, token: int) -> None:
        self._pointed_token = token
        self.told.emit()

    # --- what it says and gives out -------------------------------------------------------------------------------

    def explanation(self) -> str:
        """The softmax with temperature, filled with the token that is pointed at, else the likeliest."""
        bench, text = self.bench, self.text
        if bench is None or text is None or not bench.found.bars:
            return ""
        if self.pair is not None:
            pointed = self._pointed_token if self._pointed_token >= 0 else self.pair.order(1)[0]
            return pair_words(self.pair, text, pointed)
        token = self._pointed_token if self._pointed_token >= 0 else bench.found.bars[0].id
        heat = bench.sampling.temperature
        kept = percent_text(float(bench.found.chances[token]))
        said = tr(
            "p = exp(z / T) / Σ exp(z / T) over all {count} tokens. “{token}” has z = {logit}: {before} at T = 1, "
            "{after} under the controls (T = {heat}). The pale bar is before, the bright one after.",
            count=f"{len(bench.logits):,}", token=text.label(token), logit=f"{float(bench.logits[token]):.3f}",
            before=percent_text(float(bench.found.raw[token])), after=kept, heat=f"{heat:g}",
        )  # fmt: skip
        entropy = bench.found.entropy
        hesitates = tr("Entropy {bits} bits: as if {count} tokens were equally likely.", bits=f"{entropy:.2f}",
                       count=f"{max(1, round(2**entropy)):,}")  # fmt: skip
        return f"{said} {hesitates}" if math.isfinite(entropy) else said

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Chances before and after of the whole vocabulary, and the text's surprise; of two models those of both."""
        if self.pair is not None:
            return pair_numbers(self.pair, (self.surprise.current, self.other_surprise.current))
        found: dict[str, npt.NDArray[Any]] = {}
        if self.bench is not None:
            found |= {"logits": self.bench.logits, **summary(self.bench.found)}
        told = self.surprise.current
        if told is not None:
            found |= {"surprise": told.nats, "rank": told.rank, "probability": told.probability}
        return found
