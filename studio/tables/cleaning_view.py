"""Clean a text or a dataset: a visible list of steps, what they would do to the rows, and one button that does it."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCard
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.parts.source_view import SourceView
from studio.rows.steps import STEPS, step_words
from studio.store.cleaning_trial import Trial, try_out
from studio.store.corpus import Text
from studio.store.dataset_texts import reading_of
from studio.tables.change_list import ChangeList
from studio.tables.step_editor import HEAD, StepEditor
from studio.tables.step_edits import StepEdits
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset

FIRST = (
    "Choose a first step. You see at once which rows it would drop or change, can add more steps, and keep the result "
    "only when it is right."
)
_WAIT = 180  # milliseconds after the last edit until the steps are tried out
_LEFT, _NARROW_LEFT = 276, 224
_ROOMY_FROM = 620  # pixels of both sides together
_SHOWN = 200  # changes in the list


class CleaningView(SourceView):
    """Nothing is kept until the button is pressed: a dataset then gets its next version, a text a cleaner copy."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self._edits: dict[tuple[type, str], StepEdits] = {}
        self._trial: Trial | None = None
        self._tried: object = None  # what the trial was of
        self.editor = StepEditor(look)
        self.editor.changed.connect(self._changed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT)
        self._timer.timeout.connect(self._try)
        self.progress = Progress(look, tr("Progress of the cleaning"))
        self.progress.ended.connect(self._draw)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._choices())
        self.stack.addWidget(self._working())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.stack, 1)
        undo, redo = self.editor.undo, self.editor.redo
        for key, slot in (("Ctrl+Z", undo), ("Ctrl+Shift+Z", redo), ("Ctrl+Y", redo)):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def _choices(self) -> QWidget:
        """What is seen before there is a step."""
        page = Scroll()
        grid = QGridLayout()
        grid.setSpacing(12)
        self.cards: dict[str, ChoiceCard] = {}
        for place, (name, kind) in enumerate(STEPS.items()):
            card = ChoiceCard(CardChoice(name, tr(kind.label), tr(kind.about)), self.look)
            card.facts.hide()
            card.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            card.setAccessibleDescription(tr(kind.about))
            card.clicked.connect(partial(self.editor.add, name))
            self.cards[name] = card
            grid.addWidget(card, place // 2, place % 2)
        column = page.body
        column.setContentsMargins(0, 8, 8, 0)
        column.setSpacing(8)
        column.addWidget(Label(tr("What should be cleaned?"), "heading"))
        column.addWidget(Label(tr(FIRST), "quiet", wrap=True))
        column.addSpacing(8)
        column.addLayout(grid)
        self.undo_all = Button(tr("Bring the steps back"), self.editor.undo, self.look, "link").set_small()
        column.addWidget(self.undo_all)
        column.addStretch(1)
        return page

    def _working(self) -> QWidget:
        page = QWidget()
        self.editor.setFixedWidth(_LEFT)
        self.which = Segmented([("all", tr("All steps")), ("one", tr("This step"))], self.look, tr("Changes shown"))
        self.which.changed.connect(self._show_changes)
        self.editor.list.chosen.connect(self._show_changes)
        self.extent = ElidedLabel("", "small")
        self.make = Button("", self.make_now, self.look)
        self.rows_link = Button(tr("Show these rows"), self._open_all, self.look, "link").set_small()
        self.changes = ChangeList(self.look)
        self.changes.opened.connect(self._open_row)
        self.changes.reached.connect(self._scroll_to)
        self.area = Scroll()
        self.area.body.addWidget(self.changes)
        hanging = QHBoxLayout()  # the words of a change begin where the heading does
        hanging.setSpacing(0)
        hanging.addSpacing(-8)
        hanging.addWidget(self.area)
        self.area.body.addStretch(1)
        self.nothing = Label("", "quiet", wrap=True)
        head = QHBoxLayout()
        head.addStrut(HEAD)
        head.addWidget(Label(tr("What happens"), "heading"))
        head.addWidget(self.extent, 1)
        head.addWidget(self.which)
        foot = QHBoxLayout()
        foot.addWidget(self.rows_link)
        foot.addStretch(1)
        foot.addWidget(self.make)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addLayout(head)
        right.addWidget(self.nothing)
        right.addLayout(hanging, 1)
        right.addWidget(self.progress)
        right.addLayout(foot)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.editor)
        row.addLayout(right, 1)
        return page

    # --- showing --------------------------------------------------------------------------------------------------

    def set_source(self, source: "Source | None") -> None:
        """Look at this one from now on; each dataset and text keeps its own steps while the window is open."""
        self.source = source
        self._trial = self._tried = None
        if source is not None:
            edits = self._edits.setdefault((type(source), source.name), StepEdits())
            columns = ("text",) if isinstance(source, Text) else source.columns
            self.editor.work_on(edits, columns, reading_of(source))
        self._changed()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window both sides do with less."""
        super().resizeEvent(event)
        left = _LEFT if self._roomy else _NARROW_LEFT
        if self.editor.width() != left:
            self.editor.setFixedWidth(left)
            self._draw()

    @property
    def _roomy(self) -> bool:
        return self.width() >= _ROOMY_FROM

    def _changed(self) -> None:
        """The steps are others now: draw them, and try them out when the person rests."""
        steps = self.editor.edits.steps
        before = self.stack.currentIndex()
        self.stack.setCurrentIndex(1 if steps else 0)
        self.undo_all.setVisible(self.editor.edits.can_undo)
        if steps and before == 0 and self.isVisible():
            self.editor.list.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.source is not None and self.isVisible() and self.editor.works and self._tried != (self.source, steps):
            self._timer.start()
        self._draw()

    def _try(self) -> None:
        source, steps = self.source, self.editor.edits.steps
        if source is None or not self.editor.works:
            return
        job = self.session.jobs.start(try_out, source, steps, lane="data.cleaning")
        job.succeeded.connect(partial(self._tried_out, source, steps))
        job.failed.connect(self._failed)

    def _tried_out(self, source: "Source", steps: tuple[object, ...], trial: Trial) -> None:
        if source is self.source and steps == self.editor.edits.steps:
            self._trial, self._tried = trial, (source, steps)
            self.editor.show_trial(trial)
            self._draw()

    def _failed(self, error: StudioError) -> None:
        self.refused.emit(error)

    @property
    def _fresh(self) -> Trial | None:
        """The trial, if it is of the steps as they are now."""
        return self._trial if self._tried == (self.source, self.editor.edits.steps) else None

    def _draw(self, _called_off: bool = False) -> None:
        trial, works = self._fresh, self.editor.works
        self.which.setVisible(len(self.editor.edits.steps) > 1 and self._roomy)
        self.extent.setText(self._extent(trial) if works else tr("as it was before the last edit"))
        words = self._button(trial) if works else tr("A step cannot work")
        self.make.setText(words if self._roomy else words.partition(" (")[0])
        self.make.setToolTip(words)
        busy = self.progress.job is not None
        self.make.setEnabled(works and not busy and trial is not None and (trial.changes or not trial.whole))
        self._show_changes()

    def _show_changes(self, _what: object = None) -> None:
        if (trial := self._trial) is None:
            self.changes.set_changes([], ())
        else:
            only = self.editor.list.current if self.which.isVisible() and self.which.value() == "one" else -1
            chosen = [change for change in trial.shown if only in (-1, change.step_index)][:_SHOWN]
            self.changes.set_changes(chosen, [tr(type(tally.step).label) for tally in trial.tallies])
        self.rows_link.setVisible(bool(self.changes.shown))
        self.nothing.setText(
            "" if self.changes.shown or self._fresh is None else tr("Nothing happens to any of these rows.")
        )
        self.nothing.setVisible(bool(self.nothing.text()))

    def _extent(self, trial: Trial | None) -> str:
        if trial is None:
            return tr("Trying it out…")
        rows = self._counted(trial.rows)
        return tr("all of it: {rows}", rows=rows) if trial.whole else tr("tried on the first {rows}", rows=rows)

    def _button(self, trial: Trial | None) -> str:
        """What the button will do, with figures where all rows were tried."""
        is_text = isinstance(self.source, Text)
        if trial is None:
            return tr("Make a cleaned text") if is_text else tr("Make the next version")
        what = tr("Make a cleaned text") if is_text else tr("Make version {number}", number=trial.version)
        if not trial.whole:
            return what
        if not trial.changes:
            return tr("Nothing would change")
        if trial.dropped:
            return tr("{what} (−{count})", what=what, count=self._counted(trial.dropped))
        changed = max(tally.changed for tally in trial.tallies)
        return tr("{what} ({count} changed)", what=what, count=f"{changed:,}")

    def _counted(self, number: int) -> str:
        """So many rows, or of a text paragraphs or documents."""
        source = self.source
        if not isinstance(source, Text):
            return tr("1 row") if number == 1 else tr("{count} rows", count=f"{number:,}")
        if source.separator.strip():
            return tr("1 document") if number == 1 else tr("{count} documents", count=f"{number:,}")
        return tr("1 paragraph") if number == 1 else tr("{count} paragraphs", count=f"{number:,}")

    # --- wishes ---------------------------------------------------------------------------------------------------

    def make_now(self) -> None:
        """Run the steps over all rows and keep the result."""
        project, source = self.session.project, self.source
        if project is None or source is None or not self.editor.works:
            return
        title, edits = tr("Cleaning “{name}”", name=source.name), self.editor.edits
        job = self.session.jobs.start("studio.store.dataset_texts:cleaned", project, source, edits.steps, title=title)
        job.succeeded.connect(partial(self._made, edits, edits.steps))
        job.failed.connect(self._failed)
        self.progress.follow(job, tr("Cleaning all rows…"))
        self._draw()

    def _made(self, edits: StepEdits, steps: tuple[object, ...], made: "Source") -> None:
        """The steps are done, unless others were chosen meanwhile."""
        if edits.steps == steps:
            edits.clear()
        self.session.datasets.made()
        self.made.emit(made)

    def _open_row(self, number: int) -> None:
        self.rows_requested.emit(tr("Row {number}", number=f"{number + 1:,}"), [number])

    def _open_all(self) -> None:
        shown = self.changes.shown
        words = (
            step_words(self.editor.edits.steps[shown[0].step_index]) if self.which.value() == "one" else tr("Cleaning")
        )
        self.rows_requested.emit(words, [change.number for change in shown])

    def _scroll_to(self, top: int, height: int) -> None:
        bar, room = self.area.verticalScrollBar(), self.area.viewport().height()
        bar.setValue(min(max(bar.value(), top + height - room), top))
