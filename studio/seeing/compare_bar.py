"""What is laid over the model: another checkpoint or model as B, and which of A, B and difference is drawn."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.live.looking import MODES, Subject
from studio.live.session import Session
from studio.seeing.subject_choice import SubjectChoice
from studio.seeing.subjects import of_run
from studio.widgets.button import IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look

WORDS = {"A": "A", "B": "B", "difference": "A − B"}


class CompareBar(QWidget):
    """Shown while something is compared, or a person is choosing what."""

    closed = Signal()

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.choice = SubjectChoice(look, tr("Compared with"))
        self.mode = Segmented([(mode, tr(WORDS[mode])) for mode in MODES], look, tr("What is drawn"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Label(tr("Compared with B"), "small"))
        row.addWidget(self.choice, 2)
        row.addStretch(3)
        row.addWidget(self.mode)
        row.addWidget(IconButton("close", tr("Stop comparing"), self._close, look))
        self.choice.chosen.connect(self._chosen)
        self.mode.changed.connect(session.looking.set_mode)
        self.hide()

    def ask(self) -> None:
        """Offer a comparison: the first checkpoint of the run that is looked at, where it has several."""
        looking = self._session.looking
        if looking.compared is None and looking.subject is not None:
            self.choice.show_subject(self._suggestion() or looking.subject)
        self.show()
        self.choice.model.setFocus()
        if looking.compared is None and (subject := self.choice.subject()) is not None:
            looking.compare_with(subject)

    def refresh(self) -> None:
        """Follow what is looked at."""
        looking = self._session.looking
        if looking.compared is not None:
            self.choice.show_subject(looking.compared)
            self.show()
        elif looking.subject is None:
            self.hide()
        why = tr("Choose what A is compared with first.")
        for mode in MODES[1:]:
            self.mode.set_enabled(mode, looking.other is not None, "" if looking.other is not None else why)
        self.mode.set_value(looking.mode)

    def _suggestion(self) -> Subject | None:
        run, subject = self._session.looking.run, self._session.looking.subject
        if run is None or subject is None:
            return None
        steps = [info.step for info in run.record.checkpoints() if info.step != subject.step]
        return of_run(run, steps[0]) if steps else None

    def _chosen(self, subject: Subject) -> None:
        self._session.looking.compare_with(subject)

    def _close(self) -> None:
        self._session.looking.compare_with(None)
        self.hide()
        self.closed.emit()
