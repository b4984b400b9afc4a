"""Attention step by step: every stage of one head as a real matrix, every number with the operands it was made from."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.view import EVERYTHING, SceneView
from studio.steps.formula_strip import FormulaStrip
from studio.steps.formulas import difference, formula, formula_of_both, meaning, meaning_of_both, place_of
from studio.steps.player import Player
from studio.steps.printed import printed_words
from studio.steps.stages import BY_KEY, PAIRS, sources
from studio.steps.step_canvas import Spot, StepCanvas
from studio.steps.steps_header import StepsHeader
from studio.steps.track import Track
from studio.steps.walker import ROWS, Walker
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

_STATIONS = 9
_LOW = 460  # pixels of the view below which every one goes to the matrices


class StepsView(SceneView):
    """The model's own head, or the course's example, which needs no model and can be edited."""

    name = "steps"
    label = "Step through"
    needs_model = False
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.walker = Walker(session, self)
        self.player = Player(look, _STATIONS, self)
        self.header = StepsHeader(self.walker, self.selection, look)
        self.track, self.canvas, self.strip = Track(look), StepCanvas(look), FormulaStrip(look)
        self.heading, self.sentence = Label("", "large"), Label("", "quiet", wrap=True)
        self.printed = ElidedLabel("", "small")
        self._course: bool | None = None  # what a person chose; None: the model where there is one
        self._own: dict[str, int] = {"row": 1, "column": 2}  # where an example is looked at
        self._dimension = 0
        self._spot: Spot | None = None  # under the pointer
        self._first = 0
        _lay_out(self)
        self._connect()

    def _connect(self) -> None:
        self.session.changed.connect(self._session_changed)
        self.walker.changed.connect(self._walked)
        self.player.moved.connect(self._moved)
        self.player.changed.connect(self._show_playing)
        self.header.play_wanted.connect(self.toggle)
        self.header.course_wanted.connect(self._choose)
        self.header.example_wanted.connect(self.walker.want_example)
        self.header.rows_wanted.connect(self._show_rows)
        self.header.model_wanted.connect(self._to_training)
        self.track.dragged.connect(self.player.scrub)
        self.track.chosen.connect(self._go)
        self.canvas.hovered.connect(self._hover)
        self.canvas.clicked.connect(self._lock)
        self.canvas.edited.connect(self.walker.edit)

    # --- what is shown --------------------------------------------------------------------------------------------

    @property
    def course(self) -> bool:
        """Whether an example is shown: chosen, or because there is no model."""
        return self.looking.shown[0] is None or bool(self._course)

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Ask for the walk that is wanted; what comes is drawn by `_walked`."""
        scene, other = self.looking.shown
        if self.course:
            self.walker.want_example(*self.header.chosen)
        else:
            self.header.heads.show_sizes(scene.layers, scene.heads)
            row = self.selection.value("row")
            if row is not None and not self._first <= row < self._first + ROWS:
                self._first = row // ROWS * ROWS
            self._first = min(self._first, (scene.time - 1) // ROWS * ROWS)
            self.walker.want_text(scene, *self.header.heads.value, self._first, other)
        self.header.show_source(self.course, scene.time if scene is not None else 0, self._first)
        if what & {"selection"} or not what:
            self._point()

    def _session_changed(self, what: frozenset[str]) -> None:
        """Before PyTorch is there nothing can be computed; a view that is not seen catches up when it is shown."""
        if "torch" in what:
            self._news(what)
            self._moved()

    def _walked(self) -> None:
        self.header.show_state()
        stages, matrices = self.walker.pictures
        if stages:
            self.track.set_labels([stage.label for stage in stages])
        self.canvas.show_stages(stages, matrices)
        self._moved()
        self.told.emit()

    def _moved(self) -> None:
        """Another place on the way."""
        self.track.set_position(self.player.position)
        self.canvas.set_position(self.player.position)
        stage = self.canvas.stage
        trouble = self.walker.trouble
        if stage is not None:
            self.heading.setText(stage.heading)
            self.sentence.setText(stage.sentence)
        elif trouble is not None:
            self.heading.setText(trouble.message)
            self.sentence.setText(trouble.hint)
        elif self.session.torch_state == "failed":
            self.heading.setText(tr("PyTorch could not be loaded"))
            self.sentence.setText(tr("Nothing can be computed without it. The doctor in Settings says more."))
        else:
            self.heading.setText(tr("One moment…"))
            self.sentence.setText(tr("PyTorch is being loaded, then the numbers are computed."))
        self._spot = None
        self._point()

    def _point(self) -> None:
        """Mark the number that is explained, and what it was made from."""
        walk, spot = self.walker.walk, self.spot
        if walk is None or spot is None:
            self.canvas.point_out(None, {})
            self.strip.say("", "", tr("Computing…") if self.walker.busy else "")
            self.printed.setText("")
            return
        self.canvas.point_out(spot, sources(walk, spot.key, spot.row, spot.column))
        place = place_of(walk, self.walker.words, spot.key, spot.row, spot.column)
        title = self.canvas.pictures[spot.key].matrix.title
        at, beside = (spot.key, spot.row, spot.column), self.walker.beside
        written = formula(walk, *at) if beside is None else formula_of_both(walk, beside, *at)
        less = "" if beside is None else f" = {difference(walk, beside, *at)}"
        self.strip.say(f"{title}: {place}{less}", written, self._state())
        self.printed.setVisible(self.walker.example is not None)
        self.printed.setText(printed_words(self.walker.example, walk, self.canvas.stage, self.walker.edits is not None))
        self.told.emit()

    def _state(self) -> str:
        if self.walker.busy:
            return tr("Computing…")
        editable = self.walker.example is not None and self.canvas.station == 0
        return tr("Double-click a number of X to change it") if editable else tr("Point at a number, click to keep it")

    @property
    def spot(self) -> Spot | None:
        """The number that is explained: under the pointer, else where row and column are locked."""
        walk, stage = self.walker.walk, self.canvas.stage
        if walk is None or stage is None:
            return None
        if self._spot is not None:
            return self._spot
        return self._spot_of(stage.result if self.canvas.station else "queries")

    def _spot_of(self, key: str) -> Spot:
        rows, columns = self.canvas.pictures[key].matrix.values.shape
        row, column = self._place("row"), self._place("column")
        first = self.canvas.pictures[key].matrix.first
        whose = column if key in BY_KEY else row
        own = self.canvas.pictures[key].matrix.own
        number = self._dimension + (own[0] if own is not None else 0)
        at = (row - first, column) if key in PAIRS else (whose - first, number)
        return Spot(key, min(max(at[0], 0), rows - 1), min(max(at[1], 0), columns - 1))

    def _place(self, name: str) -> int:
        if self.walker.example is not None:
            return self._own[name]
        found = self.selection.value(name)
        last = self._first + len(self.walker.walk.queries) - 1 if self.walker.walk is not None else 0
        return found if found is not None else last if name == "row" else 0

    # --- what a person does ---------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play or pause."""
        if self.player.playing:
            self.player.pause()
        elif self.walker.walk is not None:
            self.player.play()

    def _go(self, station: int) -> None:
        self.player.pause()
        self.player.go(station)

    def _show_playing(self) -> None:
        self.header.show_playing(self.player.playing)

    def _choose(self, course: bool) -> None:
        self._course = course
        self.refresh()

    def _show_rows(self, first: int) -> None:
        self._first = first
        self.selection.lock(row=first)
        self.refresh()

    def _to_training(self) -> None:
        self.session.focus("pretrain" if self.session.project is not None else "home")

    def _fields(self, spot: Spot) -> dict[str, int]:
        """A number of a matrix as a place of the text: its query, its key."""
        first = self.canvas.pictures[spot.key].matrix.first
        if spot.key in PAIRS:
            return {"row": first + spot.row, "column": spot.column}
        return {"column" if spot.key in BY_KEY else "row": first + spot.row}

    def _hover(self, spot: Spot | None) -> None:
        if spot == self._spot:
            return
        self._spot = spot
        if self.walker.example is None and spot is not None:
            self.selection.hover(**self._fields(spot))
        elif self.walker.example is None:
            self.selection.leave()
        self._point()

    def _lock(self, spot: Spot) -> None:
        self._spot = spot
        fields = self._fields(spot)
        own = self.canvas.pictures[spot.key].matrix.own
        if own is not None and own[0] <= spot.column < own[1]:
            self._dimension = spot.column - own[0]
        elif own is None and spot.key not in PAIRS:
            self._dimension = spot.column
        if self.walker.example is not None:
            self._own.update(fields)
        else:
            self.selection.lock(**fields)
        self._point()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space plays and pauses, Page keys go from station to station."""
        steps = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if event.key() == Qt.Key.Key_Space:
            self.toggle()
        elif event.key() in steps:
            self._go(self.player.station + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the track's own word has to do for a heading."""
        super().resizeEvent(event)
        self.heading.setVisible(self.height() >= _LOW)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays where nobody looks."""
        super().hideEvent(event)
        self.player.pause()

    # --- what the page asks ---------------------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the number that is pointed at says about the text."""
        walk, beside, spot = self.walker.walk, self.walker.beside, self.spot
        if walk is None or spot is None:
            return ""
        at = (self.walker.words, spot.key, spot.row, spot.column)
        return meaning(walk, *at) if beside is None else meaning_of_both(walk, beside, *at)

    def numbers(self) -> "dict[str, npt.NDArray[Any]]":
        """Every matrix of the walk."""
        return {key: picture.matrix.values for key, picture in self.canvas.pictures.items()}

    def drawing(self) -> QWidget:
        """The matrices."""
        return self.canvas


def _lay_out(view: StepsView) -> None:
    """Controls, track, words, matrices, formula: from above to below."""
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(view.heading)
    words.addWidget(view.sentence)
    column = QVBoxLayout(view)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    column.addWidget(view.header)
    column.addWidget(view.track)
    column.addLayout(words)
    column.addWidget(view.canvas, 1)
    foot = QHBoxLayout()
    foot.setSpacing(8)
    foot.addWidget(view.printed, 1)
    column.addLayout(foot)
    column.addWidget(view.strip)
