"""The laboratory's two pictures: how few tokens hold most of the probability, and a tree of what could follow."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.lenses.branch_tree import BranchTree
from studio.lenses.cumulative_curve import CumulativeCurve, Sums
from studio.lenses.next_difference import Pair
from studio.lenses.next_token import Bench
from studio.live.looking import Looking
from studio.seeing.question import Question
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look

GROW = "studio.engine.branches:grow"
DEPTH, WIDTH = 5, 6  # of the tree
_SETTLED_MS = 300  # without a movement before the tree is grown anew


class FollowCard(Card):
    """A curve follows every slider; the tree is grown when nothing moves, and only where it is looked at."""

    def __init__(self, looking: Looking, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What could follow"), look, parent)
        self._bench: Bench | None = None
        self._scene: Any = None
        self._apart = False
        self._both = False  # whether there is room for both
        self.curve, self.branches = CumulativeCurve(look), BranchTree(look)
        self.tree = Question(looking, "branches", self)
        self.tree.answered.connect(self._show_tree)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._settled.timeout.connect(self._grow)
        self.tabs = Segmented([("curve", tr("sum")), ("tree", tr("tree"))], look, tr("Picture"))
        self.tabs.changed.connect(self._turn)
        self.stop = Button(tr("Stop"), self.tree.stop, look, "link").set_small()
        self.header.addWidget(self.stop)
        self.header.addWidget(self.tabs)
        self.body.addWidget(self.curve, 1)
        self.body.addWidget(self.branches, 1)
        self.stop.hide()
        self.arrange(False)

    def arrange(self, both: bool) -> None:
        """Show both pictures where there is room, else the one that is chosen."""
        before, tree = self.branches.isHidden(), self.tabs.value() == "tree"
        self._both = both
        self.tabs.setVisible(not both)
        self.curve.setVisible(both or not tree)
        self.branches.setVisible(both or tree)
        self._say()
        if before and not self.branches.isHidden():
            self._settled.start()

    def _say(self) -> None:
        """A tree grows out of one model: beside a difference it is that of A."""
        follows = tr("What could follow in A") if self._apart else tr("What could follow")
        sums = tr("Cumulative probability of A and B") if self._apart else tr("Cumulative probability")
        both = (
            tr("Cumulative probability of A and B, and what could follow in A") if self._apart
            else tr("Cumulative probability, and what could follow")
        )  # fmt: skip
        self.set_title(both if self._both else follows if self.tabs.value() == "tree" else sums)

    def another(self, scene: Any) -> None:
        """Another model or text, or none: nothing of the former tree stays."""
        self._scene, self._bench = scene, None
        self._settled.stop()
        self.tree.forget()
        if scene is not None:
            self.branches.set_branches((), scene.tokenizer)
            self.branches.set_empty_text("")

    def show_bench(self, bench: Bench | None, pair: Pair | None = None) -> None:
        """Draw the sums of one, or of two; the tree waits until nothing moves."""
        self._bench, self._apart = bench, pair is not None
        self._say()
        if bench is None:
            self.curve.set_sums(Sums())
            return
        self.curve.set_sums(pair.sums if pair is not None else bench.sums)
        self._settled.start()

    def _turn(self, _name: str) -> None:
        self.arrange(self._both)
        self._grow()

    def _grow(self) -> None:
        """Only a tree that is looked at is grown."""
        bench, scene = self._bench, self._scene
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
