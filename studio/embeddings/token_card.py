"""Beside a map: the search, what is known of the token that is pointed at, and its true neighbours."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.embeddings.near_list import NearList
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

MEASURES = (("cosine", "cosine"), ("euclidean", "distance"))


class TokenCard(Card):
    """`searched` follows the typing, `entered` is the Enter key; `pointed` and `chosen` tell ids of neighbours."""

    searched = Signal(str)
    entered = Signal()
    pointed = Signal(int)
    chosen = Signal(int)
    measure_changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search a token or an id"))
        self.search.setAccessibleName(tr("Search"))
        self.search.setClearButtonEnabled(False)
        self.pattern = Button(".*", None, look, "quiet").set_small()
        self.pattern.setCheckable(True)
        self.pattern.setFixedWidth(36)
        self.pattern.setAccessibleName(tr("Regular expression"))
        self.pattern.setToolTip(tr("Search with a regular expression: ^ [A-Z] finds tokens with a blank and a capital"))
        self.pattern.toggled.connect(self._patterned)
        self.search.textChanged.connect(self.searched)
        self.search.returnPressed.connect(self.entered)
        self.found = Label("", "small", wrap=True)
        self.token_name = ElidedLabel("", "mono")
        self.facts = Label("", "small", wrap=True)
        self.measure = Segmented([(name, tr(words)) for name, words in MEASURES], look, tr("Nearness"))
        self.measure.changed.connect(self._measured)
        self.head = Label(tr("Nearest"), "strong")
        self.below = Label("", "small", wrap=True)
        self.list = NearList(look, tr("Nearest"))
        self.list.pointed.connect(self.pointed)
        self.list.chosen.connect(self.chosen)
        line = QHBoxLayout()
        line.addWidget(self.head)
        line.addStretch(1)
        line.addWidget(self.measure)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.search, 1)
        row.addWidget(self.pattern)
        self.body.addLayout(row)
        for widget in (self.found, self.token_name, self.facts):
            self.body.addWidget(widget)
        self.body.addLayout(line)
        self.body.addWidget(self.list)
        self.body.addWidget(self.below)
        self.found.hide()
        self.set_token("", "", tr("Click a point to see what is near it."))

    def set_found(self, words: str) -> None:
        """How many the search found; empty takes the line away."""
        self.found.setText(words)
        self.found.setVisible(bool(words))

    def set_token(self, name: str, facts: str, note: str) -> None:
        """The point that is locked, or none; the list is filled by `set_near`."""
        self.token_name.setText(name)
        self.facts.setText(facts)
        self.below.setText(note)
        for widget in (self.token_name, self.facts, self.head, self.measure, self.list):
            widget.setVisible(bool(name))

    def set_near(self, rows: Sequence[tuple[int, str, str, float]], note: str) -> None:
        """Its neighbours and in what space they are near."""
        self.list.set_rows(rows)
        self.list.setVisible(bool(rows))
        self.below.setText(note)

    def _patterned(self, on: bool) -> None:
        """The same words mean something else now."""
        self.search.setPlaceholderText(tr("Search by a pattern") if on else tr("Search a token or an id"))
        self.searched.emit(self.search.text())

    def _measured(self, _value: str) -> None:
        self.measure_changed.emit()
