"""Which network: its family, a size to learn with, or a shape that others have published."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.controls.choice_cards import CardChoice, ChoiceCards
from studio.controls.editors import ChoiceEdit
from studio.controls.segmented import Segmented
from studio.core.config import ModelConfig
from studio.core.language import tr
from studio.core.model_config import FAMILY_CHOICES
from studio.families import Family, Preset
from studio.parts.wording import NOT_MEASURED, short_count
from studio.widgets.look import Look
from studio.workshop.moving import published, teaching

_PUBLISHED, _ONE_LINE_FROM = 296, 1_340


class FamilyBar(QWidget):
    """`family_chosen` and `preset_chosen` tell names; `set_family` changes what there is to choose from."""

    family_chosen = Signal(str)
    preset_chosen = Signal(str)

    def __init__(self, family: Family, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._family = family
        self.families = Segmented(FAMILY_CHOICES, look, tr("Family"))
        self.families.changed.connect(self.family_chosen)
        self.published = ChoiceEdit([("", "Published shapes")], look)
        self.published.setAccessibleName(tr("Published shapes"))
        self.published.setSizeAdjustPolicy(ChoiceEdit.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.published.setMinimumContentsLength(16)
        self.published.setFixedWidth(_PUBLISHED)
        self.published.changed.connect(self._picked)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self.families, 0, 0)
        self._grid.addWidget(self.published, 0, 2)
        self._one_line = False
        self.sizes = self._cards()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sizes stand between family and published shapes where they have room, else below."""
        super().resizeEvent(event)
        one_line = self.width() >= _ONE_LINE_FROM
        if one_line != self._one_line:
            self._one_line = one_line
            self._seat(self.sizes)

    def _seat(self, cards: ChoiceCards) -> None:
        if self._one_line:
            self._grid.addWidget(cards, 0, 1)
        else:
            self._grid.addWidget(cards, 1, 0, 1, 3)

    def set_family(self, family: Family) -> None:
        """Offer the sizes and shapes of another family."""
        self.families.set_value(family.name)
        if family.name == self._family.name:
            return
        self._family = family
        before, self.sizes = self.sizes, self._cards()
        before.hide()
        before.deleteLater()

    def set_preset(self, preset: Preset | None, size_of: Callable[[ModelConfig], int]) -> None:
        """Mark the present one, and write each one's parameters behind its name; 0 is not known yet."""
        name = preset.name if preset is not None else ""
        for one in teaching(self._family):
            self.sizes.set_facts(one.name, _size(size_of(one.config)))
        self.sizes.set_value(name)
        rows = [("", tr("{count} published shapes", count=len(published(self._family))))]
        self.published.clear()
        self.published.set_choices(rows + [(one.name, _words(one, size_of)) for one in published(self._family)])
        self.published.set_value(name if name in [one.name for one in published(self._family)] else "")

    def _cards(self) -> ChoiceCards:
        choices = [CardChoice(one.name, one.name, tip=tr(one.about)) for one in teaching(self._family)]
        cards = ChoiceCards(choices, self.look, tr("Sizes to learn with"))
        cards.changed.connect(self.preset_chosen)
        self._seat(cards)
        return cards

    def _picked(self) -> None:
        if name := str(self.published.value()):
            self.preset_chosen.emit(name)


def _size(parameters: int) -> str:
    return short_count(parameters) if parameters else NOT_MEASURED


def _words(preset: Preset, size_of: Callable[[ModelConfig], int]) -> str:
    words = f"{preset.name} · {_size(size_of(preset.config))}"
    return tr("{words} · for the calculator", words=words) if preset.calculator else words
