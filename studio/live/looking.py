"""What the pages about the inside look at: a model, perhaps another beside it, and the text that both read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.film import Film
from studio.live.jobs import Job, Jobs, Target
from studio.live.run_model import RunModel
from studio.live.runs import Runs
from studio.live.selection import Selection

SEE = "studio.engine.scene:see"
MODES = ("A", "B", "difference")
TO_THE_END = -1  # a start that shows the last tokens which fit
_LANE = "look inside"


@dataclass(frozen=True)
class Subject:
    """A checkpoint of a run, or any other model. `title` names it; `run` is empty for what is no run's."""

    folder: Path
    title: str
    run: str = ""
    step: int = 0

    @property
    def home(self) -> Path:
        """The folder whose end is the model's end: that of the run, else the model's own."""
        return self.folder.parent.parent if self.run else self.folder


@dataclass(frozen=True)
class Glance:
    """A wish that any page may have: look into this model (None: the one that is shown), at the end of this text."""

    subject: Subject | None = None
    text: str = ""
    view: str = ""


class Looking(QObject):
    """Part of the session. What is slow is a job; nothing is loaded before a page asks for it by `look_at`.

    `scene` and `other` are the engine's `Scene` or None. While a job is under way they show what was asked for before,
    as long as that is of the same run; `trouble` is why the newest wish did not come true.
    """

    changed = Signal(object)  # frozenset of {"subject","scene","other","mode","film","snapshot","trouble","busy"}

    def __init__(self, jobs: Jobs, selection: Selection, runs: Runs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.subject: Subject | None = None
        self.compared: Subject | None = None  # B
        self.prompt = ""  # "" until the model's own text is known
        self.scene: Any = None
        self.other: Any = None
        self.mode = "A"
        self.held: Any = None  # a moment of the film that is subtracted from the others
        self.trouble: StudioError | None = None
        self.busy = False
        self.film = Film(jobs, self)
        self.film.changed.connect(self._film_changed)
        self._jobs, self._selection, self._runs = jobs, selection, runs
        runs.changed.connect(self.tidy)
        self._start = 0
        self._typed = False  # whether a person chose the prompt
        self._at_end = False  # whether the last token is locked once the text is read
        self._lanes: set[str] = set()

    # --- wishes ------------------------------------------------------------------------------------------------

    def look_at(self, subject: Subject, text: str = "") -> None:
        """Show this model, on the text that was typed, else on its own; with a `text`, on that one, at its end.

        The same one again is opened anew only where its weights were written again, which the job finds out.
        """
        if subject == self.subject and not text and self.busy:
            return
        before, self.subject = self.subject, subject
        what = {"subject"} if before != subject else set()
        if before is None or before.home != subject.home:
            what |= self._let_go()
            if not self._typed:
                self.prompt, self._start = "", 0
        if text:
            self.prompt, self._start, self._typed, self._at_end = text, TO_THE_END, True, True
        self.film.follow(subject.home if subject.run else None, self.run)
        if what:
            self._tell(*what)
        self._see()

    @property
    def run(self) -> RunModel | None:
        """The run of the open project whose checkpoint is shown."""
        run = self._runs.models.get(self.subject.run) if self.subject is not None else None
        return run if run is not None and self.subject is not None and run.record.folder == self.subject.home else None

    def compare_with(self, subject: Subject | None) -> None:
        """Lay another model over the one that is shown; None takes it away again."""
        if subject == self.compared and (subject is None or self.other is not None):
            return
        self.compared = subject
        if subject is None:
            self.other, self.mode = None, "A"
            self._tell("other", "mode")
        if self.subject is not None:
            self._see()

    def read(self, prompt: str, start: int = 0) -> None:
        """Show the models on this text, from its token `start` on; an empty one brings their own back."""
        if (prompt, start) == (self.prompt, self._start) and self.trouble is None:
            return
        self.prompt, self._start, self._typed, self._at_end = prompt, start, bool(prompt), False
        if self.subject is not None:
            self._see()

    def set_mode(self, mode: str) -> None:
        """Show "A", "B" or their "difference"; without a B there is only A."""
        if mode not in MODES:
            raise ValueError(f"there is no mode “{mode}”")
        if mode != self.mode and (mode == "A" or self.other is not None):
            self.mode = mode
            self._tell("mode")

    def ask(self, target: Target, *args: Any, lane: str, title: str = "", **kwargs: Any) -> Job:
        """Compute something about what is shown; a newer question on the same lane silences the older one."""
        self._lanes.add(lane)
        return self._jobs.start(target, *args, title=title, lane=lane, **kwargs)

    def forget(self) -> None:
        """Look at nothing and free the memory, as when the project is closed."""
        if self.subject is None and self.scene is None:
            return
        self._selection.free()  # while the scene is still there, for whoever draws what is selected
        self._silence()
        self.film.follow(None)
        self.subject = self.compared = None
        self.prompt, self._start, self._typed, self._at_end = "", 0, False, False
        self.trouble, self.busy, self.mode = None, False, "A"
        self._let_go()
        self._tell("subject", "scene", "other", "mode", "trouble", "busy")

    def tidy(self, _what: object = None) -> None:
        """Forget what was deleted meanwhile: a run with its checkpoints, or a model."""
        if self.compared is not None and not self.compared.home.exists():
            self.compare_with(None)
        if self.subject is not None and not self.subject.home.exists():
            self.forget()

    @property
    def shown(self) -> tuple[Any, Any]:
        """The scene to draw, and the one to subtract from it: (scene, None), (other, None) or (scene, other)."""
        if self.mode == "A" or self.other is None:
            return self.scene, None
        return (self.other, None) if self.mode == "B" else (self.scene, self.other)

    @property
    def snapshot(self) -> Any:
        """The film's, where it stands in for the scene: of A alone, since a comparison is always exact."""
        return self.film.snapshot if self.mode == "A" else None

    @property
    def moments(self) -> tuple[Any, Any]:
        """The film's snapshot, and the one of the same text that is subtracted from it; None where there is none."""
        kept, held = self.snapshot, self.held
        return kept, held if kept is not None and held is not None and held.ids == kept.ids else None

    def hold(self) -> None:
        """Keep the film's moment and show every other one less it; again lets go of it."""
        self.held = self.snapshot if self.moments[1] is None else None
        self._tell("film", "snapshot")

    # --- inside ------------------------------------------------------------------------------------------------

    def _see(self) -> None:
        """Bring what is wanted: what is in memory already is only read again where the text is another."""
        if self.subject is None:
            return
        first = self.scene if self.scene is not None and self.scene.folder == self.subject.folder else None
        second = self.compared.folder if self.compared is not None else None
        if second is not None and self.other is not None and self.other.folder == second:
            second = self.other
        title = "" if first is not None and not isinstance(second, Path) else self._loading_words(first is None)
        job = self._jobs.start(
            SEE, first if first is not None else self.subject.folder, second, self.prompt, self._start,
            title=title, lane=_LANE,
        )  # fmt: skip
        job.succeeded.connect(self._seen)
        job.failed.connect(self._failed)
        self.trouble, self.busy = None, True
        self._tell("busy", "trouble")

    def _loading_words(self, first: bool) -> str:
        wanted = self.subject if first or self.compared is None else self.compared
        return tr("Looking into {name}", name=wanted.title if wanted is not None else "")

    def _seen(self, sight: Any) -> None:
        scene, before = sight.scene, (self.scene, self.other, self.mode)
        self._selection.keep_below(  # while the former scene is still there, which has these places too
            row=scene.time, column=scene.time, layer=scene.layers, head=scene.heads,
            token=scene.config.model.vocab_size,
        )  # fmt: skip
        if sight.other is None or self.other is None:
            self.mode = "A" if sight.other is None else "difference"
        self.scene, self.other, self.trouble = scene, sight.other, sight.refusal
        if sight.refusal is not None:
            self.compared = None
        self.prompt, self._start, self.busy = scene.prompt, scene.capture.window.start, False
        moved = zip(("scene", "other", "mode"), before, (self.scene, self.other, self.mode), strict=True)
        self._tell("busy", "trouble", *(name for name, was, now in moved if was is not now))
        if self._at_end:
            self._at_end = False
            self._selection.lock(row=scene.time - 1)

    def _failed(self, error: StudioError) -> None:
        self.trouble, self.busy, self._at_end = error, False, False
        self._tell("trouble", "busy")

    def _let_go(self) -> set[str]:
        """Free the scenes before others are loaded, so that two large models need not fit; what that changed."""
        self._silence()
        what = {name for name in ("scene", "other") if getattr(self, name) is not None}
        self.scene = self.other = self.held = None
        return what

    def _silence(self) -> None:
        for lane in (_LANE, *self._lanes):
            self._jobs.cancel_lane(lane)

    def _film_changed(self) -> None:
        self._tell("film", "snapshot")

    def _tell(self, *what: str) -> None:
        self.changed.emit(frozenset(what))
