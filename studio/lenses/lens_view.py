"""The logit lens: what the model would say if it ended after each block, for every token of the text."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.editors import ChoiceEdit, Switch
from studio.core.language import tr
from studio.lenses.lens_cell import CellCard
from studio.lenses.lens_numbers import (
    MEASURES,
    Drawn,
    drawn,
    drawn_difference,
    drawn_film,
    measure_words,
)
from studio.lenses.lens_table import LensCells, LensTable
from studio.live.looking import Looking
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import ShownText, text_of
from studio.views.bars import percent_text
from studio.views.token_text import token_label
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

LENS, PAIR = "studio.insight.lens:lens", "studio.insight.comparison:lens_pair"


class LensView(AskingView):
    """The table, and beside it the likeliest five of the cell that is pointed at or locked."""

    name, label, scrubs, needs_words = "lens", "Logit lens", True, True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.shown: Drawn | None = None
        self.text: ShownText | None = None
        self._scenes: tuple[Any, Any] = (None, None)
        self._row: int | None = None  # under the pointer
        self._column: int | None = None  # of a text that is not the prompt, which the selection knows nothing of
        self._followed: int | None = None  # the token that was asked for
        self._seen: int | None = None  # the locked token that was scrolled into sight
        self._held: int | None = None  # that was clicked; with half steps a block has two rows, the embedding none
        self.question = Question(self.looking, "lens", self)
        self.question.answered.connect(self._answered)
        self.measure = ChoiceEdit(MEASURES, look)
        self.measure.setAccessibleName(tr("Colour by"))
        self.measure.changed.connect(self._recolour)
        self.halves = Switch(look)
        self.halves.setAccessibleName(tr("Half steps"))
        self.halves.setToolTip(tr("Also looks between a block's attention and its feed-forward part"))
        self.halves.changed.connect(self._ask)
        self.free = Button(tr("Follow the real one"), self._untrack, look, "link").set_small()
        self.table = LensTable(look)
        self.table.hovered.connect(self._hovered)
        self.table.clicked.connect(self._clicked)
        self.bar = ColourBar(look, upright=False)
        self.side = CellCard(look)
        self.side.chosen.connect(self._track)
        self._lay_out()

    def _lay_out(self) -> None:
        picture = Card(tr("What it would say"), self.look)
        for part in (Label(tr("half steps"), "small"), self.halves, self.free, self.measure):
            picture.header.addWidget(part)
        picture.body.addWidget(self.table, 1)
        picture.body.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(picture, 1)
        row.addWidget(self.side)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Ask for what is wanted now, draw what is known, point at what is selected."""
        if not what or what & {"scene", "other", "mode", "film", "snapshot"}:
            self._ask()
        elif "selection" in what:
            self._held = None if self.selection.is_free else self._held
            if self.tracked != self._followed:
                self._ask()
            self._point()

    def let_go(self) -> None:
        """The scenes of a view that nobody sees."""
        self._scenes = (None, None)
        self.question.forget()

    @property
    def tracked(self) -> int | None:
        """The token that is followed through the rows; None follows the one that really comes next."""
        return self.selection.locked("token")

    def _ask(self) -> None:
        snapshot, (scene, other) = self.looking.snapshot, self.looking.shown
        if scene is None:
            self.question.forget()
            self._scenes = (None, None)
            self._draw(None)
            return
        if snapshot is not None:
            self._draw_snapshot(snapshot, scene)
            return
        self._followed = self.tracked
        self._scenes = (scene, other)  # kept, so that no later scene can have the same identity
        wish: dict[str, Any] = {"k": 5, "halves": self.halves.value(), "token": self.tracked}
        key = (id(scene), id(other), *wish.values())
        if other is None:
            asked = self.question.ask(key, LENS, scene.model, scene.capture, **wish)
        else:
            asked = self.question.ask(key, PAIR, (scene.model, scene.capture), (other.model, other.capture), **wish)
        if not asked:
            self._recolour()

    def _draw_snapshot(self, snapshot: Any, scene: Any) -> None:
        words = tuple(token_label(scene.tokenizer, token) for token in snapshot.ids)
        self.text = ShownText(words, snapshot.ids, scene.tokenizer, scene.config.model.causal)
        self._draw(drawn_film(snapshot, self.looking.moments[1], self.text))

    def _answered(self) -> None:
        self._recolour()
        self.told.emit()

    def _recolour(self) -> None:
        scene, other = self._scenes
        found = self.question.current
        if scene is None or found is None or self.looking.snapshot is not None:
            if self.question.error is not None:
                self._draw(None)
            return
        text = text_of(scene)
        lens, apart = (found[0], found[2]) if isinstance(found, tuple) else (found, None)
        if lens.ids.shape[1] != len(text.ids) or (apart is None) != (other is None):
            return  # the answer to an older question
        self.text = text
        if apart is None:
            self._draw(drawn(lens, text, self.measure.value()))
        else:
            self._draw(drawn_difference(lens, found[1], apart, text))

    def _draw(self, shown: Drawn | None) -> None:
        self.shown = shown
        self.table.set_cells(shown.cells if shown is not None else LensCells())
        exact = shown is not None and shown.lens is not None and shown.apart is None
        self.measure.setEnabled(exact or shown is None)
        self.measure.setToolTip("" if exact else self._why_not())
        self.free.setVisible(self.tracked is not None and exact)
        if shown is not None:
            self.bar.set_colouring(shown.cells.colouring, self._bar_words(shown))
        self._point()

    def _why_not(self) -> str:
        if self.looking.mode == "difference":
            return tr("Two models are coloured by how far they are apart.")
        return tr("A snapshot keeps the likeliest five only; go back to the checkpoint for the rest.")

    def _bar_words(self, shown: Drawn) -> str:
        if shown.apart is not None:
            return tr("KL(A ‖ B) in nats: 0 says the same")
        if shown.lens is None:
            return measure_words("moments" if shown.cells.colouring.signed else "probability")
        tracked = self.text.label(self.tracked) if self.text is not None and self.tracked is not None else ""
        return measure_words(self.measure.value(), f"“{tracked}”" if tracked else "")

    # --- pointing -------------------------------------------------------------------------------------------------

    @property
    def cell(self) -> tuple[int, int] | None:
        """The row and column that the side tells of: pointed at, locked, else the model's answer to the end."""
        if self.shown is None or self.text is None or not self.shown.ids.size:
            return None
        rows, columns = self.shown.ids.shape[:2]
        column = min(self.text.place(self.selection.value("row") if _own(self.looking) else self._column), columns - 1)
        row = self._row if self._row is not None else self._row_of(self.selection.value("layer"))
        return min(rows - 1 if row is None else row, rows - 1), column

    def _row_of(self, layer: int | None) -> int | None:
        """The row that stands for a block: the one that was clicked in it, else the one after it."""
        rows = len(self.shown.cells.rows) if self.shown is not None else 1
        if self._held is not None and self._held < rows and self._layer_of(self._held) == layer:
            return self._held
        steps = (rows - 1) // max(1, self._layers())
        return None if layer is None else min((layer + 1) * steps, rows - 1)

    def _layers(self) -> int:
        if self.shown is not None and self.shown.lens is not None:
            return sum(name.startswith("block") for name in self.shown.lens.rows)
        return len(self.shown.cells.rows) - 1 if self.shown is not None else 0

    def _layer_of(self, row: int) -> int | None:
        """The block that a row stands behind, or within; the embedding is none."""
        steps = (len(self.shown.cells.rows) - 1) // max(1, self._layers()) if self.shown is not None else 1
        return (row - 1) // max(1, steps) if row > 0 else None

    def _hovered(self, row: int, column: int) -> None:
        self._row, self._column = (row, column) if row >= 0 else (None, None)
        if row < 0:
            self.selection.leave()
        else:
            self.selection.hover(layer=self._layer_of(row), **({"row": column} if _own(self.looking) else {}))
        self._point()

    def _clicked(self, row: int, column: int) -> None:
        self._row, self._held = None, row
        self.selection.lock(layer=self._layer_of(row), **({"row": column} if _own(self.looking) else {}))
        self._point()

    def _track(self, token: int) -> None:
        self.selection.lock(token=token)

    def _untrack(self) -> None:
        self.selection.lock(token=None)

    def _point(self) -> None:
        cell, shown, text = self.cell, self.shown, self.text
        if cell is None or shown is None or text is None:
            self.side.tell(str(self.question.error or ""))
            self.table.set_profile(None)
            return
        row, column = cell
        held, place = (
            self._row_of(self.selection.locked("layer")),
            self.selection.locked("row") if _own(self.looking) else None,
        )
        self.table.mark(-1 if held is None else held, -1 if place is None else place, locked=True)
        pointed = (_own(self.looking) and self.selection.value("row") is not None) or self._row is not None
        self.table.mark(*(cell if pointed else (-1, -1)))
        self.side.show_cell(shown, text, row, column, self._note(shown, row))
        if self._row is None and place is not None and place != self._seen:  # another view may have locked it
            self._seen = place
            self.table.show_cell(row, column)
        profile = shown.lens.tracked[:, column] if shown.lens is not None and shown.apart is None else None
        target = int(shown.lens.targets[column]) if shown.lens is not None else -1
        self.table.set_profile(profile if target >= 0 else None, tr("p of “{token}”", token=text.label(max(target, 0))))

    def _note(self, shown: Drawn, row: int) -> str:
        if shown.lens is None:
            words = tr("The text that the run watches, from the snapshot of step {step}: probabilities in 16 bits.")
            return words.format(step=f"{self.looking.film.step:,}")
        if row == len(shown.cells.rows) - 1:
            return tr("The last row is what the model really says. Click a bar to follow that token through the rows.")
        return tr("Click a bar to follow that token through the rows.")

    # --- what it says and gives out -------------------------------------------------------------------------------

    def explanation(self) -> str:
        """The lens in words, filled with the cell."""
        cell, shown, text = self.cell, self.shown, self.text
        if cell is None or shown is None or text is None:
            return ""
        row, column = cell
        top = text.label(int(shown.ids[row, column, 0]))
        said = tr(
            "p = softmax(W · norm(x)): the state x at “{row}”, {place}, is normed anew and read by the output head, "
            "as if the model ended there. It would say “{top}” with {chance}.",
            place=text.place_words(column), row=shown.cells.rows[row], top=top,
            chance=percent_text(float(shown.shares[row, column, 0])),
        )  # fmt: skip
        if shown.lens is None:
            return said
        apart = float(shown.lens.divergence[row, column])
        return said + " " + tr("KL(model ‖ row) = Σ p log(p / q) = {nats} nats.", nats=f"{apart:.4f}")

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """The lens as it was computed, or what the snapshot kept."""
        shown = self.shown
        if shown is None:
            return {}
        found = {"ids": shown.ids, "probabilities": shown.shares}
        if shown.lens is not None:
            names = ("entropy", "divergence", "targets", "rank", "tracked")
            found |= {name: getattr(shown.lens, name) for name in names}
        if shown.other is not None and shown.apart is not None:
            found |= {"ids_b": shown.other.ids, "probabilities_b": shown.other.probabilities, "apart": shown.apart}
        return {name: np.asarray(array) for name, array in found.items()}


def _own(looking: Looking) -> bool:
    """Whether the columns are places of the prompt, as the selection means them: a run watches its own text."""
    snapshot, scene = looking.snapshot, looking.scene
    return snapshot is None or scene is None or tuple(snapshot.ids) == tuple(scene.capture.ids)
