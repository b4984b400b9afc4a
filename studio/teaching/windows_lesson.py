"""The Windows view as a lesson: the book's examples, or the text that the next run reads."""

from PySide6.QtWidgets import QWidget

from studio.live.session import Session
from studio.store.corpus import Text
from studio.teaching.lesson_view import LessonView
from studio.teaching.windows_view import WindowsView
from studio.widgets.look import Look


class WindowsLesson(LessonView):
    """The same picture as on the Data page; it needs no torch."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.view = WindowsView(session, look)
        self.body.addWidget(self.view, 1)
        self.follow()

    @property
    def ready(self) -> bool:
        """Counting needs only numpy."""
        return True

    def refresh(self, what: frozenset[str]) -> None:
        """Another text, other numbers."""
        if self._wanted() != self.view.source:
            self.follow()
        else:
            self.view.refresh(what)

    def follow(self) -> None:
        """Look at the draft's text, else at the book's examples; with a text these stay one choice away."""
        self.view.set_source(self._wanted())

    def _wanted(self) -> Text | None:
        project, wanted = self.session.project, self.session.draft.data.text
        texts = project.texts() if project is not None else []
        return next((text for text in texts if text.name == wanted), None)
