"""How attention could add up through the layers: rollout for any text, the largest flow for short ones."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.looking import Glance
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.heat_map import HeatMap
from studio.parts.progress import Progress
from studio.seeing.seen import Seen
from studio.seeing.view import EVERYTHING, SceneView
from studio.steps.formulas import figure, result, word
from studio.steps.share_text import ShareText
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

if TYPE_CHECKING:
    import numpy.typing as npt

ROLLOUT, FLOW = "studio.insight.heads:rollout", "studio.insight.flow:flows"
LONGEST_FLOW = 32  # tokens, as the engine has it
HONEST = (
    "This is where attention could carry something from, not what causes what: it knows nothing of the values, the "
    "feed-forward parts and what they undo. What matters is shown by taking it away."
)


class RolloutView(SceneView):
    """A map of how much of each token could have reached each other one, after as many layers as is chosen."""

    name = "rollout"
    label = "Rollout"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.kind = Segmented((("rollout", tr("Rollout")), ("flow", tr("Flow"))), look, tr("How it adds up"))
        ways = (("mean", tr("Mean")), ("max", tr("Max")), ("min", tr("Min")))
        self.heads = Segmented(ways, look, tr("How the heads of a layer are joined"))
        self.start, self.end = ChoiceEdit((), look), ChoiceEdit((), look)
        self.map, self.bar, self.text = HeatMap(look, square=False), ColourBar(look), ShareText(look)
        self.card, self.row_card = Card(tr("Rollout"), look), Card(tr("Where it could come from"), look)
        self.progress = Progress(look, tr("Flows"))
        self.ablate = Button(tr("Take parts away"), self._to_ablation, look)
        self._found: npt.NDArray[np.float64] | None = None  # (layers - start, time, time)
        self._flows: npt.NDArray[np.float64] | None = None  # (time, time), NaN where not worked out yet
        self._job: Job | None = None
        self._rows: set[int] = set()  # whose flows are worked out
        self._seen, self._layers = Seen(), 0
        self._build()
        for one in (self.kind, self.heads, self.start):
            one.changed.connect(self._ask)
        self.end.changed.connect(self._ask)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.text.hovered.connect(self._text_hovered)
        self.progress.ended.connect(self._draw)

    def _build(self) -> None:
        for words, edit in ((tr("from layer"), self.start), (tr("to layer"), self.end)):
            edit.setAccessibleName(words)
            edit.setMinimumWidth(60)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.kind)
        head.addWidget(Label(tr("Heads"), "quiet"))
        head.addWidget(self.heads)
        for words, edit in ((tr("From layer"), self.start), (tr("to"), self.end)):
            head.addWidget(Label(words, "quiet"))
            head.addWidget(edit)
        head.addStretch(1)
        picture = QHBoxLayout()
        picture.setSpacing(8)
        picture.addWidget(self.map, 1)
        picture.addWidget(self.bar)
        self.card.body.addLayout(picture, 1)
        self.card.body.addWidget(self.progress)
        self.row_card.body.addWidget(self.text)
        honest = Card(tr("What this is not"), self.look)
        honest.body.addWidget(Label(tr(HONEST), "quiet", wrap=True))
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
        """Ask for what is chosen of the scene."""
        scene = self.looking.shown[0]
        if scene is None:
            return
        if what == {"selection"}:
            self._point()
            return
        if self._seen.same(scene):
            self._draw()
            return
        self._seen.keep(scene)
        if scene.layers != self._layers:
            self._layers = scene.layers
            layers = [(number, str(number)) for number in range(scene.layers)]
            for edit in (self.start, self.end):
                edit.clear()
                edit.set_choices(layers)
            self.start.set_value(0)
            self.end.set_value(scene.layers - 1)
        short = scene.time <= LONGEST_FLOW
        why = tr("Flow is worked out for {most} tokens at most.", most=LONGEST_FLOW)
        self.kind.set_enabled("flow", short, "" if short else why)
        if not short:
            self.kind.set_value("rollout")
        self._ask()

    def _ask(self, _choice: object = None) -> None:
        scene = self.looking.shown[0]
        if scene is None:
            return
        start, end = int(self.start.value()), int(self.end.value())
        if end < start:
            end = start
            self.end.set_value(end)
        weights = scene.capture.attention[: end + 1]
        if self.kind.value() == "rollout":
            self.progress.call_off()
            self._found = None
            self._clear(tr("being computed…"))
            job = self.looking.ask(ROLLOUT, weights, self.heads.value(), start, lane="rollout")
            job.succeeded.connect(partial(self._rolled, job))
        else:
            self._flows, self._rows = np.full((scene.time, scene.time), np.nan), set()
            chosen = self.selection.value("row")
            rows = sorted(range(scene.time), key=lambda row: (row != chosen, -row))
            words = tr("Working out the flow between {count} tokens", count=scene.time)
            job = self.looking.ask(FLOW, weights, self.heads.value(), start, rows, lane="rollout", title=words)
            job.items.connect(partial(self._flowed, job))
            self.progress.follow(job, words)
            self._draw()
        self._job = job
        job.failed.connect(partial(self._failed, job))

    def _rolled(self, job: Job, found: "npt.NDArray[np.float64]") -> None:
        if job is self._job:
            self._found = found
            self._draw()

    def _flowed(self, job: Job, rows: list[Any]) -> None:
        if job is self._job and self._flows is not None:
            for row, values in rows:
                self._flows[row] = values
                self._rows.add(row)
            self.progress.bar.setRange(0, len(self._flows))
            self.progress.bar.setValue(len(self._rows))
            self._draw()

    def _failed(self, job: Job, error: StudioError) -> None:
        if job is self._job:
            self._found = self._flows = None
            self._clear(f"{error.message} {error.hint}")

    def _clear(self, words: str) -> None:
        """No map and no shares, but a note that says why."""
        scene = self.looking.shown[0]
        self.map.set_values(np.zeros((0, 0), np.float32))
        if scene is not None:
            self.text.show_shares(scene.tokens, np.full(scene.time, np.nan), scene.time - 1)
        self.card.set_note(words)
        self.told.emit()

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def values(self) -> "npt.NDArray[np.float64] | None":
        """What the map shows: (time, time)."""
        if self.kind.value() == "flow":
            return self._flows
        return self._found[-1] if self._found is not None and len(self._found) else None

    def _draw(self, _called_off: object = None) -> None:
        scene, values = self.looking.shown[0], self.values
        if scene is None or values is None or len(values) != scene.time:
            return
        flow = self.kind.value() == "flow"
        names = [visible_text(one) for one in scene.tokens]
        high = float(values[np.isfinite(values)].max(initial=0.0)) or 1.0
        self.map.set_values(values.astype(np.float32), low=0.0, high=high, scale="sqrt")
        self.map.set_labels(names, names)
        waits = flow and len(self._rows) < len(values)
        self.map.set_colouring(replace(self.map.colouring, missing="raised" if waits else "danger"))
        self.bar.set_range(0.0, high, "viridis", "sqrt", tr("flow") if flow else tr("share"))
        self.card.set_title(tr("Largest flow") if flow else tr("Rollout"))
        self.card.set_note(self._note(flow, values))
        self._point()
        self.told.emit()

    def _note(self, flow: bool, values: "npt.NDArray[np.float64]") -> str:
        layers = tr("layers {first} to {last}", first=self.start.value(), last=self.end.value())
        if not flow:
            return f"{layers} · ½ A + ½ I"
        rest = tr("{done} of {count} rows worked out", done=len(self._rows), count=len(values))
        return layers if len(self._rows) == len(values) else f"{layers} · {rest}"

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
        self.text.show_shares(scene.tokens, values[row], row, self.selection.value("column"))
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
        names = {"who": word(scene.tokens, row), "whom": word(scene.tokens, column), "value": values[row, column]}
        if self.kind.value() == "flow":
            names["value"] = result(float(names["value"]))
            return tr("flow({who} ← {whom}) = {value}: the most that fits through all pipes ½ A + ½ I between the two, "
                      "each pair by itself.", **names)  # fmt: skip
        share = float(names["value"])
        names["value"] = percent_text(share) if np.isfinite(share) else result(share)
        return tr("R = (½ A + ½ I) of every layer, multiplied up: {value} of what stands at {who} could come from "
                  "{whom} ({number}).", number=figure(share), **names)  # fmt: skip

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """The map, and for the rollout every layer's."""
        if self.kind.value() == "flow":
            return {"flow": self._flows} if self._flows is not None else {}
        return {"rollout": self._found} if self._found is not None else {}
