"""Answers whose givers are hidden: which one is better, and how often each giver has won so far."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count
from studio.scores.win_table import Vote, win_table
from studio.talking.voices import MOST
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look


class VerdictBar(QWidget):
    """Buttons while names are hidden; afterwards the tally of all votes."""

    decided = Signal(int)  # the column that won; -1 for none

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Label("", "small")
        self.buttons: list[Button] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 20, 0)
        row.setSpacing(8)
        row.addWidget(self.words)
        row.addStretch(1)
        for column in range(MOST):
            words = tr("{letter} is better", letter="ABCD"[column])
            self.buttons.append(Button(words, _Decide(self, column), look).set_small())
        self.buttons.append(Button(tr("No difference"), _Decide(self, -1), look).set_small())
        for button in self.buttons:
            row.addWidget(button)
        self.hide()

    def ask(self, columns: int) -> None:
        """Wait for a verdict on so many answers."""
        self.words.setText(tr("Who gave them is shown once you have decided."))
        for column, button in enumerate(self.buttons[:-1]):
            button.setVisible(column < columns)
        self.buttons[-1].setVisible(True)
        self.show()

    def tell(self, votes: Sequence[Vote]) -> None:
        """Who has won how often by now."""
        self.words.setText(tally_words(votes))
        for button in self.buttons:
            button.hide()
        self.show()

    def put_away(self) -> None:
        """Another chat, or nothing is hidden."""
        self.hide()


class _Decide:
    """Says which button was pressed."""

    def __init__(self, bar: VerdictBar, column: int) -> None:
        self._bar, self._column = bar, column

    def __call__(self) -> None:
        self._bar.decided.emit(self._column)


def tally_words(votes: Sequence[Vote]) -> str:
    """Won so far: + instruct r16 3 · small-stories 1 · no difference 1."""
    records = win_table(votes).records
    parts = [f"{record.name} {count(record.wins)}" for record in records]
    ties = sum(vote.winner == "tie" for vote in votes)
    parts += [tr("no difference {count}", count=count(ties))] if ties else []
    return tr("Won so far: {names}", names=" · ".join(parts))
