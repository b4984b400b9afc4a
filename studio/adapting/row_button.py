"""A real example for a training step: a row of one of the project's datasets, as a text and what is to be learned."""

import random
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.rows import Values
from studio.rows.kinds import Reading, spoken, text_of
from studio.store.project import Project
from studio.widgets.button import Button
from studio.widgets.look import Look

_ANSWERED = {  # kind of rows: the roles that are asked with, and the one that answers
    "completion": (("prompt",), "completion"), "alpaca": (("instruction", "input"), "output"),
    "preference": (("prompt", "input"), "chosen"), "labelled": (("text",), "label"),
}  # fmt: skip


class RowButton(Button):
    """Offers the project's datasets; `picked` carries text and answer of a row that is drawn, another one each time."""

    picked = Signal(str, str)
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("A row of…"), self.open_menu, look, "link", parent=parent)
        self.set_small()
        self.setToolTip(tr("Takes a row of one of your datasets as the example."))
        self._session, self._drawn = session, 0

    def menu_of_datasets(self) -> QMenu:
        """Every dataset of the open project."""
        menu, project = QMenu(self), self._session.project
        for dataset in project.datasets() if project is not None else []:
            menu.addAction(dataset.name, partial(self.draw, dataset.name))
        if menu.isEmpty():
            menu.addAction(tr("The project has no dataset yet")).setEnabled(False)
        return menu

    def open_menu(self) -> None:
        """Show it below the button."""
        menu = self.menu_of_datasets()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))

    def draw(self, name: str) -> None:
        """Take a row of this dataset."""
        if self._session.project is not None:
            self._drawn += 1
            job = self._session.jobs.start(drawn, self._session.project, name, self._drawn, lane="a row for a step")
            job.succeeded.connect(self._came)
            job.failed.connect(self.failed)

    def _came(self, example: tuple[str, str]) -> None:
        self.picked.emit(*example)


def drawn(project: Project, name: str, seed: int) -> tuple[str, str]:
    """Text and answer of a row that follows from the seed; for a worker thread."""
    dataset = project.dataset(name)
    (values,) = dataset.rows_at([random.Random(seed).randrange(dataset.rows)])
    return example_of(dataset.reading, values)


def example_of(reading: Reading, values: Values) -> tuple[str, str]:
    """What is read and what is learned of a row, each on one line; without an answer all of it is learned."""
    asked, answer = _ANSWERED.get(reading.kind, ((), ""))
    said = [spoken(values.get(reading.roles.get(role, ""))) for role in asked]
    text = _line(" ".join(said) if answer else text_of(reading, values))
    learned = _line(spoken(values.get(reading.roles.get(answer, ""))))
    if not text or (answer and not learned):
        raise StudioError(tr("This row has no text, or nothing to learn."), tr("Take another one."))
    if not answer:
        return text, ""
    apart = "" if text.endswith("$") else " "  # a price stands right behind its sign
    return text, f"{apart}{learned}"


def _line(text: str) -> str:
    return " ".join(text.split())
