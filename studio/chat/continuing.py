"""Let a trained model go on with a text: its continuation token by token, and the chances behind every token."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.chat.choice import BEST, ModelChoice
from studio.chat.columns import ChatColumns
from studio.chat.controls import NextTokenCard, SamplingCard
from studio.chat.history import PromptHistory
from studio.chat.pen import Foresight, Pen
from studio.chat.precision import PrecisionChoice
from studio.chat.prompt import PromptCard
from studio.chat.text_card import TextCard
from studio.chat.writing import Written, summary_words
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.wording import count
from studio.store.library import Entry, entries_of
from studio.widgets.action import Action
from studio.widgets.banner import Banner
from studio.widgets.look import Look


class Continuing(QWidget):
    """The model goes on from the prompt. `frame` is where a token's card may open, `banner` where trouble is told."""

    changed = Signal()  # another model is chosen, or one is on its way

    def __init__(self, session: Session, look: Look, banner: Banner, frame: QWidget) -> None:
        super().__init__()
        self.banner = banner
        self._session = session
        self.loading = ""  # the title of the model that is on its way
        self.pen, self.foresight = Pen(session, tr("Writing"), self), Foresight(session, self)
        self.choice, self.history, self.prompt = ModelChoice(look), PromptHistory(look), PromptCard(look)
        self.sampling, self.next, self.page = SamplingCard(look), NextTokenCard(look), TextCard(look, frame)
        self.view = self.page.view
        self.precision = PrecisionChoice(session, lambda: self.view.whole_text, look)
        self.choice.body.addWidget(self.precision)
        side = (("Model", self.choice), ("Sampling", self.sampling), ("Next", self.next), ("Prompts", self.history))
        self.columns = ChatColumns(side, (self.page, self.prompt), look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.columns)
        self._connect()

    def _connect(self) -> None:
        self.choice.changed.connect(self._refresh_buttons)
        self.precision.changed.connect(self._refresh_buttons)
        self.history.chosen.connect(self._recall)
        self.history.failed.connect(self._failed)
        self.sampling.changed.connect(self._sampling_changed)
        self.next.chosen.connect(self._write_token)
        self.prompt.edit.textChanged.connect(self._prompt_changed)
        self.prompt.edit.submitted.connect(self._primary_pressed)
        self.prompt.edit.browsed.connect(self._browse)
        self.prompt.primary.clicked.connect(self._primary_pressed)
        self.prompt.go_on.clicked.connect(self._go_on)
        self.page.inside_requested.connect(self._look_inside)
        self.pen.wrote.connect(self.page.add)
        self.pen.failed.connect(self._failed)
        self.pen.ended.connect(self._written)
        self.foresight.ready.connect(self._show_logits)
        self.foresight.failed.connect(self._no_logits)

    # What is shown

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the session: which models there are, and which one is in memory."""
        if not what or what & {"project", "models", "runs", "running", "checkpoints"}:
            project = self._session.project
            self.choice.set_runs(list(self._session.runs.values()))
            self.choice.set_entries(entries_of(project))
            self.history.set_project(project.path if project is not None else None)
        if not what or "loaded" in what:
            self._model_changed()
        wanted = tr("What the model writes appears here.")
        self.view.setPlaceholderText(wanted if self.wanted else tr("There is no trained model in this project yet."))
        self._refresh_buttons()

    def focus_on(self, thing: object) -> None:
        """Load a run's best checkpoint, that of a (name, step), or any other model; a `Sampling` is a prompt."""
        if isinstance(thing, Entry):
            self.choice.choose_entry(thing)
        elif isinstance(thing, RunModel):
            self.choice.choose(thing.name, BEST)
        elif isinstance(thing, tuple) and len(thing) == 2:
            self.choice.choose(str(thing[0]), int(thing[1]))
        elif isinstance(thing, Sampling):
            self._recall(thing.prompt)
        self._refresh_buttons()
        if self.wanted and not self._is_loaded():
            self.load()

    def wishes(self) -> list[Action]:
        """What the command palette offers for this page."""
        first, on = self.prompt.primary, self.prompt.go_on
        words = tr("Go on from what is written")
        return [Action("chat.primary", first.text(), self._primary_pressed, "", "chat", first.isEnabled),
                Action("chat.go_on", words, self._go_on, "", "play", on.isEnabled)]  # fmt: skip

    @property
    def wanted(self) -> str:
        """The title of the model that the two lists name; empty when there is none."""
        return self.choice.wanted

    def _is_loaded(self) -> bool:
        loaded = self._session.loaded
        return loaded is not None and loaded.title == self.wanted and loaded.path in (None, self.choice.folder)

    def _model_changed(self) -> None:
        self.foresight.forget()
        if self.pen.writing and self.pen.model is not self._session.loaded:
            self.stop()
        if self._session.loaded is None:
            self.next.forget()
            self.prompt.room.setText("")
        elif not self.pen.writing:
            self.foresight.ask_at_once(self._text_so_far())

    def _refresh_buttons(self) -> None:
        self.changed.emit()
        text, enabled = self._primary_words()
        self.prompt.primary.setText(text)
        self.prompt.primary.setEnabled(enabled)
        self.prompt.go_on.setVisible(bool(self.view.tokens))
        self.precision.show_model(self._session.loaded if self._is_loaded() else None, self.pen.writing)
        self.prompt.go_on.setEnabled(self._can_write() and not self.pen.writing)

    def _can_write(self) -> bool:
        return self._is_loaded() and not self.precision.busy

    def _primary_words(self) -> tuple[str, bool]:
        if self.pen.writing:
            return tr("Stop"), True
        if self.loading:
            return tr("Loading…"), False
        if not self.wanted:
            return tr("Train a model first"), True
        if not self._is_loaded():
            run = self.choice.chosen_run
            return tr("Load step {step}", step=count(self.choice.real_step)) if run else tr("Load this model"), True
        if self.precision.busy:
            return tr("Changing to {name}…", name=self.precision.wanted), False
        sampling = self.sampling.value()
        if not self.sampling.is_usable:
            return tr("Check the marked setting"), False
        if sampling.samples > 1:
            words = tr("Write {texts} × {count} tokens", texts=count(sampling.samples), count=count(sampling.tokens))
            return words, True
        return tr("Write {count} tokens", count=count(sampling.tokens)), True

    def _primary_pressed(self) -> None:
        if self.pen.writing:
            self.stop()
        elif self.loading:
            return
        elif not self.wanted:
            self._session.focus("pretrain")
        elif not self._is_loaded():
            self.load()
        elif self._can_write():
            self.history.add(self.prompt.text)
            self.page.begin(self.prompt.text)
            self._write(self.prompt.text)

    # Loading

    def load(self) -> None:
        """Bring the chosen model into memory."""
        try:
            entry = self.choice.entry
            job = (self._session.load_folder(entry.folder, entry.title) if entry is not None
                   else self._session.load_model(self.choice.chosen_run, self.choice.step or None))  # fmt: skip
        except StudioError as error:
            self._failed(error)
            return
        self.loading = self.wanted
        self.banner.clear()
        self.next.forget(tr("Loading {name}…", name=self.loading))
        job.failed.connect(self._load_failed)
        job.ended.connect(self._load_ended)
        self._refresh_buttons()

    def _load_failed(self, error: StudioError) -> None:
        self.next.forget()
        self._failed(error)

    def _load_ended(self) -> None:
        self.loading = ""
        if self._is_loaded() and self.columns.tabs.value() == "Model":
            self.columns.show_side("Sampling")
        self._refresh_buttons()

    def _failed(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)

    # Writing

    def _write(self, text: str) -> None:
        """Let the model go on from `text`, appending to what stands on the page."""
        self.banner.clear()
        sampling = self.sampling.value()
        self.page.branch(sampling.samples)
        searching = tr("Following {count} beams; the text comes when the best one is found…", count=sampling.beams)
        self.page.say(searching if sampling.beams > 1 else tr("Reading the prompt…"))
        self.pen.start(text, sampling)
        self._refresh_buttons()

    def _look_inside(self, text: str) -> None:
        self._session.focus("lenses", self.choice.glance(text))

    def stop(self) -> None:
        """Nothing more is written from this moment."""
        if self.pen.stop():
            self.page.say(f"{summary_words(self.view.tokens)} · {tr('stopped')}".removeprefix(" · "))

    def _written(self) -> None:
        self.page.say()
        self._refresh_buttons()
        self.foresight.ask_at_once(self._text_so_far())

    def _go_on(self) -> None:
        if self.prompt.go_on.isEnabled():
            self._write(self.view.whole_text)

    def _write_token(self, token: int, probability: float) -> None:
        """A person chose the next token instead of the rule."""
        model = self._session.loaded
        if model is None or self.pen.writing or self.precision.busy:
            return
        if self.view.prompt != self.prompt.text or not self.view.tokens:
            self.page.begin(self.prompt.text)
        text, shown = model.tokenizer.token_text(token), self.page.shown
        self.page.add([Written(text, token, probability, 0.0, sample=shown, rivals=self.next.rivals)])
        self._refresh_buttons()
        self.foresight.ask_at_once(self._text_so_far())

    # The bars

    def _text_so_far(self) -> str:
        """What the bars follow: the page, until another prompt is being typed."""
        return self.view.whole_text if self.view.prompt == self.prompt.text else self.prompt.text

    def _prompt_changed(self) -> None:
        if not self.pen.writing:
            self.foresight.ask(self._text_so_far())

    def _show_logits(self, model: Any, logits: Any, text: str) -> None:
        self.next.set_sampling(self.sampling.value())
        self.next.set_logits(model, logits, text)
        used, seen = len(logits.ids), model.context_length
        words = tr("{used} of {seen} tokens") if used <= seen else tr("sees the last {seen} of {used} tokens")
        self.prompt.room.setText(words.format(used=count(used), seen=count(seen)))
        self.prompt.room.setToolTip(tr("Tokens of the text so far, and how many the model sees at once"))

    def _no_logits(self, error: StudioError) -> None:
        self.next.forget(str(error))

    def _sampling_changed(self, sampling: Sampling) -> None:
        self.next.set_sampling(sampling)
        self._refresh_buttons()

    def _browse(self, step: int, afresh: bool) -> None:
        prompt = self.history.browse(step, afresh)
        if prompt is not None:
            self.prompt.edit.recall(prompt)

    def _recall(self, prompt: str) -> None:
        self.prompt.set_text(prompt)
        self.prompt.edit.setFocus()
