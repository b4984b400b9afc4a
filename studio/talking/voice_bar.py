"""Who answers in which column: one list for each, how many there are, and whether their names are hidden."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.controls.editors import ChoiceEdit, Switch
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.talking.voices import MOST
from studio.widgets.label import Label
from studio.widgets.look import Look


class VoiceBar(QWidget):
    """The lists stand above their answers; one column has none where there is only one to speak."""

    voice_chosen = Signal(int, str)  # column, key

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edits: list[ChoiceEdit] = []
        self._look = look
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(20, 0, 30, 0)
        self._row.setSpacing(16)
        self.hide()

    def _add(self) -> None:
        """One more list; most people never need the second one."""
        column = len(self.edits)
        edit = ChoiceEdit([("", "")], self._look)
        edit.setAccessibleName(tr("Who answers in column {number}", number=column + 1))
        edit.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        edit.changed.connect(_Chosen(self, column))
        self.edits.append(edit)
        self._row.addWidget(edit, 1)

    def show_voices(self, chosen: Sequence[str], choices: Sequence[tuple[str, str]]) -> None:
        """The keys of the columns from the left, and everything that a column can be."""
        shown = len(chosen) > 1 or (len(choices) > 1 and chosen[0] in [key for key, _ in choices])
        while shown and len(self.edits) < len(chosen):
            self._add()
        for column, edit in enumerate(self.edits):
            edit.setVisible(column < len(chosen))
            if column < len(chosen):
                edit.clear()
                edit.set_choices(choices)
                edit.set_value(chosen[column])
        self.setVisible(shown)


class _Chosen:
    """Says in which column somebody was chosen."""

    def __init__(self, bar: VoiceBar, column: int) -> None:
        self._bar, self._column = bar, column

    def __call__(self) -> None:
        self._bar.voice_chosen.emit(self._column, str(self._bar.edits[self._column].value()))


class ViewBar(QWidget):
    """Colour by probability, one to four columns, blind."""

    columns_chosen = Signal(int)
    colored = Signal(bool)
    blinded = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tint, self.blind = Switch(look), Switch(look)
        self.tint.setAccessibleName(tr("Colour by probability"))
        self.tint.setToolTip(tr("Tints every token by how surprising it was, with a strip of surprise above the text"))
        self.blind.setAccessibleName(tr("Blind"))
        self.blind.setToolTip(tr("Mixes the columns and hides the names until you have chosen"))
        self.columns = Segmented([(str(n), str(n)) for n in range(1, MOST + 1)], look, tr("Columns"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._blind_label = Label(tr("blind"), "small")
        for widget in (Label(tr("colour"), "small"), self.tint, Label(tr("columns"), "small"), self.columns,
                       self._blind_label, self.blind):  # fmt: skip
            row.addWidget(widget)
        self.tint.changed.connect(self._tinted)
        self.blind.changed.connect(self._blinded)
        self.columns.changed.connect(self._counted)

    def show_columns(self, count: int) -> None:
        """Show how many there are; hiding names makes sense for two or more."""
        self.columns.set_value(str(count))
        self.blind.setEnabled(count > 1)
        for widget in (self._blind_label, self.blind):
            widget.setVisible(count > 1)

    @property
    def is_blind(self) -> bool:
        """Whether the next answers hide who gave them."""
        return self.blind.isEnabled() and self.blind.value()

    def _tinted(self) -> None:
        self.colored.emit(self.tint.value())

    def _blinded(self) -> None:
        self.blinded.emit(self.is_blind)

    def _counted(self, words: str) -> None:
        self.columns_chosen.emit(int(words))
