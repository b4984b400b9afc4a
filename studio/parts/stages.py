"""The way from a text to a model that talks, as steps: those done are marked, each opens its page."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QLayout, QLayoutItem, QPushButton, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.widgets.look import Look


@dataclass(frozen=True)
class Stage:
    """One step: its word, the page it opens, and how the session shows that it was done."""

    label: str
    page: str
    done: Callable[[Session], bool]
    proof: str  # what counts as done, for the tooltip


def _has_text(session: Session) -> bool:
    return session.project is not None and bool(session.project.texts())


def _has_tokens(session: Session) -> bool:
    folder = session.project.tokens_folder if session.project is not None else None
    return folder is not None and any(folder.glob("*/meta.json"))


def _has_run(session: Session) -> bool:
    return bool(session.runs)


def _has_trained(session: Session, page: str = "pretrain") -> bool:
    """Whether a run of this page has come to something."""
    runs = [run for run in session.runs.values() if run.page == page]
    return any(run.state == "finished" or run.record.summary.size > 0 for run in runs)


def _has_classified(session: Session) -> bool:
    return _has_trained(session, "classify")


def _has_instructed(session: Session) -> bool:
    return _has_trained(session, "instruct")


def _has_compared(session: Session) -> bool:
    return sum(run.step > 0 for run in session.runs.values()) > 1


def _has_model(session: Session) -> bool:
    return session.loaded is not None


STAGES = (
    Stage("Text", "data", _has_text, "Done when the project has a text."),
    Stage("Tokens", "tokenizer", _has_tokens, "Done when a text has been cut into tokens."),
    Stage("Shape", "model", _has_run, "Done when a run has been made of a model's shape."),
    Stage("Pretraining", "pretrain", _has_trained, "Done when a run has saved a checkpoint."),
    Stage("Comparing", "runs", _has_compared, "Done when there are two runs to lay over one another."),
    Stage("Classes", "classify", _has_classified, "Done when a run has learned to tell classes apart."),
    Stage("Answers", "instruct", _has_instructed, "Done when a run has learned to answer."),
    Stage("Chat", "chat", _has_model, "Done when a model is in memory to talk to."),
)


class Flow(QLayout):
    """Puts widgets in a line and breaks it where the width ends, like words."""

    def __init__(self, parent: QWidget, gap: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.right() + 1:
                x, y, line = rect.x(), y + line + self._gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self._gap
            line = max(line, hint.height())
        return y + line - rect.y()


class Stages(QWidget):
    """The steps as small buttons, done ones with a green frame."""

    page_requested = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        flow = Flow(self)
        self.buttons: dict[str, QPushButton] = {}
        for number, stage in enumerate(STAGES, start=1):
            button = QPushButton(f"{number}  {tr(stage.label)}")
            button.setProperty("kind", "stage")
            button.setObjectName(stage.page)
            button.setAutoDefault(False)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(self._clicked)
            self.buttons[stage.page] = button
            flow.addWidget(button)

    def show_session(self, session: Session) -> None:
        """Mark what has been done in the open project."""
        for stage in STAGES:
            button, done = self.buttons[stage.page], stage.done(session)
            if button.property("done") is done:
                continue
            button.setProperty("done", done)
            button.setToolTip(tr(stage.proof))
            words = tr("{stage}, done", stage=tr(stage.label)) if done else tr(stage.label)
            button.setAccessibleName(words)
            button.style().unpolish(button)
            button.style().polish(button)

    def next_words(self, session: Session) -> str:
        """What to do next on the way, in a line."""
        for number, stage in enumerate(STAGES, start=1):
            if not stage.done(session):
                words = tr("Next: {number} {stage}.", number=number, stage=tr(stage.label))
                return f"{words} {tr(stage.proof)}"
        return tr("The whole way is done. Every stage stays open for another text, another shape, another run.")

    def _clicked(self) -> None:
        self.page_requested.emit(self.sender().objectName())
