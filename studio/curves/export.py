"""A chart as a file: PNG and SVG of what is shown, CSV of every number behind it."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.curves.canvas import CurveCanvas
from studio.curves.frame import Frame, Scene
from studio.curves.item import Curve
from studio.curves.paint import paint_scene
from studio.widgets.look import Look

HEAD = ("series", "step", "tokens", "seconds", "value")


def csv_text(curves: Sequence[Curve]) -> str:
    """One line a point; numbers in the shortest form that reads back to the same bits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEAD)
    for curve in curves:
        if curve.history is not None:
            columns = (curve.history.step, curve.history.tokens, curve.history.seconds, curve.history.value)
            rows = zip(*(column.tolist() for column in columns), strict=True)
            writer.writerows((curve.name, *map(repr, row)) for row in rows)
    return stream.getvalue()


def svg_bytes(frame: Frame, scene: Scene, look: Look, size: QSize, title: str) -> bytes:
    """The chart as a drawing; text stays text."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(QRect(0, 0, size.width(), size.height()), look.color("surface"))
    paint_scene(painter, frame, scene, look)
    painter.end()
    buffer.close()
    return bytes(data.data())


def png_bytes(picture: QPixmap) -> bytes:
    """The chart as a picture."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    buffer.close()
    return bytes(data.data())


def write(path: Path, data: bytes | str) -> None:
    """Write a file whole; what keeps it from being written becomes a sentence."""
    try:
        path.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            tr("{name} could not be written: {reason}.", name=path.name, reason=reason),
            tr("Choose another folder, or make room on the disk."),
        ) from error


def export(path: Path, canvas: CurveCanvas, title: str) -> None:
    """Write what a canvas shows by suffix (.png, .svg, .csv); a `StudioError` says why it could not."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        write(path, csv_text(canvas.scene.curves))
    elif suffix == ".svg":
        write(path, svg_bytes(canvas.frame, canvas.scene, canvas.look, canvas.size(), title))
    elif suffix == ".png":
        write(path, png_bytes(canvas.picture(2.0)))
    else:
        words = tr("A chart cannot be saved as “{suffix}”.", suffix=path.suffix)
        raise StudioError(words, tr("Choose .png, .svg or .csv."))
