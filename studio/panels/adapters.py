"""Adapters: what they cost, what they changed, what four bits take away, and one training step walked through."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QStackedWidget

from studio.adapting.bits_view import BitsView
from studio.adapting.changes_view import ChangesView
from studio.adapting.costs_view import CostsView
from studio.adapting.step_view import StepView
from studio.core.language import tr
from studio.live.session import Session
from studio.panels import Action
from studio.seeing.view_switch import ViewSwitch
from studio.widgets.empty_state import EmptyState
from studio.widgets.look import Look
from studio.widgets.page import Page

PURPOSE = "Two thin matrices beside each layer of a frozen model: what they cost, and what they change."
IDEA = (
    "Training every weight of a model takes four times its memory. LoRA freezes the model and adds to a layer's wide "
    "matrix W the product of two thin ones: y = Wx + α/r · B(Ax). A has r rows, B has r columns, and the rank r is "
    "small: 8, 16, 32. Only A and B are trained, saved and passed on.\n\n"
    "B begins as zeros, so at first nothing changes. Afterwards the product can be turned up and down, taken off, or "
    "added into W for good; several adapters can lie on one model.\n\n"
    "QLoRA also holds the frozen matrices in 4 bits, in blocks of 64 weights that share a scale. The gradient goes "
    "through them to the thin matrices, which stay exact."
)
VIEWS = (("costs", "Costs"), ("changes", "What changed"), ("bits", "Four bits"), ("step", "One step"))
_EMPTY = {
    "changes": "This view weighs what an adapter changes in every layer of a model, and what it does to a prompt.",
    "bits": "This view measures what every layer of a model loses in four bits.",
    "step": "This view walks through one training step of a model: forward, loss, backward, optimise.",
}
View = CostsView | ChangesView | BitsView | StepView
_KINDS: dict[str, Callable[[Session, Look], View]] = {
    "costs": CostsView, "changes": ChangesView, "bits": BitsView, "step": StepView,
}  # fmt: skip


class AdaptersPanel(Page):
    """Costs need no model; the other views look at the one in memory."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Adapters"), tr(PURPOSE), look)
        self.set_idea(tr(IDEA))
        self._session = session
        self._views: dict[str, View] = {}
        self.switch = ViewSwitch([(name, tr(words)) for name, words in VIEWS], look, tr("View"))
        self.switch.changed.connect(self.open_view)
        self.tools.addWidget(self.switch)
        self.empty = EmptyState(
            tr("No model is in memory"), "", tr("Load a model"), partial(session.focus, "models"), look, "adapters"
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.body.addWidget(self.stack, 1)

    def view(self, name: str) -> View:
        """One of the views, built when it is first wanted."""
        if name not in self._views:
            made = _KINDS[name](self._session, self.look)
            self._views[name] = made
            self.stack.addWidget(made)
        return self._views[name]

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session; an empty set means everything."""
        if isinstance(step := self._views.get("step"), StepView):
            step.let_go()
        name = self.switch.value()
        if name != "costs" and self._session.loaded is None:
            self.empty.set_words(tr("No model is in memory"), tr(_EMPTY[name]))
            self.stack.setCurrentWidget(self.empty)
            return
        view = self.view(name)
        fresh = self.stack.currentWidget() is not view
        self.stack.setCurrentWidget(view)
        view.refresh(frozenset() if fresh else what)

    def open_view(self, name: str) -> None:
        """Show one of the views."""
        self.switch.set_value(name)
        self.refresh()

    def focus_on(self, thing: object) -> None:
        """Open the view of this name."""
        if thing in dict(VIEWS):
            self.open_view(str(thing))

    def actions(self) -> list[Action]:  # type: ignore[override]  # the shell's, not Qt's
        """What the command palette offers for this page."""
        views = [
            Action(f"adapters.{name}", tr("Adapters: {view}", view=tr(words)), partial(self.open_view, name), "",
                   "adapters")
            for name, words in VIEWS
        ]  # fmt: skip
        lay = Action("adapters.lay", tr("Lay an adapter on the model in memory…"), self._lay_on, "", "import",
                     lambda: self._session.loaded is not None)  # fmt: skip
        return [*views, lay]

    def _lay_on(self) -> None:
        """Where adapters are laid on, with the list of them open."""
        self.open_view("changes")
        view = self._views.get("changes")
        if isinstance(view, ChangesView):
            view.open_menu()
