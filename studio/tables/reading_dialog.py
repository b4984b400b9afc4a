"""How a text is read: another encoding, or � in place of what cannot be read, with its beginning live beside it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from studio.controls.editors import ChoiceEdit, Switch
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.formats import TextChoices
from studio.live.session import Session
from studio.parts.plain_text import PlainText
from studio.tables.dialog_column import DialogColumn
from studio.tables.intake_form import ENCODINGS
from studio.tables.text_look import TextLook, look_at_text
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_REPLACE = "Put � where it cannot be read"
_ABOUT_REPLACE = "Otherwise one byte that does not fit is a reason to refuse the file."
_MARKS = "<|endoftext|> parts its documents"
_ABOUT_MARKS = (
    "Where it is spelled it then becomes the token that ends a text. Otherwise it is text like any other, so that "
    "nothing in a file can speak for the tokenizer."
)


class ReadingDialog(QDialog):
    """`chosen` tells the files and how they are to be read; whoever hears it takes them in as a further text."""

    chosen = Signal(list, object)  # of Path, TextChoices

    def __init__(
        self, session: Session, look: Look, paths: Sequence[Path], shown: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._paths = session, list(paths)
        self._shown = shown or self._paths[0]
        self.looked: TextLook | None = None
        title = tr("How “{name}” is read", name=self._shown.name)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.banner = Banner(look, self)
        self.encoding = ChoiceEdit([("", tr("As it is found")), *((name, name) for name in ENCODINGS)], look)
        self.encoding.setAccessibleName(tr("Encoding"))
        self.replace = Switch(look)
        self.replace.setAccessibleName(tr(_REPLACE))
        self.marks = Switch(look)
        self.marks.setAccessibleName(tr(_MARKS))
        self.why = Label("", "small", wrap=True)
        self.lines = PlainText(look, tr("Beginning of the text"))
        self.note = ElidedLabel(self._others(), "small")
        self.close_button = Button(tr("Cancel"), self.reject, look)
        self.take_button = Button(tr("Read it like this"), self.take, look, "primary")
        self._lay_out(title, look)
        for editor in (self.encoding, self.replace, self.marks):
            editor.changed.connect(self.look_again)
        self.resize(680, 520)
        self.setMinimumSize(520, 400)

    def _lay_out(self, title: str, look: Look) -> None:
        choices = QGridLayout()
        choices.setHorizontalSpacing(8)
        choices.setVerticalSpacing(8)
        choices.addWidget(Label(tr("Encoding"), "quiet"), 0, 0)
        choices.addWidget(self.encoding, 0, 1)
        choices.setColumnStretch(2, 1)
        switches = ((self.replace, _REPLACE, _ABOUT_REPLACE), (self.marks, _MARKS, _ABOUT_MARKS))
        for row, (switch, words, about) in enumerate(switches):
            choices.addWidget(Label(tr(words), "quiet"), row, 3, Qt.AlignmentFlag.AlignRight)
            choices.addWidget(switch, row, 4)
            switch.setToolTip(tr(about))
        card = Card(tr("Its beginning"), look)
        card.body.addWidget(self.lines, 1)
        column = DialogColumn(self, title)
        column.addLayout(choices)
        for widget in (self.banner, self.why):
            column.addWidget(widget)
        column.addWidget(card, 1)
        column.end(self.note, self.close_button, self.take_button)

    def _others(self) -> str:
        more = len(self._paths) - 1
        if more == 1:
            return tr("One more file is read in the same way.")
        return tr("{count} more files are read in the same way.", count=f"{more:,}") if more else ""

    @property
    def choices(self) -> TextChoices:
        """What is chosen."""
        return TextChoices(self.encoding.value() or "", self.replace.isChecked(), self.marks.isChecked())

    def look_again(self) -> None:
        """Show the beginning as it is read now; an older look that is still on its way no longer counts."""
        self.looked = None
        self.take_button.setEnabled(False)
        self._say(tr("Reading {name}…", name=self._shown.name))
        job = self._session.jobs.start(look_at_text, self._shown, self.choices, lane="data.reading")
        job.items.connect(self._glance)
        job.succeeded.connect(self._show)
        job.failed.connect(self._refused)

    def take(self) -> None:
        """Take the files in, read like this."""
        if self.looked is not None:
            self.chosen.emit(self._paths, self.choices)
            self.accept()

    def done(self, result: int) -> None:
        """Closed in whatever way, nothing is looked at any more."""
        self._session.jobs.cancel_lane("data.reading")
        super().done(result)

    def _glance(self, beginnings: list[str]) -> None:
        """The beginning is there at once; whether every byte fits is known when all of them were read."""
        self.lines.set_text(beginnings[-1])

    def _show(self, looked: TextLook) -> None:
        self.looked = looked
        self.banner.clear()
        self._say(looked.facts.why, "warning" if looked.facts.replaced else "small")
        self.lines.set_text(looked.beginning)
        self.take_button.setEnabled(True)

    def _refused(self, error: StudioError) -> None:
        self._say("")
        self.banner.show_error(error.message, error.hint)

    def _say(self, words: str, role: str = "small") -> None:
        self.why.setText(words)
        self.why.set_role(role)
        self.why.setVisible(bool(words))

    def showEvent(self, event: QShowEvent) -> None:
        """Looking begins when somebody looks."""
        super().showEvent(event)
        self.take_button.setDefault(True)
        self.encoding.setFocus()
        self.look_again()
