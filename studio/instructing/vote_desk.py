"""Blind votes: which pairs are voted on, and every vote on the disk of the project."""

import secrets

from PySide6.QtCore import QObject

from studio.core.errors import StudioError
from studio.instructing.answer_scores import Measured
from studio.instructing.answers_book import AnswersBook
from studio.instructing.vote_view import VoteView
from studio.instructing.votes import Cast, duels, read_votes, write_votes
from studio.live.session import Session
from studio.store.project import Project


class VoteDesk(QObject):
    """Answers the wishes of the view; votes of a file that cannot be read are never overwritten."""

    def __init__(self, session: Session, view: VoteView, book: AnswersBook) -> None:
        super().__init__(view)
        self._session, self._view, self._book = session, view, book
        self._project: Project | None = None
        self._votes: list[Cast] = []
        self._name = ""
        self._known: Measured | None = None
        self._readable = False  # until the file has been read
        view.voted.connect(self._voted)
        view.undone.connect(self._take_back)

    def look_at(self, name: str, known: Measured, beside: str = "") -> None:
        """From now on these answers; `beside` names whoever else has been asked the same, before or after tuning."""
        self._name, self._known = name, known
        same = known.answers.dataset.partition("@")[0]
        others = [run.name for run in self._book.runs()
                  if run.name != name and run.config.data.dataset.partition("@")[0] == same]  # fmt: skip
        self._view.set_others([*([beside] if beside else []), *(other for other in others if other != beside)])
        self._view.set_duels([], "")
        self._open()

    def against(self, name: str, other: Measured | None) -> None:
        """Vote on the pairs with another run's answers."""
        known = self._known
        if not name or other is None or known is None:
            self._view.set_duels([], "")
            return
        found = duels((self._name, known.rows), (name, other.rows), secrets.randbelow(1 << 31))
        self._view.set_duels(found, known.answers.dataset)

    def _open(self) -> None:
        project = self._session.project
        if project is self._project or project is None:
            return
        self._project, self._votes, self._readable = project, [], False
        job = self._session.jobs.start(read_votes, project.path, lane="instruct.votes")
        job.succeeded.connect(self._read)
        job.failed.connect(self._unreadable)

    def _read(self, votes: list[Cast]) -> None:
        early, self._readable = self._votes, True  # given before the file had been read
        self._votes = [*votes, *early]
        if early:
            self._keep()
        else:
            self._view.set_votes(self._votes)

    def _unreadable(self, error: StudioError) -> None:
        self._readable = False
        self._session.notices.post_error(error)

    def _voted(self, given: Cast) -> None:
        self._votes.append(given)
        self._keep()

    def _take_back(self) -> None:
        if self._votes:
            self._votes.pop()
            self._keep()

    def _keep(self) -> None:
        self._view.set_votes(self._votes)
        if self._project is not None and self._readable:
            job = self._session.jobs.start(
                write_votes, self._project.path, list(self._votes), lane="instruct.votes.kept"
            )
            job.failed.connect(self._session.notices.post_error)
