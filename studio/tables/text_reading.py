"""The way to read a text differently: a dialog with its encodings, opened from what is known of it or refused of it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats.folder import files as texts_in
from studio.store.corpus import Text
from studio.tables.one_dialog import OneDialog
from studio.widgets.banner import Actions


class TextReading(OneDialog):
    """`chosen` tells files and how they are to be read."""

    chosen = Signal(list, object)  # of Path, TextChoices

    def ask_for(self, text: Text) -> None:
        """Ask how the files of a text are to be read; one that was left out is what the choice is made for."""
        self.ask(text.files, *map(Path, text.unread[:1]))

    def ask(self, paths: Sequence[Path], shown: Path | None = None) -> None:
        """Ask how these files, or those of a folder, are to be read; `shown`, else the first one, is looked at."""
        from studio.tables.reading_dialog import ReadingDialog

        try:
            files = [file for path in paths for file in (texts_in(path) if path.is_dir() else (path,))] or list(paths)
        except StudioError as error:
            self.refused.emit(error)
            return
        dialog = ReadingDialog(self._session, self._look, files, shown, self._window)
        dialog.chosen.connect(self.chosen)
        self.open(dialog)

    def ways(self, paths: Sequence[Path]) -> Actions:
        """What a banner offers that refuses these files: a single one, or a folder, may be readable otherwise."""
        single = len(paths) == 1 and (paths[0].is_file() or (paths[0].is_dir() and _has_texts(paths[0])))
        return [(tr("Read it differently…"), partial(self.ask, list(paths)))] if single else []


def _has_texts(folder: Path) -> bool:
    """Not either where it cannot be looked into."""
    try:
        return bool(texts_in(folder))
    except StudioError:
        return False
