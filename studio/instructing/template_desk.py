"""The templates of the open project: looked up on a worker, kept and deleted with a way back."""

from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.language import tr
from studio.instructing.template_choice import Templates, dropped, kept, templates_of
from studio.live.session import Session
from studio.store.own_prompts import OwnPrompt


class TemplateDesk(QObject):
    """`templates` is what is known; `changed` says that it is something else, `saved` which one was kept."""

    changed = Signal()
    saved = Signal(str)
    deleted = Signal(str)
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._key: object = None
        self.templates = Templates()

    def follow(self, start_from: str) -> None:
        """Look once for each project and model that a run starts from."""
        project = self._session.project
        key = (project and project.path, start_from)
        if key == self._key:
            return
        self._key = key
        if project is None:
            self._take(Templates())
            return
        job = self._session.jobs.start(templates_of, project, start_from, lane="instruct.templates")
        job.succeeded.connect(self._take)
        job.failed.connect(self.failed)

    def save(self, name: str, text: str) -> None:
        """Keep a template under a name, in place of the one that had it."""
        if self._session.project is not None:
            job = self._session.jobs.start(kept, self._session.project, name, text)
            job.succeeded.connect(self._kept)
            job.failed.connect(self.failed)

    def delete(self, name: str) -> None:
        """Remove a template; the notice brings it back."""
        if self._session.project is not None:
            job = self._session.jobs.start(dropped, self._session.project, name)
            job.succeeded.connect(self._dropped)
            job.failed.connect(self.failed)

    def _take(self, templates: Templates) -> None:
        if templates != self.templates:
            self.templates = templates
            self.changed.emit()

    def _look_again(self) -> None:
        _, start_from = self._key if isinstance(self._key, tuple) else (None, "")
        self._key = None
        self.follow(start_from)

    def _kept(self, own: OwnPrompt) -> None:
        others = [one for one in self.templates.own if one.name != own.name]
        self._take(Templates(tuple(sorted([*others, own], key=lambda one: one.name.casefold())), self.templates.model))
        self.saved.emit(own.name)
        self._look_again()

    def _dropped(self, own: OwnPrompt) -> None:
        rest = tuple(one for one in self.templates.own if one.name != own.name)
        self._take(Templates(rest, self.templates.model))
        self.deleted.emit(own.name)
        words: Any = tr("The template “{name}” is deleted.", name=own.name)
        self._session.notices.post("info", words, (tr("Undo"), partial(self.save, own.name, own.text)))
        self._look_again()
