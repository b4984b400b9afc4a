"""How attention could add up through the layers: rollout for any text, the largest flow for short ones."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.looking import Glance
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import DIFFERENCE
from studio.maps.heat_map import HeatMap
from studio.parts.progress import Progress
from studio.seeing.moment import own_moments
from studio.seeing.seen import Seen
from studio.seeing.view import EVERYTHING, SceneView
from studio.steps.formulas import figure, result, word
from studio.steps.share_text import ShareText, share_words
from studio.steps.spread import Spread
from studio.views.token_text import visible_text
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

if TYPE_CHECKING:
    import numpy.typing as npt

LONGEST_FLOW = 32  # tokens, as the engine has it
HONEST = (
    "This is where attention could carry something from, not what causes what: it knows nothing of {what}the "
    "feed-forward parts and what they undo. What matters is shown by taking it away."
)
_FILM = frozenset({"film", "snapshot"})
_NEEDS_EXACT = "Flow needs exact weights: leave the film for a checkpoint."


class RolloutView(SceneView):
    """A map of how much of each token could have reached each other one, after as many layers as is chosen."""

    name = "rollout"
    label = "Rollout"
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.kind = Segmented((("rollout", tr("Rollout")), ("flow", tr("Flow"))), look, tr("How it adds up"))
        ways = (("mean", tr("Mean")), ("max", tr("Max")), ("min", tr("Min")))
        self.heads = Segmented(ways, look, tr("How the heads of a layer are joined"))
        self.start, self.end = ChoiceEdit((), look), ChoiceEdit((), look)
        self.values_count = Button(tr("Values count"), None, look, "quiet").set_small()
        self.map, self.bar, self.text = HeatMap(look, square=False), ColourBar(look), ShareText(look)
        self.card, self.row_card = Card(tr("Rollout"), look), Card(tr("Where it could come from"), look)
        self.progress = Progress(look, tr("Flows"))
        self.ablate = Button(tr("Take parts away"), self._to_ablation, look)
        self.spread = Spread(self.looking, self)
        self._seen, self._beside, self._layers = Seen(), Seen(), 0
        self._kept: Any = None  # the snapshot that is shown
        self._less: Any = None  # and the one that is subtracted from it
        self._build()
        for one in (self.kind, self.heads, self.start):
            one.changed.connect(self._ask)
        self.end.changed.connect(self._ask)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.text.hovered.connect(self._text_hovered)
        self.values_count.toggled.connect(self._ask)
        self.progress.ended.connect(self._draw)
        self.spread.changed.connect(self._draw)

    def _build(self) -> None:
        for words, edit in ((tr("from layer"), self.start), (tr("to layer"), self.end)):
            edit.setAccessibleName(words)
            edit.setMinimumWidth(60)
        self.values_count.setCheckable(True)
        self.values_count.setToolTip(
            tr("Weigh each look by how long the vector is that it brings: a look at a short one moves nothing")
        )
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.kind)
        head.addWidget(Label(tr("Heads"), "quiet"))
        head.addWidget(self.heads)
        for words, edit in ((tr("From layer"), self.start), (tr("to"), self.end)):
            head.addWidget(Label(words, "quiet"))
            head.addWidget(edit)
        head.addWidget(self.values_count)
        head.addStretch(1)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        self.card.body.addLayout(picture, 1)
        self.card.body.addWidget(self.progress)
        self.row_card.body.addWidget(self.text)
        honest = Card(tr("What this is not"), self.look)
        self.honest = Label("", "quiet", wrap=True)
        honest.body.addWidget(self.honest)
        honest.body.addWidget(self.ablate)
        side = SideColumn([self.row_card, honest])
        side.body.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.card, 3)
        row.addWidget(side, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(row, 1)

    # --- asking ---------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Ask for what is chosen of the scene, or of the film's moment while it is moved."""
        scene, other = self.looking.shown
        if scene is None:
            return
        if what == {"selection"}:
            self._point()
            return
        kept, less = own_moments(self.looking)
        self.scrubs = kept is not None
        self.values_count.setEnabled(kept is None)
        if self._seen.same(scene) and self._beside.same(other) and kept is self._kept and less is self._less:
            if not what or not what <= _FILM:
                self._draw()
            return
        self._seen.keep(scene)
        self._beside.keep(other)
        self._kept, self._less = kept, less
        if scene.layers != self._layers:
            self._layers = scene.layers
            layers = [(number, str(number)) for number in range(scene.layers)]
            for edit in (self.start, self.end):
                edit.clear()
                edit.set_choices(layers)
            self.start.set_value(0)
            self.end.set_value(scene.layers - 1)
        short = scene.time <= LONGEST_FLOW and kept is None
        why = tr("Flow is worked out for {most} tokens at most.", most=LONGEST_FLOW)
        self.kind.set_enabled("flow", short, "" if short else why if kept is None else tr(_NEEDS_EXACT))
        if not short:
            self.kind.set_value("rollout")
        self._ask()

    def _ask(self, _choice: object = None) -> None:
        scene, other = self.looking.shown
        if scene is None:
            return
        start, end = int(self.start.value()), int(self.end.value())
        if end < start:
            end = start
            self.end.set_value(end)
        way = (str(self.heads.value()), start, end, self.values_count.isChecked())
        if self.kind.value() == "rollout":
            self.progress.call_off()
            self.spread.ask_rollout((scene, other), way, self._kept, self._less)
        else:
            job = self.spread.ask_flow((scene, other), way, self.selection.value("row"))
            self.progress.follow(job, job.title)

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def values(self) -> "npt.NDArray[np.float64] | None":
        """What the map shows: (time, time)."""
        return self.spread.values

    @property
    def signed(self) -> bool:
        """Whether one model is taken from another."""
        return self.looking.shown[1] is not None or self._less is not None

    def _draw(self, _called_off: object = None) -> None:
        scene, values = self.looking.shown[0], self.values
        if scene is None:
            return
        if values is None or len(values) != scene.time:
            self.map.set_values(np.zeros((0, 0), np.float32))
            self.text.show_shares(scene.tokens, np.full(scene.time, np.nan), scene.time - 1)
            self.card.set_note(self.spread.trouble or tr("being computed…"))
            self.told.emit()
            return
        flow = self.kind.value() == "flow"
        names = [visible_text(one) for one in scene.tokens]
        most = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
        low, ramp, scale = (-most, DIFFERENCE, "linear") if self.signed else (0.0, "viridis", "sqrt")
        self.map.set_values(values.astype(np.float32), low=low, high=most, ramp=ramp, scale=scale)
        self.map.set_labels(names, names)
        waits = flow and len(self.spread.rows) < len(values)
        self.map.set_colouring(replace(self.map.colouring, missing="raised" if waits else "danger"))
        words = tr("flow") if flow else tr("share")
        self.bar.set_range(
            low, most, ramp, scale, tr("{what}, {how}", what=words, how=self._how) if self.signed else words
        )
        self.honest.setText(tr(HONEST, what="" if self._weighed else tr("the values, ")))
        self.card.set_title(tr("Largest flow") if flow else tr("Rollout"))
        self.card.set_note(self._note(flow, values))
        if flow:
            self.progress.bar.setRange(0, len(values))
            self.progress.bar.setValue(len(self.spread.rows))
        self._point()
        self.told.emit()

    def _note(self, flow: bool, values: "npt.NDArray[np.float64]") -> str:
        parts = [tr("layers {first} to {last}", first=self.start.value(), last=self.end.value())]
        if self._kept is not None:
            step = f"{self._kept.step:,}" + (f" − {self._less.step:,}" if self._less is not None else "")
            parts.insert(0, tr("step {step}, 8 bit", step=step))
        if not flow:
            return " · ".join([*parts, "½ A + ½ I"])
        if len(self.spread.rows) < len(values):
            parts.append(tr("{done} of {count} rows worked out", done=len(self.spread.rows), count=len(values)))
        return " · ".join(parts)

    @property
    def row(self) -> int:
        """The token whose sources are shown: the one pointed at, else the last."""
        values, row = self.values, self.selection.value("row")
        last = len(values) - 1 if values is not None else 0
        return last if row is None else min(row, last)

    def _point(self) -> None:
        scene, values = self.looking.shown[0], self.values
        if scene is None or values is None or len(values) != scene.time:
            return
        locked = self.selection.locked("row"), self.selection.locked("column")
        self.map.mark(*locked, locked=True)
        row = self.row
        self.row_card.set_title(tr("Where {word} could come from", word=word(scene.tokens, row)))
        self.text.show_shares(scene.tokens, values[row], row, self.selection.value("column"), self.signed)
        column = self.selection.value("column")
        self.bar.mark(float(values[row, column]) if column is not None and column < len(values) else None)

    # --- pointing -------------------------------------------------------------------------------------------------

    def _hovered(self, row: int, column: int) -> None:
        if row < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=row, column=column)

    def _clicked(self, row: int, column: int) -> None:
        self.selection.lock(row=row, column=column)

    def _text_hovered(self, column: int) -> None:
        if column < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=self.row, column=column)

    def _to_ablation(self) -> None:
        self.session.focus("attention", Glance(view="ablation"))

    # --- what the page asks ---------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the number that is pointed at says, and what it does not."""
        scene, values = self.looking.shown[0], self.values
        if scene is None or values is None or len(values) != scene.time:
            return ""
        row, column = self.row, self.selection.value("column")
        column = int(np.argmax(np.nan_to_num(values[row]))) if column is None else min(column, len(values) - 1)
        who, whom = word(scene.tokens, row), word(scene.tokens, column)
        flow = self.kind.value() == "flow"
        words = said(float(values[row, column]), flow, (who, whom), self._weighed, self.signed)
        return f"{self._how}: {words}" if self.signed else words

    @property
    def _how(self) -> str:
        """What is taken from what: B from A, or one moment of the film from another."""
        return tr("A − B") if self._less is None else tr("now − then")

    @property
    def _weighed(self) -> bool:
        return self.values_count.isChecked() and self._kept is None

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """The map, and for the rollout every layer's."""
        if self.spread.flows is not None:
            return {"flow": self.spread.flows}
        return {"rollout": self.spread.layers} if self.spread.layers is not None else {}


def said(share: float, flow: bool, names: tuple[str, str], weighed: bool, signed: bool) -> str:
    """One number of the map: where it stands, how it came about, what it says."""
    pipes = "½ A + ½ I"
    if weighed:
        pipes += tr(", each weight of A times the length of what its value adds")
    if flow:
        return tr("flow({who} ← {whom}) = {value}: the most that fits through all pipes {pipes} between the two, "
                  "each pair by itself.", who=names[0], whom=names[1], value=result(share), pipes=pipes)  # fmt: skip
    value = share_words(share, signed) if np.isfinite(share) else result(share)
    return tr("R = ({pipes}) of every layer, multiplied up: {value} of what stands at {who} could come from {whom} "
              "({number}).", pipes=pipes, value=value, who=names[0], whom=names[1], number=figure(share))  # fmt: skip
