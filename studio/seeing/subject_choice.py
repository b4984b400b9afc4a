"""Two closed lists: a run or model, and which of its checkpoints."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.live.looking import Subject
from studio.live.run_model import RunModel
from studio.parts.wording import checkpoint_words
from studio.seeing.subjects import BEST, NEWEST, chosen, of_checkpoint, of_entry
from studio.store.checkpoints import CheckpointInfo
from studio.store.library import Entry
from studio.widgets.look import Look


class SubjectChoice(QWidget):
    """`chosen` tells the `Subject` a person picked; a run's newest checkpoint is followed while the run goes on."""

    chosen = Signal(object)

    def __init__(self, look: Look, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: dict[str, RunModel] = {}
        self._infos: dict[str, list[CheckpointInfo]] = {}
        self._others: dict[str, Subject] = {}  # models that are no run's of this project
        self.entries: list[Entry] = []
        self._shown: Subject | None = None
        self.model, self.checkpoint = ChoiceEdit([], look), ChoiceEdit([], look)
        words = (tr("Run or model"), tr("Checkpoint"))
        for editor, own, least in ((self.model, words[0], 110), (self.checkpoint, words[1], 148)):
            editor.setAccessibleName(f"{name}: {own}" if name else own)
            editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            editor.setMinimumWidth(least)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.model, 1)
        row.addWidget(self.checkpoint, 1)
        self.model.changed.connect(self._model_chosen)
        self.checkpoint.changed.connect(self._tell)

    @property
    def follows(self) -> bool:
        """Whether the newest checkpoint is wanted, whichever that is."""
        return bool(self.checkpoint.value() == NEWEST)

    def set_models(self, runs: Sequence[RunModel], entries: Sequence[Entry]) -> None:
        """Offer every run that has a checkpoint, newest first, then the models; what is shown stays."""
        before, step = self.model.value() or "", self.checkpoint.value() or BEST
        self.entries = list(entries)
        self._infos = {run.name: infos for run in reversed(runs) if (infos := run.record.checkpoints())}
        self._runs = {run.name: run for run in runs}
        kept = self._others.get(before)
        self._others = {_key(subject): subject for subject in map(of_entry, entries)}
        if kept is not None and before not in self._others:
            self._place(kept)
        else:
            self._offer(before, step)

    def show_subject(self, subject: Subject | None) -> None:
        """Show what is looked at; a model that is not in the list is added for as long as it is."""
        again = self._shown is not None and subject is not None and self._shown.home == subject.home
        self._shown = subject
        if subject is None or (again and subject == self.subject()):
            return
        self._place(subject)

    def _place(self, subject: Subject) -> None:
        infos = self._infos.get(subject.run, [])
        if subject.folder in [info.folder for info in infos]:
            follows = self._runs[subject.run].living and subject.step == infos[-1].step
            self._offer(subject.run, NEWEST if follows else subject.step)
        else:
            self._others[_key(subject)] = subject
            self._offer(_key(subject), BEST)

    def subject(self) -> Subject | None:
        """What the two lists name."""
        key = self.model.value() or ""
        if key in self._others:
            return self._others[key]
        info = chosen(self._infos.get(key, []), self.checkpoint.value() or BEST)
        return of_checkpoint(self._runs[key], info) if info is not None else None

    def _offer(self, key: str, step: int) -> None:
        names = [(name, name) for name in self._infos]
        names += [(other, subject.title) for other, subject in self._others.items()]
        self.model.clear()
        self.model.set_choices(names)
        if key in dict(names):
            self.model.set_value(key)
        self._offer_checkpoints(step)

    def _offer_checkpoints(self, step: int) -> None:
        name = self.model.value() or ""
        infos = self._infos.get(name, []) if name not in self._others else []
        self.checkpoint.clear()
        choices = [(info.step, checkpoint_words(info)) for info in reversed(infos)]
        if infos:
            best, living = chosen(infos, BEST), self._runs[name].living
            if living:
                choices.insert(0, (NEWEST, tr("newest · followed")))
            if best is not None:
                choices.insert(int(living), (BEST, tr("best · {words}", words=checkpoint_words(best))))
        self.checkpoint.set_choices(choices)
        if step in dict(choices):
            self.checkpoint.set_value(step)
        self.checkpoint.setVisible(bool(infos))

    def _model_chosen(self) -> None:
        self._offer_checkpoints(BEST)
        self._tell()

    def _tell(self) -> None:
        if (subject := self.subject()) is not None:
            self.chosen.emit(subject)


def _key(subject: Subject) -> str:
    """No run can be called like this."""
    return f":{subject.folder}"
