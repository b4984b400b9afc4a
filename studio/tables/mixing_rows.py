"""The sources of a mixture, one a line: in or out, its weight, and what comes of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from studio.controls.editors import Switch
from studio.controls.number_edit import NumberEdit
from studio.core.language import tr
from studio.parts.wording import short_count
from studio.rows.mixing import Part
from studio.store.corpus import Text
from studio.views.bars import percent_text
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset
    from studio.store.mixed_texts import Weighed

    Source = Text | Dataset

OFTEN = 4  # epochs from which a model begins to learn by heart (Muennighoff et al. 2023, section 6)
_HEADS = ("", "Source", "Size", "Weight", "Share", "", "Tokens", "Read")
_TIPS = {
    "Size": "Characters that a model reads, with the end of text behind each document.",
    "Weight": "It begins as the size in thousands of characters. Only the proportions count.",
    "Share": "The part of the mixture, of its characters.",
    "Tokens": "About so many, by the beginning of the source and the tokenizer of the next run.",
    "Read": "How often the source is read from its beginning to its end.",
}


def title_of(source: "Source") -> str:
    """How a source is named."""
    return source.name if isinstance(source, Text) else source.title


class ShareLine(QWidget):
    """A thin bar."""

    def __init__(self, look: Look, series: int) -> None:
        super().__init__()
        self.look, self.series, self.share = look, series, 0.0
        self.setMinimumWidth(60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def set_share(self, share: float) -> None:
        """Fill so much of it."""
        self.share = share
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.look.color("line"))
        painter.drawRoundedRect(QRectF(0, 1, self.width(), 6), 3, 3)
        if self.share:
            painter.setBrush(self.look.color(self.series))
            painter.drawRoundedRect(QRectF(0, 1, max(6.0, self.width() * self.share), 6), 3, 3)
        painter.end()


@dataclass
class _Line:
    source: "Source"
    switch: Switch
    name: ElidedLabel
    size: Label
    weight: NumberEdit
    share: Label
    bar: ShareLine
    tokens: Label
    read: Label
    weighed: "Weighed | None" = None


class MixingRows(QWidget):
    """`changed` says that a person turned a source on or off, or gave it another weight."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.lines: list[_Line] = []
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for column, words in enumerate(_HEADS):
            head = Label(tr(words) if words else "", "small")
            head.setToolTip(tr(_TIPS[words]) if words in _TIPS else "")
            if column in (2, 3, 4, 6, 7):
                head.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(head, 0, column)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(5, 2)

    def set_sources(self, sources: "list[Source]", chosen: "list[Source]") -> None:
        """Offer these; called once."""
        for place, source in enumerate(sources):
            line = self._line(source, place)
            line.switch.set_value(source in chosen)
            self.lines.append(line)
            parts = (line.switch, line.name, line.size, line.weight, line.share, line.bar, line.tokens, line.read)
            for column, widget in enumerate(parts):
                self._grid.addWidget(widget, place + 1, column, Qt.AlignmentFlag.AlignVCenter)
        self._grid.setRowStretch(len(sources) + 1, 1)

    def _line(self, source: "Source", place: int) -> _Line:
        title = title_of(source)
        switch = Switch(self.look)
        switch.setAccessibleName(tr("Take {name} into the mixture", name=title))
        switch.changed.connect(self.changed)
        weight = NumberEdit(self.look, whole=False)
        weight.minimum, weight.default = 0, 1
        weight.setFixedWidth(92)
        weight.setAccessibleName(tr("Weight of {name}", name=title))
        weight.changed.connect(self.changed)
        line = _Line(source, switch, ElidedLabel(title), Label("…", "quiet"), weight, Label("", "strong"),
                     ShareLine(self.look, place % 8), Label(""), Label(""))  # fmt: skip
        for label in (line.size, line.share, line.tokens, line.read):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setMinimumWidth(52)
        return line

    def set_weighed(self, weighed: "list[Weighed]") -> None:
        """How much each is; a weight that nobody typed yet follows it."""
        for line, found in zip(self.lines, weighed, strict=True):
            line.weighed = found
            line.size.setText(short_count(found.characters))
            if not line.weight.value():
                line.weight.set_value(float(f"{max(found.characters, 1) / 1_000:.3g}"))

    @property
    def taken(self) -> "list[_Line]":
        """The lines that are in."""
        return [line for line in self.lines if line.switch.value()]

    def show_parts(self, parts: "list[Part]") -> None:
        """What comes of the lines that are in, in their order."""
        found = dict(zip(map(id, self.taken), parts, strict=False))
        for line in self.lines:
            part = found.get(id(line))
            for widget in (line.name, line.size, line.weight, line.bar):
                widget.setEnabled(line in self.taken)
            line.bar.set_share(part.share if part else 0.0)
            line.share.setText(percent_text(part.share) if part else "")
            rate = line.weighed.tokens_per_character if line.weighed else None
            line.tokens.setText(short_count(part.characters * rate) if part and rate is not None else "")
            line.read.setText(tr("{times} ×", times=f"{part.epochs:.2f}") if part else "")
            often = part is not None and part.epochs > OFTEN
            line.read.set_role("warning" if often else "")
            line.read.setToolTip(tr("Read so often, a model begins to learn it by heart.") if often else "")
