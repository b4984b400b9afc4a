"""Three small experiments of the course, computed anew for this model: its norm, its bend, and shortcuts."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.wording import small_number
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look
from studio.workshop.plots import BarGroup, BarPlot, LinePlot, PlotLine, Swatch

DEMONSTRATE = "studio.engine.demonstrations:demonstrate"
TABS = (("norm", "Norm"), ("bends", "GELU and ReLU"), ("shortcuts", "Shortcuts"))
DEPTHS = (5, 8, 12)
BENDS = {"gelu_tanh": "GELU", "gelu": "GELU, exact", "relu": "ReLU", "silu": "SiLU"}
_SERIES = {"gelu_tanh": 0, "relu": 1, "silu": 2, "gelu": 3}
_BOOK_SEED = 123
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WAITING = "Computed here as soon as PyTorch is loaded."


class DemonstrationCard(Card):
    """`set_model` computes what this model's norm and activation do; each tab says what to look for."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Try it"), look, parent)
        self._session, self._look = session, look
        self._model: ModelConfig | None = None
        self._asked: tuple[Any, ...] = ()
        self.found: dict[str, Any] = {}
        self._seed = _BOOK_SEED
        self.tabs = Segmented([(name, tr(words)) for name, words in TABS], look, tr("Experiment"))
        self.tabs.changed.connect(self._show_tab)
        self.header.addWidget(self.tabs)
        self.words = Label(tr(_WAITING), "small", wrap=True)
        self.body.addWidget(self.words)
        self.pages = {"norm": self._norm_page(), "bends": self._bends_page(), "shortcuts": self._shortcuts_page()}
        for page in self.pages.values():
            self.body.addWidget(page, 1)
        self._show_tab("norm")

    def _norm_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self.cells: dict[tuple[int, int], Label] = {}
        for row in range(7):
            for place in range(3):
                label = ElidedLabel("", "quiet" if row == 0 or place == 0 else "mono")
                if place:
                    label.setAlignment(_RIGHT)
                self._grid.addWidget(label, row, place)
                self.cells[row, place] = label
        column.addLayout(self._grid)
        line = QHBoxLayout()
        self.other = Button(tr("Other numbers"), self._roll, self._look, "link").set_small()
        self.book = Button(tr("The book's"), self._back, self._look, "link").set_small()
        line.addWidget(self.other)
        line.addWidget(self.book)
        line.addStretch(1)
        column.addLayout(line)
        column.addStretch(1)
        return page

    def _bends_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.legend = QHBoxLayout()
        self.legend.setSpacing(8)
        self.legend.addStretch(1)
        column.addLayout(self.legend)
        self._legend: list[QWidget] = []
        row = QHBoxLayout()
        self.curves = LinePlot(self._look, tr("What comes out"), small_number)
        self.slopes = LinePlot(self._look, tr("Slope, which the gradient is multiplied with"), small_number)
        for plot, title in ((self.curves, tr("out")), (self.slopes, tr("slope"))):
            half = QVBoxLayout()
            half.setSpacing(2)
            half.addWidget(Label(title, "small"))
            half.addWidget(plot, 1)
            row.addLayout(half, 1)
        column.addLayout(row, 1)
        return page

    def _shortcuts_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        line.setSpacing(8)
        for words, series in ((tr("without"), 1), (tr("with shortcuts"), 2)):
            line.addWidget(Swatch(self._look, series))
            line.addWidget(Label(words, "small"))
        line.addStretch(1)
        line.addWidget(Label(tr("layers"), "small"))
        self.layers = Segmented([(str(depth), str(depth)) for depth in DEPTHS], self._look, tr("Layers"))
        self.layers.changed.connect(self._ask)
        line.addWidget(self.layers)
        column.addLayout(line)
        self.bars = BarPlot(self._look, tr("Mean gradient of each layer's weights"), small_number, (1, 2))
        column.addWidget(self.bars, 1)
        return page

    # --- computing ------------------------------------------------------------------------------------------------

    def set_model(self, model: ModelConfig) -> None:
        """Compute for this model, once torch is there."""
        self._model = model
        self._ask()

    def _ask(self) -> None:
        model = self._model
        if model is None or self._session.torch_state != "ready":
            return
        wish = (model.norm, model.norm_eps, model.norm_offset, model.activation, self.layers.value(), self._seed)
        if wish == self._asked:
            return
        self._asked = wish
        job = self._session.jobs.start(
            DEMONSTRATE, model, int(self.layers.value()), self._seed, lane="demonstrations of the model"
        )
        job.succeeded.connect(self.show_found)
        job.failed.connect(self._refused)

    def _refused(self, error: StudioError) -> None:
        self.words.setText(str(error))

    def _roll(self) -> None:
        self._seed += 1
        self._ask()

    def _back(self) -> None:
        self._seed = _BOOK_SEED
        self._ask()

    # --- showing --------------------------------------------------------------------------------------------------

    def _show_tab(self, name: str) -> None:
        for other, page in self.pages.items():
            page.setVisible(other == name and bool(self.found))
        self.words.setText(self._sentence(name) if self.found else tr(_WAITING))

    def show_found(self, found: dict[str, Any]) -> None:
        """What the job brought: see `engine.demonstrations.demonstrate`."""
        self.found = found
        self._show_norm()
        self._show_bends()
        self._show_shortcuts()
        self._show_tab(self.tabs.value())

    def _sentence(self, tab: str) -> str:
        if tab == "norm":
            if self._model is not None and self._model.norm == "rms":
                return tr("Six numbers a token before and after this model's RMSNorm: the length becomes 1.")
            return tr("Six numbers a token before and after this model's LayerNorm: mean 0, variance 1.")
        if tab == "bends":
            return tr("ReLU is flat below 0, and a neuron there learns nothing; the others keep a slope.")
        first = self.found["shortcuts"]
        ratio = first.with_them[0] / first.without[0] if first.without[0] else 0.0
        return tr("The first layer hears the loss {times} times louder with shortcuts.", times=small_number(ratio))

    def _show_norm(self) -> None:
        rows: list[tuple[str, str, str]] = [("", tr("before"), tr("after"))]
        for at, one in enumerate(self.found["norm"]):
            name = tr("Token {number}", number=at + 1)
            for words, pair in ((tr("mean"), one.mean), (tr("variance"), one.variance), (tr("length"), one.length)):
                rows.append((f"{name}, {words}", f"{_plain(pair[0])}", f"{_plain(pair[1])}"))
        for row, words_of_row in enumerate(rows):
            for place, words in enumerate(words_of_row):
                self.cells[row, place].setText(words)
        self.book.setVisible(self._seed != _BOOK_SEED)

    def _show_bends(self) -> None:
        bends = self.found["bends"]
        below = (small_number(bends[0].x[0]), small_number(bends[0].x[-1]))
        for plot, name in ((self.curves, "y"), (self.slopes, "slope")):
            plot.set_lines(
                [PlotLine(BENDS[one.name], one.x, getattr(one, name), _SERIES[one.name]) for one in bends], below
            )
        for old in self._legend:
            old.deleteLater()
        self._legend = []
        for one in bends:
            own = self._model is not None and one.name == self._model.activation
            words = tr("{name}, this model's", name=BENDS[one.name]) if own else BENDS[one.name]
            self._legend += [Swatch(self._look, _SERIES[one.name]), Label(words, "small")]
        for place, widget in enumerate(self._legend):
            self.legend.insertWidget(place, widget)

    def _show_shortcuts(self) -> None:
        found = self.found["shortcuts"]
        pairs = zip(found.without, found.with_them, strict=True)
        self.bars.set_groups([BarGroup(str(at + 1), pair) for at, pair in enumerate(pairs)])


def _plain(value: float) -> str:
    """Four decimals, without the minus that rounding leaves before 0."""
    text = f"{value:.4f}"
    return text.removeprefix("-") if float(text) == 0 else text
