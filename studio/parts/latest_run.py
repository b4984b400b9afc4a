"""The newest run at a glance: how its loss fell, and the last text it wrote."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy

from studio.core.language import tr
from studio.curves.sparkline import Sparkline
from studio.live.run_model import RunModel
from studio.parts.plain_text import PlainText
from studio.parts.wording import count, loss
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_LEAST, _MOST = 96, 240  # pixels of height of the curve and of the text

_FRAME = 84  # pixels of the card that are not the curve


class LatestRun(Card):
    """Shows one run; before the first one it says what will stand here."""

    open_requested = Signal(object)  # RunModel

    def __init__(self, look: Look) -> None:
        super().__init__(tr("The newest run"), look)
        self.run: RunModel | None = None
        self.open = Button(tr("Open"), self._open, look, "link").set_small()
        self.header.addWidget(self.open)
        self.curve = Sparkline(look, 0)
        self.text = PlainText(look, tr("Text the newest run wrote last"))
        for widget in (self.curve, self.text):
            widget.setMinimumHeight(_LEAST)
            widget.setMaximumHeight(_MOST)
            widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)  # asks for no more, takes it
        self.losses, self.wrote = Label("", "small"), Label("", "small")
        self.nothing = Label(
            tr("The curve of your newest run and the last text it wrote will stand here, as soon as there is one."),
            "quiet", wrap=True,
        )  # fmt: skip
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setRowStretch(1, 1)
        for column, (small, large) in enumerate(((self.losses, self.curve), (self.wrote, self.text))):
            grid.addWidget(small, 0, column)
            grid.addWidget(large, 1, column)
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self.nothing)
        self.show_run(None)

    def least_height(self, width: int) -> int:
        """Pixels that it takes at this width with what it shows now."""
        layout = self.layout()
        if layout is None:
            return 0
        wraps = layout.hasHeightForWidth()  # without a text that wraps, Qt answers -1 to the question by width
        return layout.totalMinimumHeightForWidth(width) if wraps else layout.totalMinimumSize().height()

    def show_run(self, run: RunModel | None) -> None:
        """Draw a run as it is now; call it again when it has grown."""
        self.run = run
        self.nothing.setVisible(run is None)
        for widget in (self.open, self.curve, self.text, self.losses, self.wrote):
            widget.setVisible(run is not None)
        self.set_note(run.name if run is not None else "")
        self.setMaximumHeight(_FRAME if run is None else _FRAME + _MOST)
        if run is None:
            return
        training = run.history["training_loss"]
        self.curve.set_history(training)
        values = {
            "training": loss(training.last if len(training) else None),
            "validation": loss(run.best_validation_loss),
        }
        self.losses.setText(tr("training loss {training} · best validation {validation}", **values))
        sample = run.samples[-1] if run.samples else None
        self.text.set_text(sample.prompt + sample.text if sample is not None else "")
        self.wrote.setText(
            (tr("what it wrote at step {step}") if run.writes else tr("the gaps it filled at step {step}")).format(
                step=count(sample.step)
            )
            if sample is not None else tr("It has not written a text yet.")
        )  # fmt: skip

    def _open(self) -> None:
        if self.run is not None:
            self.open_requested.emit(self.run)
