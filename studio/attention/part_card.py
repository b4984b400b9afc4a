"""One part of the network taken away or replaced: what it is, what stands in for it, and what the model writes then."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy

from studio.attention.sweep_card import signed_figure
from studio.controls.editors import ChoiceEdit
from studio.controls.number_edit import NumberEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.seeing.seen import Seen
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.engine.effects import Effect

EFFECT = "studio.engine.effects:effect_beside"
PART_NAMES = (
    ("head", "Head"),
    ("neuron", "Neuron"),
    ("attention", "Attention part"),
    ("feed_forward", "Feed-forward part"),
    ("layer", "Whole layer"),
)
WAYS = (
    ("zero", "Zeros"),
    ("mean", "Its mean over this text"),
    ("other", "Its value on another text"),
    ("own", "Its own value (no change)"),
)
_LONGEST = 4_000  # letters of another text


class PartCard(Card):
    """`wanted` says that a person chose another part, `instead` that something else shall take its place."""

    wanted = Signal()
    instead = Signal()
    changed = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Take a part away"), look)
        self._session = session
        self._seen, self._other = Seen(), Seen()
        self.effect: Effect | None = None
        self.beside: Effect | None = None  # the same in another model
        self._asked: tuple[Any, ...] | None = None
        self._counts: dict[str, int] = {}  # of a layer's heads and neurons
        self.part, self.layer, self.way = ChoiceEdit(PART_NAMES, look), ChoiceEdit((), look), ChoiceEdit(WAYS, look)
        self.index = NumberEdit(look, whole=True)
        self.index.setFixedWidth(96)
        self.other = QLineEdit()
        self.other.setMaxLength(_LONGEST)
        self.other.setPlaceholderText(tr("Another text, at least as long, and Enter"))
        self.other.setAccessibleName(tr("The other text"))
        self.facts = FactRows()
        self.trouble = Label("", "danger", wrap=True)
        self.before, self.after = Label("", "mono", wrap=True), Label("", "mono", wrap=True)
        self.before_title, self.after_title = Label(tr("It writes"), "small"), Label(tr("Without, it writes"), "small")
        self._build()
        self.part.changed.connect(self._another_part)
        self.layer.changed.connect(self.wanted)
        self.index.changed.connect(self.wanted)
        self.way.changed.connect(self._way_chosen)
        self.other.returnPressed.connect(self.instead)

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        place = QHBoxLayout()
        place.setSpacing(8)
        self.layer_label, self.index_label = Label(tr("layer"), "quiet"), Label(tr("number"), "quiet")
        for widget in (self.part, self.layer_label, self.layer, self.index_label, self.index):
            place.addWidget(widget)
        place.addStretch(1)
        self.layer.setMinimumWidth(60)
        for edit, words in ((self.part, tr("Part")), (self.layer, tr("Layer")), (self.index, tr("Number of the part")),
                            (self.way, tr("What stands in"))):  # fmt: skip
            edit.setAccessibleName(words)
        self.way.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        grid.addWidget(Label(tr("Part"), "quiet"), 0, 0)
        grid.addLayout(place, 0, 1)
        grid.addWidget(Label(tr("Instead"), "quiet"), 1, 0)
        grid.addWidget(self.way, 1, 1)
        grid.addWidget(self.other, 2, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self.trouble)
        self.body.addWidget(self.facts)
        for title, text in ((self.before_title, self.before), (self.after_title, self.after)):
            self.body.addWidget(title)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(text)
        self.body.addStretch(1)
        self._show_fields()

    # --- what is chosen -------------------------------------------------------------------------------------------

    @property
    def place(self) -> tuple[str, int, int]:
        """Part, layer and index."""
        part = str(self.part.value())
        return part, int(self.layer.value() or 0), int(self.index.value()) if part in ("head", "neuron") else 0

    @property
    def replacement(self) -> tuple[str, str]:
        """What stands in: a way, and the other text it needs."""
        way = str(self.way.value())
        return way, self.other.text() if way == "other" else ""

    def set_place(self, part: str, layer: int, index: int) -> None:
        """Show another part silently."""
        self.part.set_value(part)
        self.layer.set_value(layer)
        self.index.set_value(index)
        self._limit()
        self._show_fields()

    @property
    def exists(self) -> bool:
        """Whether the scene has such a part; a number beyond the last one can be typed."""
        last = self.index.maximum
        return last is None or 0 <= self.place[2] <= last

    def _another_part(self) -> None:
        """A neuron's number means nothing among heads."""
        self.index.set_value(0)
        self._limit()
        self.wanted.emit()

    def _limit(self) -> None:
        self.index.minimum, self.index.maximum = 0, self._counts.get(str(self.part.value()), 1) - 1

    def _way_chosen(self) -> None:
        self._show_fields()
        if self.way.value() == "other" and not self.other.text():
            self.other.setFocus(Qt.FocusReason.OtherFocusReason)
        self.instead.emit()

    def _show_fields(self) -> None:
        numbered = self.part.value() in ("head", "neuron")
        self.index.setVisible(numbered)
        self.index_label.setVisible(numbered)
        self.other.setVisible(self.way.value() == "other")

    # --- measuring ------------------------------------------------------------------------------------------------

    def set_scene(self, scene: Any, other: Any = None) -> None:
        """Another model or text, or another one beside it: what was measured before no longer holds."""
        if not self._other.same(other):
            self._other.keep(other)
            self._asked = None
        if not self._seen.same(scene):
            self._seen.keep(scene)
            self._asked = None
            self._counts = {"head": scene.heads, "neuron": scene.config.model.feed_forward_dim}
            self._limit()
            self.layer.clear()
            self.layer.set_choices([(number, str(number)) for number in range(scene.layers)])

    def measure(self, scene: Any, other: Any = None) -> None:
        """Take the chosen part away in the scene, and in another one beside it, unless that is what is shown."""
        wish = (self.place, self.replacement)
        if wish == self._asked:
            return
        self._asked = wish
        self.trouble.setText("")
        if self.replacement[0] == "other" and not self.replacement[1].strip():
            self._show(None)
            return
        scenes = [one for one in (scene, other) if one is not None]
        job = self._session.looking.ask(EFFECT, scenes, self.place, self.replacement, lane="ablation")
        job.items.connect(partial(self._came, wish))
        job.failed.connect(partial(self._failed, wish))
        job.ended.connect(partial(self._ended, wish, job))
        self._show(None)

    def _came(self, wish: tuple[Any, ...], effects: "list[tuple[int, Effect]]") -> None:
        if wish == self._asked:
            known = {0: self.effect, 1: self.beside} | dict(effects)
            self._show(known[0], known[1])

    def _failed(self, wish: tuple[Any, ...], error: StudioError) -> None:
        if wish == self._asked:
            self._show(None)
            self.trouble.setText(f"{error.message} {error.hint}")

    def _ended(self, wish: tuple[Any, ...], job: Job) -> None:
        """What another model silenced is asked for again with the next look."""
        if wish == self._asked and job.cancelled:
            self._asked = None

    def _show(self, effect: "Effect | None", beside: "Effect | None" = None) -> None:
        self.effect, self.beside = effect, beside
        both = not self._other.same(None)
        self.facts.set_rows(rows_of_both(effect, beside) if both else rows_of(effect))
        written = effect is not None and effect.text_before is not None
        for title in (self.before_title, self.after_title):
            title.setVisible(effect is not None)
        sides = [effect, beside] if both else [effect]
        self.before.setText(texts_of(sides, "text_before"))
        self.after.setText(texts_of(sides, "text_after"))
        same = written and all(one is not None and one.text_before == one.text_after for one in sides)
        self.after_title.setText(tr("Without, it writes the same") if same else tr("Without, it writes"))
        self.changed.emit()


