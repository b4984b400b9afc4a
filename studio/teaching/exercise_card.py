"""The questions of a lesson, one at a time: an answer is tried out on a worker, and the verdict says what came out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.checks import Verdict


class Question(Protocol):
    """What an exercise of the shelf offers."""

    @property
    def question(self) -> str:
        """What is asked."""

    @property
    def check(self) -> str:
        """The name of the function that tries an answer."""

    @property
    def example(self) -> str:
        """How an answer is written."""


class ExerciseCard(Card):
    """`solved` tells the number of an exercise that was answered rightly."""

    solved = Signal(int)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self.setAccessibleName(tr("Exercise"))
        self._session = session
        self.questions: Sequence[Question] = ()
        self.done: frozenset[int] = frozenset()
        self.number = 0
        self.dots = Dots(look)
        self.words = Label("", "strong", wrap=True)
        self.answer = QLineEdit()
        self.answer.setAccessibleName(tr("Your answer"))
        self.answer.setFixedWidth(128)
        self.answer.returnPressed.connect(self.try_it)
        self.button = Button(tr("Try it"), self.try_it, look).set_small()
        self.before = IconButton("chevron-left", tr("Exercise before"), self._back, look)
        self.after = IconButton("chevron-right", tr("Next exercise"), self._on, look)
        self.verdict = Label("", "quiet", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        outer = self.layout()
        if outer is not None:
            outer.setContentsMargins(16, 10, 12, 10)
        line = QHBoxLayout()
        line.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.words)
        words.addWidget(self.verdict)
        line.addLayout(words, 1)
        for widget in (self.answer, self.button, self.dots, self.before, self.after):
            line.addWidget(widget)
        self.body.addLayout(line)

    def set_questions(self, questions: Sequence[Question], done: frozenset[int]) -> None:
        """Those of another lesson; the first that is not solved comes up."""
        self.questions, self.done = questions, done
        self._session.jobs.cancel_lane("lesson exercise")
        self.number = next((at for at in range(len(questions)) if at not in done), 0)
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self.questions))
        if not self.questions:
            return
        exercise = self.questions[self.number]
        self.words.setText(tr(exercise.question))
        self.answer.clear()
        self.answer.setPlaceholderText(tr(exercise.example))
        self.dots.set_state(len(self.questions), self.number, self.done)
        self.before.setEnabled(self.number > 0)
        self.after.setEnabled(self.number < len(self.questions) - 1)
        solved = self.number in self.done
        self._say(tr("Solved before; try another answer if you like.") if solved else "", "good" if solved else "quiet")

    def _say(self, words: str, role: str) -> None:
        self.verdict.set_role(role)
        self.verdict.setText(words)
        self.verdict.setVisible(bool(words))

    def try_it(self) -> None:
        """Compute what the answer says."""
        if self._session.torch_state != "ready":
            self._say(tr("One moment: PyTorch is being loaded."), "quiet")
            return
        job = self._session.jobs.start(
            self.questions[self.number].check, self.answer.text(), lane="lesson exercise"
        )  # fmt: skip
        job.succeeded.connect(self._judged)
        job.failed.connect(self._refused)

    def _judged(self, verdict: "Verdict") -> None:
        self._say(
            tr("Right. {words}", words=verdict.words) if verdict.right else tr("Not yet. {words}", words=verdict.words),
            "good" if verdict.right else "warning",
        )
        if verdict.right:
            self.done |= {self.number}
            self.dots.set_state(len(self.questions), self.number, self.done)
            self.solved.emit(self.number)

    def _refused(self, error: StudioError) -> None:
        self._say(str(error), "warning")

    def _back(self) -> None:
        self.number = max(0, self.number - 1)
        self._show()

    def _on(self) -> None:
        self.number = min(len(self.questions) - 1, self.number + 1)
        self._show()


class Dots(QWidget):
    """A dot for each exercise: filled when solved, ringed when it is the present one."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.count, self.present = 0, 0
        self.done: frozenset[int] = frozenset()
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(16 * max(1, self.count), 16)

    def set_state(self, count: int, present: int, done: frozenset[int]) -> None:
        """How many, which one is shown, which are solved."""
        self.count, self.present, self.done = count, present, done
        self.setFixedSize(self.sizeHint())
        self.setToolTip(tr("{done} of {count} solved", done=len(done), count=count))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A row of dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at in range(self.count):
            middle = (16 * at + 8, 8)
            solved = at in self.done
            painter.setPen(QPen(self.look.color("text" if at == self.present else "edge"), 1.5))
            painter.setBrush(self.look.color("good") if solved else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle[0] - 4, middle[1] - 4, 8, 8)
        painter.end()
