"""The network as a drawing: from token ids to logits, with the real shapes of a configuration."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.parts.wording import count
from studio.widgets.blend import blend
from studio.widgets.look import CARD_CORNER, CORNER, Look

# The colour of each part of the ledger, here and in its rows; the large parts have the calmer ones.
PART_SERIES = {
    "Token embedding": 0, "Position embedding": 5, "Queries, keys, values": 2, "Attention output": 3,
    "Feed forward": 1, "Norms": 7, "Output head": 6,
}  # fmt: skip
_SHEETS, _STEP = 12, 2  # blocks behind the first one that are drawn, and pixels between two
_LANE = 22  # room for the residual line at the left of a block's boxes


@dataclass(frozen=True)
class Stone:
    """One thing on the way down: "box", "half" (two side by side), "plus" or "words"; `part` names its ledger row."""

    kind: str
    title: str = ""
    shape: str = ""
    part: str = ""
    inside: bool = False  # a block
    begins: bool = False  # a residual line starts above it


def stones(config: ModelConfig, vocabulary: int, batch: int) -> list[Stone]:
    """The way from ids to logits with the shapes of this configuration."""
    width, context, inner = config.emb_dim, config.context_length, config.feed_forward_dim
    vocab = str(vocabulary) if vocabulary else "?"
    flow = f"{batch} × {context} × {width}"
    heads = tr("{heads} heads × {width}", heads=config.n_heads, width=width // max(1, config.n_heads))
    tied = config.tie_embeddings
    return [
        Stone("words", tr("token ids"), f"{batch} × {context}"),
        Stone("half", tr("Token embedding"), f"{vocab} × {width}", "Token embedding"),
        Stone("half", tr("Positions"), f"{context} × {width}", "Position embedding"),
        Stone("plus", shape=flow),
        Stone("box", tr("Norm"), "", "Norms", True, True),
        Stone("box", tr("Queries, keys, values"), f"{width} → 3×{width}", "Queries, keys, values", True),
        Stone("box", tr("Attention"), heads, "", True),
        Stone("box", tr("Output"), f"{width} → {width}", "Attention output", True),
        Stone("plus", inside=True),
        Stone("box", tr("Norm"), "", "Norms", True, True),
        Stone("box", tr("Feed forward"), f"{width} → {inner} → {width}", "Feed forward", True),
        Stone("plus", inside=True),
        Stone("box", tr("Norm"), "", "Norms"),
        Stone("box", tr("Head, tied") if tied else tr("Output head"), f"{width} → {vocab}",
              "Token embedding" if tied else "Output head"),
        Stone("words", tr("logits"), f"{batch} × {context} × {vocab}"),
    ]  # fmt: skip


_HEIGHTS = {"words": 16, "half": 38, "plus": 16, "box": 25}
_GAP, _PAD, _CAPTION = 8, 10, 24


class ModelDrawing(QWidget):
    """Draws a configuration; `pointed` names the ledger part under the mouse, `light` shows one from outside."""

    pointed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._stones: list[Stone] = []
        self._layers, self._lit = 1, ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Drawing of the network"))
        look.changed.connect(self.update)

    def set_model(self, config: ModelConfig, vocabulary: int, batch: int) -> None:
        """Show these shapes; a vocabulary of 0 is not known yet."""
        self._stones = stones(config, vocabulary, batch)
        self._layers = max(1, config.n_layers)
        said = (f"{stone.title} {stone.shape}".strip() for stone in self._stones if stone.title)
        blocks = tr("{count} blocks of:", count=count(self._layers))
        self.setAccessibleDescription(f"{blocks} {', '.join(said)}")
        self.update()

    def light(self, part: str) -> None:
        """Bring one part forward; empty shows all alike."""
        if part != self._lit:
            self._lit = part
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 460)

    def minimumSizeHint(self) -> QSize:
        return QSize(256, 400)

    # --- where everything is --------------------------------------------------------------------------------------

    def places(self) -> list[QRectF]:
        """The rectangle of every stone at the present size, in their order."""
        scale = self._scale()
        width = min(float(self.width()), 460.0)
        left = (self.width() - width) / 2
        top = max(0.0, (self.height() - self._natural() * scale) / 2)
        sheets = self._sheets()
        found: list[QRectF] = []
        for place, stone in enumerate(self._stones):
            before = self._stones[place - 1] if place else None
            if before is not None and stone.inside != before.inside:
                top += (_PAD + (_CAPTION if stone.inside else sheets)) * scale
            height = _HEIGHTS[stone.kind] * scale
            start, room = left + _LANE, width - 2 * _LANE
            if stone.kind == "half":
                second = before is not None and before.kind == "half"
                half = (width - sheets - 8) / 2
                found.append(QRectF(left + (half + 8 if second else 0), top, half, height))
                top += (height + _GAP * scale) if second else 0.0
                continue
            if (not stone.inside and stone.kind == "box") or stone.kind != "box":
                start, room = left, width - sheets
            else:
                room = width - sheets - _LANE - _PAD
            found.append(QRectF(start, top, room, height))
            top += height + _GAP * scale
        return found

    def _natural(self) -> float:
        """Height of the drawing at scale 1."""
        rows = [stone for place, stone in enumerate(self._stones) if place == 0 or stone.kind != "half"
                or self._stones[place - 1].kind != "half"]  # fmt: skip
        heights = sum(_HEIGHTS[stone.kind] + _GAP for stone in rows) - _GAP
        return heights + 2 * _PAD + _CAPTION + self._sheets()

    def _scale(self) -> float:
        return min(max(self.height() / max(1.0, self._natural()), 0.8), 1.6)

    def _sheets(self) -> int:
        """Pixels that the stack of blocks takes to the right and below."""
        return _STEP * min(self._layers - 1, _SHEETS)

    # --- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The stack of blocks, the lines, then the boxes."""
        if not self._stones:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self.places()
        self._paint_block(painter, places)
        self._paint_lines(painter, places)
        for stone, place in zip(self._stones, places, strict=True):
            if stone.kind == "plus":
                self._paint_plus(painter, stone, place)
            elif stone.kind == "words":
                self._paint_words(painter, stone, place)
            else:
                self._paint_box(painter, stone, place)
        painter.end()

    def _frame(self, places: list[QRectF]) -> QRectF:
        """Around everything inside a block."""
        scale = self._scale()
        inside = [place for stone, place in zip(self._stones, places, strict=True) if stone.inside]
        whole = places[0]
        top, bottom = inside[0].top() - (_CAPTION + 2) * scale, inside[-1].bottom() + (_PAD - 4) * scale
        return QRectF(whole.left(), top, whole.width(), bottom - top)

    def _paint_block(self, painter: QPainter, places: list[QRectF]) -> None:
        frame = self._frame(places)
        painter.setPen(QPen(self.look.color("line"), 1))
        painter.setBrush(self.look.color("surface"))
        for sheet in range(self._sheets(), -1, -_STEP):
            painter.drawRoundedRect(
                frame.translated(sheet, sheet).adjusted(0.5, 0.5, -0.5, -0.5), CARD_CORNER, CARD_CORNER
            )
        painter.setFont(self.look.font(11))
        painter.setPen(self.look.color("text_quiet"))
        caption = QRectF(frame.left() + _PAD, frame.top(), frame.width() - 2 * _PAD, _CAPTION * self._scale())
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(caption, int(Qt.AlignmentFlag.AlignLeft | middle), tr("Block"))
        painter.setFont(self.look.font(13, 600))
        painter.setPen(self.look.color("text"))
        painter.drawText(caption, int(Qt.AlignmentFlag.AlignRight | middle), f"× {self._layers}")

    def _paint_lines(self, painter: QPainter, places: list[QRectF]) -> None:
        """One line down through everything, and around each part of a block the residual that is added again."""
        painter.setPen(QPen(self.look.color("edge"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = self._middle(places)
        joined = places[3].center().y()
        for half in places[1:3]:
            painter.drawLine(QPointF(half.center().x(), places[0].bottom() + 2), QPointF(half.center().x(), joined))
        painter.drawLine(QPointF(places[1].center().x(), joined), QPointF(places[2].center().x(), joined))
        painter.drawLine(QPointF(middle, joined), QPointF(middle, places[-1].top() - 1))
        start = 0.0
        for stone, place in zip(self._stones, places, strict=True):
            if stone.begins:
                start = place.top() - 4 * self._scale()
            elif stone.kind == "plus" and stone.inside:
                lane = place.left() + _LANE / 2
                path = QPainterPath(QPointF(middle, start))
                path.lineTo(lane + 6, start)
                path.quadTo(lane, start, lane, start + 6)
                path.lineTo(lane, place.center().y() - 6)
                path.quadTo(lane, place.center().y(), lane + 6, place.center().y())
                path.lineTo(middle, place.center().y())
                painter.drawPath(path)

    def _middle(self, places: list[QRectF]) -> float:
        return next(place.center().x() for stone, place in zip(self._stones, places, strict=True) if stone.begins)

    def _paint_plus(self, painter: QPainter, stone: Stone, place: QRectF) -> None:
        middle = QPointF(self._middle(self.places()), place.center().y())
        painter.setPen(QPen(self.look.color("edge"), 1))
        painter.setBrush(self.look.color("surface"))
        painter.drawEllipse(middle, 7, 7)
        painter.drawLine(middle - QPointF(3.5, 0), middle + QPointF(3.5, 0))
        painter.drawLine(middle - QPointF(0, 3.5), middle + QPointF(0, 3.5))
        if stone.shape:
            painter.setFont(self.look.font(11, mono=True))
            painter.setPen(self.look.color("text_quiet"))
            room = place.adjusted(middle.x() - place.left() + 12, 10, 0, 10)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), stone.shape)

    def _paint_words(self, painter: QPainter, stone: Stone, place: QRectF) -> None:
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(self.look.color("text_quiet"))
        painter.setFont(self.look.font(11))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft) | middle, stone.title)
        painter.setFont(self.look.font(11, mono=True))
        painter.drawText(place, int(Qt.AlignmentFlag.AlignRight) | middle, stone.shape)

    def _paint_box(self, painter: QPainter, stone: Stone, place: QRectF) -> None:
        look, quiet = self.look, bool(self._lit) and stone.part != self._lit
        ground, edge = look.color("surface"), look.color("line")
        if stone.part:
            series = PART_SERIES.get(stone.part, 7)
            color, strength = look.color(series), 0.4 if quiet else 1.0
            share = 0.10 if series == 7 else 0.26 if look.theme.dark else 0.18  # grey is heavier than colours
            ground = blend(color, look.color("surface"), strength * share)
            edge = blend(color, look.color("surface"), strength * (0.4 if series == 7 else 0.7))
        painter.setBrush(ground)
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)
        inside, middle = place.adjusted(8, 0, -8, 0), int(Qt.AlignmentFlag.AlignVCenter)
        title, shape = inside, inside
        if stone.kind == "half":
            half = inside.height() / 2
            title, shape = inside.adjusted(0, 3, 0, -half + 1), inside.adjusted(0, half - 1, 0, -3)
            side = int(Qt.AlignmentFlag.AlignLeft)
        else:
            side = int(Qt.AlignmentFlag.AlignRight)
        painter.setPen(look.color("text_quiet" if quiet else "text"))
        painter.setFont(look.font(13))
        painter.drawText(title, int(Qt.AlignmentFlag.AlignLeft) | middle, stone.title)
        painter.setFont(look.font(11, mono=True))
        painter.setPen(look.color("text_quiet"))
        painter.drawText(shape, side | middle, stone.shape)

    # --- pointing -------------------------------------------------------------------------------------------------

    def part_at(self, point: QPointF) -> str:
        """The ledger part drawn at a point, or empty."""
        for stone, place in zip(self._stones, self.places(), strict=True):
            if place.contains(point) and stone.part:
                return stone.part
        return ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up what is under the mouse, and tell."""
        part = self.part_at(event.position())
        if part != self._lit:
            self.light(part)
            self.pointed.emit(part)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        if self._lit:
            self.light("")
            self.pointed.emit("")
