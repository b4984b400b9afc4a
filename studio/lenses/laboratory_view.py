"""The next-token laboratory: what comes next at any place of the text, and what every control makes of it."""

import math
from dataclasses import replace
from typing import Any

import numpy.typing as npt
from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.segmented import Segmented
from studio.core.config import Sampling
from studio.core.language import tr
from studio.lenses.branch_tree import BranchTree
from studio.lenses.cumulative_curve import CumulativeCurve, Sums
from studio.lenses.next_card import NextCard
from studio.lenses.next_token import Bench, summary
from studio.lenses.sampling_panel import SamplingPanel
from studio.lenses.surprise_text import SurpriseText
from studio.live.session import Session
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import ShownText, text_of
from studio.views.bars import percent_text
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

SURPRISE, LOGITS = "studio.insight.lens:surprise", "studio.insight.lens:logits_behind"
GROW = "studio.engine.branches:grow"
DEPTH, WIDTH = 5, 6  # of the tree
_TALL = 640  # pixels of a view that holds both pictures
_SIDE = 256
_SETTLED_MS = 300  # without a movement before the tree is grown anew


class LaboratoryView(AskingView):
    """Moving a slider only reshapes logits that are there; another place asks for its own, the tree grows later."""

    name, label = "laboratory", "Next token"
    needs_words = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.bench: Bench | None = None
        self.text: ShownText | None = None
        self._scene: Any = None
        self._pointed_token = -1
        self.surprise, self.logits = (
            Question(self.looking, "surprise", self),
            Question(self.looking, "next token", self),
        )
        self.tree = Question(self.looking, "branches", self)
        self.surprise.answered.connect(self._show_surprise)
        self.logits.answered.connect(self._show_logits)
        self.tree.answered.connect(self._show_tree)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._settled.timeout.connect(self._grow)
        self.controls, self.words = SamplingPanel(look), SurpriseText(look)
        self.next, self.curve, self.branches = NextCard(look), CumulativeCurve(look), BranchTree(look)
        self.tabs = Segmented([("curve", tr("sum")), ("tree", tr("tree"))], look, tr("Picture"))
        self.stop = Button(tr("Stop"), self.tree.stop, look, "link").set_small()
        self._connect()
        self._lay_out()

    def _connect(self) -> None:
        self.controls.changed.connect(self._reshape)
        self.words.chosen.connect(self._lock_place)
        self.words.pointed.connect(self._preview_place)
        self.next.chosen.connect(self._lock_token)
        self.next.pointed.connect(self._point_token)
        self.tabs.changed.connect(self._turn)

    def _lay_out(self) -> None:
        self.picture = Card(tr("What could follow"), self.look)
        self.picture.header.addWidget(self.stop)
        self.picture.header.addWidget(self.tabs)
        self.picture.body.addWidget(self.curve, 1)
        self.picture.body.addWidget(self.branches, 1)
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
        self.stop.hide()
        self._arrange()

    @property
    def _tall(self) -> bool:
        """Whether both pictures have room under one another."""
        return self.height() >= _TALL

    def _arrange(self) -> None:
        both, tree = self._tall, self.tabs.value() == "tree"
        self.tabs.setVisible(not both)
        self.curve.setVisible(both or not tree)
        self.branches.setVisible(both or tree)
        words = tr("What could follow") if tree else tr("Cumulative probability")
        self.picture.set_title(tr("Cumulative probability, and what could follow") if both else words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A high window has room for both pictures."""
        super().resizeEvent(event)
        before = self.branches.isHidden()
        self._arrange()
        if before and not self.branches.isHidden():
            self._settled.start()

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for the text's surprise and for the logits of the place that is looked at."""
        if not what or what & {"scene", "other", "mode"}:
            self._take_scene()
        if not what or what & {"scene", "other", "mode", "selection"}:
            self._ask_logits()

    def let_go(self) -> None:
        """The scene of a view that nobody sees, or that has nothing to show of it."""
        self._settled.stop()
        self._scene = self.bench = self.text = None
        for question in (self.surprise, self.logits, self.tree):
            question.forget()

    def missing(self) -> str:
        """Only a model that writes has a next token."""
        scene, _ = self.looking.shown
        if scene is None or scene.config.model.causal:
            return ""
        return tr(
            "This model fills gaps in a text it sees whole; it has no next token. The logit lens shows its answers."
        )

    def _take_scene(self) -> None:
        before, (self._scene, _) = self._scene, self.looking.shown  # kept, so that no later one has the same identity
        if self._scene is None or self.missing():
            self.let_go()
            self._show()
            return
        self.text = text_of(self._scene)
        self.words.set_text(self.text, self._scene.capture.ids)
        scene = self._scene
        if scene is not before:
            self.bench = None
            self.tree.forget()
            self.branches.set_branches((), scene.tokenizer)
            self.branches.set_empty_text("")
        self.surprise.ask(id(scene), SURPRISE, scene.model, scene.capture)
        self._show_surprise()

    @property
    def row(self) -> int:
        """The place that is looked at: the logits behind it are reshaped."""
        return self.text.place(self.selection.value("row")) if self.text is not None else 0

    def _ask_logits(self) -> None:
        if self.text is None or self._scene is None:
            return
        scene, locked = self._scene, self.selection.locked("row")
        self.words.point_out(self.text.place(locked) if locked is not None else -1)
        self.logits.ask((id(scene), self.row), LOGITS, scene.model, scene.capture, self.row)
        if self.bench is None:
            self._show()

    def _show_surprise(self) -> None:
        if self.text is not None and self.surprise.current is not None:
            self.words.set_surprise(self.surprise.current)

    def _show_logits(self) -> None:
        if self.logits.error is not None:
            self.bench = None
        elif self.logits.current is not None and self.text is not None:
            self.bench = Bench(self.logits.current, self.text.ids[: self.row + 1], self.controls.value())
            self._settled.start()
        self._show()
        self.told.emit()

    def _reshape(self, _sampling: Sampling) -> None:
        if self.bench is not None:
            self.bench.set_sampling(self.controls.value())
            self._settled.start()
            self._show()
            self.told.emit()

    def _show(self) -> None:
        if self.bench is None or self.text is None:
            self.next.forget(str(self.logits.error or ""))
            self.curve.set_sums(Sums())
        else:
            self.next.show_bench(self.bench, self.text)
            self.curve.set_sums(self.bench.sums)

    # --- the tree -------------------------------------------------------------------------------------------------

    def _turn(self, _name: str) -> None:
        self._arrange()
        self._grow()

    def _grow(self) -> None:
        """Only a tree that is looked at is grown."""
        bench, scene = self.bench, self._scene
        if bench is None or scene is None or not self.branches.isVisible():
            return
        ends = scene.tokenizer.end_of_text if scene.tokenizer is not None else None
        wish = replace(bench.sampling, tokens=DEPTH, beams=WIDTH)
        asked = self.tree.ask(
            (id(scene), bench.seen, bench.sampling), GROW, scene.model, scene.config.model, bench.seen, wish,
            title=tr("What could follow"), stop_at=() if ends is None else (ends,),
        )  # fmt: skip
        if asked:
            self.branches.set_branches((), scene.tokenizer)
            self.branches.set_empty_text(tr("Growing…"))
        self._show_tree()

    def _show_tree(self) -> None:
        self.stop.setVisible(self.tree.waiting)
        if self.tree.error is not None:
            self.branches.set_empty_text(str(self.tree.error))
        if self._scene is not None and self.tree.items:
            found = [branch for level in self.tree.items for branch in level]
            self.branches.set_branches(found, self._scene.tokenizer)

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
        """Chances before and after of the whole vocabulary, and the text's surprise."""
        found: dict[str, npt.NDArray[Any]] = {}
        if self.bench is not None:
            found |= {"logits": self.bench.logits, **summary(self.bench.found)}
        told = self.surprise.current
        if told is not None:
            found |= {"surprise": told.nats, "rank": told.rank, "probability": told.probability}
        return found
