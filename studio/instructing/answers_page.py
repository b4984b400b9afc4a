"""Answers of one run: which run and which rows, how good they are, row by row, by a judge and by one's own vote."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.answer_export import write_answers
from studio.instructing.answer_scores import Measured
from studio.instructing.answer_table import AnswerTable
from studio.instructing.answer_tiles import tiles_of
from studio.instructing.answer_words import GIVING, SOUGHT, UNASKED, waiting_words
from studio.instructing.answers_book import AnswersBook, base_name
from studio.instructing.judge_desk import JudgeDesk
from studio.instructing.judge_view import JudgeView
from studio.instructing.skills_table import SkillsTable
from studio.instructing.vote_desk import VoteDesk
from studio.instructing.vote_view import VoteView
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.run_bar import JudgedPage, RunBar
from studio.views.figure_tiles import FigureTiles
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.primary_button import Press

VIEWS = (("answers", "Answers"), ("skills", "Skills"), ("judge", "Judge"), ("vote", "Blind vote"))
TUNED, BASE = "tuned", "base"
WHO = ((TUNED, "Tuned"), (BASE, "Untuned"))


class AnswersPage(JudgedPage):
    """Nothing is generated until a person asks for it; what lies on the disk is shown at once."""

    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, book: AnswersBook, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self.book = session, book
        self._shown: Measured | None = None
        self.who = Segmented([(name, tr(words)) for name, words in WHO], look, tr("Whose answers"))
        self.bar = RunBar(session, look, tr("Rows answered"), between=[self.who])
        self.tiles, self.answers, self.skills = FigureTiles(), AnswerTable(look), SkillsTable(look)
        self.judge, self.vote = JudgeView(look), VoteView(look)
        self.judging, self.voting = JudgeDesk(session, self.judge), VoteDesk(session, self.vote, book)
        self.notes = Label("", "warning", wrap=True)
        self.switch = Segmented([(name, tr(words)) for name, words in VIEWS], look, tr("What is shown"))
        words = tr("Train one on questions with answers. What it says to questions it has not seen stands here, with "
                   "how often it is right.")  # fmt: skip
        self.whole = self._whole(look)
        self.lay_out("instruct", (tr("No model answers yet"), words), (self.whole,), look)
        self._connect()

    def _whole(self, look: Look) -> QWidget:
        self.views = QStackedWidget()
        for view in (self.answers, self.skills, self.judge, self.vote):
            self.views.addWidget(view)
        card = Card("", look)
        head = QHBoxLayout()
        head.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)
        head.addWidget(self.notes, 1)
        card.body.addLayout(head)
        card.body.addWidget(self.views, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.tiles)
        column.addWidget(card, 1)
        return whole

    def _connect(self) -> None:
        self.bar.run_chosen.connect(self.choose)
        self.bar.split_chosen.connect(self._shown_again)
        self.who.changed.connect(self._shown_again)
        self.switch.changed.connect(self.show_view)
        self.book.changed.connect(self.refresh)
        self.book.failed.connect(self._failed)
        self.skills.skill_chosen.connect(self._skill_chosen)
        self.answers.export_requested.connect(self.write)
        self.judging.judged.connect(self._judged)
        self.judge.compare_wanted.connect(self._compare)
        self.vote.other_wanted.connect(self._against)

    # --- what is looked at ------------------------------------------------------------------------------------------

    def choose(self, run: RunModel) -> None:
        """Look at another run, its validation rows first."""
        if self.bar.set_run(run):
            self.who.set_value(TUNED)
        self.refresh()

    @property
    def of_base(self) -> bool:
        """Whether the answers of the model that the run began as are looked at."""
        return self.run is not None and bool(base_name(self.run)) and self.who.value() == BASE

    @property
    def speaker(self) -> str:
        """Whose answers are looked at."""
        assert self.run is not None
        return base_name(self.run) if self.of_base else self.run.name

    def show_view(self, name: str) -> None:
        """Bring one of `VIEWS` to the front."""
        self.switch.set_value(name)
        self.views.setCurrentIndex([one for one, _ in VIEWS].index(name))
        self.tiles.setVisible(name in ("answers", "skills"))  # judge and vote take the whole height

    def showEvent(self, event: QShowEvent) -> None:
        """Look on the disk once somebody looks here."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known."""
        if not self.show_bar(self.book.runs()) or self.run is None:
            return
        self.who.setVisible(bool(base_name(self.run)))
        if self.isVisible():
            self.book.want(self.run, self.split, self.of_base)
        if self.book.job is not None and self.bar.progress.job is not self.book.job:
            self.bar.progress.follow(self.book.job, tr("The model answers"))
        self._show(self.book.known(self.run, self.split, self.of_base))
        self.said.emit()

    def _show(self, known: Measured | None) -> None:
        assert self.run is not None
        self.bar.note.setText(tr("The best checkpoint was chosen by these rows.") if self.split == "validation"
                          else tr("Never learned from, never chosen by."))  # fmt: skip
        if known is None:
            giving = self.book.giving == (self.run.name, self.split, self.of_base)
            looked = self.book.looked(self.run, self.split, self.of_base)
            state = GIVING if giving else UNASKED if looked else SOUGHT
            self.wait.set_words(*waiting_words(self.run, self.split, self.of_base, state))
            self.stack.setCurrentWidget(self.wait)
            self._shown = None
            return
        if known is not self._shown:
            self._shown = known
            self.tiles.set_tiles(tiles_of(known))
            self.answers.set_measured(known, {})
            self.skills.set_measured(known)
            self.notes.setText(" ".join(known.notes))
            beside = self.run.name if self.of_base else base_name(self.run)
            self.judging.look_at(known, self.book, beside)
            self.voting.look_at(self.speaker, known, beside)
        self.stack.setCurrentWidget(self.whole)

    @property
    def purpose(self) -> str:
        """The line under the page's title: which run, which rows."""
        if self.run is None:
            return tr("What a tuned model answers, and how good that is.")
        known = self.book.known(self.run, self.split, self.of_base)
        title = known.answers.title if known is not None else ""
        return " · ".join([title or self.speaker, self.run.config.data.dataset])

    @property
    def press(self) -> Press:
        """What the page's primary button says, does, and whether it can be pressed."""
        if self.run is None:
            return "", self.refresh, False
        known = self.book.known(self.run, self.split, self.of_base)
        give = partial(self.book.give, self.run, self.split, self.of_base)
        if self.book.giving is not None:
            return tr("Answering…"), self.refresh, False
        if known is None:
            words = tr("Ask the test rows") if self.split == "test" else tr("Let it answer")
            return words, give, self.book.looked(self.run, self.split, self.of_base)
        if not known.answers.complete:
            return tr("Go on answering"), give, True
        words = tr("Talk to the tuned model") if self.of_base else tr("Talk to it")
        return words, partial(self._session.focus, "chat", self.run), True

    # --- what a person does -----------------------------------------------------------------------------------------

    def _shown_again(self, _chosen: str) -> None:
        self.refresh()

    def _skill_chosen(self, name: str) -> None:
        self.show_view("answers")
        self.answers.search.setText(name)

    def _judged(self, scores: dict[int, str]) -> None:
        self.answers.set_measured(self._shown, scores)

    def _failed(self, error: StudioError) -> None:
        self.refused.emit(error)
        self.refresh()

    def _other(self, name: str) -> Measured | None:
        """The answers of another run, or of this one's base, to the same rows, looked up if they are not known."""
        base = self.run is not None and name == base_name(self.run)
        run = self.run if base else self._session.runs.get(name)
        if run is None:
            return None
        self.book.want(run, self.split, base)
        return self.book.known(run, self.split, base)

    def _compare(self, judge: object, name: str, most: int) -> None:
        other = self._other(name)
        if other is None or self.run is None or self._shown is None:
            self.judge.set_trouble(_no_answers(name))
        else:
            self.judging.compare(judge, (self.speaker, self._shown), (name, other), most)

    def _against(self, name: str) -> None:
        other = self._other(name) if name else None
        if name and other is None:
            self.refused.emit(_no_answers(name))
        self.voting.against(name, other)

    def write(self, path: Path) -> None:
        """Write the answers that are shown to a file."""
        if self._shown is not None:
            job = self._session.jobs.start(write_answers, self._shown, self.answers.judged, path)
            job.succeeded.connect(self._written)
            job.failed.connect(self.refused)

    def _written(self, name: str) -> None:
        self._session.notices.post("good", tr("The answers are saved as {name}.", name=name))


def _no_answers(name: str) -> StudioError:
    return StudioError(
        tr("“{name}” has not answered these rows.", name=name), tr("Choose it above and let it answer, then come back.")
    )
