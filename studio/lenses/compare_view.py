"""Two checkpoints or runs side by side: where their predictions part, how alike their layers are, what was set."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.language import tr
from studio.lenses.compare_numbers import Change, change_at, changes, columns_of, headline, remarks
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.heat_map import HeatMap
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import ShownText, text_of
from studio.views.diff_table import DiffTable
from studio.views.record_table import RecordTable
from studio.views.token_view import Token, TokenView
from studio.widgets.card import Card
from studio.widgets.look import Look

COMPARE = "studio.insight.comparison:compare"
_LEAST, _LINES = 30, 84  # pixels of text that are shown at once


class CompareView(AskingView):
    """The text coloured by KL, the places whose likeliest token is another one, and CKA of all layers."""

    name, label, needs_two = "compare", "Compare", True
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.text: ShownText | None = None
        self._scenes: tuple[Any, Any] = (None, None)
        self._quiet = False
        self.question = Question(self.looking, "compare", self)
        self.question.answered.connect(self._answered)
        self.words = TokenView(look)
        self.table = RecordTable(columns_of(), look, key=_place)
        self.table.setAccessibleName(tr("Places where the likeliest token is another one"))
        self.tabs = Segmented([("layers", tr("layers")), ("settings", tr("settings"))], look, tr("Picture"))
        self.map, self.bar = HeatMap(look, square=False), ColourBar(look)
        self.settings = DiffTable(look)
        self._connect()
        self._lay_out()

    def _connect(self) -> None:
        self.words.selected.connect(self._lock_place)
        self.words.pointed.connect(self._preview_place)
        self.table.selection_changed.connect(self._row_chosen)
        self.tabs.changed.connect(self._turn)
        self.map.hovered.connect(self._layer_pointed)
        self.map.clicked.connect(self._layer_chosen)

    def _lay_out(self) -> None:
        self.text_card, changed = Card(tr("Distance"), self.look), Card(tr("Another likeliest token"), self.look)
        self.text_card.body.addWidget(self.words)
        self.words.setMinimumHeight(_LEAST)
        changed.body.addWidget(self.table, 1)
        layers = QWidget()
        pair = QHBoxLayout(layers)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.addWidget(self.map, 1)
        pair.addWidget(self.bar)
        self.stack = QStackedWidget()
        self.stack.addWidget(layers)
        self.stack.addWidget(self.settings)
        alike = Card(tr("How alike"), self.look)
        alike.header.addWidget(self.tabs)
        alike.body.addWidget(self.stack, 1)
        row, column = QHBoxLayout(), QVBoxLayout(self)
        for layout in (row, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(12)
        row.addWidget(changed, 1)
        row.addWidget(alike, 1)
        column.addWidget(self.text_card)
        column.addLayout(row, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The text is as high as it needs to be, up to a few lines that scroll."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.words.setMaximumHeight(min(_LINES, max(_LEAST, self.words.content_height())))

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Compare what stands side by side."""
        if not what or what & {"scene", "other"}:
            self._ask()
        if not what or "selection" in what:
            self._point()

    def let_go(self) -> None:
        """The scenes of a view that nobody sees."""
        self._scenes = (None, None)
        self.question.forget()

    def missing(self) -> str:
        """It takes two; why two cannot be compared is said above by the page itself."""
        if self.looking.other is not None or self.looking.scene is None:
            return ""
        return tr(
            "Choose a second checkpoint or model to compare with, above: then this shows where their predictions part, "
            "token by token and layer by layer."
        )

    def _ask(self) -> None:
        a, b = self._scenes = self.looking.scene, self.looking.other  # kept, so that identities stay theirs
        if a is None or b is None:
            self.question.forget()
            self._clear()
            return
        self.text = text_of(a)
        self._quiet = True
        tokens = zip(self.text.tokens, self.text.ids, strict=True)
        self.words.set_tokens([Token(words, number) for words, number in tokens])
        self._quiet = False
        self._fit()
        self.settings.set_items([f"A · {a.title}", f"B · {b.title}"], [a.config, b.config])
        if self.question.ask((id(a), id(b)), COMPARE, (a.model, a.capture), (b.model, b.capture)):
            self.table.set_empty_text(tr("Comparing…"))
            self.table.set_rows([])  # what stood there was said of two others
        self._answered()

    def _clear(self) -> None:
        self.text = None
        self.words.set_tokens([])
        self.table.set_rows([])
        self.text_card.set_note("")

    def _answered(self) -> None:
        found, text = self.question.answer, self.text
        if found is None or text is None or self.question.waiting:
            self.text_card.set_note(str(self.question.error or tr("Comparing…")))
            return
        most = float(np.nanmax(found.divergence)) if np.isfinite(found.divergence).any() else 0.0
        shares = np.sqrt(found.divergence / most) if most > 0 else np.zeros(len(found.divergence))
        self.words.set_weights([float(share) if share == share else 1.0 for share in shares], "accent")
        self.words.set_remarks([remarks(found, text, place) for place in range(len(text.ids))])
        self.text_card.set_note(headline(found))
        self.table.set_empty_text(tr("Both find the same token likeliest at every place."))
        self.table.set_rows(changes(found, text))
        names = [[tr("embedding"), *(tr("layer {layer}", layer=at) for at in range(count - 1))]
                 for count in found.alignment.shape]  # fmt: skip
        self.map.set_values(found.alignment, low=0.0, high=1.0)
        self.map.set_labels(names[0], names[1], axes=("A", "B"))
        self.bar.set_colouring(self.map.colouring, "CKA")
        self._point()
        self.told.emit()

    # --- pointing -------------------------------------------------------------------------------------------------

    def _turn(self, name: str) -> None:
        self.stack.setCurrentIndex(("layers", "settings").index(name))

    def _point(self) -> None:
        locked = self.selection.locked("row")
        self._quiet = True
        self.words.select(-1 if locked is None or self.text is None else self.text.place(locked))
        row = next((row for row in self.table.rows() if row.place == locked), None)
        self.table.select(row)
        self._quiet = False
        for find, kept in ((self.selection.locked, True), (self.selection.value, False)):
            layer = find("layer")
            place = None if layer is None else layer + 1
            self.map.mark(place, place, locked=kept)

    def _lock_place(self, place: int) -> None:
        if not self._quiet and place >= 0:
            self.selection.lock(row=place)

    def _preview_place(self, place: int) -> None:
        if place < 0:
            self.selection.leave()
        else:
            self.selection.hover(row=place)

    def _row_chosen(self, rows: list[Change]) -> None:
        if rows and not self._quiet:
            self.selection.lock(row=rows[0].place)

    def _layer_pointed(self, row: int, _column: int) -> None:
        self.selection.hover(layer=row - 1 if row > 0 else None)

    def _layer_chosen(self, row: int, _column: int) -> None:
        self.selection.lock(layer=row - 1 if row > 0 else None)

    # --- what it says and gives out -------------------------------------------------------------------------------

    def explanation(self) -> str:
        """KL at the place that is looked at, and CKA."""
        found, text = self.question.answer, self.text
        if found is None or text is None or self.question.waiting:
            return ""
        place = text.place(self.selection.value("row"))
        row = change_at(found, text, place)
        return tr(
            "KL(A ‖ B) = Σ p_A log(p_A / p_B) over the whole vocabulary; {place} it is {nats} nats: A says {a}, B says "
            "{b}. CKA compares how two layers arrange the text's tokens: 1 is the same up to turning and size.",
            place=text.place_words(place), nats=f"{row.divergence:.4f}", a=row.a, b=row.b,
        )  # fmt: skip

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that was compared."""
        found = self.question.current
        if found is None or self.text is None:
            return {}
        names = ("divergence", "opposite", "ids", "probabilities", "chances", "ranks", "gain", "alignment")
        return {name: np.asarray(getattr(found, name)) for name in names}


def _place(row: Change) -> int:
    return row.place
