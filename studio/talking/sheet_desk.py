"""What the side sheet means: kept with the chat, taken from presets and libraries; the template; the context."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.live.session import Session
from studio.prompts import Turn
from studio.store.chats import Opened
from studio.talking.answer import USER
from studio.talking.conversation import Conversation
from studio.talking.replying import read_by, used
from studio.talking.sheet import sampling_of, values_of
from studio.talking.shown_chat import COLUMNS
from studio.talking.talk_view import TalkView
from studio.talking.templates import Template, brought_by, choices, template_of
from studio.talking.voices import Voices, kept_voices

_PAUSE = 300  # milliseconds without a key before something is measured or kept


class SheetDesk(QObject):
    """`template` is None until it is known; `changed` says that it, or a setting, is another."""

    changed = Signal()
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, view: TalkView, conversation: Conversation, voices: Voices) -> None:
        super().__init__(view)
        self._session, self._view, self._conversation, self._voices = session, view, conversation, voices
        self.template: Template | None = None
        self._chosen, self._stale = "", True
        self._unkept: dict[str, Any] = {}
        self._later = self._timer(self._ask_context)
        self._keeping = self._timer(self._keep)
        sheet, chats = view.sheet, session.chats
        sheet.strength_changed.connect(voices.set_strength)
        sheet.template_chosen.connect(self._template_chosen)
        sheet.sampling_changed.connect(self._sampling_changed)
        sheet.system_changed.connect(self._system_changed)
        sheet.presets.chosen.connect(self._take_preset)
        sheet.presets.kept.connect(self._keep_preset)
        sheet.presets.forgotten.connect(chats.forget_preset)
        sheet.library.chosen.connect(self._take_system)
        sheet.library.kept.connect(self._keep_system)
        sheet.library.forgotten.connect(chats.forget_system_prompt)
        view.composer.edit.textChanged.connect(self.measure)
        view.composer.reading_wanted.connect(self._ask_reading)

    def _timer(self, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(_PAUSE)
        timer.timeout.connect(slot)
        return timer

    def open(self, opened: Opened) -> None:
        """Show what was kept with a chat."""
        self._view.sheet.set_system(opened.system)
        sampling = opened.settings.get("sampling")
        if isinstance(sampling, Mapping):
            self._view.sheet.set_sampling(sampling_of(sampling))
        if isinstance(columns := opened.settings.get(COLUMNS), list):
            self._voices.restore(kept_voices(columns))

    def show_library(self) -> None:
        """The names of presets and system prompts."""
        self._view.sheet.presets.set_names(list(self._session.chats.presets))
        self._view.sheet.library.set_names(list(self._session.chats.system_prompts))

    # --- sampling and system prompt ----------------------------------------------------------------------------

    def _sampling_changed(self, sampling: Sampling) -> None:
        self._unkept["sampling"] = values_of(sampling)
        self._keeping.start()
        self.changed.emit()

    def _system_changed(self, text: str) -> None:
        self._unkept["system"] = text
        self._keeping.start()
        self.measure()

    def _keep(self) -> None:
        """What was set, into the chat that is open; a new one takes it along when it is made."""
        info, unkept = self._conversation.info, self._unkept
        self._unkept = {}
        if info is None or self._session.project is None:
            return
        if "system" in unkept:
            self._session.chats.set_system(info.id, unkept["system"])
        if "sampling" in unkept:
            self.keep()

    def keep(self) -> None:
        """How answers are drawn and, of several columns, who speaks in each and what it shows, into the chat."""
        info, branches = self._conversation.info, self._conversation.own_columns
        if info is None or self._session.project is None:
            return
        both = zip(self._voices.chosen, branches, strict=False)
        columns = [
            {"voice": voice.key, "strength": voice.strength, "leaf": branch[-1].id} for voice, branch in both if branch
        ]
        settings = {"sampling": values_of(self._view.sheet.sampling), COLUMNS: columns if len(columns) > 1 else []}
        self._session.chats.set_settings(info.id, settings)

    def _take_preset(self, name: str) -> None:
        sampling = sampling_of(self._session.chats.presets.get(name, {}))
        self._view.sheet.set_sampling(sampling)
        self._sampling_changed(sampling)

    def _keep_preset(self, name: str) -> None:
        self._session.chats.save_preset(name, values_of(self._view.sheet.sampling))

    def _take_system(self, name: str) -> None:
        self._view.sheet.set_system(self._session.chats.system_prompts.get(name, ""))
        self._system_changed(self._view.sheet.system_text)

    def _keep_system(self, name: str) -> None:
        self._session.chats.save_system_prompt(name, self._view.sheet.system_text)

    # --- the template ------------------------------------------------------------------------------------------

    def model_changed(self) -> None:
        """Another model is in memory: its own template counts again, and is looked for once somebody looks."""
        self._chosen, self.template, self._stale = "", None, True
        if self._view.isVisible():
            self.shown()

    def shown(self) -> None:
        """The page is looked at."""
        if self._stale:
            self._ask_template()

    def _template_chosen(self, name: str) -> None:
        self._chosen = name
        self._ask_template()

    def _ask_template(self) -> None:
        """To look for it takes a look at the disk, and for one of the model's own a process."""
        self.template, self._stale = None, False
        model, project = self._session.loaded, self._session.project
        if model is None or project is None:
            return
        job = self._session.jobs.start(_look_up, model, project.path, self._chosen, lane="chat template")
        job.succeeded.connect(self._found)
        job.failed.connect(self.failed)

    def _found(self, found: tuple[Template, list[tuple[str, str]]]) -> None:
        self.template = found[0]
        self._view.sheet.set_templates(found[1], found[0].name, found[0].note)
        self.changed.emit()
        self.measure()

    # --- the context -------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Find out soon how much of the context is used."""
        self._later.start()

    def _ask_context(self) -> None:
        model, view = self._session.loaded, self._view
        if model is None or self.template is None or self._conversation.busy or not view.isVisible():
            return
        turns = self._next_turns()
        job = self._session.jobs.start(
            used, model, self.template.prompt, turns, view.sheet.sampling.tokens, lane="chat context"
        )
        job.succeeded.connect(partial(self._show_context, len(turns)))
        job.failed.connect(self._no_context)

    def _next_turns(self) -> tuple[Turn, ...]:
        """What the next question will find, and itself as far as it is typed."""
        turns = self._conversation.branches.turns(0, self._view.sheet.system_text)
        return (*turns, Turn(USER, self._view.composer.text.strip()))

    def _ask_reading(self) -> None:
        model, view = self._session.loaded, self._view
        if model is not None and self.template is not None and not self._conversation.busy:
            most = view.sheet.sampling.tokens
            job = self._session.jobs.start(
                read_by, model, self.template.prompt, self._next_turns(), most, lane="chat reading"
            )
            job.succeeded.connect(view.composer.read.show_text)
            job.failed.connect(self.failed)

    def _show_context(self, turns: int, use: Any) -> None:
        told = bool(self._view.sheet.system_text.strip()) and use.kept_from > 0  # a system prompt is never forgotten
        self._view.composer.show_context(use.tokens, use.room, min(turns, use.kept_from - int(told)))

    def _no_context(self, error: StudioError) -> None:
        self._view.composer.show_context(None, 0)
        self._view.composer.room.setText(error.message)


def _look_up(model: Any, project: Path, chosen: str) -> tuple[Template, list[tuple[str, str]]]:
    """The template of a model and everything that could be chosen instead; for a worker thread."""
    return template_of(model, project, chosen), choices(project, brought_by(model))
