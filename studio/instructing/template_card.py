"""The template of a fine-tuning: which one, what it is good for, and an editor whose preview is the painted row."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, TextEdit
from studio.core.language import tr
from studio.instructing.template_choice import Templates, fault_of
from studio.parts.plain_text import PlainText
from studio.rows.model_prompt import NAME as MODEL
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_PAUSE = 250  # milliseconds after the last key until the preview follows
_HELP = (
    "{user} stands for the question, {assistant} for the answer; {system} and {input} where there are some. What is "
    "in [[ ]] is left out where its place is empty."
)


class TemplateCard(Card):
    """`chosen` and `typed` are wishes about the draft; `save_requested` and `delete_requested` about the project."""

    chosen = Signal(str, str)  # template, its text where the run has to keep one
    typed = Signal(str)  # a template that is being written, to preview; "" when the editor is left
    opened = Signal()  # the editor
    save_requested = Signal(str, str)  # name, text
    delete_requested = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Template"), look, parent)
        self.templates = Templates()
        self._name = "alpaca"
        self.choice = ChoiceEdit(self.templates.choices(), look)
        self.choice.setAccessibleName(tr("Template"))
        self.header.addWidget(self.choice)
        self.about = Label("", "small", wrap=True)
        self.brought = PlainText(look, tr("The template that the model brings"))
        self.brought.setFixedHeight(96)
        self.write = Button(tr("Write your own…"), self.open_editor, look, "link").set_small()
        self.delete = Button(tr("Delete"), self._delete, look, "link").set_small()
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.write)
        line.addWidget(self.delete)
        line.addStretch(1)
        for widget in (self.about, self.brought):
            self.body.addWidget(widget)
        self.body.addLayout(line)
        self.body.addWidget(self._editor(look))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._preview)
        self.choice.changed.connect(self._choose)
        self.close_editor()
        self.set_draft("alpaca", Templates())

    def _editor(self, look: Look) -> QWidget:
        self.editor = QWidget()
        column = QVBoxLayout(self.editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.name = TextEdit()
        self.name.setAccessibleName(tr("Name of the template"))
        self.name.setPlaceholderText(tr("Name of the template"))
        self.text = QPlainTextEdit()
        self.text.setFont(look.font(13, mono=True))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(180)
        self.text.setAccessibleName(tr("Text of the template"))
        self.problem = Label("", "danger", wrap=True)
        self.save = Button(tr("Save template"), self._save, look).set_small()
        self.cancel = Button(tr("Cancel"), self.close_editor, look, "link").set_small()
        buttons = QHBoxLayout()
        buttons.addWidget(self.save)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        for widget in (self.name, self.text, Label(tr(_HELP), "small", wrap=True), self.problem):
            column.addWidget(widget)
        column.addLayout(buttons)
        self.text.textChanged.connect(self._typing)
        self.name.changed.connect(self._typing)
        return self.editor

    def set_draft(self, name: str, templates: Templates) -> None:
        """Show which template the draft has, among all there are."""
        self._name = name
        if templates != self.templates or not self.choice.count():
            self.templates = templates
            self.choice.set_choices(templates.choices())
        self.choice.set_value(name)
        self.about.setText(templates.about(name))
        own = any(one.name == name for one in templates.own)
        self.delete.setVisible(own and not self.editing)
        self.write.setText(tr("Edit…") if own else tr("Write your own…"))
        refused = templates.model is not None and not templates.model.usable
        shown = templates.model is not None and (name == MODEL or refused)
        self.brought.setVisible(shown)
        if shown and templates.model is not None:
            self.brought.set_text(templates.model.text)
            if refused:
                self.about.setText(f"{self.about.text()}\n{templates.model.why}")

    @property
    def editing(self) -> bool:
        """Whether the editor is open."""
        return not self.editor.isHidden()

    def open_editor(self) -> None:
        """Write a template; it begins as the one that is chosen."""
        own = any(one.name == self._name for one in self.templates.own)
        self.name.set_value(self._name if own else self._free_name())
        self.text.setPlainText(self.templates.text_of(self._name))
        self.editor.show()
        self.write.hide()
        self.delete.hide()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.opened.emit()
        self._preview()

    def close_editor(self) -> None:
        """Leave the editor; what is not saved is gone, and the row is painted by the draft's template again."""
        was_open = self.editing
        self.editor.hide()
        self.write.show()
        self.delete.setVisible(any(one.name == self._name for one in self.templates.own))
        self._timer.stop()
        if was_open:
            self.typed.emit("")

    def _free_name(self) -> str:
        taken = {one.name for one in self.templates.own}
        names = (tr("My template"), *(tr("My template {number}", number=number) for number in range(2, 1_000)))
        return next(name for name in names if name not in taken)

    def _choose(self) -> None:
        name = str(self.choice.value())
        model = self.templates.model
        self.close_editor()
        self.chosen.emit(name, model.text if name == MODEL and model is not None else "")

    def _typing(self) -> None:
        self._timer.start()

    def _preview(self) -> None:
        """Judge what stands there, and let the painted row follow it."""
        text = self.text.toPlainText()
        fault = fault_of(text)
        self.problem.setText(fault)
        self.problem.setVisible(bool(fault))
        self.save.setEnabled(not fault and bool(self.name.text().strip()))
        if not fault and self.editing:
            self.typed.emit(text)

    def _save(self) -> None:
        self._preview()
        if self.save.isEnabled():
            self.save_requested.emit(self.name.text().strip(), self.text.toPlainText())

    def _delete(self) -> None:
        self.delete_requested.emit(self._name)
