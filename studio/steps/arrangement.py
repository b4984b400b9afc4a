"""Where the matrices of a station stand: in a line like a written equation, all rows at one height."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from studio.steps.matrix_picture import BAR, TITLE, MatrixPicture, Placed
from studio.steps.stages import Stage
from studio.widgets.look import Look

_CELL_WIDE, _CELL_HIGH = 104.0, 72.0  # most pixels of one cell
_NARROWEST, _SIGN = 40.0, 20.0  # of a matrix; at each side of a sign
_FADE = 0.35  # share of the way on which a matrix fades
_WIDEST = 2.4  # times its height, that a matrix of many columns may take


@dataclass(frozen=True)
class Sign:
    """What stands between two matrices."""

    text: str
    box: QRectF


@dataclass(frozen=True)
class Arrangement:
    """A station on the canvas."""

    placed: tuple[Placed, ...] = ()
    signs: tuple[Sign, ...] = ()

    def box_of(self, key: str) -> QRectF | None:
        """Where the cells of a matrix are, None where it is not shown."""
        return next((one.box for one in self.placed if one.key == key), None)


def arrange(stage: Stage, pictures: Mapping[str, MatrixPicture], area: QRectF, look: Look) -> Arrangement:
    """Share out the area among a station's matrices."""
    shown = [pictures[term.key] for term in stage.terms]
    metrics = QFontMetricsF(look.font(20))
    signs = [metrics.horizontalAdvance(term.sign) + _SIGN if index else 0.0 for index, term in enumerate(stage.terms)]
    gutters = [one.gutter() if term.named else 0.0 for term, one in zip(stage.terms, shown, strict=True)]
    room = area.width() - sum(signs) - sum(gutters)
    widths = _widths(shown, room, area.height() - TITLE - BAR - 16)
    band = max(one.band(width / one.matrix.values.shape[1]) for one, width in zip(shown, widths, strict=True))
    height = max(40.0, area.height() - TITLE - BAR - band)
    heights = [min(height, _CELL_HIGH * len(one.matrix.values)) for one in shown]
    tallest = max(heights)
    top = area.top() + TITLE + band + max(0.0, (height - tallest) * 0.35)
    left = area.left() + max(0.0, (room - sum(widths)) / 2)
    placed, marks = [], []
    for term, sign, gutter, width, high in zip(stage.terms, signs, gutters, widths, heights, strict=True):
        if sign and term.sign:
            marks.append(Sign(term.sign, QRectF(left, top, sign, tallest)))
        left += sign + gutter
        placed.append(Placed(term.key, QRectF(round(left), round(top), round(width), round(high)), term.named, band))
        left += width
    return Arrangement(tuple(placed), tuple(marks))


def _widths(shown: Sequence[MatrixPicture], room: float, height: float) -> list[float]:
    """What each would like, brought down together until they fit."""
    wished = [
        max(_NARROWEST, min(_CELL_WIDE * one.matrix.values.shape[1], _WIDEST * max(height, 120.0))) for one in shown
    ]
    share = min(1.0, room / sum(wished))
    return [max(_NARROWEST, wide * share) for wide in wished]


def between(start: Arrangement, end: Arrangement, share: float) -> list[tuple[Placed, float]]:
    """Each matrix on its way from one station to the next, with its opacity: what both show moves, the rest fades.

    First the old ones go, then what stays moves over, then the new ones come.
    """
    moved, found = _smooth((share - 0.2) / 0.6), []
    for one in start.placed:
        other = next((then for then in end.placed if then.key == one.key), None)
        if other is not None:
            found.append((Placed(one.key, _mixed(one.box, other.box, moved), other.named, other.band), 1.0))
        else:
            found.append((one, max(0.0, 1.0 - share / _FADE)))
    kept = {one.key for one in start.placed}
    found += [(one, max(0.0, 1.0 - (1.0 - share) / _FADE)) for one in end.placed if one.key not in kept]
    return found


def _smooth(share: float) -> float:
    """From 0 to 1, slow at both ends."""
    inside = min(max(share, 0.0), 1.0)
    return inside * inside * (3.0 - 2.0 * inside)


def _mixed(one: QRectF, other: QRectF, share: float) -> QRectF:
    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    return QRectF(
        mix(one.left(), other.left()), mix(one.top(), other.top()),
        mix(one.width(), other.width()), mix(one.height(), other.height()),
    )  # fmt: skip
