"""What stands below a view: what one is looking at, with the numbers pointed at, and where all of it comes from."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.seeing.provenance import provenance
from studio.seeing.view import SceneView
from studio.views.token_text import visible_text
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_LATER_MS = 1_000  # between two looks at how old the scene is while a run goes on


class Footing(QWidget):
    """`say` asks the view again; the line of its own tells what is locked and how to free it."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._look = session, look
        self._view: SceneView | None = None
        self._run: RunModel | None = None
        self.words = Label("", "quiet", wrap=True)
        self.words.setAccessibleName(tr("What am I looking at?"))
        self.source = ElidedLabel("", "small")
        self.source.setAccessibleName(tr("Where the numbers come from"))
        self.locked = ElidedLabel("", "small")
        self.free = Button(tr("Esc frees"), session.selection.free, look, "link").set_small()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(4)
        lines.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.source, 1)
        row.addWidget(self.locked)
        row.addWidget(self.free)
        lines.addLayout(row)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self.say)
        look.changed.connect(self._measure)
        self._lines = 2
        self._measure()

    def set_lines(self, lines: int) -> None:
        """Of the explanation so many keep their room, so that nothing jumps when the pointer moves."""
        self._lines = lines
        self._measure()

    def set_view(self, view: SceneView | None) -> None:
        """Speak for this view."""
        self._view = view
        self.say()

    def follow(self, run: RunModel | None) -> None:
        """Tell how old the scene is while this run goes on."""
        if run is self._run:
            return
        if self._run is not None:
            self._run.changed.disconnect(self._run_changed)
        self._run = run
        if run is not None:
            run.changed.connect(self._run_changed)

    def say(self) -> None:
        """Ask again: the view, the scene, the selection."""
        looking, selection, view = self._session.looking, self._session.selection, self._view
        self.words.setText(view.explanation() if view is not None else "")
        scrubs, compares = (view.scrubs, view.compares) if view is not None else (False, False)
        self.source.setText(provenance(looking, selection, scrubs, compares))
        scene = looking.scene
        self.source.set_role("danger" if scene is not None and not scene.exact else "small")
        tokens = [visible_text(token) for token in scene.tokens] if scene is not None else []
        self.locked.setText(tr("locked: {words}", words=selection.words(tokens)) if not selection.is_free else "")
        for widget in (self.locked, self.free):
            widget.setVisible(not selection.is_free)

    def _run_changed(self, _what: frozenset[str]) -> None:
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _measure(self) -> None:
        self.words.setMinimumHeight(self._lines * self.words.fontMetrics().lineSpacing())
