"""Token counts of the project's texts, made in the background one after the other and shared by every page."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.store.corpus import Text
from studio.store.own_tokenizers import kind_names
from studio.store.project import Project
from studio.store.token_count import TokenCount, count_tokens

AUTOMATIC = 8_000_000  # characters that are counted without being asked; of more only the beginning
BEGINNING = 2_000_000
_KEPT = 12

Key = tuple[str, str, str]


class TokenCounts(QObject):
    """`want` answers at once with what is known and asks for the rest; `changed` says when more is known."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._known: dict[Key, TokenCount] = {}
        self._failed: dict[Key, StudioError] = {}
        self._waiting: list[tuple[Key, Text | None, bool]] = []
        self._now: tuple[Key, Text | None, bool] | None = None
        self.job: Job | None = None
        session.changed.connect(self._session_changed)

    @classmethod
    def of(cls, session: Session) -> "TokenCounts":
        """The one of this session."""
        found = session.findChild(cls)
        return found if isinstance(found, cls) else cls(session)

    def want(self, text: Text | None, tokenizer_name: str, whole: bool = False) -> TokenCount | None:
        """The count if there is one; else None now and `changed` later. `whole` reads even a huge text to its end."""
        key = _key(text, tokenizer_name)
        known = self._known.get(key)
        enough = known is not None and (known.exact or not whole)
        asked = [wish for wish in [self._now, *self._waiting] if wish is not None]
        if not enough and key not in self._failed and (key, whole) not in [(wish[0], wish[2]) for wish in asked]:
            self._waiting.append((key, text, whole))
            self._begin()
        return known

    def failure(self, text: Text | None, tokenizer_name: str) -> StudioError | None:
        """Why there is no count of this text."""
        return self._failed.get(_key(text, tokenizer_name))

    @property
    def counting(self) -> str:
        """Name of the huge text that is counted to its end at the moment, or empty."""
        return self._now[1].name if self._now is not None and self._now[2] and self._now[1] is not None else ""

    def _begin(self) -> None:
        if self.job is not None or not self._waiting:
            return
        self._now = self._waiting.pop(0)
        (_, _, name), text, whole = self._now
        huge = text is not None and text.characters > AUTOMATIC
        title = tr("Counting the tokens of “{name}”", name=text.name) if text is not None and whole and huge else ""
        limit = BEGINNING if huge and not whole else 0
        self.job = self._session.jobs.start(_counted, self._session.project, text, name, limit, title=title)
        self.job.succeeded.connect(self._counted)
        self.job.failed.connect(self._refused)
        self.job.ended.connect(self._ended)

    def _counted(self, count: TokenCount) -> None:
        if self._now is not None:
            self._known.pop(self._now[0], None)
            self._known[self._now[0]] = count
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]

    def _refused(self, error: StudioError) -> None:
        if self._now is not None:
            self._failed[self._now[0]] = error

    def _ended(self) -> None:
        self._now = self.job = None
        self._begin()
        self.changed.emit()

    def _session_changed(self, what: frozenset[str]) -> None:
        """Another project has other texts, and a tokenizer of its own may be another one under the same name."""
        if "tokenizers" in what:
            for known in (self._known, self._failed):
                for key in [key for key in known if key[2] not in kind_names()]:
                    del known[key]
            self._count_anew()
        if "project" in what:
            self._waiting.clear()
            self._known.clear()
            self._failed.clear()
            if self.job is not None:
                self.job.cancel()

    def _count_anew(self) -> None:
        """What is being counted with a tokenizer that may be another one now."""
        now, job = self._now, self.job
        if now is not None and now[0][2] not in kind_names() and job is not None and not job.cancelled:
            self._waiting.insert(0, now)
            job.cancel()


def _counted(
    project: Project | None,
    text: Text | None,
    name: str,
    limit: int,
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> TokenCount:
    """Count with the tokenizer of this name, which may be one of the project's own; for a worker thread."""
    tokenizer = name if project is None else project.tokenizer(name)
    return count_tokens(text, tokenizer, limit, progress=progress, keep_going=keep_going)


def _key(text: Text | None, tokenizer_name: str) -> Key:
    return (text.sha256, text.separator, tokenizer_name) if text is not None else ("", "", tokenizer_name)
