"""What is looked at: model, checkpoint, text, and the way to a comparison, in one quiet card."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout

from studio.core.language import tr
from studio.live.looking import Subject
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.wording import count
from studio.seeing.compare_bar import CompareBar
from studio.seeing.prompt_strip import PromptStrip
from studio.seeing.subject_choice import SubjectChoice
from studio.seeing.subjects import NEWEST, of_run
from studio.store.library import Entry
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look


class SubjectBar(Card):
    """Wishes go straight to `session.looking`; `refresh` shows what came of them."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("", look)
        self.setAccessibleName(tr("What is looked at"))
        self._session, self._looking = session, session.looking
        self._watched: RunModel | None = None
        self.choice = SubjectChoice(look)
        self.prompt = PromptStrip(session.selection, look)
        self.edit = IconButton("edit", tr("Look at another text"), self.edit_prompt, look)
        self.before = IconButton("chevron-left", tr("The tokens before"), self._turn_back, look)
        self.after = IconButton("chevron-right", tr("The tokens after"), self._turn_on, look)
        self.counted = ElidedLabel("", "small")
        self.compare = Button(tr("Compare…"), self.ask_compare, look).set_small()
        self.versus = CompareBar(session, look)
        self._lay_out()
        self.choice.chosen.connect(self._chosen)
        self.prompt.submitted.connect(self._submitted)
        self.versus.closed.connect(self.refresh)
        self._looking.changed.connect(self._looked)

    def _lay_out(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(12, 6, 12, 6)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.choice, 2)
        row.addWidget(self.edit)
        row.addWidget(self.prompt, 5)
        for widget in (self.before, self.counted, self.after, self.compare):
            row.addWidget(widget)
        self.body.addLayout(row)
        self.body.addWidget(self.versus)

    def set_models(self, runs: Sequence[RunModel], entries: Sequence[Entry]) -> None:
        """Offer these, and hear of what the living run saves."""
        for choice in (self.choice, self.versus.choice):
            choice.set_models(runs, entries)
        running = self._session.running
        if running is not self._watched:
            if self._watched is not None:
                self._watched.changed.disconnect(self._run_changed)
            self._watched = running
            if running is not None:
                running.changed.connect(self._run_changed)
        self._follow()
        self.refresh()

    def refresh(self) -> None:
        """Show what is looked at."""
        scene = self._looking.scene
        self.choice.show_subject(self._looking.subject)
        self.prompt.show_text(self._looking.prompt, scene.tokens if scene is not None else ())
        window = scene.capture.window if scene is not None else None
        whole = window is None or window.whole
        for arrow in (self.before, self.after):
            arrow.setVisible(not whole)
        if window is not None:
            self.before.setEnabled(window.start > 0)
            self.after.setEnabled(window.end < window.total)
            words = tr("{count} tokens", count=count(window.total))
            if not whole:
                first, last = count(window.start + 1), count(window.end)
                words = tr("{first} to {last} of {total}", first=first, last=last, total=count(window.total))
            self.counted.setText(tr("reading…") if self._looking.busy else words)
            self.counted.setToolTip(window.sentence())
        self.compare.setVisible(self.versus.isHidden())
        self.versus.refresh()

    def edit_prompt(self) -> None:
        """Let the person write another text."""
        self.prompt.edit()

    def ask_compare(self) -> None:
        """Lay another checkpoint or model over this one."""
        self.versus.ask()
        self.refresh()

    def _looked(self, what: frozenset[str]) -> None:
        if self.isVisible() and what - {"film", "snapshot"}:
            self.refresh()

    def _chosen(self, subject: Subject) -> None:
        self._looking.look_at(subject)

    def _submitted(self, text: str) -> None:
        self._looking.read(text)

    def _turn_back(self) -> None:
        window = self._looking.scene.capture.window
        self._looking.read(self._looking.prompt, max(0, window.start - (window.end - window.start)))

    def _turn_on(self) -> None:
        window = self._looking.scene.capture.window
        length = window.end - window.start
        self._looking.read(self._looking.prompt, min(window.end, window.total - length))

    def _run_changed(self, what: frozenset[str]) -> None:
        """A new checkpoint joins the list."""
        if "checkpoints" in what and self.isVisible():
            self.set_models(list(self._session.runs.values()), self.choice.entries)

    def _follow(self) -> None:
        """Whoever wanted the newest checkpoint sees the one that was saved meanwhile."""
        run = self._looking.run
        if self.choice.follows and run is not None and run.living and (subject := of_run(run, NEWEST)) is not None:
            self._looking.look_at(subject)
