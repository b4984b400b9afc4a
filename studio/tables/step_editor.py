"""At the left of a cleaning: its steps, and the form of the one that is chosen."""

from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.controls.form import Form
from studio.controls.form_row import GUTTER
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.language import tr
from studio.rows.filters import read_filter
from studio.rows.kinds import Reading
from studio.rows.steps import STEPS, DropDuplicates, Filter, step_words
from studio.store.cleaning_trial import Trial
from studio.tables.filter_form import FilterForm
from studio.tables.step_edits import StepEdits
from studio.tables.step_list import StepLine, StepList
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

HEAD = 30  # height of the line over the steps, and of the one beside it


class StepEditor(QWidget):
    """`changed` says that the steps are others now; `edits` holds them."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.edits = StepEdits()
        self._columns: tuple[str, ...] = ()
        self._reading = Reading("text")
        self._forms: dict[type, Form | FilterForm] = {}
        self._trial: Trial | None = None
        self._verdicts: dict[Any, str] = {}  # on the steps that are in, for a filter takes a moment to be read
        self.add_button = Button(tr("Add a step"), self._ask_step, look, "quiet", "plus").set_small()
        self.undo_button = IconButton("undo", tr("Undo (Ctrl+Z)"), self.undo, look)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addStrut(HEAD)
        head.addWidget(Label(tr("Steps"), "heading"))
        head.addStretch(1)
        head.addWidget(self.undo_button)
        head.addWidget(self.add_button)
        self.list = StepList(look)
        self.list.chosen.connect(self._chosen)
        self.list.moved.connect(self._move)
        self.list.removed.connect(self._remove)
        self.about = Label("", "small", wrap=True)
        indented = QHBoxLayout()  # under the words of the steps, over the labels of the form
        indented.setContentsMargins(GUTTER, 0, 0, 0)
        indented.addWidget(self.about)
        self._form_place = QVBoxLayout()
        scroll = Scroll()
        scroll.body.setContentsMargins(0, 0, 8, 0)
        scroll.body.setSpacing(8)
        scroll.body.addWidget(self.list)
        scroll.body.addLayout(indented)
        scroll.body.addLayout(self._form_place)
        scroll.body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(scroll, 1)

    # --- what it is about -----------------------------------------------------------------------------------------

    def work_on(self, edits: StepEdits, columns: tuple[str, ...], reading: Reading) -> None:
        """Show these steps, for rows with these columns."""
        self.edits, self._columns, self._reading = edits, columns, reading
        self._trial = None
        self._verdicts.clear()
        self._draw(len(edits.steps) - 1)

    def show_trial(self, trial: Trial | None) -> None:
        """What came of each step; None while that is being found out."""
        self._trial = trial
        self._draw(self.list.current)

    def trouble(self, step: Any) -> str:
        """Why a step cannot work with these columns; empty when it can."""
        if step not in self._verdicts:
            self._verdicts = {known: words for known, words in self._verdicts.items() if known in self.edits.steps}
            self._verdicts[step] = self._judged(step)
        return self._verdicts[step]

    def _judged(self, step: Any) -> str:
        for problem in problems(step):
            return problem.message
        if isinstance(step, Filter):
            try:
                read_filter(step.expression, self._columns, self._reading)
            except StudioError as error:
                return str(error)
        return ""

    @property
    def works(self) -> bool:
        """Whether there are steps and each of them can work."""
        return bool(self.edits.steps) and not any(map(self.trouble, self.edits.steps))

    # --- wishes ---------------------------------------------------------------------------------------------------

    def add(self, name: str) -> None:
        """Put a new step of this kind at the end."""
        self._became(self.edits.add(STEPS[name]()))
        self._form().setFocus()

    def undo(self) -> None:
        """Take the last change of the steps back."""
        self.edits.undo()
        self._became(self.list.current)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.edits.redo()
        self._became(self.list.current)

    def menu(self) -> QMenu:
        """The kinds of steps that can be added."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for name, kind in STEPS.items():
            action = QAction(tr(kind.label), menu)
            action.setToolTip(tr(kind.about))
            action.setData(name)
            action.triggered.connect(self._asked)
            menu.addAction(action)
        return menu

    def _ask_step(self) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.add_button.mapToGlobal(QPoint(0, self.add_button.height() + 2)))

    def _asked(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add(str(action.data()))

    def _move(self, place: int, to: int) -> None:
        self._became(self.edits.move(place, to))

    def _remove(self, place: int) -> None:
        self.edits.remove(place)
        self._became(min(place, len(self.edits.steps) - 1))

    def _edited(self, step: Any) -> None:
        self.edits.replace(self.list.current, step)
        self._trial = None
        self._draw(self.list.current, typing=True)
        self.changed.emit()

    def _became(self, current: int) -> None:
        self._trial = None
        self._draw(current)
        self.changed.emit()

    def _chosen(self, _place: int) -> None:
        self.edits.rest()
        self._draw(self.list.current)

    # --- drawing --------------------------------------------------------------------------------------------------

    def _draw(self, current: int, typing: bool = False) -> None:
        steps = self.edits.steps
        current = min(max(current, 0), len(steps) - 1)
        self.list.set_lines([self._line(place, step) for place, step in enumerate(steps)], current)
        self.undo_button.setEnabled(self.edits.can_undo)
        step = steps[current] if steps else None
        self.about.setText(tr(step.about) if step is not None else "")
        for kind, other in self._forms.items():
            other.setVisible(kind is type(step))
        if step is None:
            return
        form = self._form()
        if not typing:
            form.set_value(step)
            form.show()
        if isinstance(step, DropDuplicates) and isinstance(form, Form):
            form.row("threshold").setVisible(step.how == "near")
        if isinstance(form, FilterForm):
            form.set_words(self._columns, self._reading, self.trouble(step))

    def _form(self) -> Form | FilterForm:
        kind = type(self.edits.steps[self.list.current])
        if kind not in self._forms:
            self._forms[kind] = FilterForm(self.look) if kind is Filter else Form(kind, self.look)
            self._forms[kind].changed.connect(self._edited)
            self._form_place.addWidget(self._forms[kind])
        return self._forms[kind]

    def _line(self, place: int, step: Any) -> StepLine:
        if self.trouble(step):
            return StepLine(step_words(step), tr("cannot work like this"), wrong=True)
        if not self.works:
            return StepLine(step_words(step))
        if self._trial is None or place >= len(self._trial.tallies):
            return StepLine(step_words(step), "…")
        tally = self._trial.tallies[place]
        parts = [f"−{tally.dropped:,}" if tally.dropped else ""]
        parts.append(tr("{count} changed", count=f"{tally.changed:,}") if tally.changed else "")
        return StepLine(step_words(step), " · ".join(filter(None, parts)) or tr("nothing to do"))
