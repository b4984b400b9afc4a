"""How a map stands on the page: tools above it, the line of colours under it, cards beside it."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.side_column import SideColumn

SIDE = 292  # pixels of the cards


def put_colours_under(card: Card, choices: Sequence[QWidget], legend: QWidget) -> None:
    """The choices of a colour and what the colours mean, as the last line of the map's card."""
    line = QHBoxLayout()
    line.setSpacing(12)
    line.addWidget(Label(tr("colour"), "small"))
    for choice in choices:
        line.addWidget(choice)
    line.addWidget(legend, 1)
    card.body.addLayout(line)


def lay_out_map(view: QWidget, above: Sequence[QWidget], card: Card, beside: Sequence[QWidget]) -> None:
    """The whole view."""
    left = QVBoxLayout()
    left.setSpacing(8)
    for widget in above:
        left.addWidget(widget)
    left.addWidget(card, 1)
    row = QHBoxLayout(view)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(16)
    row.addLayout(left, 1)
    row.addWidget(SideColumn(list(beside), SIDE))
