"""The strip at the foot: what is being computed, how far it is, and what it costs, from every page."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStatusBar, QWidget

from studio.core.language import tr
from studio.parts.wording import about, count, loss, state_role
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.live.run_model import RunModel
    from studio.live.session import Session

HEIGHT, BAR_WIDTH, BAR_HEIGHT = 28, 120, 5
SAMPLE_MS = 2_000
GIGA = 1e9
_GAP, _MARGIN = 20, 16  # between two readings, and at the ends of the line
PHASES = {
    "loading torch": "Loading PyTorch", "reading text": "Reading the text", "tokenizing": "Cutting into tokens",
    "building": "Building the model", "training": "Training", "measuring": "Measuring", "saving": "Saving",
    "writing": "Writing a sample",
}  # fmt: skip


class ThinBar(QWidget):
    """A share of something as a line; `share` is 0 to 1, below 0 when it is not known."""

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self._look, self.share, self.role = look, 0.0, "accent"
        self.setFixedSize(BAR_WIDTH, HEIGHT - 6)
        self.setAccessibleName(name)
        look.changed.connect(self.update)

    def set_share(self, share: float, role: str = "accent") -> None:
        """Draw anew only if it would look different."""
        if (round(share * BAR_WIDTH * 2), role) != (round(self.share * BAR_WIDTH * 2), self.role):
            self.share, self.role = share, role
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(BAR_WIDTH, BAR_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        whole = QRectF(0, (self.height() - BAR_HEIGHT) / 2, self.width(), BAR_HEIGHT)
        painter.setBrush(self._look.color("raised" if self._look.theme.dark else "line"))
        painter.drawRoundedRect(whole, BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        if self.share > 0:
            part = QRectF(whole)
            part.setWidth(max(BAR_HEIGHT, whole.width() * min(1.0, self.share)))
            painter.setBrush(self._look.color(self.role))
            painter.drawRoundedRect(part, BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        painter.end()


class Reading(QWidget):
    """A value that stands out, with quiet words before and after it."""

    def __init__(self) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self._before, self._value, self._after = Label("", "small"), Label("", "small"), Label("", "small")
        self._value.setObjectName("statusValue")
        for label in (self._before, self._value, self._after):
            line.addWidget(label)
        self.hide()

    def show_value(self, value: str, before: str = "", after: str = "") -> None:
        """Show it; an empty value hides the reading."""
        for label, text in ((self._before, before), (self._value, value), (self._after, after)):
            label.setText(text)
            label.setVisible(bool(text))
        self.setVisible(bool(value))

    @property
    def says(self) -> bool:
        """Whether it has a value to show."""
        return bool(self._value.text())

    def text(self) -> str:
        """The reading as one line."""
        return " ".join(part for part in (label.text() for label in (self._before, self._value, self._after)) if part)


@dataclass(frozen=True)
class Progress:
    """What a run's line says: the phase, how far it is, and the share of the bar (below 0: not known)."""

    phase: str
    done: int
    total: int
    share: float


def progress_of(run: "RunModel") -> Progress:
    """How far a living run is: in steps while it trains, in parts of its phase before and between."""
    position = run.phase
    waiting = position.phase not in ("", "training", "measuring", "saving", "writing") and run.state != "paused"
    if (waiting and run.step == 0) or position.phase == "loading torch":
        share = position.done / position.total if position.total else -1.0
        return Progress(tr(PHASES.get(position.phase, position.phase)), 0, 0, share)
    share = run.step / run.total_steps if run.total_steps else -1.0
    return Progress(_phase_word(run), run.step, run.total_steps, share)


def _phase_word(run: "RunModel") -> str:
    if run.wish == "stop":
        return tr("Stopping")
    if run.wish == "pause":
        return tr("Pausing")
    if run.state == "paused":
        return tr("Paused")
    if run.state in ("queued", "starting"):
        return tr("Waiting") if run.state == "queued" else tr("Starting")
    return tr(PHASES.get(run.phase.phase, "Training"))


