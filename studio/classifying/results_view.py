"""What a classifier can do on rows it has not learned from: figures, the matrix, and what is behind each cell."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.classifying.calibration_view import CalibrationView
from studio.classifying.class_table import ClassTable
from studio.classifying.compare_view import CompareView
from studio.classifying.curves_view import CurvesView
from studio.classifying.learning_view import LearningView
from studio.classifying.matrix_card import MatrixCard
from studio.classifying.relabels import Relabels
from studio.classifying.results import Beside, Results
from studio.classifying.row_list import Row, RowList
from studio.classifying.score_tiles import tiles_of
from studio.classifying.try_view import TryView
from studio.classifying.why_card import WhyStrip
from studio.core.language import tr
from studio.seeing.view_switch import ViewSwitch
from studio.views.figure_tiles import FigureTiles
from studio.widgets.card import Card
from studio.widgets.look import Look

VIEWS = (
    ("rows", "Rows"), ("classes", "Classes"), ("curves", "Curves"), ("calibration", "Calibration"),
    ("compare", "Compare"), ("learning", "Baselines"), ("try", "Try"),
)  # fmt: skip
_LOW, _INSET = 430, 34  # pixels of the view, and those beside the switch
_MANY = 12  # classes from which the matrix takes the larger half


class ResultsView(QWidget):
    """A pure view over `Results`; what has to be read or computed leaves as a wish."""

    texts_wanted = Signal(object)  # row numbers
    why_wanted = Signal(object, str)  # Row, method

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.results: Results | None = None
        self._beside: Beside | None = None
        self._row: Row | None = None
        self.relabels = Relabels(self)
        self.tiles, self.matrix = FigureTiles(may_be_brief=True), MatrixCard(look)
        self.rows, self.why = RowList(look, self.relabels), WhyStrip(look)
        self.classes, self.curves = ClassTable(look), CurvesView(look)
        self.calibration, self.compare, self.learning = CalibrationView(look), CompareView(look), LearningView(look)
        self.trial = TryView(look)
        self.switch = ViewSwitch([(name, tr(words)) for name, words in VIEWS], look, tr("What is shown"))
        self.switch.set_value(VIEWS[0][0])
        self._lay_out(look)
        self._connect()

    def _lay_out(self, look: Look) -> None:
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.rows, 3)
        column.addWidget(self.why, 1)
        self.stack = QStackedWidget()
        for page in (listed, self.classes, self.curves, self.calibration, self.compare, self.learning, self.trial):
            self.stack.addWidget(page)
        self._card = card = Card("", look)
        line = QHBoxLayout()
        line.addWidget(self.switch)
        line.addStretch(1)
        card.body.addLayout(line)
        card.body.addWidget(self.stack, 1)
        self._halves = QHBoxLayout()
        self._halves.setSpacing(16)
        self._halves.addWidget(self.matrix, 2)
        self._halves.addWidget(card, 3)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(16)
        whole.addWidget(self.tiles)
        whole.addLayout(self._halves, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window a list names the views, and the matrix has the room of small print."""
        super().resizeEvent(event)
        low = self.height() < _LOW
        self.tiles.set_brief(low)
        self.matrix.threshold.set_brief(low)
        shares = [self._halves.stretch(place) for place in (0, 1)]
        room = (self.width() - self._halves.spacing()) * shares[1] // sum(shares)
        self.switch.fit(room - _INSET)

    def _connect(self) -> None:
        self.switch.changed.connect(self.show_view)
        self.matrix.rows_wanted.connect(self._show_rows)
        self.compare.rows_wanted.connect(self._show_rows)
        self.matrix.moved.connect(self._moved)
        self.rows.texts_wanted.connect(self.texts_wanted)
        self.rows.row_chosen.connect(self._row_chosen)
        self.why.method_chosen.connect(self._method_chosen)

    def set_results(self, results: Results) -> None:
        """Show another result from its beginning: the matrix of all classes, the worst rows."""
        self.results, self._beside, self._row = results, None, None
        self.relabels.clear()
        many = len(results.run.labels) >= _MANY
        self._halves.setStretch(0, 5 if many else 2)
        self._halves.setStretch(1, 4 if many else 3)
        self.tiles.set_tiles(tiles_of(results))
        self.matrix.set_results(results)
        self.rows.set_results(results)
        self.classes.set_results(results)
        self.curves.set_results(results)
        self.calibration.set_results(results)
        self.compare.set_earlier(None, None)
        self.learning.set_results(results, None)
        self.rows.show_list("worst")
        self.why.set_words(tr("Choose a row to see its tokens."))

    def set_beside(self, beside: Beside, runs: list[tuple[int, float]]) -> None:
        """The baselines are there."""
        if self.results is not None:
            self._beside = beside
            self.tiles.set_tiles(tiles_of(self.results, beside))
            self.learning.set_results(self.results, beside, runs)

    def set_earlier(self, earlier: Results | None) -> None:
        """Compare with the result of another run."""
        self.compare.set_earlier(self.results, earlier)
        self.classes.set_results(self.results, earlier)

    def show_view(self, name: str) -> None:
        """Bring one of `VIEWS` to the front."""
        self.switch.set_value(name)
        self.stack.setCurrentIndex([one for one, _ in VIEWS].index(name))

    def _show_rows(self, title: str, places: object) -> None:
        self.show_view("rows")
        self.rows.show_places(title, places)  # type: ignore[arg-type]  # Qt passes arrays as objects

    def _moved(self, place: int, threshold: float) -> None:
        if place != self.curves.place:
            self.curves.set_class(place)
        self.curves.set_threshold(threshold)

    def _row_chosen(self, row: Row) -> None:
        self._row = row
        self.why.set_words(tr("Asking the model…"))
        self.why_wanted.emit(row, str(self.why.method.value()))

    def _method_chosen(self, method: str) -> None:
        if self._row is not None:
            self.why_wanted.emit(self._row, method)
