"""Lessons: the ideas behind the other pages, one at a time, each a thing to play with and two questions to solve."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from studio.core.language import tr
from studio.core.shelf import resolve
from studio.lessons import Lesson, lessons
from studio.live.session import Session
from studio.panels import Action
from studio.store.lesson_marks import load_marks, path_beside, save_marks
from studio.teaching.exercise_card import ExerciseCard
from studio.teaching.lesson_list import LessonList, LessonRow
from studio.teaching.lesson_stack import LessonStack
from studio.teaching.lesson_view import LessonView
from studio.widgets.look import Look
from studio.widgets.page import Card, Page

PURPOSE = (
    "The ideas behind the other pages, one at a time. Everything can be changed, and is computed as you change it."
)
IDEA = (
    "A model is arithmetic: tables of numbers, multiplied and added. Each lesson takes one piece of it and makes it "
    "small enough to see every number.\n\n"
    "Nothing here is drawn from memory: PyTorch computes each number when you look at it, by the same code that "
    "trains your models where there is one.\n\n"
    "Where a lesson follows a book, that is Raschka, Build a Large Language Model (From Scratch): its numbers come out "
    "to the printed digit, and you can move on from them."
)
_LIST, _NARROW_LIST = 232, 184
_ROOMY_FROM = 860  # pixels of the page


class LessonsPanel(Page):
    """At the left the lessons, in the middle the one that is open, below it its exercises."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Lessons"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._marks_path = path_beside(session.places.preferences)
        self.marks = load_marks(self._marks_path)
        self.lessons = {lesson.name: lesson for lesson in lessons()}
        self.open_lesson: Lesson = next(iter(self.lessons.values()))
        self.views: dict[str, LessonView] = {}
        self.list = LessonList(look)
        self.list.chosen.connect(self.open)
        self.card = Card(" ", look)
        self.stack = LessonStack()
        self.card.body.addWidget(self.stack, 1)
        self.exercise = ExerciseCard(session, look)
        self.exercise.solved.connect(self._solved)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.list, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addWidget(self.card, 1)
        column.addWidget(self.exercise)
        row.addLayout(column, 1)
        self.body.addLayout(row, 1)
        self._unread = True

    # --- showing --------------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """The first time the lesson is opened; lessons hear of the session by themselves."""
        if self._unread:
            self._unread = False
            self._show()

    def _show(self) -> None:
        lesson = self.open_lesson
        view = self.views.get(lesson.name)
        if view is None:
            view = resolve(lesson.view)(self._session, self.look)
            self.views[lesson.name] = view
        self.card.set_title(f"{lesson.number}  {tr(lesson.title)}")
        self.stack.show_view(view, tr(lesson.words))
        self.exercise.set_questions(lesson.exercises, self.marks.get(lesson.name, frozenset()))
        self._show_list()

    def _show_list(self) -> None:
        rows = [
            LessonRow(one.name, one.number, one.title, len(one.exercises), len(self.marks.get(one.name, ())))
            for one in self.lessons.values()
        ]
        self.list.set_rows(rows, self.open_lesson.name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the list leaves more room."""
        super().resizeEvent(event)
        self.list.setFixedWidth(_LIST if self.width() >= _ROOMY_FROM else _NARROW_LIST)

    # --- what a person does ---------------------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Open a lesson by its name."""
        self.open_lesson = self.lessons[name]
        self._unread = False
        self._show()

    def focus_on(self, thing: object) -> None:
        """What another page points at: a lesson's name."""
        if isinstance(thing, str) and thing in self.lessons:
            self.open(thing)

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """Every lesson in the command palette."""
        return [
            Action(f"lessons.{name}", tr("Lesson {number}: {title}", number=one.number, title=tr(one.title)),
                   _Opening(self, name), "", "lessons")
            for name, one in self.lessons.items()
        ]  # fmt: skip

    def _solved(self, number: int) -> None:
        name = self.open_lesson.name
        self.marks[name] = self.marks.get(name, frozenset()) | {number}
        save_marks(self._marks_path, self.marks)
        self._show_list()


class _Opening:
    """Opens one lesson when it is called."""

    def __init__(self, panel: LessonsPanel, name: str) -> None:
        self._panel, self._name = panel, name

    def __call__(self) -> None:
        self._panel.open(self._name)
