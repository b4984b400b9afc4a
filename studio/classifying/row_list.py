"""Rows of a result: their text, what they are and were read as, how likely the truth was, and a way to relabel them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.classifying.relabels import Relabels
from studio.classifying.results import Results
from studio.classifying.scored import Ints
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.parts.wording import column_width
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button, IconButton
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

MOST = 500  # rows of one list; the page says when there are more
_BLANK = "…"


@dataclass(frozen=True)
class Row:
    """One row of the list; `place` is where it stands in the scored arrays, `number` in the dataset."""

    place: int
    number: int
    text: str
    truth: str
    guess: str
    chance: float  # of the truth
    loss: float
    now: str = ""  # its new label, when a person gave it one


class RowList(QWidget):
    """`texts_wanted` asks for what it shows; `row_chosen` says which row is looked at."""

    texts_wanted = Signal(object)  # row numbers
    row_chosen = Signal(object)  # Row
    save_requested = Signal()
    data_requested = Signal(str, object)  # what the listed rows have in common, and their numbers

    def __init__(self, look: Look, relabels: Relabels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.relabels = relabels
        self._results: Results | None = None
        self._places: list[int] = []
        self._every: list[int] = []  # places of all rows that are meant, of which `_places` are listed
        self._texts: dict[int, str] = {}
        self.table = RecordTable(self._columns(), look, key=lambda row: row.number)
        self.table.link_clicked.connect(self._relabel_clicked)
        self.table.selection_changed.connect(self._selected)
        self.title, self.note = ElidedLabel("", "heading"), ElidedLabel("", "small")
        ways = (("worst", tr("worst")), ("doubtful", tr("mislabelled?")))
        self.lists = Segmented(ways, look, tr("Rows worth reading"))
        self.lists.changed.connect(self.show_list)
        self.count = Label("", "small")
        self.undo = Button(tr("Undo"), relabels.undo, look, "link").set_small()
        self.save = Button("", self.save_requested.emit, look).set_small()
        self.bar = QWidget()
        line = QHBoxLayout(self.bar)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.count, 1)
        line.addWidget(self.undo)
        line.addWidget(self.save)
        self.data = IconButton("data", tr("Open these rows on the Data page"), self._ask_for_data, look)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.note, 1)
        head.addWidget(self.data)
        head.addWidget(self.lists)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.table, 1)
        column.addWidget(self.bar)
        relabels.changed.connect(self._fill)
        self._fill()

    def _columns(self) -> list[Column]:
        wide = column_width
        return [
            Column(tr("Text"), lambda row: row.text),
            Column(tr("Truth"), lambda row: row.truth, width=wide(tr("Truth"), 74), spare=True,
                   text=lambda row: f"{row.truth} → {row.now}" if row.now else row.truth,
                   role=lambda row: "accent" if row.now else "text_quiet"),
            Column(tr("Read as"), lambda row: row.guess, width=wide(tr("Read as"), 74), spare=True),
            Column(tr("p(truth)"), lambda row: row.chance, text=lambda row: f"{row.chance:.2f}", align="right",
                   width=wide(tr("p(truth)"), 64)),
            Column(tr("Loss"), lambda row: row.loss, text=lambda row: f"{row.loss:.2f}", align="right",
                   width=wide(tr("Loss"), 52)),
            Column("", lambda row: row.now, text=lambda row: tr("take back") if row.now else tr("relabel"), link=True,
                   width=76, said=lambda row: tr("relabel this row")),
        ]  # fmt: skip

    def set_results(self, results: Results | None) -> None:
        """Other results: nothing is listed yet."""
        self._results, self._places, self._every = results, [], []
        self._texts.clear()
        self._fill()

    def show_list(self, name: str) -> None:
        """The rows with the largest loss, or those whose label is probably wrong."""
        if self._results is None:
            return
        self.lists.set_value(name)
        if name == "worst":
            self.show_places(tr("Rows the model was most wrong about"), self._results.worst)
        else:
            title = tr("{count} rows may be mislabelled", count=f"{len(self._results.doubtful):,}")
            self.show_places(title, self._results.doubtful, tr("No label looks wrong to this model."))

    def show_places(self, title: str, places: Sequence[int] | Ints, empty: str = "") -> None:
        """List the rows at these places of the scored arrays, in this order."""
        self._every = [int(place) for place in places]
        self._places = self._every[:MOST]
        self.title.setText(title)
        more = tr("the first {shown} of {all}", shown=f"{MOST:,}", all=f"{len(places):,}") if len(places) > MOST else ""
        self.note.setText(more)
        self.table.set_empty_text(empty or tr("There are none."))
        self.table.select(None)
        self._fill()
        if self._results is not None:
            numbers = [int(self._results.run.rows[place]) for place in self._places]
            unknown = [number for number in numbers if number not in self._texts]
            if unknown:
                self.texts_wanted.emit(unknown)

    def set_texts(self, texts: Mapping[int, str]) -> None:
        """Texts by row number have come."""
        self._texts.update(texts)
        self._fill()

    def rows(self) -> list[Row]:
        """What is listed, in the order given."""
        return [self._row(place) for place in self._places]

    def _row(self, place: int) -> Row:
        assert self._results is not None
        run = self._results.run
        number = int(run.rows[place])
        return Row(
            place, number, self._texts.get(number, _BLANK), run.truth_words(place), run.guess_words(place),
            float(run.chances_at(place)), float(self._results.losses[place]), self.relabels.labels.get(number, ""),
        )  # fmt: skip

    def _fill(self) -> None:
        self.table.set_rows(self.rows())
        self.data.setVisible(bool(self._every))
        changed = len(self.relabels.labels)
        self.bar.setVisible(changed > 0)
        words = tr("{count} rows have another label") if changed != 1 else tr("1 row has another label")
        self.count.setText(words.format(count=f"{changed:,}"))
        if self._results is not None:
            dataset = self._results.run.dataset.partition("@")[0]
            self.save.setText(tr("Save as the next version of “{name}”", name=dataset))

    def _ask_for_data(self) -> None:
        if self._results is not None:
            numbers = tuple(int(self._results.run.rows[place]) for place in self._every)
            self.data_requested.emit(self.title.text(), numbers)

    def _selected(self, rows: list[Row]) -> None:
        if rows:
            self.row_chosen.emit(rows[0])

    def _relabel_clicked(self, row: Row, _title: str) -> None:
        assert self._results is not None
        labels = self._results.run.labels
        if row.now:
            self.relabels.drop(row.number)
        elif len(labels) == 2 and not self._results.run.several:
            self.relabels.set(row.number, labels[1 - labels.index(row.truth)])
        else:
            self._ask(row, QCursor.pos())

    def _ask(self, row: Row, at: QPoint) -> None:
        """Offer every other class, the guess first."""
        self.menu_for(row).popup(at)

    def menu_for(self, row: Row) -> QMenu:
        """The classes that a row may be given, the guess first; of several classes only all that were guessed."""
        assert self._results is not None
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        run = self._results.run
        labels = [row.guess] if run.several else sorted(run.labels, key=lambda label: label != row.guess)
        for label in labels:
            if label != row.truth:
                menu.addAction(label).triggered.connect(partial(self._set, row.number, label))
        return menu

    def _set(self, number: int, label: str, _checked: bool = False) -> None:
        self.relabels.set(number, label)
