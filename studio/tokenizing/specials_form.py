"""Which model gets which special tokens, and what the new model is called."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.controls.editors import TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.looking import Subject
from studio.parts.progress import Progress
from studio.seeing.subject_choice import SubjectChoice
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

FIRST = ("<|user|>", "<|assistant|>")
HINT = (
    "A special token stands for something that no text says by itself: who speaks, where an answer ends. It is one "
    "token however long it is written; what it means the model learns by training on."
)


class SpecialsForm(Card):
    """`chosen` tells the `Subject` a person picked, `edited` that the tokens are others now."""

    chosen = Signal(object)
    edited = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("What to add"), look, parent)
        self.choice = SubjectChoice(look)
        self.choice.chosen.connect(self.chosen)
        self.tokens = TextEdit()
        self.tokens.set_value(" ".join(FIRST))
        self.tokens.setPlaceholderText(" ".join(FIRST))
        self.tokens.setAccessibleName(tr("New special tokens, with blanks between them"))
        self.tokens.setToolTip(tr("With blanks between them."))
        self.tokens.changed.connect(self.edited)
        self.trouble = Label("", "danger", wrap=True)
        self.trouble.hide()
        self.name = TextEdit()
        self.name.setAccessibleName(tr("Name of the new model"))
        self.progress = Progress(look, tr("Progress of the growth"))
        self.body.setSpacing(12)
        self._add(tr("Model"), self.choice)
        self._add(tr("New special tokens"), self.tokens)
        self.body.addWidget(self.trouble)
        self._add(tr("Name of the new model"), self.name)
        self.body.addWidget(self.progress)
        self.body.addWidget(Label(tr(HINT), "small", wrap=True))

    def _add(self, title: str, editor: QWidget) -> None:
        under = QVBoxLayout()
        under.setSpacing(4)
        under.addWidget(Label(title, "quiet"))
        under.addWidget(editor)
        self.body.addLayout(under)

    @property
    def added(self) -> tuple[str, ...]:
        """The tokens that are asked for."""
        return tuple(self.tokens.value().split())

    def set_subject(self, subject: Subject | None) -> None:
        """Show which model is meant, and what its successor is called unless a person writes another name."""
        self.choice.show_subject(subject)
        if subject is not None:
            self.name.setPlaceholderText(f"{subject.run or subject.folder.name} +{len(self.added)}")

    def set_trouble(self, problem: StudioError | None) -> None:
        """Why these tokens cannot be added; None where they can."""
        self.trouble.setText(str(problem or ""))
        self.trouble.setVisible(problem is not None)
