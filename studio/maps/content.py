"""What a heat map shows, apart from where: numbers, colours, names, a veil, and the profiles along its sides."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QMarginsF, QSize
from PySide6.QtGui import QImage, QPainter

from studio.maps.cells import cells_image, paint_lines, veil_image
from studio.maps.colours import Colouring, Numbers, number_text
from studio.maps.labels import Labels, margins, paint_labels
from studio.maps.plane import Plane
from studio.maps.profile import Profile, outline
from studio.maps.pyramid import Pyramid
from studio.widgets.look import Look

NO_LABELS = Labels()


class Content:
    """Numbers (rows, columns) and everything that is drawn from them."""

    def __init__(self) -> None:
        self.pyramid = Pyramid(np.zeros((0, 0), np.float32))
        self.colouring = Colouring()
        self.labels = NO_LABELS
        self.veil: Pyramid | None = None
        self._outlines: tuple[Profile, Profile] | None = None
        self._margins: QMarginsF | None = None
        self._tight = False

    @property
    def values(self) -> Numbers:
        """The numbers themselves."""
        return self.pyramid.values

    def set_values(self, values: Numbers | Pyramid, colouring: Colouring) -> None:
        """Other numbers; names and a veil stay as long as they fit."""
        ready = isinstance(values, Pyramid) and values.signed == colouring.signed
        numbers = values.values if isinstance(values, Pyramid) else values
        self.pyramid = values if isinstance(values, Pyramid) and ready else Pyramid(numbers, colouring.signed)
        self.colouring, self._outlines = colouring, None
        if (len(self.labels.rows), len(self.labels.columns)) != numbers.shape:
            self.labels, self._margins = NO_LABELS, None
        if self.veil is not None and self.veil.values.shape != numbers.shape:
            self.veil = None

    def set_labels(self, labels: Labels) -> None:
        """A name for each row and each column."""
        if (len(labels.rows), len(labels.columns)) != self.values.shape:
            raise ValueError(f"{len(labels.rows)} and {len(labels.columns)} names for {self.values.shape} cells")
        if labels != self.labels:
            self.labels, self._margins = labels, None

    def set_veil(self, hides: Numbers | None) -> None:
        """Hatch the cells that are True."""
        if hides is not None and hides.shape != self.values.shape:
            raise ValueError(f"a veil of {hides.shape} for {self.values.shape} cells")
        self.veil = None if hides is None else Pyramid(hides)

    def margins(self, look: Look, tight: bool = False) -> QMarginsF:
        """The room that the names need, measured once; in a `tight` place columns have none."""
        if self._margins is None:
            self._margins = margins(self.labels, look)
        found, self._tight = self._margins, tight
        return QMarginsF(found.left(), 0, 0, 0) if tight else found

    def words(self, row: int | None, column: int | None) -> tuple[str, str]:
        """Names and number of a cell, or of a whole row or column."""
        sides: tuple[tuple[Sequence[str], int | None], ...] = ((self.labels.rows, row), (self.labels.columns, column))
        names = [labels[at] if labels else f"{at:,}" for labels, at in sides if at is not None]
        number = number_text(float(self.values[row, column])) if row is not None and column is not None else ""
        return " · ".join(names), number

    def profile(self, across: bool, at: int | None) -> Profile:
        """One row (`across`) or column; where none is pointed at, the furthest number of each."""
        if at is not None:
            values = self.values[at] if across else self.values[:, at]
            return Profile(values, self.pyramid.signed, across, marked=True)
        if self._outlines is None:
            self._outlines = outline(self.pyramid, False), outline(self.pyramid, True)
        return self._outlines[across]

    def picture(self, plane: Plane, look: Look, size: QSize, ratio: float) -> QImage:
        """Cells and names at `ratio` real pixels to a logical one, nothing pointed at."""
        image = QImage(round(size.width() * ratio), round(size.height() * ratio), QImage.Format.Format_RGB32)
        image.fill(look.color("surface"))
        if self.values.size:
            painter = QPainter(image)
            corner = (plane.box.topLeft() * ratio).toPoint()
            painter.drawImage(corner, cells_image(self.pyramid, plane, self.colouring, look, ratio))
            if self.veil is not None:
                painter.drawImage(corner, veil_image(self.veil, plane, look.color("edge"), ratio))
            painter.scale(ratio, ratio)
            paint_lines(painter, plane, look.color("surface"))
            paint_labels(painter, plane, replace(self.labels, columns=()) if self._tight else self.labels, look)
            painter.end()
        image.setDevicePixelRatio(ratio)
        return image
