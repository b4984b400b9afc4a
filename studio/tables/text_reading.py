"""The way to read a text differently: a dialog with its encodings, opened from what is known of it or refused of it."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats.folder import files as texts_in
from studio.store.corpus import Text
from studio.tables.one_dialog import OneDialog
from studio.widgets.banner import Banner


class TextReading(OneDialog):
    """`chosen` tells files and how they are to be read. Folders are walked by workers."""

    chosen = Signal(list, object)  # of Path, TextChoices

    def ask_for(self, text: Text) -> None:
        """Ask how the files of a text are to be read; one that was left out is what the choice is made for."""
        self._ask_once(partial(files_of, text), text.name, *map(Path, text.unread[:1]))

    def ask(self, paths: Sequence[Path]) -> None:
        """Ask how these files, or those of a folder, are to be read; the first one is looked at."""
        self._ask_once(partial(files_behind, list(paths)), paths[0].name)

    def _ask_once(self, files: Callable[[], list[Path]], name: str, shown: Path | None = None) -> None:
        """Open the dialog when it is known what it is about; a later wish takes the place of this one."""
        job = self._session.jobs.start(files, title=tr("Looking for the texts of “{name}”", name=name),
                                       lane="data.files")  # fmt: skip
        job.succeeded.connect(partial(self._open, shown))
        job.failed.connect(self.refused)

    def _open(self, shown: Path | None, files: list[Path]) -> None:
        from studio.tables.reading_dialog import ReadingDialog

        if self.dialog is None:
            dialog = ReadingDialog(self._session, self._look, files, shown, self._window)
            dialog.chosen.connect(self.chosen)
            self.open(dialog)

    def offer(self, error: StudioError, paths: Sequence[Path], banner: Banner) -> None:
        """Say why these files are refused; a single one, or a folder, is offered to be read otherwise if it may be."""
        banner.show_error(error.message, error.hint)
        self._session.jobs.cancel_lane("data.ways")
        if len(paths) == 1:
            job = self._session.jobs.start(may_be_read, paths[0], lane="data.ways")
            job.succeeded.connect(partial(self._offer_way, error, list(paths), banner))

    def _offer_way(self, error: StudioError, paths: list[Path], banner: Banner, readable: bool) -> None:
        """Where that is still what the banner speaks of."""
        if readable and banner.level and banner.message.text() == error.message:
            ways = [(tr("Read it differently…"), partial(self.ask, paths))]
            banner.show_error(error.message, error.hint, ways)


def files_of(text: Text) -> list[Path]:
    """What a text was to be made of, each file there. For a worker thread."""
    return files_behind(text.files)


def files_behind(paths: Sequence[Path]) -> list[Path]:
    """Every single file behind these, folders opened; a folder without texts stays one. For a worker thread."""
    return [file for path in paths for file in (texts_in(path) if path.is_dir() else (path,))] or list(paths)


def may_be_read(path: Path) -> bool:
    """Whether it is a file, or a folder with texts in it; not where it cannot be looked into. For a worker thread."""
    try:
        return path.is_file() or (path.is_dir() and bool(texts_in(path)))
    except StudioError:
        return False
