"""Build a prompt of rows: none, one or several examples before a question; see it whole, then send it to Chat."""

import secrets
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.few_shot import MOST, Asked, Built, build, drawn
from studio.instructing.rows_seen import Source
from studio.live.session import Session
from studio.parts.plain_text import PlainText
from studio.parts.wording import count
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.empty_state import EmptyState
from studio.widgets.label import Label
from studio.widgets.look import Look

ABOUT = (
    "A base model was never taught to answer. Shown a few questions with their answers, it goes on in the same way: "
    "that is few-shot prompting, and it trains nothing. Compare what it says with and without examples."
)
LAYOUTS = (("question", "Question and answer"), ("template", "The template"))
_SHOTS = {0: "zero-shot", 1: "one-shot"}
_SIDE = 340


class PromptPage(QWidget):
    """Works on the dataset of the draft; `said` tells that the prompt is another one."""

    said = Signal()
    configure_requested = Signal()

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source: Source | None = None
        self.built: Built | None = None
        self.row, self.seed = 0, 1
        self.text = PlainText(look, tr("The prompt"))
        self.meter, self.wanted = Label("", "small", wrap=True), Label("", "quiet", wrap=True)
        self.problem = Label("", "danger", wrap=True)
        self.shots, self.asked = NumberEdit(look, True, tr("rows")), NumberEdit(look, True)
        self.shots.minimum, self.shots.maximum, self.shots.default = 0, MOST, 3
        self.shots.set_value(3)
        self.shots.setAccessibleName(tr("Examples"))
        self.asked.minimum, self.asked.default = 1, 1
        self.asked.set_value(1)
        self.asked.setAccessibleName(tr("Row that is asked"))
        self.layouts = Segmented([(name, tr(words)) for name, words in LAYOUTS], look, tr("Layout"))
        self.layouts.set_value("question")
        self.draw = Button(tr("Draw other examples"), self._draw, look, "", "refresh").set_small()
        self.back = IconButton("chevron-left", tr("Previous row"), self._go_back, look)
        self.ahead = IconButton("chevron-right", tr("Next row"), self._go_ahead, look)
        self.empty = EmptyState(
            tr("No rows to build a prompt of"),
            tr("Choose a dataset of questions with answers under Configure, and its rows become examples here."),
            tr("Configure"), self.configure_requested.emit, look, "instruct",
        )  # fmt: skip
        self._lay_out(look)
        self.shots.changed.connect(self.refresh)
        self.asked.changed.connect(self._row_typed)
        self.layouts.changed.connect(self.refresh)

    def _lay_out(self, look: Look) -> None:
        self._card, settings = Card(tr("The prompt"), look), Card(tr("Examples"), look)
        self._card.body.addWidget(self.text, 1)
        self._card.body.addWidget(self.meter)
        rows = (
            (tr("Examples"), (self.shots,)), (tr("Row that is asked"), (self.asked, self.back, self.ahead)),
        )  # fmt: skip
        settings.body.addWidget(Label(tr(ABOUT), "small", wrap=True))
        for words, editors in rows:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(Label(words, "quiet"))
            line.addStretch(1)
            for editor in editors:
                line.addWidget(editor)
            settings.body.addLayout(line)
        settings.body.addWidget(self.layouts)
        settings.body.addWidget(self.draw)
        settings.body.addWidget(Label(tr("The row's own answer"), "strong"))
        settings.body.addWidget(self.wanted)
        settings.body.addWidget(self.problem)
        settings.body.addStretch(1)
        settings.setFixedWidth(_SIDE)
        self._both = QWidget()
        line = QHBoxLayout(self._both)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(16)
        line.addWidget(self._card, 1)
        line.addWidget(settings)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._both)
        column.addWidget(self.empty)

    def set_source(self, source: Source | None) -> None:
        """The rows that prompts are built of, as far as they can be read."""
        same = source is self._source
        self._source = source
        self._both.setVisible(source is not None)
        self.empty.setVisible(source is None)
        if source is not None and not same:
            self.asked.maximum = max(1, source.dataset.rows)
            self.row = min(self.row, max(0, source.dataset.rows - 1))
            self.refresh()

    def refresh(self, _choice: object = None) -> None:
        """Build the prompt anew."""
        source = self._source
        if source is None or self.shots.problem:
            return
        self.asked.set_value(self.row + 1)
        chosen = drawn(source.dataset.rows, int(self.shots.value()), self.row, self.seed)
        wish = Asked(chosen, self.row, self.layouts.value())
        job = self._session.jobs.start(build, source, wish, lane="instruct.prompt")
        job.succeeded.connect(self._built)
        job.failed.connect(self._failed)

    def send(self) -> None:
        """Let Chat go on from it, with whichever model is chosen there."""
        if self.built is not None:
            self._session.focus("chat", Sampling(prompt=self.built.text))

    @property
    def purpose(self) -> str:
        """The line under the page's title."""
        shots = int(self.shots.value())
        word = tr(_SHOTS.get(shots, "few-shot"))
        return tr("{word}: {count} examples before the question.", word=word.capitalize(), count=shots)

    def _built(self, built: Built) -> None:
        self.built = built
        self.text.set_text(built.text)
        self.wanted.setText(built.wanted)
        self.problem.setText(
            tr("{count} of the drawn rows have no answer and were left out.", count=built.left_out)
            if built.left_out else ""
        )  # fmt: skip
        self.problem.setVisible(bool(built.left_out))
        full = built.tokens >= built.room
        self.meter.set_role("warning" if full else "small")
        words = tr("{tokens} tokens of the {room} that the model reads.", tokens=count(built.tokens),
                   room=count(built.room))  # fmt: skip
        more = tr(" Nothing is left for the answer: use fewer examples.") if full else ""
        self.meter.setText(words + more)
        self.said.emit()

    def _failed(self, error: StudioError) -> None:
        self.built = None
        self.text.set_text("")
        self.meter.setText("")
        self.problem.setText(f"{error.message} {error.hint}".strip())
        self.problem.show()
        self.said.emit()

    def _draw(self) -> None:
        self.seed = secrets.randbelow(1 << 31)
        self.refresh()

    def _row_typed(self) -> None:
        if not self.asked.problem:
            self._go_to(int(self.asked.value()) - 1)

    def _go_back(self) -> None:
        self._go_to(self.row - 1)

    def _go_ahead(self) -> None:
        self._go_to(self.row + 1)

    def _go_to(self, row: int) -> None:
        rows: Any = self._source.dataset.rows if self._source is not None else 1
        self.row = max(0, min(row, rows - 1))
        self.refresh()
