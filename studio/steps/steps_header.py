"""What is stepped through and how: the model's head or an example, play and pause, which rows of a long text."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.selection import Selection
from studio.steps.head_choice import HeadChoice
from studio.steps.walker import EXAMPLES, ROWS, Walker
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look


class StepsHeader(QWidget):
    """One row of controls; every wish is a signal, except the head, which is locked in the selection."""

    play_wanted = Signal()
    course_wanted = Signal(bool)
    example_wanted = Signal(str, int)  # name, head
    rows_wanted = Signal(int)  # first query
    model_wanted = Signal()

    def __init__(self, walker: Walker, selection: Selection, look: Look) -> None:
        super().__init__()
        self._walker, self._first, self._time = walker, 0, 0
        choices = (("text", tr("Your text")), ("course", tr("The course's example")))
        self.source = Segmented(choices, look, tr("What is stepped through"))
        self.source.changed.connect(self._source_chosen)
        self.heads = HeadChoice(selection, look)
        self.example = ChoiceEdit(EXAMPLES, look)
        self.example.setAccessibleName(tr("Example"))
        self.example.changed.connect(self._example_chosen)
        self.head = Segmented((("0", tr("Head 0")), ("1", tr("Head 1"))), look, tr("Head of the example"))
        self.head.changed.connect(self._example_chosen)
        self.reset = Button(tr("Reset"), walker.reset, look, "quiet", "undo").set_small()
        self.reset.setToolTip(tr("Take back what was typed into the vectors."))
        self.hint = Label(tr("There is no model yet."), "small")
        self.train = Button(tr("Train one"), self.model_wanted.emit, look, "link").set_small()
        self.back = IconButton("chevron-up", tr("Earlier queries"), self._earlier, look)
        self.rows = Label("", "small")
        self.on = IconButton("chevron-down", tr("Later queries"), self._later, look)
        self.play = Button(tr("Play"), self.play_wanted.emit, look, "", "play").set_small()
        self.play.setToolTip(tr("Go through all steps (Space)"))
        self.play.setMinimumWidth(84)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for chooser in (self.source, self.heads, self.example, self.head, self.reset):
            row.addWidget(chooser)
        row.addStretch(1)
        for widget in (self.hint, self.train, self.back, self.rows, self.on, self.play):
            row.addWidget(widget)

    def show_source(self, course: bool, time: int, first: int) -> None:
        """Whether an example is shown; how long the text is, and from which query on it is shown."""
        self._time, self._first = time, first
        self.source.set_value("course" if course else "text")
        self.source.set_enabled("text", time > 0, "" if time else tr("Choose a model first."))
        self.heads.setVisible(not course)
        self.hint.setVisible(time == 0)
        self.train.setVisible(time == 0)
        self.example.setVisible(course)
        long = not course and time > ROWS
        for widget in (self.back, self.rows, self.on):
            widget.setVisible(long)
        self.back.setEnabled(first > 0)
        self.on.setEnabled(first + ROWS < time)
        words = tr("queries {first} to {last} of {count}", first=first, last=min(first + ROWS, time) - 1, count=time)
        self.rows.setText(words)
        self.show_state()

    def show_state(self) -> None:
        """What the walker shows now."""
        course = self.source.value() == "course"
        if self._walker.wish.example:
            self.example.set_value(self._walker.wish.example)
        self.head.setVisible(course and self._walker.wish.example == "two heads")
        self.head.set_value(str(min(self._walker.wish.head, 1)))
        self.reset.setVisible(course and self._walker.edits is not None)

    def show_playing(self, playing: bool) -> None:
        """The button says what it will do."""
        self.play.setText(tr("Pause") if playing else tr("Play"))
        self.play.set_icon("pause" if playing else "play")

    @property
    def chosen(self) -> tuple[str, int]:
        """The example that is chosen, and its head."""
        return str(self.example.value()), int(self.head.value())

    def _source_chosen(self, value: str) -> None:
        self.course_wanted.emit(value == "course")

    def _example_chosen(self, _value: str = "") -> None:
        self.example_wanted.emit(*self.chosen)

    def _earlier(self) -> None:
        self.rows_wanted.emit(max(0, self._first - ROWS))

    def _later(self) -> None:
        self.rows_wanted.emit(min(self._first + ROWS, self._time - 1))
