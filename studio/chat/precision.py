"""In how many bits the model's weights are held: the forms that pay on this machine, and what a change cost."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.memory import PrecisionChange, Sample
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.wording import disk_size, small_number
from studio.store.project import Project
from studio.widgets.label import Label
from studio.widgets.look import Look

ENOUGH = 100  # tokens below which a perplexity says next to nothing
MOST = 2_000  # tokens of a sample: seconds for a small model, half a minute for a large one
ABOUT = {
    "fp32": "Four bytes for every weight, as the model was trained",
    "f16": "Two bytes for every weight",
    "bf16": "Two bytes for every weight",
    "int8": "One byte for every weight",
}
_SHARES = {
    0.25: "a quarter of the memory",
    1 / 3: "a third of the memory",
    0.5: "half the memory",
    1.0: "as much memory",
}


class PrecisionChoice(QWidget):
    """Part of the Model card. `text` is asked for what stands on the page; `changed` says that `busy` did."""

    changed = Signal()

    def __init__(self, session: Session, text: Callable[[], str], look: Look) -> None:
        super().__init__()
        self._session, self._text, self._look = session, text, look
        self._known: dict[str, tuple[str, ...]] = {}  # by device
        self._probing = self._tried = False
        self._model: Any = None
        self.wanted = ""  # while the model is changed to it
        self.choice: Segmented | None = None
        self.title, self.said = Label(tr("Precision"), "small"), Label("", "small", wrap=True)
        self.trouble = Label("", "danger", wrap=True)
        self.progress = Progress(look, tr("Progress of the change"))
        self.progress.ended.connect(self._change_ended)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.title, self.progress, self.trouble, self.said):
            self._column.addWidget(widget)
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether the model is being changed, and cannot write meanwhile."""
        return bool(self.wanted)

    def show_model(self, model: Any, writing: bool) -> None:
        """Follow the loaded model, None for no model that this card is about; while it writes nothing can change."""
        if model is not self._model:
            self._model, self._tried = model, False
            self._tell()
        choices = self._known.get(model.device) if model is not None else ()
        if choices is not None and len(choices) > 1:
            self._offer(choices, writing)
        elif self.choice is not None:
            self.choice.hide()
        told = bool(self.trouble.text() or self.said.text())
        self.setVisible(self.busy or (model is not None and (choices is None or len(choices) > 1 or told)))
        if choices is None and self.isVisible():
            self._probe()

    def showEvent(self, event: QShowEvent) -> None:
        """The first look at it makes it measure."""
        super().showEvent(event)
        if self._model is not None and self._model.device not in self._known:
            self._probe()

    # What pays here

    def _probe(self) -> None:
        if self._probing or self._tried or self._session.loaded is not self._model:
            return
        self._probing = self._tried = True
        self._tell(tr("Measuring what is faster here…"))
        job = self._session.probe_precisions()
        job.succeeded.connect(partial(self._probed, self._model.device))
        job.failed.connect(self._failed)
        job.ended.connect(partial(self._probe_ended, job))

    def _probed(self, device: str, names: tuple[str, ...]) -> None:
        self._known[device] = names
        self._tell()

    def _probe_ended(self, job: Job) -> None:
        self._probing = False
        if job.cancelled:  # for another model that is being loaded
            self._tried = False
            self._tell()
        self.changed.emit()

    def _offer(self, choices: tuple[str, ...], writing: bool) -> None:
        """Show the choice among `choices`, made anew for another device."""
        if self.choice is None or self.choice.property("choices") != list(choices):
            if self.choice is not None:
                self.choice.deleteLater()
            self.choice = Segmented([(name, name) for name in choices], self._look, tr("Precision"))
            self.choice.setProperty("choices", list(choices))
            for name in choices:
                self.choice.set_enabled(name, True, tr(ABOUT[name]))
            self.choice.changed.connect(self._chosen)
            self._column.insertWidget(1, self.choice)
        self.choice.show()
        self.choice.set_value(self.wanted or self._model.precision)
        self.choice.setEnabled(not (self.busy or writing))
        self.choice.setToolTip(tr("It can be changed when the text is written, or stopped.") if writing else "")

    # The change

    def _chosen(self, name: str) -> None:
        """A person wants the weights as `name`."""
        model = self._session.loaded
        if self.busy or model is None or name == model.precision:
            return
        project = self._session.project
        config = learned_config(self._session, model)
        sample = partial(find_sample, model, project if config is not None else None, config, self._text())
        self._tell()
        job = self._session.set_precision(name, sample)
        self.wanted = name
        job.succeeded.connect(self._succeeded)
        job.failed.connect(self._failed)
        self.progress.follow(job, tr("Changing to {name}…", name=name))
        self.changed.emit()

    def _succeeded(self, change: PrecisionChange) -> None:
        self._tell(change_words(change))

    def _failed(self, error: StudioError) -> None:
        self._tell(error.hint, error.message)

    def _change_ended(self, called_off: bool) -> None:
        wanted, self.wanted = self.wanted, ""
        if called_off and self._session.loaded is self._model and self._model is not None:
            late = self._model.precision == wanted
            words = tr("It was {name} already; only the measuring was called off.", name=wanted)
            self._tell(words if late else tr("Called off: the model is as it was."))
        self.changed.emit()

    def _tell(self, words: str = "", trouble: str = "") -> None:
        for label, text in ((self.said, words), (self.trouble, trouble)):
            label.setText(text)
            label.setVisible(bool(text))


