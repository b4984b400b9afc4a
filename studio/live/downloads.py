"""Models of a hub as wishes: searched for, looked at, fetched and imported. Nothing is asked before a person asks."""

import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub import Hub, Order, hub_of
from studio.live.jobs import Job
from studio.live.session import Session
from studio.store.models import StoredModel

if TYPE_CHECKING:
    from studio.hub.download import Held

SEARCH = "studio.hub.listing:search"
EXAMINE = "studio.hub.listing:examine"
FETCH = "studio.hub.download:fetch"
HELD = "studio.hub.download:held"
FORGET = "studio.hub.download:forget"
FETCHING, IMPORTING = "fetching", "importing"
_WINDOW = 5.0  # seconds over which the speed is reckoned


class Downloads(QObject):
    """One per session, so that a download outlives the window it was started from. One model at a time.

    `token` is kept in memory only; empty means the one of the surroundings, if there is any.
    """

    changed = Signal()
    imported = Signal(object)  # StoredModel
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.token = ""
        self.order: Order | None = None
        self.job: Job | None = None
        self.stage = ""  # "", "fetching" or "importing"
        self.attended = False  # somebody shows what fails; else it is told as a notice
        self._seen: deque[tuple[float, int]] = deque()
        self._said: dict[str, str] = {}  # what the hub that is asked says of it

    @classmethod
    def of(cls, session: Session) -> "Downloads":
        """The one of this session."""
        found = session.findChild(cls)
        return found if isinstance(found, cls) else cls(session)

    @property
    def folder(self) -> Path:
        """Where downloads lie until they are imported."""
        return self._session.places.home / "downloads"

    @property
    def busy(self) -> bool:
        """Whether a model is on its way."""
        return self.job is not None

    def hub(self) -> Hub:
        """Where to ask; an address that is none is a `StudioError`."""
        return hub_of(self._session.preferences.hub, self.token)

    def search(self, words: str, kind: str) -> Job:
        """Look for models by name; the job's result is a list of `Listed`."""
        title = tr("Searching for “{words}”", words=words)
        return self._session.jobs.start(SEARCH, self.hub(), words, kind, title=title, lane="search the hub")

    def examine(self, repo: str) -> Job:
        """Look at one model's files; the job's result is a `Seen`."""
        return self._session.jobs.start(EXAMINE, self.hub(), repo, lane="look at a model of the hub")

    def held(self) -> Job:
        """What lies on the disk, whole or not; the job's result is a list of `Held`."""
        return self._session.jobs.start(HELD, self.folder, lane="list downloads")

    def forget(self, held: "Held") -> Job:
        """Delete what has arrived of one download."""
        job = self._session.jobs.start(FORGET, held.folder)
        job.ended.connect(self.changed)
        return job

    def begin(self, order: Order, name: str, keep: bool = False) -> None:
        """Fetch a model and import it into the open project; then its files go, unless they are to be kept."""
        if self.busy:
            raise StudioError(
                tr("Another model is being downloaded."), tr("Wait until it is there, or stop it; then try again.")
            )
        spare = order.choice.bytes  # the import writes its own copy
        title = tr("Downloading {what}", what=order.repository.repo)
        hub = self.hub()
        job = self._session.jobs.start(FETCH, hub, order, self.folder, spare, title=title)
        self.order, self._said = order, order.facts(hub)
        self._seen.clear()
        job.progressed.connect(self._count)
        job.succeeded.connect(partial(self._arrived, name, keep))
        self._follow(job, FETCHING)

    def stop(self) -> None:
        """Call off what is going on; what has arrived is kept."""
        if self.job is not None:
            self.job.cancel()

    @property
    def speed(self) -> float:
        """Bytes a second over the last seconds; 0 while that is not known."""
        if len(self._seen) < 2:
            return 0.0
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - start) if end - start > 0.2 else 0.0

    def _follow(self, job: Job, stage: str) -> None:
        self.job, self.stage = job, stage
        job.failed.connect(self._refused)
        job.ended.connect(partial(self._ended, job))
        job.progressed.connect(self.changed)
        self.changed.emit()

    def _count(self, done: int, _total: int) -> None:
        now = time.monotonic()
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    def _arrived(self, name: str, keep: bool, path: Path) -> None:
        try:
            job = self._session.models.add(path, name, **self._said)
        except StudioError as error:
            self._refused(error)
            return
        job.succeeded.connect(partial(self._imported, path, keep))
        self._follow(job, IMPORTING)

    def _imported(self, path: Path, keep: bool, model: StoredModel) -> None:
        if not keep:
            folder = path if path.parent == self.folder else path.parent
            self._session.jobs.start(FORGET, folder).ended.connect(self.changed)
        self._session.notices.post("good", tr("“{name}” is downloaded and imported.", name=model.name))
        self.imported.emit(model)

    def _refused(self, error: StudioError) -> None:
        self.failed.emit(error)
        if not self.attended:
            self._session.notices.post_error(error)

    def _ended(self, job: Job) -> None:
        """The end of the download is not the end while its import goes on."""
        if job is self.job:
            self.job, self.order, self.stage = None, None, ""
            self.changed.emit()
