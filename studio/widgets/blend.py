"""Mixing colours of the theme."""

from collections.abc import Sequence

from PySide6.QtGui import QColor


def blend(color: QColor, ground: QColor, share: float) -> QColor:
    """`share` of a colour over a ground, opaque: see-through lines are slow and darken where they cross."""
    parts: Sequence[tuple[int, int]] = (
        (color.red(), ground.red()), (color.green(), ground.green()), (color.blue(), ground.blue())
    )  # fmt: skip
    return QColor(*(round(front * share + back * (1.0 - share)) for front, back in parts))
