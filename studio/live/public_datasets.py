"""Public datasets as wishes: looked at and fetched. Nothing is asked of the hub before a person asks."""

from pathlib import Path

from studio.core.language import tr
from studio.hub import Hub, Order
from studio.live.downloads import Downloads
from studio.live.jobs import Job
from studio.live.session import Session

EXAMINE = "studio.hub.datasets:examine_dataset"
FETCH = "studio.hub.datasets:fetch_dataset"
FORGET = "studio.hub.datasets:forget_dataset"


class PublicDatasets:
    """The address of the hub and the token are those of the models."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._downloads = Downloads.of(session)

    @property
    def folder(self) -> Path:
        """Where fetched files lie until a project has its own copy of them."""
        return self._downloads.folder / "datasets"

    def hub(self) -> Hub:
        """Where to ask; an address that is none is a `StudioError`."""
        return self._downloads.hub()

    def examine(self, repo: str) -> Job:
        """Look at one dataset; the job's result is a `Seen` whose choices are its splits."""
        return self._session.jobs.start(EXAMINE, self.hub(), repo, lane="look at a dataset of the hub")

    def fetch(self, order: Order) -> Job:
        """Fetch one split; the job's result is a list of paths. Called off, what has arrived is kept."""
        title = tr("Downloading {what}", what=order.repository.repo)
        return self._session.jobs.start(FETCH, self.hub(), order, self.folder, title=title)

    def forget(self, path: Path) -> Job:
        """Delete what was fetched, once it is taken in; `path` as the fetching told it."""
        return self._session.jobs.start(FORGET, path, self.folder)
