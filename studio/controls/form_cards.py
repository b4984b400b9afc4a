"""The settings of a run as cards, a form in each: they show a draft together, and together say what is wrong."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.controls.form import Form
from studio.core.knobs import Problem
from studio.core.language import tr
from studio.widgets.card import Card
from studio.widgets.look import Look

Groups = Sequence[tuple[str, tuple[str, ...]]]  # title of a card, and the dotted names of its fields


class FormCards(QObject):
    """`forms` and `cards` by title, in the order of `groups`; `edited` carries the new value of `kind`."""

    edited = Signal(object)

    def __init__(self, kind: Any, groups: Groups, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self.forms = {title: Form(kind, look, only) for title, only in groups}
        self.cards = {title: Card(tr(title), look) for title in self.forms}
        for title, form in self.forms.items():
            self.cards[title].header.addWidget(form.fold)
            self.cards[title].add_hanging(form)
            form.changed.connect(self.edited)

    def set_value(self, value: Any) -> None:
        """Show this in every form."""
        for form in self.forms.values():
            form.set_value(value)

    @property
    def problems(self) -> list[Problem]:
        """What a person typed into the cards that are shown and that cannot be used."""
        shown = (form for title, form in self.forms.items() if not self.cards[title].isHidden())
        return [problem for form in shown for problem in form.problems]