class StatusStrip(QFrame):
    """Phase · progress · step/total · loss · tokens/s · time left, then memory and device; a click opens the run."""

    run_requested = Signal()

    def __init__(self, session: "Session", look: Look) -> None:
        super().__init__()
        self.setObjectName("statusStrip")
        self.setFixedHeight(HEIGHT)
        self._session, self._look = session, look
        line = QHBoxLayout(self)
        line.setContentsMargins(_MARGIN, 1, _MARGIN, 0)
        line.setSpacing(_GAP)
        self.phase = Reading()
        self.bar = ThinBar(look, tr("Progress of the run"))
        self.steps, self.loss, self.pace, self.left = Reading(), Reading(), Reading(), Reading()
        line.addWidget(self.phase)
        run_line = QHBoxLayout()
        run_line.setSpacing(8)
        run_line.addWidget(self.bar)
        run_line.addWidget(self.steps)
        line.addLayout(run_line)
        for reading in (self.loss, self.pace, self.left):
            line.addWidget(reading)
        line.addStretch(1)
        self.endpoint, self.jobs = Reading(), Reading()
        self.endpoint.setToolTip(tr("Other programs on this computer can ask the loaded model; Settings ends it"))
        line.addWidget(self.endpoint)
        line.addWidget(self.jobs)
        memory_line = QHBoxLayout()
        memory_line.setSpacing(6)
        self.memory_bar, self.memory = ThinBar(look, tr("Memory in use")), Reading()
        self._memory_word = Label(tr("Memory"), "small")
        memory_line.addWidget(self._memory_word)
        memory_line.addWidget(self.memory_bar)
        memory_line.addWidget(self.memory)
        line.addLayout(memory_line)
        self.device = Label("", "small")
        line.addWidget(self.device)
        self._timer = QTimer(self)
        self._timer.setInterval(SAMPLE_MS)
        self._timer.timeout.connect(self.sample_memory)
        self._machine: tuple[str, int, str] | None = None
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where the line is too narrow for everything, leave out what can be read elsewhere, whole words at a time."""
        spare: tuple[tuple[QWidget, bool], ...] = (
            (self.memory_bar, True), (self.device, bool(self.device.text())), (self._memory_word, True),
            (self.pace, self.pace.says),
        )  # fmt: skip
        kept = (self.phase, self.bar, self.steps, self.loss, self.left, self.endpoint, self.jobs, self.memory)
        shown = [widget for widget in kept if not widget.isHidden()] + [widget for widget, says in spare if says]
        need = sum(widget.sizeHint().width() + _GAP for widget in shown) + 2 * _MARGIN
        for widget, says in spare:
            fits = need <= self.width()
            need -= 0 if fits or not says else widget.sizeHint().width() + _GAP
            widget.setVisible(says and fits)

    def set_machine(self, device: str, threads: int, precision: str) -> None:
        """What runs are computed on here, once it is known."""
        self._machine = (device, threads, precision)
        self.refresh()

    def refresh(self) -> None:
        """Read everything from the session again."""
        run = self._session.running
        if run is None or not run.living:
            self._show_idle()
        else:
            self._show_run(run)
        self._show_endpoint()
        self._show_jobs()
        self.device.setText(self._device_text(run))
        self._fit()

    def _show_idle(self) -> None:
        words = {"loading": tr("Loading PyTorch…"), "failed": tr("PyTorch could not be loaded")}
        self.phase.show_value("", words.get(self._session.torch_state, tr("Ready")))
        self.phase.show()
        self.bar.hide()
        for reading in (self.steps, self.loss, self.pace, self.left):
            reading.show_value("")
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def _show_run(self, run: "RunModel") -> None:
        progress = progress_of(run)
        self.phase.show_value(progress.phase, after=f"· {run.name}")
        self.bar.show()
        self.bar.set_share(progress.share, state_role(run.state) if run.state == "paused" else "accent")
        of = f"/ {count(progress.total)}" if progress.total else ""
        self.steps.show_value(count(progress.done) if progress.total else "", after=of)
        losses = run.history["training_loss"].value
        self.loss.show_value(loss(float(losses[-1])) if len(losses) else "", tr("loss"))
        paces = run.history["tokens_per_second"].value
        self.pace.show_value(count(float(paces[-1])) if len(paces) else "", after=tr("tokens/s"))
        eta = run.eta if run.state == "running" else None
        self.left.show_value(about(eta) if eta is not None else "", tr("about"), tr("left"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _show_endpoint(self) -> None:
        """Said as long as other programs are let in, wherever one is."""
        served = self._session.endpoint
        port = served.address.rpartition(":")[2].partition("/")[0]
        self.endpoint.show_value(port, tr("Answering a program on port") if served.busy else tr("Serving on port"))

    def _show_jobs(self) -> None:
        jobs = [job for job in self._session.jobs.jobs if job.title and job.lane != "torch"]  # the left end says that
        if not jobs:
            self.jobs.show_value("")
        elif len(jobs) == 1:
            self.jobs.show_value(jobs[0].title)
        else:
            self.jobs.show_value(str(len(jobs)), after=tr("jobs"))

    def _device_text(self, run: "RunModel | None") -> str:
        machine = self._machine
        if run is not None and run.living and run.started is not None:
            machine = (run.started.device, run.started.threads, run.started.precision)
        if machine is None:
            return ""
        device, threads, precision = machine
        names = {"cpu": tr("CPU"), "cuda": tr("NVIDIA GPU"), "mps": tr("Apple GPU")}
        parts = [names.get(device, device)]
        if device == "cpu" and threads:
            parts.append(tr("1 thread") if threads == 1 else tr("{count} threads", count=threads))
        return " · ".join([*parts, precision])

    def sample_memory(self) -> None:
        """What this process and its children hold, of what the machine has."""
        import psutil

        process, total = psutil.Process(os.getpid()), psutil.virtual_memory().total
        used = process.memory_info().rss
        run = self._session.running
        if run is not None and run.living and run.config.compute.host == "child":
            used += sum(_resident(child) for child in process.children(recursive=True))
        share = used / total
        self.memory_bar.set_share(share, "danger" if share > 0.9 else "accent")
        self.memory.show_value(f"{used / GIGA:.1f}", after=tr("of {total} GB", total=f"{total / GIGA:.0f}"))
        self.memory.setToolTip(tr("Memory that this window and its runs hold, of what the computer has"))
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self.sample_memory)  # after the paint: psutil is not waited for
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._session.running is not None and event.button() == Qt.MouseButton.LeftButton:
            self.run_requested.emit()


class StatusHost(QStatusBar):
    """Gives the strip the whole of the main window's lowest line; a bare QStatusBar keeps margins of its own."""

    def __init__(self, strip: StatusStrip) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.setFixedHeight(HEIGHT)
        self.strip = strip
        strip.setParent(self)
        strip.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.strip.setGeometry(self.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The strip paints everything."""


def _resident(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
