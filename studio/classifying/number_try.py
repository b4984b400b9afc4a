"""A text of one's own and the number that a model completes it with: the likeliest ones, and their weighted mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from studio.classifying.try_view import PAUSE_MS
from studio.core.language import tr
from studio.core.shelf import resolve
from studio.views.bars import Choice, ChoiceBars
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from pathlib import Path

GUESSED = "studio.engine.number_scores:guessed"  # (run folder, text)
WHY_EMPTY = "Type or paste a text such as those of the rows. The likeliest numbers behind it come as you type."


@dataclass(frozen=True)
class Guess:
    """The likeliest numbers behind a text with their probabilities, the likeliest first; `mean` weighs them."""

    numbers: tuple[float, ...]
    chances: tuple[float, ...]
    mean: float
    prompt: str  # what the model read


def guess_for(folder: "Path", text: str) -> Guess:
    """Ask the run's best checkpoint; for a worker thread."""
    found = resolve(GUESSED)(folder, text)
    return Guess(tuple(found.numbers), tuple(found.chances), float(found.mean), found.prompt)


class NumberTry(QWidget):
    """`asked` wants the number behind a text, a moment after the last key."""

    asked = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(tr(WHY_EMPTY))
        self.text.setAccessibleName(tr("Text to complete with a number"))
        self.text.setTabChangesFocus(True)
        self.guess, self.note = Label("", "title"), Label("", "small", wrap=True)
        self.bars = ChoiceBars(look)
        self.bars.setAccessibleName(tr("Chances of the likeliest numbers"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget, share in ((self.text, 1), (self.guess, 0), (self.bars, 0), (self.note, 0)):
            column.addWidget(widget, share)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self.ask)
        self.text.textChanged.connect(self._timer.start)
        self._say("", [])

    def ask(self) -> None:
        """Ask about the text as it stands."""
        self._timer.stop()
        if self.text.toPlainText().strip():
            self.asked.emit(self.text.toPlainText())
        else:
            self._say("", [])

    def set_guess(self, guess: Guess) -> None:
        """The answer to the newest question; nothing where the text was taken away meanwhile."""
        if not self.text.toPlainText().strip():
            return
        shown = [Choice(place, f"{number:,g}", chance)
                 for place, (number, chance) in enumerate(zip(guess.numbers, guess.chances, strict=True))]  # fmt: skip
        count = len(shown)
        words = tr("The guess is the mean of the {count} likeliest numbers, weighted by their probability. They were "
                   "asked for behind “{end}”.", count=f"{count}", end=_end(guess.prompt))  # fmt: skip
        self._say(words, shown, f"{guess.mean:,.2f}")

    def set_trouble(self, words: str) -> None:
        """The model could not be asked."""
        self._say(words, [])

    def _say(self, note: str, shown: list[Choice], guess: str = "") -> None:
        self.note.setText(note)
        self.guess.setText(guess)
        self.bars.set_choices(shown)
        self.guess.setVisible(bool(guess))
        self.bars.setVisible(bool(shown))
        self.note.setVisible(bool(note))


def _end(prompt: str) -> str:
    """The last line of what was read."""
    return prompt.rstrip("\n").rpartition("\n")[2]
