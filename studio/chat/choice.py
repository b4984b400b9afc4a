"""Which model speaks: a run of the project and one of its checkpoints, the best one unless told otherwise."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.parts.wording import count, loss
from studio.store.checkpoints import CheckpointInfo
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

BEST = 0  # no checkpoint is saved at step 0


def choice_text(info: CheckpointInfo) -> str:
    """A checkpoint in a list: step 4,200 · 1.561."""
    step = tr("step {step}", step=count(info.step))
    return f"{step} · {loss(info.validation_loss)}" if info.validation_loss is not None else step


class ModelChoice(Card):
    """Two lists of what can be loaded; `changed` says that a person chose something else."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), look, parent)
        self._runs: dict[str, RunModel] = {}
        self._infos: dict[str, list[CheckpointInfo]] = {}
        self.run, self.checkpoint = ChoiceEdit([], look), ChoiceEdit([], look)
        for words, editor in ((tr("Run"), self.run), (tr("Checkpoint"), self.checkpoint)):
            editor.setAccessibleName(words)
            editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.body.addWidget(Label(words, "small"))
            self.body.addWidget(editor)
        self.about = Label("", "small", wrap=True)
        self.body.addWidget(self.about)
        self.run.changed.connect(self._run_chosen)
        self.checkpoint.changed.connect(self.changed)

    def set_runs(self, runs: Sequence[RunModel]) -> None:
        """Offer every run that has a checkpoint, newest first; the choice stays where it can."""
        before = self.chosen_run, self.step
        self._infos = {run.name: infos for run in reversed(runs) if (infos := run.record.checkpoints())}
        self._runs = {run.name: run for run in runs}
        self.run.clear()
        self.run.set_choices([(name, name) for name in self._infos])
        self.choose(before[0] if before[0] in self._infos else next(iter(self._infos), ""), before[1])

    def choose(self, name: str, step: int = BEST) -> None:
        """Show a run and one of its checkpoints; a step that is not there any more falls back to the best."""
        if name in self._infos:
            self.run.set_value(name)
        self._offer_checkpoints()
        if step in [info.step for info in self._infos.get(name, [])]:
            self.checkpoint.set_value(step)
        for editor in (self.run, self.checkpoint):
            editor.setEnabled(bool(self._infos))

    @property
    def chosen_run(self) -> str:
        """The run's name; empty when there is none."""
        return self.run.value() or ""

    @property
    def step(self) -> int:
        """The chosen checkpoint's step; `BEST` for the best one."""
        return self.checkpoint.value() or BEST

    @property
    def real_step(self) -> int:
        """The step that would be loaded."""
        infos = self._infos.get(self.chosen_run, [])
        best = next((info.step for info in infos if info.best), infos[-1].step if infos else 0)
        return self.step or best

    def _run_chosen(self) -> None:
        self._offer_checkpoints()
        self.changed.emit()

    def _offer_checkpoints(self) -> None:
        infos = self._infos.get(self.chosen_run, [])
        self.checkpoint.clear()
        best = next((info for info in infos if info.best), infos[-1] if infos else None)
        choices = [(BEST, tr("best · {words}", words=choice_text(best)))] if best is not None else []
        self.checkpoint.set_choices([*choices, *((info.step, choice_text(info)) for info in infos[::-1])])
        run = self._runs.get(self.chosen_run)
        self.about.setText(
            tr("learned {words}", words=run.config.data.text)
            if run is not None
            else tr("No run has saved a checkpoint yet.")
        )
