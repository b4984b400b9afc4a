"""Direct logit attribution: one token's logit as the sum of what every part of the model added to it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QHBoxLayout

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.lenses.attribution_numbers import (
    ATTENTION,
    PartKey,
    Split,
    column_names,
    key_at,
    part_words,
    split_of,
    summands,
    value_of,
)
from studio.lenses.part_card import PartCard
from studio.lenses.waterfall import Waterfall
from studio.live.session import Session
from studio.maps.colour_bar import ColourBar
from studio.maps.colours import signed_text
from studio.maps.heat_map import HeatMap
from studio.seeing.question import AskingView, Question
from studio.seeing.shown_text import ShownText, text_of
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

SPLIT, EFFECT = "studio.insight.attribution:attribute", "studio.insight.attribution:effect_of"
TARGETS = (("top", "the likeliest"), ("next", "the real next"), ("chosen", "the selected"))


class AttributionView(AskingView):
    """The sum at the left, the map of heads in the middle, what the chosen part does to all tokens at the right."""

    name, label, vector = "attribution", "Attribution", True
    needs_words = True
    compares = True

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self.split: Split | None = None
        self.text: ShownText | None = None
        self._scenes: tuple[Any, Any] = (None, None)
        self._part: PartKey = ("embedding", -1, -1)
        self.own, self.other = Question(self.looking, "logit A", self), Question(self.looking, "logit B", self)
        self.effect = Question(self.looking, "effect of a part", self)
        self.own.answered.connect(self._answered)
        self.other.answered.connect(self._answered)
        self.effect.answered.connect(self._show_effect)
        self.target = ChoiceEdit(TARGETS[:-1], look)
        self.target.setAccessibleName(tr("Token"))
        self.target.changed.connect(self._ask)
        self.title, self.sum = ElidedLabel("", "quiet"), Label("", "small", wrap=True)
        self.fall, self.map = Waterfall(look), HeatMap(look, square=False)
        self.bar, self.side = ColourBar(look, upright=False), PartCard(look)
        self._connect()
        self._lay_out()

    def _connect(self) -> None:
        self.fall.chosen.connect(self._row_chosen)
        self.map.hovered.connect(self._hovered)
        self.map.clicked.connect(self._clicked)
        self.side.chosen.connect(self._track)

    def _lay_out(self) -> None:
        self.whole, heads = Card(tr("Logit"), self.look), Card(tr("Who added it"), self.look)
        self.whole.header.addWidget(self.target)
        falls = Scroll()
        falls.body.setSpacing(8)
        falls.body.addWidget(self.fall)
        falls.body.addStretch(1)
        self.whole.body.addWidget(self.title)
        self.whole.body.addWidget(falls, 1)
        self.whole.body.addWidget(self.sum)
        heads.body.addWidget(self.map, 1)
        heads.body.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.whole, 5)
        row.addWidget(heads, 4)
        row.addWidget(self.side)

    # --- what is shown ----------------------------------------------------------------------------------------------

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Split the logit that is wanted now."""
        if not what or what & {"scene", "other", "mode"}:
            self._ask()
        elif "selection" in what and not self._ask_again():
            self._point()
            self._ask_effect()

    def let_go(self) -> None:
        """The scenes of a view that nobody sees."""
        self._scenes = (None, None)
        for question in (self.own, self.other, self.effect):
            question.forget()

    def missing(self) -> str:
        """A logit is a sum only where the norms stand before the parts."""
        for scene in self.looking.shown:
            if scene is not None and scene.config.model.norm_place == "after":
                return tr(
                    "This model norms after each part, so its logits are no sum of what the parts add. Choose one that "
                    "norms before them, such as GPT-2 or Llama."
                )
        return ""

    @property
    def row(self) -> int:
        """The place behind which the logit is split; only a locked one, so that hovering computes nothing."""
        return self.text.place(self.selection.locked("row")) if self.text is not None else 0

    def _wanted(self) -> int | None:
        """The token whose logit is split; None is the likeliest."""
        if self.text is None or self.target.value() == "top":
            return None
        if self.target.value() == "chosen":
            return self.selection.locked("token")
        real = self.text.following[self.row]
        return real if real >= 0 else None

    def _ask(self) -> None:
        self._scenes = self.looking.shown  # kept, so that no later scene can have the same identity
        scene, _ = self._scenes
        if scene is None or self.missing():
            self.let_go()
            self.split = self.text = None
            self._draw()
            return
        self.text = text_of(scene)
        self._ask_again()
        self._answered()

    def _ask_again(self) -> bool:
        """Split another logit if another one is wanted; whether that was so."""
        scene, chosen = self._scenes[0], self.selection.locked("token") is not None
        if scene is None or self.text is None:
            return False
        if chosen != (self.target.count() == len(TARGETS)):
            self.target.set_value(self.target.value() if chosen or self.target.value() != "chosen" else "top")
            self.target.set_choices(TARGETS if chosen else TARGETS[:-1])
        key = (id(scene), self.row, self._wanted())
        return self.own.ask(key, SPLIT, scene.model, scene.capture, self.row, self._wanted())

    def _answered(self) -> None:
        found, (_, other) = self.own.answer, self._scenes
        if found is None or self.own.waiting:
            if self.own.error is not None:
                self.split = None
                self._draw()
            return
        if other is not None:
            self.other.ask((id(other), self.row, found.token), SPLIT, other.model, other.capture, self.row, found.token)
            if self.other.waiting or self.other.answer is None:
                return
        self.split = split_of(found, self.other.answer if other is not None else None)
        self._draw()
        self._ask_effect()
        self.told.emit()

    def _draw(self) -> None:
        split, text = self.split, self.text
        for part in (self.fall, self.sum, self.map, self.bar):
            part.setVisible(split is not None)
        if split is None or text is None:
            self.title.setText(str(self.own.error or ""))
            return
        token = text.label(self.own.answer.token)
        words = tr("of “{token}” {place}") if self._scenes[1] is None else tr("of “{token}” {place}: A − B")
        self.title.setText(words.format(token=token, place=text.place_words(self.row)))
        self.fall.set_summands(summands(split))
        self.sum.setText(sum_words(split))
        most = float(np.nanmax(np.abs(split.table))) if np.isfinite(split.table).any() else 1.0
        blocks = [tr("layer {layer}", layer=at) for at in range(len(split.heads))]
        self.map.set_values(split.table, low=-most, high=most, ramp="difference", scale="sqrt")
        self.map.set_labels(blocks, column_names(split), axes=(tr("layer"), tr("head")))
        self.bar.set_colouring(self.map.colouring, tr("added to the logit"))
        self._point()

    # --- one part ---------------------------------------------------------------------------------------------------

    @property
    def part(self) -> PartKey:
        """The part that is told of: the selected head, else the one that was chosen last."""
        kind, layer, head = self._part
        locked = self.selection.locked("layer"), self.selection.locked("head")
        if kind != "head" or self.split is None:
            return self._part
        if locked[0] is not None and locked[1] is not None:
            layer, head = locked[0], locked[1]
        return kind, layer, min(head, self.split.heads.shape[1] - 1)

    def _ask_effect(self) -> None:
        scene, key = self._scenes[0], self.part
        if scene is None or self.split is None:
            return
        if key[0] not in ("ends", ATTENTION):
            asked = (id(scene), self.row, key)
            self.effect.ask(asked, EFFECT, scene.model, scene.capture, self.row, key)
        self._show_effect()

    def _show_effect(self) -> None:
        split, text, key = self.split, self.text, self.part
        if split is None or text is None or key[1] >= len(split.heads):
            self.side.tell(str(self.effect.error or ""))
            return
        whole = key[0] in ("ends", ATTENTION) or self.effect.waiting  # several parts, or not yet known
        self.side.show_part(key, split, text, None if whole else self.effect.answer)

    def _choose(self, key: PartKey) -> None:
        self._part = key
        kind, layer, head = key
        self.selection.lock(layer=layer if layer >= 0 else None, head=head if kind == "head" else None)
        self._ask_effect()
        self._point()
        self.told.emit()

    # --- pointing -------------------------------------------------------------------------------------------------

    def _point(self) -> None:
        keys = [one.key for one in self.fall.summands]
        kind, layer, head = self.part
        key = (ATTENTION, layer, -1) if kind in ("head", "bias") else self.part
        self.fall.choose(keys.index(key) if key in keys else -1)
        heads = self.split.heads.shape[1] if self.split is not None else 0
        places = {"head": head, "bias": heads, "feed_forward": heads + 1}
        self.map.mark(layer if layer >= 0 else None, places.get(kind), locked=True)
        self.map.mark(self.selection.value("layer"), self.selection.value("head"))

    def _row_chosen(self, row: int) -> None:
        key = self.fall.summands[row].key
        if key is not None:
            self._choose(key)

    def _hovered(self, row: int, column: int) -> None:
        if self.split is None or row < 0:
            self.selection.leave()
            return
        kind, layer, head = key_at(self.split, row, column)
        self.selection.hover(layer=layer, head=head if kind == "head" else None)

    def _clicked(self, row: int, column: int) -> None:
        if self.split is not None:
            self._choose(key_at(self.split, row, column))

    def _track(self, token: int) -> None:
        self.selection.lock(token=token)

    # --- what it says and gives out -------------------------------------------------------------------------------

    def explanation(self) -> str:
        """The sum with its numbers."""
        split, text = self.split, self.text
        if split is None or text is None:
            return ""
        key = self.part if self.part[1] < len(split.heads) else ("embedding", -1, -1)
        return tr(
            "logit = W[token] · norm(x), and x is a sum: embedding + position + every head + every feed-forward part. "
            "With the norm's scale frozen at that of the whole x, each part's share is W[token] · norm(part): {part} "
            "adds {value} of {logit}.",
            part=part_words(key), value=signed_text(value_of(split, key)), logit=f"{split.logit:.4f}",
        )  # fmt: skip

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Every part of the sum, and the model's own logit."""
        split = self.split
        if split is None or self.own.answer is None:
            return {}
        names = ("embedding", "positions", "ends", "total", "logit")
        told = {name: np.array(getattr(split, name)) for name in names}
        told |= {"heads": split.heads, "attention_bias": split.bias, "feed_forward": split.feed_forward}
        asked = self.own.answer
        return {"token": np.array(asked.token), "position": np.array(asked.position), **told}


def sum_words(split: Split) -> str:
    """The sum and the model's own number side by side, and how far they are apart."""
    return tr(
        "The parts add up to {total}; the model's own logit is {logit} (difference {apart}).",
        total=f"{split.total:.5f}", logit=f"{split.logit:.5f}", apart=f"{abs(split.total - split.logit):.1e}",
    )  # fmt: skip
