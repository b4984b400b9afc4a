"""Who answers in each column: the loaded model, its base or one of its adapters, or another model loaded beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job, Target, callable_of
from studio.live.memory import OPEN_MODEL
from studio.live.session import Session
from studio.prompts import Prompt
from studio.talking.templates import template_of

MOST = 4  # columns
AS_IT_IS, BASE = "model", "base"


@dataclass(frozen=True)
class Offer:
    """A model that could be loaded beside the one in memory; one that is not `listed` only by who speaks with it."""

    key: str
    title: str
    folder: Path
    listed: bool = True


@dataclass(frozen=True)
class Voice:
    """Who speaks. `key`: AS_IT_IS, BASE, "adapter:NAME" or an offer's; `strength` 1: as it was trained."""

    key: str = AS_IT_IS
    strength: float = 1.0


@dataclass(frozen=True)
class Speaker:
    """A voice with its model in memory, ready to be asked, and the words that stand over its answers."""

    model: Any
    adapter: str | None
    strength: float
    title: str
    note: str
    prompt: Prompt | None = None  # its own template; None: the one that is set on the page


class Voices(QObject):
    """The voices of the columns from the left; other models are loaded when they are chosen and freed when not."""

    changed = Signal()
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.chosen: list[Voice] = [Voice()]
        self.offers: dict[str, Offer] = {}
        self._guests: dict[str, tuple[Any, Prompt]] = {}
        self._loading: dict[str, Job] = {}

    @property
    def adapters(self) -> tuple[str, ...]:
        """What lies on the loaded model."""
        model = self._session.loaded
        found: tuple[str, ...] = model.adapters() if model is not None and hasattr(model, "adapters") else ()
        return found

    def set_offers(self, offers: Sequence[Offer]) -> None:
        """The models of the project that could be loaded; what a column has loaded stays until it is freed."""
        held = {key: offer for key, offer in self.offers.items() if key in self._guests or key in self._loading}
        self.offers = held | {offer.key: offer for offer in offers}
        self._fall_back()

    def choices(self) -> list[tuple[str, str]]:
        """(key, words) of everything that a column can be."""
        model, found = self._session.loaded, []
        if model is not None:
            found.append((AS_IT_IS, model.title))
        if self.adapters:
            found[-1:] = [(BASE, tr("{model} · base", model=model.title))]
            found += [(f"adapter:{name}", f"+ {name}") for name in self.adapters]
        if model is None and len(self.chosen) > 1:
            waiting = dict.fromkeys(voice.key for voice in self.chosen if voice.key not in self.offers)
            found += [(key, _waiting_words(key)) for key in waiting]
        loaded, heard = getattr(model, "path", None), {voice.key for voice in self.chosen}
        others = [offer for offer in self.offers.values() if offer.listed or offer.key in heard]
        return found + [(offer.key, offer.title) for offer in others if offer.folder != loaded]

    def set_count(self, columns: int) -> None:
        """So many columns; a new one speaks with the first voice that is not heard yet."""
        columns = min(max(1, columns), MOST)
        del self.chosen[columns:]
        keys = [key for key, _ in self.choices()]
        while len(self.chosen) < columns:
            heard = {voice.key for voice in self.chosen}
            fresh = next((key for key in keys if key not in heard and key not in self.offers), "")
            self.chosen.append(Voice(fresh or self.chosen[-1].key))
        self._tidy()
        self.changed.emit()

    def set_voice(self, column: int, key: str) -> None:
        """Another speaker for a column; a model that is not in memory is loaded now."""
        self.chosen[column] = replace(self.chosen[column], key=key)
        if key in self.offers and key not in self._guests and key not in self._loading:
            self._load(self.offers[key])
        self._tidy()
        self.changed.emit()

    def restore(self, voices: Sequence[Voice]) -> None:
        """The columns in which a chat was held.

        Other models are loaded when something is asked, not when a chat is looked at.
        """
        self.chosen = list(voices[:MOST]) or self.chosen[:1]
        self._fall_back()
        self._tidy()
        self.changed.emit()

    def set_strength(self, strength: float) -> None:
        """How much adapters count, in every column that has one."""
        self.chosen = [replace(voice, strength=strength) for voice in self.chosen]
        self.changed.emit()

    def model_changed(self) -> None:
        """Another model is in memory, or none: voices that it does not have fall back to itself."""
        self._fall_back()
        self.changed.emit()

    def _fall_back(self) -> None:
        """Voices that are not there any more become the model in memory; while there is none they wait for it."""
        if self._session.loaded is None:
            return
        known = {key for key, _ in self.choices()}
        default = f"adapter:{self.adapters[-1]}" if self.adapters else AS_IT_IS
        self.chosen = [voice if voice.key in known else replace(voice, key=default) for voice in self.chosen]
        self._tidy()

    def speakers(self) -> list[Speaker]:
        """Everybody in order; a `StudioError` says who is not there yet."""
        return [self._speaker(voice) for voice in self.chosen]

    @property
    def waiting(self) -> bool:
        """Whether a model of a column is still being loaded."""
        return any(voice.key in self._loading for voice in self.chosen)

    def _speaker(self, voice: Voice) -> Speaker:
        if voice.key in self.offers:
            guest = self._guests.get(voice.key)
            if guest is None:
                if voice.key not in self._loading:
                    self._load(self.offers[voice.key])
                    self.changed.emit()
                raise StudioError(
                    tr("“{name}” is not in memory yet; it is being loaded.", name=self.offers[voice.key].title),
                    tr("Wait until it is loaded, or choose another model for this column."),
                )
            return Speaker(guest[0], None, 1.0, self.offers[voice.key].title, guest[1].label, guest[1])
        model = self._session.loaded
        if model is None:
            raise StudioError(tr("No model is in memory."), tr("Load one first."))
        if voice.key.startswith("adapter:"):
            name = voice.key.removeprefix("adapter:")
            note = tr("{strength} × adapter", strength=f"{voice.strength:.2f}")
            return Speaker(model, name, voice.strength, f"+ {name}", note)
        return Speaker(model, None, 1.0, model.title, tr("base") if self.adapters else "")

    def _load(self, offer: Offer) -> None:
        project = self._session.project
        if project is None:
            return
        title = tr("Loading {name}", name=offer.title)
        job = self._session.jobs.start(_open, OPEN_MODEL, offer.folder, project.path, title=title)
        self._loading[offer.key] = job
        job.succeeded.connect(self._arrived)
        job.failed.connect(self.failed)
        job.ended.connect(self._loaded)

    def _arrived(self, found: tuple[Any, Prompt]) -> None:
        model, prompt = found
        wanted = {voice.key for voice in self.chosen}
        for key, job in self._loading.items():
            if job.state == "done" and key not in self._guests:
                if key in wanted:
                    model.title = self.offers[key].title
                    self._guests[key] = model, prompt
                else:
                    model.unload()

    def _loaded(self) -> None:
        self._loading = {key: job for key, job in self._loading.items() if job.state in ("waiting", "running")}
        self.changed.emit()

    def _tidy(self) -> None:
        """Free what no column speaks with any more."""
        wanted = {voice.key for voice in self.chosen}
        for key in [key for key in self._guests if key not in wanted]:
            self._guests.pop(key)[0].unload()

    def close(self) -> None:
        """Free every model that was loaded beside the one in memory."""
        for job in self._loading.values():
            job.cancel()
        for key in list(self._guests):
            self._guests.pop(key)[0].unload()
        self._loading.clear()


def kept_voices(columns: Sequence[object]) -> list[Voice]:
    """Who spoke in the columns of a chat that was kept; what somebody has damaged speaks as the model in memory."""
    found = []
    for one in columns[:MOST]:
        kept = one if isinstance(one, Mapping) else {}
        strength = kept.get("strength", 1.0)
        known = isinstance(strength, int | float) and 0 <= strength <= 2
        found.append(Voice(str(kept.get("voice", AS_IT_IS)), float(strength) if known else 1.0))
    return found


def _waiting_words(key: str) -> str:
    """How a voice is called whose model is not in memory."""
    if key.startswith("adapter:"):
        return f"+ {key.removeprefix('adapter:')}"
    return tr("base") if key == BASE else tr("no model yet")


def _open(target: Target, folder: Path, project: Path) -> tuple[Any, Prompt]:
    """A model with the template it was taught with; for a worker thread."""
    model = callable_of(target)(folder)
    return model, template_of(model, project).prompt
