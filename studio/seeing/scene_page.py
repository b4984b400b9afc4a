"""A page about the inside: what is looked at above, the chosen view in the middle, what it says of itself below."""

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.seeing.export import FORMS, Export, ExportButton
from studio.seeing.footing import Footing
from studio.seeing.step_bar import StepBar
from studio.seeing.subject_bar import SubjectBar
from studio.seeing.subjects import default_subject, glance_at
from studio.seeing.view import EVERYTHING, SceneView
from studio.seeing.view_switch import ViewSwitch
from studio.store.library import entries_of
from studio.widgets.action import Action
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look
from studio.widgets.page import Page

WHY_EMPTY = (
    "This page draws what a model computes on a text. Train one, or import one that others trained: "
    "the first saved checkpoint is enough, also while the run goes on."
)


_LOW = 600  # pixels of the page's height
_WORDS = 320  # pixels beside the switch that keep the page's purpose from breaking into many lines


class ScenePage(Page):
    """A subclass gives the words and the views; `session.looking` and `session.selection` are shared by all of them."""

    name = ""  # as in PANELS
    heading = ""
    about = ""
    idea_words = ""
    views: tuple[type[SceneView], ...] = ()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr(self.heading), tr(self.about), look)
        self.set_idea(tr(self.idea_words))
        self.session, self.looking, self.selection = session, session.looking, session.selection
        self._built: dict[str, SceneView] = {}
        self._wanted = ""  # the view that a person chose
        self.switch = ViewSwitch([(view.name, tr(view.label)) for view in self.views], look, tr(self.heading))
        self.export, self.writing = ExportButton(look), Export(session, self)
        self.subject = SubjectBar(session, look)
        self.film = StepBar(session, look)
        self.footing = Footing(session, look)
        self.empty = EmptyState("", "", tr("Go to Pretrain"), self._go_on, look, self.name)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.under = QHBoxLayout()  # where the switch goes that has no room beside the title
        self.under.addStretch(1)
        self.body.addLayout(self.under)
        self.tools.addWidget(self.switch)
        self.actions_row.addWidget(self.export)
        for widget, share in ((self.subject, 0), (self.stack, 1), (self.footing, 0), (self.film, 0)):
            self.body.addWidget(widget, share)
        self.body.setSpacing(12)
        self.switch.changed.connect(self.open_view)
        self.export.wanted.connect(self.save)
        self.writing.saved.connect(self._saved)
        self.writing.failed.connect(self._failed)
        self.looking.changed.connect(self._looked)
        self.selection.changed.connect(self._pointed)
        self._first = QTimer(self)  # waits for whoever opens the page with a model in hand
        self._first.setSingleShot(True)
        self._first.timeout.connect(self._look_first)

    # --- what is shown -----------------------------------------------------------------------------------------

    @property
    def view(self) -> SceneView | None:
        """The view that is chosen, once it was built."""
        return self._built.get(self._name)

    @property
    def _name(self) -> str:
        """The view that was chosen; before that the first one, or one that needs no model while there is none."""
        if self._wanted or not self.views:
            return self._wanted
        alone = [view.name for view in self.views if not view.needs_model]
        return alone[0] if alone and self.looking.subject is None else self.views[0].name

    def refresh(self, what: frozenset[str] = EVERYTHING) -> None:
        """Follow the session: which models there are; the first look at a page loads the newest run's best one."""
        if not what or what & {"project", "models", "runs", "running", "checkpoints"}:
            self.subject.set_models(list(self.session.runs.values()), entries_of(self.session.project))
            self.footing.follow(self.session.running)
        if self.looking.subject is None and self.isVisible():
            self._first.start()
        self._show()

    def _look_first(self) -> None:
        """Nobody chose a model before the page was drawn."""
        subject = default_subject(self.session) if self.looking.subject is None else None
        if subject is not None:
            self.looking.look_at(subject)

    def open_view(self, name: str) -> None:
        """Show one of the views, building it if nobody opened it before."""
        if any(view.name == name for view in self.views):
            self._wanted = name
            self.switch.set_value(name)
            self._show()

    def focus_on(self, thing: object) -> None:
        """Look at a run, a (run, step), a model, or a `Glance` with a text and a view."""
        glance = glance_at(self.session, thing)
        if glance.view:
            self.open_view(glance.view)
        subject = glance.subject or self.looking.subject or default_subject(self.session)
        if subject is not None:
            self.looking.look_at(subject, glance.text)
        self._show()

    def _looked(self, what: frozenset[str]) -> None:
        if "trouble" in what:
            self._show_trouble()
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        """The view, or the words that stand in for it."""
        words = self._words()
        if words is None and self._name not in self._built:
            self._build()
            words = self._words()
        view = self.view
        shows = words is None and view is not None
        if words is not None:
            self.empty.set_words(*words)
        self._offer()
        self.stack.setCurrentWidget(view if shows and view is not None else self.empty)
        self.switch.setVisible(len(self.views) > 1)
        self.switch.set_value(self._name)
        self.subject.setVisible(self.looking.subject is not None)
        self.film.setVisible(bool(self.looking.film.steps))
        self.footing.setVisible(self.looking.scene is not None or shows)
        self.export.setEnabled(shows)
        self.export.vector = view is not None and view.vector
        self.footing.set_view(view if shows else None)

    def _words(self) -> tuple[str, str] | None:
        """Headline and reason where there is nothing to draw; None where there is."""
        looking = self.looking
        if looking.scene is None and any(view.name == self._name and not view.needs_model for view in self.views):
            return None
        if looking.subject is None:
            return tr("No model to look into yet"), tr(WHY_EMPTY)
        if looking.scene is None and looking.busy:
            return tr("Looking into {name}…", name=looking.subject.title), tr("Its weights are read and the text once.")
        if looking.scene is None:
            return tr("There is nothing to see of {name}", name=looking.subject.title), ""
        missing = self.view.why_nothing() if self.view is not None else ""
        if not missing:
            return None
        return (tr("Not in this model") if not self._wants_two() else tr("Nothing to compare with yet")), missing

    def _wants_two(self) -> bool:
        view = self.view
        waits = view is not None and view.needs_two and self.looking.other is None
        return waits and view is not None and view.why_nothing() == view.missing()

    def _offer(self) -> None:
        """The one thing to do where there is nothing to see."""
        button, project = self.empty.button, self.session.project
        button.setVisible(self.looking.subject is None or self._wants_two())
        if self.looking.subject is not None:
            button.setText(tr("Compare…"))
        else:
            button.setText(tr("Go to Pretrain") if project is not None else tr("Go to Home"))

    def _build(self) -> None:
        view = next((view for view in self.views if view.name == self._name), None)
        if view is not None:
            built = self._built[view.name] = view(self.session, self.look)
            built.setAccessibleName(tr(view.label))
            built.told.connect(self._told)
            self.stack.addWidget(built)

    def _told(self) -> None:
        if self.view is not None and self.view.why_nothing():
            self._show()
        self.footing.say()

    def _pointed(self, _fields: frozenset[str]) -> None:
        if self.isVisible():
            self.footing.say()

    def _show_trouble(self) -> None:
        trouble = self.looking.trouble
        if trouble is not None:
            again = [(tr("Try again"), self._try_again)] if self.looking.scene is None else []
            self.banner.show_error(trouble.message, trouble.hint, again)
        else:
            self.banner.clear()

    # --- what a person does ------------------------------------------------------------------------------------

    def save(self, form: str) -> None:
        """Write what is shown as png, svg, csv or npz, asking where."""
        if self.view is not None and self.stack.currentWidget() is self.view:
            self.writing.ask(self.view, form)

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        return page_actions(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Another page may have changed what is looked at."""
        super().showEvent(event)
        self.subject.refresh()
        if self.looking.subject is None:
            self._first.start()
        self._show_trouble()
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape frees what is locked."""
        if event.key() == Qt.Key.Key_Escape and not self.selection.is_free:
            self.selection.free()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The views stand beside the title where there is room, below it where that is enough, else in a list.

        In a low window the picture needs the room of the page's purpose more.
        """
        super().resizeEvent(event)
        low = self.height() < _LOW
        self.purpose.setVisible(not low)
        self.footing.set_lines(1 if low else 2)
        room, wanted = self.width() - 48, self.switch.row.sizeHint().width()
        words = self.title.sizeHint().width() + 64
        beside = room - self.export.sizeHint().width() - (words if low else max(_WORDS, words))
        row = self.under if beside < wanted <= room and not low else self.tools
        self.switch.fit(room if row is self.under else beside)
        if row.indexOf(self.switch) < 0:
            (self.tools if row is self.under else self.under).removeWidget(self.switch)
            row.insertWidget(0, self.switch)

    def _go_on(self) -> None:
        if self.looking.subject is not None:
            self.subject.ask_compare()
            return
        self.session.focus("pretrain" if self.session.project is not None else "home")

    def _try_again(self) -> None:
        if self.looking.subject is not None:
            self.looking.look_at(self.looking.subject)

    def _saved(self, name: str) -> None:
        self.session.notices.post("good", tr("The view is saved as {name}.", name=name))

    def _failed(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)


def page_actions(page: ScenePage) -> list[Action]:
    """Every view, the text, the comparison, the forms of export, and freeing what is locked."""
    seen, name = (lambda: page.looking.scene is not None), page.name

    def opener(view: str) -> Action:
        label = next(tr(one.label) for one in page.views if one.name == view)
        words = tr("{page}: {view}", page=tr(page.heading), view=label)
        return Action(f"{name}.view.{view}", words, lambda: page.open_view(view), "", name)

    def saver(form: str, words: str) -> Action:
        return Action(f"{name}.export.{form}", words, lambda: page.save(form), "", "export", page.export.isEnabled)

    return [
        *(opener(view.name) for view in page.views),
        Action(f"{name}.text", tr("Look at another text"), page.subject.edit_prompt, "", "edit", seen),
        Action(f"{name}.compare", tr("Compare with another model"), page.subject.ask_compare, "", "compare", seen),
        Action(f"{name}.free", tr("Free the selection"), page.selection.free, "", "close", seen),
        *(saver(form, tr(words)) for form, words in FORMS),
    ]


__all__ = ["EVERYTHING", "ScenePage", "SceneView"]
