"""One button that brings a model into memory and lets go of it again."""

from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.store.library import Entry
from studio.widgets.button import Button
from studio.widgets.look import Look


class LoadButton(Button):
    """Acts on the model it was told of last; `failed` carries the `StudioError` of a model that could not be loaded."""

    failed = Signal(object)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Load"), self.press, look, "", "memory")
        self.set_small()
        self._session = session
        self._entry: Entry | None = None
        self._why = ""
        self._job: Job | None = None

    def set_entry(self, entry: Entry, why: str = "") -> None:
        """Offer this model; `why` says what keeps it from being loaded."""
        self._entry, self._why = entry, why
        self._show()

    @property
    def holds(self) -> bool:
        """Whether the model is in memory."""
        return self._entry is not None and getattr(self._session.loaded, "path", None) == self._entry.folder

    def press(self) -> None:
        """Load it, or unload it if it is there."""
        if self.holds:
            self._session.unload_model()
        elif self._entry is not None and self._job is None and not self._why:
            self._job = self._session.load_folder(self._entry.folder, self._entry.title)
            self._job.failed.connect(self._refused)
            self._job.ended.connect(self._ended)
        self._show()

    def _show(self) -> None:
        loading = self._job is not None
        self.setText(tr("Loading…") if loading else tr("Unload") if self.holds else tr("Load"))
        self.setEnabled(not loading and (self.holds or not self._why))
        about = tr("Brings it into memory, for every page that looks into a model; Chat does so by itself.")
        self.setToolTip(self._why or (tr("Frees its memory.") if self.holds else about))

    def _refused(self, error: StudioError) -> None:
        self.failed.emit(error)

    def _ended(self) -> None:
        self._job = None
        self._show()
