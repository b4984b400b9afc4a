"""The two thin matrices beside the wide one, to scale, and every kind of layer as a tile that can be chosen."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.core.adapter_costs import Kind
from studio.core.language import tr
from studio.parts.wording import count
from studio.views.share_bar import percent
from studio.widgets.look import CORNER, Look

A_SERIES, B_SERIES = 0, 1
_TILE, _LARGE_TILE, _LABEL, _GAP = 58, 92, 18, 10  # pixels: a tile's height, its name below, space above the tiles
_LEAST, _WIDEST = 36, 104  # width of a tile
_SUM, _WORD = 20, 16  # heights of the line below the picture and of a name beside a matrix
_MARKS = 56  # width of "+ 2 ×" between the wide matrix and the thin ones


class ThinMatrices(QWidget):
    """Shows W and the product beside it for the kind that is pointed at; `toggled` names a tile that was pressed.

    Left and Right go along the tiles, Space and Enter press one. A line thinner than a pixel is drawn as one pixel.
    """

    pointed = Signal(str)
    toggled = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.kinds: tuple[Kind, ...] = ()
        self.chosen: frozenset[str] = frozenset()
        self.rank, self.scale = 1, 1.0
        self._at, self._hovered = 0, -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Thin matrices beside the wide one"))
        look.changed.connect(self.update)

    def set_plan(self, kinds: Sequence[Kind], chosen: Collection[str], rank: int, scale: float) -> None:
        """Draw these layers; `chosen` names those with an adapter, whose product is multiplied by `scale`."""
        before = self.shown.name if self.kinds else ""
        self.kinds, self.chosen = tuple(kinds), frozenset(chosen)
        self.rank, self.scale = max(1, rank), scale
        names = [kind.name for kind in self.kinds]
        first = next((at for at, name in enumerate(names) if name in self.chosen), 0)
        self._at = names.index(before) if before in names else first
        self._tell()
        self.update()

    @property
    def shown(self) -> Kind:
        """The kind that is drawn large."""
        return self.kinds[self._hovered if 0 <= self._hovered < len(self.kinds) else self._at]

    def words(self) -> str:
        """The sum of the kind that is drawn large, in words."""
        kind, rank = self.shown, self.rank
        whole, thin = kind.inputs * kind.outputs, rank * (kind.inputs + kind.outputs)
        if kind.name not in self.chosen:
            return tr("{name}: {whole} weights stay as they are", name=kind.name, whole=count(whole))
        return tr(
            "{rank} × ({inputs} + {outputs}) = {thin} · {share}", rank=count(rank), inputs=count(kind.inputs),
            outputs=count(kind.outputs), thin=count(thin), share=percent(thin, whole),
        )  # fmt: skip

    def _tell(self) -> None:
        self.setAccessibleDescription(f"{self.shown.name}: {self.words()}" if self.kinds else "")

    def sizeHint(self) -> QSize:
        return QSize(300, 250)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 216)

    # --- places ---------------------------------------------------------------------------------------------------

    def tile(self, index: int) -> QRectF:
        """Where the tile of a kind lies."""
        width = min(_WIDEST, max(_LEAST, self.width() / max(1, len(self.kinds))))
        high = self._high() + _LABEL
        return QRectF(index * width, self.height() - high, width - 4, high)

    def _high(self) -> float:
        """A tile without its name: larger where there is much room."""
        return min(_LARGE_TILE, max(_TILE, self.height() * 0.15))

    def index_at(self, point: QPointF) -> int:
        """The tile at a point, or -1."""
        return next((at for at in range(len(self.kinds)) if self.tile(at).contains(point)), -1)

    def places(self) -> tuple[QRectF, QRectF, QRectF]:
        """W, B and A of the large picture, all in one scale; nothing is thinner than a pixel."""
        kind, rank = self.shown, self.rank
        room = QRectF(0, _WORD, self.width(), self.tile(0).top() - _GAP - _SUM - 2 * _WORD)
        each = min((room.width() - _MARKS - 12) / (2 * kind.inputs + rank), room.height() / max(kind.outputs, rank))
        wide, high, thin = (max(1.0, size * each) for size in (kind.inputs, kind.outputs, rank))
        left = max(0.0, (room.width() - 2 * wide - thin - _MARKS - 8) / 2)
        top = room.top() + max(0.0, (room.height() - max(high, thin)) / 2)
        w = QRectF(left, top, wide, high)
        b = QRectF(w.right() + _MARKS, top, thin, high)
        return w, b, QRectF(b.right() + 8, top, wide, thin)

    # --- painting -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The large picture, its sum, the tiles."""
        if not self.kinds:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_large(painter)
        for index in range(len(self.kinds)):
            self._paint_tile(painter, index)
        painter.end()

    def _paint_large(self, painter: QPainter) -> None:
        kind, (w, b, a) = self.shown, self.places()
        has = kind.name in self.chosen
        color = self.look.color
        _box(painter, w, color("raised"), color("edge"))
        painter.setFont(self.look.font(11))
        painter.setPen(color("text_quiet"))
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        middle = int(Qt.AlignmentFlag.AlignCenter)
        painter.drawText(QRectF(w.left(), w.top() - _WORD, 200, _WORD), left, _size("W", kind.outputs, kind.inputs))
        painter.drawText(w, middle, tr("frozen") if w.width() > 48 and w.height() > 16 else "")
        if has:
            for area, series in ((b, B_SERIES), (a, A_SERIES)):
                painter.fillRect(area, color(series))
            marks = QRectF(w.right(), w.center().y() - 10, _MARKS, 20)
            painter.setPen(color("text"))
            painter.drawText(marks, middle, f"+ {self.scale:.3g} ×")
            painter.setPen(color("text_quiet"))
            painter.drawText(
                QRectF(a.left(), a.top() - _WORD, self.width() - a.left(), _WORD), left,
                _size("A", self.rank, kind.inputs),
            )  # fmt: skip
            painter.drawText(
                QRectF(b.left() - 20, b.bottom(), self.width(), _WORD), left, _size("B", kind.outputs, self.rank)
            )
        painter.setFont(self.look.font(11, mono=True))
        painter.setPen(color("text" if has else "text_quiet"))
        below = QRectF(0, max(w.bottom(), a.bottom() if has else 0.0) + _WORD, self.width(), _SUM)
        words = painter.fontMetrics().elidedText(self.words(), Qt.TextElideMode.ElideRight, int(below.width()))
        painter.drawText(below, middle, words)

    def _paint_tile(self, painter: QPainter, index: int) -> None:
        kind, area, color = self.kinds[index], self.tile(index), self.look.color
        has, shown = kind.name in self.chosen, kind is self.shown
        if shown:
            _box(painter, area, color("raised"), color("accent" if self.hasFocus() else "line"), CORNER)
        largest = max(max(one.inputs, one.outputs) for one in self.kinds if one.name != "lm_head")
        tall = self._high()
        each = min(area.width() - 16, tall - 16) / largest
        wide, high = (min(tall - 12.0, max(2.0, size * each)) for size in (kind.inputs, kind.outputs))
        thin = min(max(1.5, self.rank * each), wide, high)  # a rank that does not fit is said elsewhere
        w = QRectF(area.center().x() - wide / 2, area.top() + (tall - high) / 2 + 2, wide, high)
        _box(painter, w, color("surface" if shown else "raised"), color("edge" if has else "line"))
        if has:
            painter.fillRect(QRectF(w.left() - thin - 2, w.top(), thin, high), color(B_SERIES))
            painter.fillRect(QRectF(w.left(), w.top() - thin - 2, wide, thin), color(A_SERIES))
        if kind.outputs * each > high:  # cut: an output head is far higher than any other layer
            painter.fillRect(QRectF(w.left() - thin - 3, w.center().y(), wide + thin + 6, 2.5), color("surface"))
        painter.setFont(self.look.font(11, 600 if shown else 400))
        painter.setPen(color("text" if has else "text_quiet"))
        name = QRectF(area.left(), area.bottom() - _LABEL, area.width(), _LABEL - 2)
        short = painter.fontMetrics().elidedText(short_name(kind.name), Qt.TextElideMode.ElideRight, int(name.width()))
        painter.drawText(name, int(Qt.AlignmentFlag.AlignCenter), short)

    # --- pointer and keyboard -------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """What is under the pointer is drawn large."""
        self._hover(self.index_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press takes a kind in or out."""
        if (index := self.index_at(event.position())) >= 0:
            self._at = index
            self.toggled.emit(self.kinds[index].name)

    def leaveEvent(self, event: QEvent) -> None:
        """Back to the one that the keyboard is on."""
        self._hover(-1)

    def event(self, event: QEvent) -> bool:
        """A tile says how many layers it stands for."""
        if event.type() == QEvent.Type.ToolTip and self._hovered >= 0:
            kind = self.kinds[self._hovered]
            words = tr(
                "{name}: {count} layers, each {outputs} × {inputs}. Click to take them in or out.", name=kind.name,
                count=kind.count, outputs=count(kind.outputs), inputs=count(kind.inputs),
            )  # fmt: skip
            QToolTip.showText(self.mapToGlobal(self.tile(self._hovered).bottomLeft().toPoint()), words, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go along the tiles; Space and Enter press one."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and self.kinds:
            self._at = min(max(self._at + steps[Qt.Key(event.key())], 0), len(self.kinds) - 1)
            self._hovered = -1
            self._point()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.kinds:
            self.toggled.emit(self.kinds[self._at].name)
        else:
            super().keyPressEvent(event)

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self._point()

    def _point(self) -> None:
        self._tell()
        self.update()
        if self.kinds:
            self.pointed.emit(self.shown.name)


def short_name(kind: str) -> str:
    """A kind of layer under its tile: q, gate, head."""
    return {"lm_head": tr("head")}.get(kind, kind.removesuffix("_proj"))


def _size(name: str, rows: int, columns: int) -> str:
    return f"{name}  {count(rows)} × {count(columns)}"


def _box(painter: QPainter, area: QRectF, ground: QColor, edge: QColor, corner: float = 2.0) -> None:
    painter.setPen(QPen(edge, 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), corner, corner)
