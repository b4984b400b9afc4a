"""All vectors of a model as points at once: coloured, searched, drawn around, and with their true neighbours beside."""

from typing import Any

import numpy.typing as npt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.embeddings import map_words
from studio.embeddings.atlas import Atlas
from studio.embeddings.legend import Legend
from studio.embeddings.map_buttons import MapButtons
from studio.embeddings.map_frame import SIDE, lay_out_map, put_colours_under
from studio.embeddings.map_tools import MapTools
from studio.embeddings.picked_card import PickedCard
from studio.embeddings.picking import Picking
from studio.embeddings.points import Points
from studio.embeddings.shading import CHOICES, OF_PLACES, Shading
from studio.embeddings.token_card import TokenCard
from studio.live.session import Session
from studio.maps.scatter_map import ScatterMap
from studio.seeing.view import SceneView
from studio.seeing.view_switch import ViewSwitch
from studio.views.bars import percent_text
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.look import Look

_FEW, _AROUND = 180, 92  # pixels of the list at least, and of what stands around it
_LEGEND = 560  # pixels beside the choice of colours that the legend needs


class MapView(SceneView):
    """The map and its choices; the cards at the side speak of the token that is locked, and of those picked out."""

    name, label = "map", "Map"

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.atlas = Atlas(self.looking, self)
        self.atlas.changed.connect(self._came)
        self.points = Points(self.atlas)
        self.shading: Shading | None = None
        self.tools = MapTools(look)
        self.tools.changed.connect(self._ask)
        self.map = ScatterMap(look, tr("Map of vectors"))
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._lock)
        self.color = ViewSwitch([(name, tr(words)) for name, words in CHOICES], look, tr("Colour by"))
        self.place_color = Segmented([(name, tr(words)) for name, words in OF_PLACES], look, tr("Colour by"))
        self.color.changed.connect(self._color_chosen)
        self._color_wanted = False  # whether a person chose it
        self.place_color.changed.connect(self._recolour)
        self.legend = Legend(look)
        self.buttons = MapButtons(self.map, look)
        self.stop = Button(tr("Cancel"), self._stop_or_go, look).set_small()
        self.token = TokenCard(look)
        self.token.pointed.connect(self._hovered)
        self.token.chosen.connect(self._lock)
        self.token.measure_changed.connect(self._near)
        self.picked = PickedCard(look)
        self.picked.saved.connect(lambda name: session.notices.post("good", tr("Saved as {name}.", name=name)))
        self.picked.failed.connect(session.notices.post_error)
        self.banner = Banner(look)
        self.picking = Picking(self.map, self.points, self.token, self.picked, self.legend)
        self.picking.wanted.connect(self._lock)
        self._lay_out()

    def _lay_out(self) -> None:
        self.card = Card(" ", self.look)
        self.card.header.addWidget(self.stop)
        self.card.body.addWidget(self.map, 1)
        put_colours_under(self.card, [self.color, self.place_color], self.legend)
        lay_out_map(self, [self.tools, self.banner], self.card, [self.token, self.picked])
        self.stop.hide()

    # --- what is shown -----------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for what is wanted now, recolour after a change of theme, point at what is selected."""
        if not what or what & {"scene", "other", "mode"}:
            scene, _ = self.looking.shown
            if scene is None:
                self.atlas.forget()
            else:
                self.tools.set_layers(len(scene.capture.layers))
                self._ask()
        if not what and self.shading is not None:
            self.map.set_colors(self.shading.colors(self.look))
        if not what or "selection" in what:
            self._point()

    def _ask(self) -> None:
        scene, other = self.looking.shown
        if scene is None:
            return
        wish = self.tools.wish()
        if wish.source != self.atlas.wish.source:
            self.picking.clear()
        self.atlas.want(scene, other, wish)
        self.atlas.again()
        self.color.setVisible(wish.of_tokens)
        self.place_color.setVisible(not wish.of_tokens)
        self.token.search.setEnabled(wish.of_tokens)
        self._draw()

    def _came(self, what: frozenset[str]) -> None:
        """Something is known that was not before."""
        if what & {"words", "counts", "table"}:
            self._name()
        if what & {"map", "table"}:
            self._draw()
        if what & {"words", "counts", "table", "movement", "map"}:
            self._recolour()
            self.picking.show()
        if what & {"busy", "map"}:
            self._show_progress()
        if what & {"neighbours", "movement", "words", "counts"}:
            self._tell_token()
        if "trouble" in what and self.atlas.trouble is not None:
            self.banner.show_error(self.atlas.trouble.message, self.atlas.trouble.hint)
        self.told.emit()

    def _draw(self) -> None:
        found, wish = self.atlas.map, self.atlas.wish
        self.tools.set_tied(self.atlas.table is not None and self.atlas.table.tied)
        if found is None or found.wish.method != wish.method:
            self._show_progress()
            return
        self.banner.clear()
        dimensions = min(wish.dimensions, found.points.shape[1])
        same = len(self.map.picture.points) == len(found.points)
        self.map.set_points(found.points[:, :dimensions], glide=same)
        names = [tr("component {number}", number=at + 1) for at in range(dimensions)]
        shares = [f" · {percent_text(part)}" for part in found.share[:dimensions]]
        self.map.set_axes([name + share for name, share in zip(names, shares, strict=False)])
        self.card.set_title(map_words.title_of(found, wish))
        self._show_progress()
        if not same:
            self._name()
            self._recolour()
            self._point()

    def _name(self) -> None:
        self.map.set_words(self.points.label, self.points.order())

    def _color_chosen(self, _value: str) -> None:
        self._color_wanted = True
        self._recolour()

    def _recolour(self, _value: str = "") -> None:
        known = self.atlas.words.frequency
        if known is not None and known.counts is None and not self._color_wanted:
            self.color.set_value("class")  # what nobody can count does not greet anybody
        choice = self.color.value() if self.atlas.wish.of_tokens else self.place_color.value()
        if choice == "movement":
            self.atlas.want_movement()
        shading, why = self.points.shading(choice)
        self.legend.note.setText(why)
        self.legend.set_shading(shading, self.points.on_map())
        self.shading = self.picking.shading = shading
        if shading is not None and len(self.map.picture.points) == self.points.count:
            self.map.set_colors(shading.colors(self.look))
        elif why:
            self.legend.note.setText(why)
            self.legend.note.show()

    def _show_progress(self) -> None:
        busy = self.atlas.busy and self.atlas.wish.method != "pca"
        called_off = not busy and self.atlas.map is not None and not self.atlas.complete
        self.stop.setText(tr("Cancel") if busy else tr("Compute again"))
        self.stop.setVisible(busy or (called_off and self.atlas.wish.method != "pca"))
        found, wish = self.atlas.map, self.atlas.wish
        if busy:
            self.card.set_note(map_words.progress_words(found, wish))
        elif found is not None and found.wish.method == wish.method:
            self.card.set_note(map_words.honesty(found, wish))
            self.card.note.setToolTip(map_words.honesty_tip(found))

    def _stop_or_go(self) -> None:
        if self.atlas.busy:
            self.atlas.cancel()
        else:
            self.atlas.again()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the legend has little room the colours become a list."""
        super().resizeEvent(event)
        self.color.fit(self.width() - SIDE - _LEGEND)
        self._fit_table()

    def _fit_table(self) -> None:
        """The list takes what the cards above it leave, and a few rows at least."""
        self.picked.table.setFixedHeight(max(_FEW, self.height() - self.token.sizeHint().height() - _AROUND))

    # --- pointing ----------------------------------------------------------------------------------------------

    @property
    def field(self) -> str:
        """What of the selection a point is: a token of the vocabulary, or a place of the text."""
        return "token" if self.atlas.wish.of_tokens else "row"

    def _hovered(self, index: int) -> None:
        if index < 0:
            self.selection.leave()
        else:
            self.selection.hover(**{self.field: index})

    def _lock(self, index: int) -> None:
        self.selection.lock(**{self.field: index if index >= 0 else None})
        self._point()  # to lock what is pointed at changes nothing that is shown elsewhere

    def _point(self) -> None:
        shown, locked = self.selection.value(self.field), self.selection.locked(self.field)
        here = -1 if locked is None or locked >= self.points.count else locked
        self.map.hover(-1 if shown is None or shown == locked or shown >= self.points.count else shown)
        if here != self.atlas.near[0]:
            self._near()
        self._tell_token()

    def _near(self) -> None:
        locked = self.selection.locked(self.field)
        here = -1 if locked is None or locked >= self.points.count else locked
        self.atlas.want_neighbours(here, self.token.measure.value())

    def _tell_token(self) -> None:
        row, by = self.atlas.near
        near, width = self.atlas.neighbours, self.points.width
        if row < 0:
            self.map.mark(-1)
            self.token.set_token("", "", tr("Click a point to see what is truly near it."))
            self._fit_table()
            return
        self.map.mark(row, near.ids if near is not None else ())
        self.token.set_token(self.points.label(row), self.points.facts(row), "")
        if near is not None:
            rows = map_words.near_rows(near, by, self.points.label)
            self.token.set_near(rows, map_words.near_words(by, width, near.left_out))
        self._fit_table()

    # --- what it says and gives out ----------------------------------------------------------------------------

    def explanation(self) -> str:
        """Why the point is where it is, with its numbers."""
        found, row = self.atlas.map, self.selection.value(self.field)
        if found is None:
            return ""
        if row is None or row >= len(found.points):
            return tr("Each point is a vector that the model computes with; near means used alike. Point at one.")
        return map_words.place_words(found, self.atlas.wish, row, self.points.label(row), self.points.width)

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Places on the map, and what it was made of."""
        return self.points.numbers()

    def drawing(self) -> QWidget:
        """The card with the map and its legend."""
        return self.card