def texts_of(sides: "Sequence[Effect | None]", name: str) -> str:
    """What is written, by A and by B where there are two; an ellipsis while it is not."""
    written = [None if one is None else getattr(one, name) for one in sides]
    texts = [str(text) if text is not None else tr("…") if one is not None else ""
             for one, text in zip(sides, written, strict=True)]  # fmt: skip
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"{letter}: {text}" for letter, text in zip("AB", texts, strict=True) if text)


NAMES = ("Loss", "Loss without", "Change", "Divergence")


def rows_of(effect: "Effect | None") -> list[FactRow]:
    """Loss before and after, their difference, and how far the predictions moved; dashes until they are known."""
    values = values_of(effect)
    tip = (
        tr("Nats a token, mean over the {count} predictions in this text.", count=effect.predictions) if effect else ""
    )
    tips = (tip, tip, tr("Above zero: the text needs this part."),
            tr("Mean KL from the whole model's predictions, in nats."))  # fmt: skip
    return [
        FactRow(tr(name), value, why if effect else "") for name, value, why in zip(NAMES, values, tips, strict=True)
    ]


def rows_of_both(effect: "Effect | None", beside: "Effect | None") -> list[FactRow]:
    """The same of A and of B, and by how much more A needs the part."""
    pairs = zip(NAMES, values_of(effect), values_of(beside), strict=True)
    rows = [FactRow(tr("{what}, A and B", what=tr(name)), f"{one} · {other}") for name, one, other in pairs]
    known = effect is not None and beside is not None
    less = signed_figure(effect.harm - beside.harm) if known and effect is not None and beside is not None else "–"
    return [*rows, FactRow(tr("Change, A − B"), less, tr("Above zero: A needs this part more than B."))]


def values_of(effect: "Effect | None") -> tuple[str, str, str, str]:
    """Both losses, the change and the divergence in words."""
    if effect is None:
        return "–", "–", "–", "–"
    divergence = "0" if effect.divergence == 0 else f"{effect.divergence:.5f}"
    return f"{effect.loss_before:.4f}", f"{effect.loss_after:.4f}", signed_figure(effect.harm), divergence
