"""Who has won how often where names were hidden: every vote of the project's chats, kept beside them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.scores.win_table import Vote
from studio.store import vote_file
from studio.store.project import Project
from studio.store.vote_file import row_of, vote_of

FILE = "chat-votes.json"


class Tally(QObject):
    """Votes of a file that cannot be read are never overwritten."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._project: Project | None = None
        self._known = False  # whether the file has been read
        self.votes: list[Vote] = []

    def follow(self) -> None:
        """Read the votes of the project that is open now."""
        project = self._session.project
        if project is self._project:
            return
        self._project, self._known, self.votes = project, False, []
        if project is not None:
            job = self._session.jobs.start(read_votes, project.path, lane="chat votes")
            job.succeeded.connect(self._read)
            job.failed.connect(self._session.notices.post_error)
        self.changed.emit()

    def take(self, names: Sequence[str], winner: int) -> None:
        """Count a verdict: the winner beats every other; below 0 nobody beats anybody."""
        for name in names:
            if name == names[max(0, winner)]:
                continue
            if winner >= 0:
                self.votes.append(Vote(names[winner], name, "left"))
            else:
                self.votes.append(Vote(names[0], name, "tie"))
        self.changed.emit()
        self._keep()

    def _keep(self) -> None:
        if self._project is not None and self._known:
            votes = list(self.votes)
            job = self._session.jobs.start(write_votes, self._project.path, votes, lane="chat votes kept")
            job.failed.connect(self._session.notices.post_error)

    def _read(self, votes: list[Vote]) -> None:
        early, self.votes, self._known = self.votes, [*votes, *self.votes], True
        self.changed.emit()
        if early:
            self._keep()


def read_votes(project: Path) -> list[Vote]:
    """Every vote so far; a damaged file is a `StudioError`, a missing one is no vote yet."""
    damaged = StudioError(
        tr("The votes of this project's chats cannot be read."),
        tr("Look at “{file}” in its folder, or move it away to begin anew.", file=FILE),
    )
    return vote_file.read_votes(project / FILE, vote_of, damaged)


def write_votes(project: Path, votes: Sequence[Vote]) -> None:
    """Keep all votes; for a worker."""
    vote_file.write_votes(project / FILE, list(map(row_of, votes)))
