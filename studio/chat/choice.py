"""Which model speaks: an imported one, or a run of the project and one of its checkpoints, the best unless told."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.live.looking import Glance, Subject
from studio.live.run_model import RunModel
from studio.parts.wording import checkpoint_words
from studio.seeing.subjects import of_entry
from studio.store.checkpoints import CheckpointInfo
from studio.store.library import Entry
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

BEST = 0  # no checkpoint is saved at step 0


class ModelChoice(Card):
    """Two lists of what can be loaded; `changed` says that a person chose something else."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), look, parent)
        self._runs: dict[str, RunModel] = {}
        self._infos: dict[str, list[CheckpointInfo]] = {}
        self._entries: dict[str, Entry] = {}  # models that are no run's: imported, or of another project
        self._labels: list[Label] = []
        self.run, self.checkpoint = ChoiceEdit([], look), ChoiceEdit([], look)
        for words, editor in ((tr("Run or model"), self.run), (tr("Checkpoint"), self.checkpoint)):
            editor.setAccessibleName(words)
            editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            label = Label(words, "small")
            self._labels.append(label)
            self.body.addWidget(label)
            self.body.addWidget(editor)
        self.about = Label(tr("No run has saved a checkpoint yet, and no model is imported."), "small", wrap=True)
        self.left_out = Label("", "small", wrap=True)
        self.left_out.hide()
        self.body.addWidget(self.about)
        self.body.addWidget(self.left_out)
        self.run.changed.connect(self._run_chosen)
        self.checkpoint.changed.connect(self.changed)

    def set_runs(self, runs: Sequence[RunModel]) -> None:
        """Offer every run that can write and has a checkpoint, newest first; the choice stays where it can."""
        able = [run for run in runs if run.writes]
        self._infos = {run.name: infos for run in reversed(able) if (infos := run.record.checkpoints())}
        self._runs = {run.name: run for run in able}
        left = [run.name for run in runs if not run.writes]
        self.left_out.setText(tr("Not listed, since it fills gaps and cannot write on: {names}", names=", ".join(left)))
        self.left_out.setVisible(bool(left))
        self._offer()

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Offer these besides the runs."""
        self._entries = {_key(entry): entry for entry in entries}
        self._offer()

    def _offer(self) -> None:
        before = self.run.value() or "", self.step
        names = [(name, name) for name in self._infos] + [(key, entry.title) for key, entry in self._entries.items()]
        known = [key for key, _ in names]
        self.run.clear()
        self.run.set_choices(names)
        self.choose(before[0] if before[0] in known else next(iter(known), ""), before[1])

    @property
    def checkpoints(self) -> Mapping[str, list[CheckpointInfo]]:
        """Of every run that can write, newest run first and oldest checkpoint first."""
        return self._infos

    def choose(self, name: str, step: int = BEST) -> None:
        """Show a run and one of its checkpoints; a step that is not there any more falls back to the best."""
        if name in self._infos or name in self._entries:
            self.run.set_value(name)
        self._offer_checkpoints()
        if step in [info.step for info in self._infos.get(name, [])]:
            self.checkpoint.set_value(step)
        self.run.setEnabled(bool(self._infos or self._entries))
        self.checkpoint.setEnabled(bool(self.chosen_run))

    def choose_entry(self, entry: Entry) -> None:
        """Show a model that is no run's; one of another project stays in the list for as long as it is looked at."""
        if _key(entry) not in self._entries:
            self.set_entries([*self._entries.values(), entry])
        self.choose(_key(entry))

    @property
    def entry(self) -> Entry | None:
        """The chosen model that is no run's, if it is one."""
        return self._entries.get(self.run.value() or "")

    @property
    def folder(self) -> Path | None:
        """Where the chosen model lies."""
        if (entry := self.entry) is not None:
            return entry.folder
        infos = self._infos.get(self.chosen_run, [])
        return next((info.folder for info in infos if info.step == self.real_step), None)

    @property
    def wanted(self) -> str:
        """What the chosen model is called once it is in memory; empty when there is none."""
        if (entry := self.entry) is not None:
            return entry.title
        return f"{self.chosen_run} · step {self.real_step:,}" if self.chosen_run else ""

    @property
    def chosen_run(self) -> str:
        """The run's name; empty when there is none."""
        name = self.run.value() or ""
        return name if name in self._infos else ""

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

    def glance(self, text: str) -> Glance:
        """The wish to look into the chosen model at the end of a text."""
        if (entry := self.entry) is not None:
            return Glance(of_entry(entry), text)
        subject = Subject(self.folder, self.wanted, self.chosen_run, self.real_step) if self.folder else None
        return Glance(subject, text)

    def _run_chosen(self) -> None:
        self._offer_checkpoints()
        self.changed.emit()

    def _offer_checkpoints(self) -> None:
        infos = self._infos.get(self.chosen_run, [])
        self.checkpoint.clear()
        best = next((info for info in infos if info.best), infos[-1] if infos else None)
        choices = [(BEST, tr("best · {words}", words=checkpoint_words(best)))] if best is not None else []
        self.checkpoint.set_choices([*choices, *((info.step, checkpoint_words(info)) for info in infos[::-1])])
        run = self._runs.get(self.chosen_run)
        self.set_note(tr("learned {words}", words=run.config.data.source) if run is not None else "")
        self.about.setVisible(run is None and self.entry is None)
        for widget in (self._labels[1], self.checkpoint):  # an imported model has none
            widget.setVisible(self.entry is None)


def _key(entry: Entry) -> str:
    """No run can be called like this."""
    return f":{entry.folder}"
