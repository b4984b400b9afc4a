"""A view as a file: the picture, the drawing, and the numbers behind it as they were computed."""

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.view import SceneView
from studio.store.files import write_atomically
from studio.widgets.button import Button
from studio.widgets.look import Look

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = Mapping[str, npt.NDArray[Any]]

FORMS = (
    ("png", "Export the view as a picture (PNG)…"), ("svg", "Export the view as a drawing (SVG)…"),
    ("csv", "Export its numbers as a table (CSV)…"), ("npz", "Export its numbers for NumPy (NPZ)…"),
)  # fmt: skip


PICTURES = ("png", "svg")
MOST_LINES = 4_000_000  # of a table


class ExportButton(Button):
    """Opens the list of forms; `wanted` tells png, svg, csv or npz."""

    wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Export"), self.open, look, parent=parent)
        self.vector = False

    def menu_of_forms(self) -> QMenu:
        """The forms that the shown view has."""
        menu = QMenu(self)
        for form, words in FORMS:
            if form != "svg" or self.vector:
                menu.addAction(tr(words), partial(self.wanted.emit, form))
        return menu

    def open(self) -> None:
        """Show the list below the button."""
        menu = self.menu_of_forms()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))


class Export(QObject):
    """Asks where, takes picture or numbers as they are at that moment, and writes them off the screen."""

    saved = Signal(object)  # the file's name
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, page: QWidget) -> None:
        super().__init__(page)
        self._session, self._page = session, page

    def ask(self, view: SceneView, form: str) -> None:
        """Show the dialog; leaving it writes nothing."""
        name = f"{view.name}.{form}"
        dialog = QFileDialog(self._page, tr("Export the view"), str(Path.home() / name))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form)
        dialog.selectFile(name)
        dialog.fileSelected.connect(partial(self.write, view, form))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, view: SceneView, form: str, path: str) -> None:
        """Write the view as `form` to `path`: whole or not at all."""
        try:
            content: Any = picture_of(view, form) if form in PICTURES else numbers_of(view)
        except StudioError as error:
            self.failed.emit(error)
            return
        title = tr("Exporting {name}", name=Path(path).name)
        job = self._session.jobs.start(write_file, Path(path), form, content, title=title)
        job.succeeded.connect(self.saved)
        job.failed.connect(self.failed)


def write_file(path: Path, form: str, content: Any, keep_going: Callable[[], bool] = lambda: True) -> str:
    """The work of a job: numbers become a file's bytes here, and the file is there whole or not at all; its name."""
    data = content if isinstance(content, bytes) else data_of(content, form, keep_going)
    if keep_going():
        write_atomically(path, data)
    return path.name


def picture_of(view: SceneView, form: str) -> bytes:
    """What the view shows as png or svg; for the GUI thread."""
    widget = view.drawing()
    return png_bytes(widget, view.look.color("window")) if form == "png" else svg_bytes(widget, tr(view.label))


def numbers_of(view: SceneView) -> "Numbers":
    """The numbers behind the view; none yet is a `StudioError`."""
    if not (numbers := view.numbers()):
        raise StudioError(tr("There are no numbers to export yet."), tr("Wait until the view shows something."))
    return numbers


def data_of(numbers: "Numbers", form: str, keep_going: Callable[[], bool] = lambda: True) -> bytes:
    """The numbers as npz or csv."""
    if form == "npz":
        return npz_bytes(numbers)
    if (count := sum(array.size for array in numbers.values())) > MOST_LINES:
        raise StudioError(
            tr("The table would have {count} lines, more than any program opens.", count=f"{count:,}"),
            tr("Export the numbers for NumPy (NPZ), or shorten the text."),
        )
    return csv_text(numbers, keep_going).encode("utf-8")


def png_bytes(widget: QWidget, ground: QColor) -> bytes:
    """The widget as it is on the screen, pixel for pixel, on the page's ground where it has none of its own."""
    grabbed = widget.grab()
    picture = QPixmap(grabbed.size())
    picture.setDevicePixelRatio(grabbed.devicePixelRatio())
    picture.fill(ground)
    painter = QPainter(picture)
    painter.drawPixmap(0, 0, grabbed)
    painter.end()
    return _buffered(lambda buffer: picture.save(buffer, "PNG"))


def svg_bytes(widget: QWidget, title: str) -> bytes:
    """The widget painted as lines and letters."""

    def paint(buffer: QBuffer) -> None:
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(widget.size())
        generator.setViewBox(QRect(QPoint(0, 0), widget.size()))
        generator.setTitle(title)
        painter = QPainter(generator)
        widget.render(painter, QPoint(0, 0), QRegion(), QWidget.RenderFlag.DrawChildren)
        painter.end()

    return _buffered(paint)


def npz_bytes(numbers: "Numbers") -> bytes:
    """Every array under its name, bit for bit; nothing that could run when it is read."""
    import numpy as np

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in numbers.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return stream.getvalue()


def csv_text(numbers: "Numbers", keep_going: Callable[[], bool] = lambda: True) -> str:
    """One line for each number: its name, its places along each axis, its value as it reads back to the same bits."""
    import numpy as np

    deepest = max(array.ndim for array in numbers.values())
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["name", *(f"axis {axis}" for axis in range(deepest)), "value"])
    for name, array in numbers.items():
        blanks = [""] * (deepest - array.ndim)
        if not keep_going():
            break
        for place, value in zip(np.ndindex(array.shape), array.ravel(), strict=True):
            writer.writerow([name, *place, *blanks, value if isinstance(value, str) else repr(value.item())])
    return stream.getvalue()


def _buffered(write: Callable[[QBuffer], object]) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    write(buffer)
    buffer.close()
    return bytes(data.data())
