"""What is known of a dataset, and its versions: what changed from one to the next, each open to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.core.language import tr
from studio.parts.wording import count, disk_size
from studio.rows.kinds import KINDS, missing
from studio.tables.changes import unsaved_words
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

_SOURCES = 12  # paths a tooltip lists
_REASONS = 6  # why rows were left out


class DatasetFacts(Card):
    """Counts, kind, where it came from, and what could not be read."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("This dataset"), look, parent)
        self.delete = Button(tr("Delete"), None, look, "quiet", "trash").set_small()
        self.header.addWidget(self.delete)
        self.rows = FactRows()
        self.faults = Label("", "warning", wrap=True)
        self.why = Label("", "small", wrap=True)
        self.source = Label("", "small", wrap=True)
        for widget in (self.rows, self.faults, self.why, self.source):
            self.body.addWidget(widget)

    def set_dataset(self, dataset: "Dataset") -> None:
        """Show one version."""
        reading = dataset.reading
        absent = ", ".join(tr(role.label) for role in missing(reading))
        self.rows.set_rows([
            FactRow(tr("Rows"), count(dataset.rows)),
            FactRow(tr("Columns"), count(len(dataset.columns)), ", ".join(dataset.columns[:60])),
            FactRow(tr("Size"), disk_size(dataset.bytes), tr("As it lies in the project: one JSON object a line.")),
            FactRow(tr("Kind"), tr(KINDS[reading.kind].label), reading.why),
            FactRow(tr("Roles"), tr("missing: {roles}", roles=absent) if absent else tr("complete"),
                    tr("Chosen in the heads of the columns."), "warning" if absent else ""),
        ])  # fmt: skip
        self.faults.setText(faults_words(dataset.faults))
        self.faults.setVisible(bool(dataset.faults))
        self.why.setText(" ".join(dataset.why))
        self.why.setVisible(bool(dataset.why))
        more = len(dataset.sources) - 1
        first = dataset.sources[0] if dataset.sources else ""
        self.source.setText(tr("{path} and {count} more files", path=first, count=more) if more > 0 else first)
        self.source.setToolTip("\n".join(dataset.sources[:_SOURCES]))
        self.source.setVisible(bool(first))


def faults_words(faults: Mapping[str, int]) -> str:
    """How many rows were left out when it was read, and why."""
    if not faults:
        return ""
    reasons = [f"{reason} ({number:,})" for reason, number in list(faults.items())[:_REASONS]]
    more = len(faults) - len(reasons)
    words = "; ".join(reasons) + (tr("; and {count} more reasons", count=more) if more > 0 else "")
    return tr("{count} lines were left out when it was read: {reasons}.", count=f"{sum(faults.values()):,}",
              reasons=words)  # fmt: skip


@dataclass(frozen=True)
class VersionLine:
    """One version in the list: what it is called, how many rows it has, and what is different from its parent."""

    version: int
    head: str
    changed: str


def version_lines(versions: "Sequence[Dataset]") -> list[VersionLine]:
    """The newest first."""
    rows = {item.version: item.rows for item in versions}
    lines = []
    for item in sorted(versions, key=lambda item: -item.version):
        difference = item.rows - rows[item.parent] if item.parent in rows else 0
        words = tr("{count} rows", count=count(item.rows))
        if item.parent in rows and difference:
            words += f" ({difference:+,})".replace("-", "−")
        changed = item.changed or tr("As it was imported.")
        if item.parent is not None and item.parent != item.version - 1:
            changed = tr("From version {parent}. {changed}", parent=item.parent, changed=changed)
        if waiting := unsaved_words(item):
            changed = tr("Not saved: {changes}. {changed}", changes=waiting, changed=changed)
        lines.append(VersionLine(item.version, words, changed))
    return lines


class VersionCard(Card):
    """Hidden while there is only one; `opened` tells the version that a person wants to see."""

    opened = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Versions"), look, parent)
        self.buttons: dict[int, VersionButton] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.body.addLayout(self._list)

    def set_versions(self, versions: "Sequence[Dataset]", shown: int) -> None:
        """Show these, one of them open."""
        self.setVisible(len(versions) > 1)
        self.set_note(count(len(versions)))
        lines = version_lines(versions)
        for button in self.buttons.values():
            self._list.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = {line.version: VersionButton(line, line.version == shown, self) for line in lines}
        for version, button in self.buttons.items():
            button.clicked.connect(self._clicked)
            button.setObjectName(str(version))
            self._list.addWidget(button)

    def _clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, VersionButton):
            self.opened.emit(sender.version)


class VersionButton(Button):
    """Two lines: number and rows, and under them what changed."""

    def __init__(self, line: VersionLine, shown: bool, parent: QWidget) -> None:
        super().__init__("", None, None, "quiet", parent=parent)
        self.version = line.version
        self.setCheckable(True)
        self.setChecked(shown)
        self.setAccessibleName(tr("Version {version}: {rows}. {changed}", version=line.version, rows=line.head,
                                  changed=line.changed))  # fmt: skip
        self.setToolTip(line.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        first = QHBoxLayout()
        first.addWidget(Label(tr("Version {version}", version=line.version), "strong"))
        first.addStretch(1)
        first.addWidget(Label(line.head, "small"))
        column.addLayout(first)
        column.addWidget(ElidedLabel(line.changed, "small"))
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Ignored)
        self.setSizePolicy(policy)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()
