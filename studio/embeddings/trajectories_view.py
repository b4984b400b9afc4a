"""How tokens found their places while the model learned: one basis for all moments, the true distances beside it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QWidget

from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.embeddings import way_words
from studio.embeddings.legend import Legend
from studio.embeddings.map_buttons import MapButtons
from studio.embeddings.map_frame import lay_out_map, put_colours_under
from studio.embeddings.movers_card import MoversCard
from studio.embeddings.shading import by_class, by_number
from studio.embeddings.two_moments import TwoMoments, nearest
from studio.embeddings.way_job import start_way
from studio.embeddings.way_tools import MomentBar, WayTools
from studio.embeddings.words import Words
from studio.live.jobs import Job
from studio.live.session import Session
from studio.maps.scatter_map import ScatterMap, Trail
from studio.seeing.view import SceneView
from studio.widgets.banner import Banner
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

TRAILED = 10  # of the farthest that leave a trail
_NAMED = 4_000


class TrajectoriesView(SceneView):
    """`journey` is insight's; `place` is the moment that is shown, by its number among the journey's steps."""

    name, label, scrubs = "trajectories", "Trajectories", True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.words = Words.of(self.looking)
        self.words.changed.connect(self._words_came)
        self.journey: Any = None
        self.place = 0
        self.between = TwoMoments(self.looking, self)
        self.between.changed.connect(self._between_came)
        self._job: Job | None = None
        self._key: tuple[Any, ...] = ()
        self.tools = WayTools(look)
        self.tools.changed.connect(self._ask)
        self.tools.drawn_anew.connect(self._show)
        self.banner = Banner(look)
        self.map = ScatterMap(look, tr("Ways of the tokens"))
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._lock)
        self.moments = MomentBar(look)
        self.moments.moved.connect(self._scrubbed)
        self.buttons = MapButtons(self.map, look)
        self.color = Segmented([("movement", tr("movement")), ("class", tr("class"))], look, tr("Colour by"))
        self.color.changed.connect(self._show)
        self.legend = Legend(look)
        self.legend.picked.connect(self._pick_class)
        self.movers = MoversCard(look)
        self.movers.among.changed.connect(self._show)
        self.movers.list.pointed.connect(self._hovered)
        self.movers.list.chosen.connect(self._lock)
        self.story = Label("", "quiet", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.card = Card(" ", self.look)
        self.card.body.addWidget(self.map, 1)
        self.card.body.addWidget(self.moments)
        put_colours_under(self.card, [self.color], self.legend)
        way = Card(tr("Movement"), self.look)
        way.body.addWidget(self.story)
        lay_out_map(self, [self.tools, self.banner], self.card, [way, self.movers])

    # --- what is shown -----------------------------------------------------------------------------------------

    @property
    def told_of(self) -> Any:
        """The way whose distances are told: between the held moment and this one, else from the first to the last."""
        return self.between.journey if self.between.journey is not None else self.journey

    def missing(self) -> str:
        """Only a run has a past."""
        subject = self.looking.subject
        if subject is not None and not subject.run:
            return tr("An imported model has no past here: only a run of this project shows how its tokens moved.")
        return ""

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for another run's ways; follow the film and the selection."""
        if not what or what & {"scene", "subject", "mode"}:
            scene = self.looking.scene
            if scene is None:
                self._forget()
            elif not self.missing():
                self.words.want(scene)
                self._ask()
        if not what:
            self._show()
        if what & {"film", "snapshot"}:
            self._ask()  # a run that goes on has more moments by now
            self._follow_film()
        if not what or "selection" in what:
            self._point()

    def _ask(self) -> None:
        scene, film = self.looking.scene, self.looking.film  # the film is that of A, whichever is shown
        if scene is None:
            return
        if (self._key and self._key[0] != scene.folder.parent) or (self._job is not None and self._job.cancelled):
            self._forget()
        wish = self.tools.wish()
        steps = film.steps if wish.kept else film.kept.checkpoints
        key = (scene.folder.parent, wish.kept, wish.source, wish.basis, wish.turned, steps)
        if key == self._key or self.missing():
            return
        if not steps:
            if wish.kept:
                self.banner.show_error(tr("This run keeps no snapshots."), tr("Look at its checkpoints instead."))
            return  # what lies on the disk is being listed
        self._key = key
        self._job = job = start_way(self.looking, wish)
        job.succeeded.connect(self._there)
        job.failed.connect(self._failed)
        self.card.set_note(tr("being computed…"))

    def _there(self, journey: Any) -> None:
        if self.sender() is not self._job:
            return
        self.banner.clear()
        at = self.journey.steps[self.place] if self.journey is not None else self.looking.scene.step
        self.journey, self.place = journey, nearest(journey.steps, at)
        self.moments.set_steps(journey.steps)
        self._show()
        self._follow_film()
        self._point()
        self.told.emit()

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            self._clear()
            self.banner.show_error(error.message, error.hint)

    def _forget(self) -> None:
        """Another run, or none: nothing of the former one stays, and it may be asked for again."""
        self._job, self._key = None, ()
        self.banner.clear()
        self._clear()

    def _clear(self) -> None:
        self.journey = None
        self._subtract()
        self.map.set_trails([])
        self.map.set_points(np.zeros((0, 2), np.float32))
        self.movers.list.set_rows(())
        self.moments.set_steps(())
        self.story.setText("")
        self.card.set_note("")

    def _words_came(self, _what: frozenset[str]) -> None:
        if self.isVisible() and self.journey is not None:
            self._show()

    def _show(self, _value: str = "") -> None:
        """Everything that does not depend on the moment, then the moment."""
        journey = self.told_of
        if journey is None:
            return
        shading = by_number("movement", way_words.distance_words(journey), journey.moved, zero=True)
        if self.color.value() == "class" and self.words.vocabulary is not None:
            shading = by_class(self.words.vocabulary)
        known = self.words.frequency
        self.movers.counts = known.counts if known is not None else None
        self._go(self.place)
        self.map.set_colors(shading.colors(self.look))
        self.legend.set_shading(shading)
        self.map.set_words(self.words.label, self.movers.farthest(journey, _NAMED))
        self.card.set_title(way_words.title_of(journey))
        said = (self.between.words(), way_words.honesty(journey, self.tools.wish()))
        self.card.set_note(" · ".join(words for words in said if words))
        self.movers.show_ways(journey, self.words.label)

    def _go(self, place: int) -> None:
        """Show one moment; trails go up to it."""
        journey, self.place = self.journey, place
        dimensions = min(self.tools.wish().dimensions, journey.points.shape[2])
        points = journey.points[:, :, :dimensions]
        frame = points.reshape(-1, dimensions)
        self.map.set_points(points[place], frame, glide=len(self.map.picture.points) == points.shape[1])
        self.map.set_axes([tr("component {number}", number=at + 1) for at in range(dimensions)])
        locked = self.selection.locked("token")
        rows = self.movers.farthest(self.told_of, TRAILED)
        rows += [locked] if locked is not None and locked < points.shape[1] and locked not in rows else []
        first, last = sorted(self.between.places or (0, place))
        self.map.set_trails([Trail(row, np.ascontiguousarray(points[first : last + 1, row])) for row in rows])
        self.moments.set_place(place)

    # --- moving and pointing -----------------------------------------------------------------------------------

    def _scrubbed(self, place: int) -> None:
        if self.journey is None:
            return
        self._go(place)
        if self.journey.kept:
            self.looking.film.go(self.journey.steps[place])
        self.told.emit()

    def _follow_film(self) -> None:
        """The film moves on every page: here the nearest moment is shown."""
        step, scene = self.looking.film.step, self.looking.scene
        self.moments.setVisible(len(self.moments.steps) > 1 and not self.looking.film.steps)
        if self.journey is None or scene is None:
            return
        place = nearest(self.journey.steps, scene.step if step is None else step)
        if place != self.place:
            self._go(place)
        self._subtract()

    def _subtract(self) -> None:
        """Where a moment is held, the way from it to this one is drawn, listed and told."""
        self.between.follow(self.journey, self.place, self.tools.wish())

    def _between_came(self) -> None:
        if self.journey is not None and self.isVisible():
            self._show()
            self._point()
            self.told.emit()

    def _pick_class(self, place: int) -> None:
        known = self.words.vocabulary
        self.map.set_lit(np.flatnonzero(known.kinds == place) if place >= 0 and known is not None else None)

    def _hovered(self, index: int) -> None:
        if index < 0:
            self.selection.leave()
        else:
            self.selection.hover(token=index)

    def _lock(self, index: int) -> None:
        self.selection.lock(token=index if index >= 0 else None)
        self._point()

    def _point(self) -> None:
        if self.journey is None:
            return
        shown, locked = self.selection.value("token"), self.selection.locked("token")
        size = self.journey.points.shape[1]
        here = -1 if locked is None or locked >= size else locked
        if here != self.map.locked:
            self._go(self.place)
        self.map.mark(here)
        self.map.hover(-1 if shown is None or shown == here or shown >= size else shown)
        row = shown if shown is not None and shown < size else -1
        self.story.setText(way_words.story(self.told_of, row, self.words.label(row)) if row >= 0 else tr(
            "Point at a token to read when it moved."
        ))  # fmt: skip

    # --- what it says and gives out ----------------------------------------------------------------------------

    def explanation(self) -> str:
        """What the ways are, with the numbers of the token that is pointed at."""
        if self.journey is None:
            return ""
        place = self.place if self.between.journey is None else 1
        return way_words.explanation(self.told_of, place, self.selection.value("token"), self.words.label)

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Points of every moment, and the distances in the original space."""
        journey, two = self.journey, self.between.journey
        if journey is None:
            return {}
        found = {"steps": np.array(journey.steps), "points": journey.points, "legs": journey.legs,
                 "moved": journey.moved, "share": np.array(journey.share)}  # fmt: skip
        return found if two is None else found | {"between_steps": np.array(two.steps), "between": two.moved}

    def drawing(self) -> QWidget:
        """The card with the map."""
        return self.card