# --- what it is measured on -----------------------------------------------------------------------------------------


def learned_config(session: Session, model: Any) -> RunConfig | None:
    """How the model was trained, when a run of the open project wrote it."""
    runs = session.runs.values()
    return next((run.config for run in runs if model.path and model.path.is_relative_to(run.record.folder)), None)


def find_sample(model: Any, project: Project | None, config: RunConfig | None, page: str) -> Sample:
    """The held-back text of the model's run, else the page, where they have tokens enough; for a worker thread."""
    if model.tokenizer is None:
        return Sample()
    if project is not None and config is not None:
        held_back = _held_back(project, config, Path(model.path))
        if held_back:
            return Sample(held_back, "held back")
    ids = model.tokenizer.encode(page)
    if len(ids) < ENOUGH:
        return Sample()
    return Sample(page if len(ids) <= MOST else model.tokenizer.decode(ids[:MOST]), "page")


def _held_back(project: Project, config: RunConfig, folder: Path) -> str:
    """The beginning of what no step has learned from; empty when it is gone or too short."""
    from studio.store.shards import find_shards
    from studio.store.starts import cut_with

    data = config.data
    text = next((text for text in project.texts() if text.name == data.text), None)
    shards = find_shards(text, cut_with(folder, config), data.validation_share, project.tokens_folder) if text else None
    if shards is None or shards.validation_tokens < ENOUGH:
        return ""
    return shards.tokenizer.decode(shards.validation()[:MOST].tolist())


# --- what it brought ------------------------------------------------------------------------------------------------


def change_words(change: PrecisionChange) -> str:
    """int8: 2.1 times as fast, a quarter of the memory, perplexity 21.5 instead of 21.4 on the held-back text."""
    name = change.after
    if change.before != "fp32":
        name = tr("{after} against {before}", after=change.after, before=change.before)
    if len(change.quality) < 2:
        return tr(
            "{name}: {after} of weights instead of {before}. No sample was at hand, so neither speed nor quality was "
            "measured: it takes a text of {count} tokens on the page.",
            name=name, after=disk_size(change.bytes[1]), before=disk_size(change.bytes[0]), count=ENOUGH,
        )  # fmt: skip
    before, after = change.quality[0], change.quality[-1]
    speed = tr("{ratio} times as fast", ratio=_ratio(after.tokens_per_second / before.tokens_per_second))
    where = tr("on the held-back text") if change.sample.source == "held back" else tr("on the text of this page")
    old, new = small_number(before.perplexity), small_number(after.perplexity)
    cost = tr("perplexity {new} instead of {old}", new=new, old=old)
    if new == old:
        cost = tr("perplexity {new} as before", new=new)
    return f"{name}: {speed}, {memory_words(change.bytes[1] / change.bytes[0])}, {cost} {where}"


def memory_words(share: float) -> str:
    """A part of the memory in words where they are right to a fiftieth: a quarter of the memory, 37 % of the memory."""
    for part, words in _SHARES.items():
        if abs(share - part) <= 0.02:
            return tr(words)
    if share < 1:
        return tr("{share} % of the memory", share=round(100 * share))
    return tr("{ratio} times the memory", ratio=_ratio(share))


def _ratio(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value >= 1 else f"{value:.2g}"
