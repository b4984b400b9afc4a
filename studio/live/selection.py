"""What a person points at inside a model, once for all pages: a hover previews, a click locks, Esc frees."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from studio.core.language import tr

FIELDS = ("row", "column", "layer", "head", "neuron", "token", "step")
PLACES = ("row", "column")  # of the text that is read; the rest are parts of the model


class Selection(QObject):
    """A value for each of `FIELDS` or None. row, column: places of the query and the key; token: a vocabulary id."""

    changed = Signal(object)  # frozenset of the names whose shown value moved

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hovered: dict[str, int] = {}
        self._locked: dict[str, int] = {}

    def value(self, name: str) -> int | None:
        """What is shown: the value under the pointer, else the locked one."""
        return self._hovered.get(_known(name), self._locked.get(name))

    def locked(self, name: str) -> int | None:
        """What stays when the pointer leaves."""
        return self._locked.get(_known(name))

    @property
    def is_free(self) -> bool:
        """Whether nothing is locked."""
        return not self._locked

    def hover(self, **fields: int | None) -> None:
        """Preview these and nothing else; a field that is None or left out shows what is locked."""
        before = self._shown()
        self._hovered = _given(fields)
        self._tell(before)

    def leave(self) -> None:
        """The pointer is nowhere: what is locked is shown again."""
        self.hover()

    def lock(self, **fields: int | None) -> None:
        """Keep these; None frees that one field, the others stay as they are."""
        before = self._shown()
        for name in fields:
            self._locked.pop(_known(name), None)
            self._hovered.pop(name, None)  # or the keyboard would move a lock that the resting pointer hides
        self._locked |= _given(fields)
        self._tell(before)

    def free(self) -> None:
        """Forget every lock and preview."""
        before = self._shown()
        self._locked, self._hovered = {}, {}
        self._tell(before)

    def keep_below(self, **sizes: int) -> None:
        """Forget what another text or model does not have: values at or above the size of their field."""
        before = self._shown()
        for values in (self._locked, self._hovered):
            for name, size in sizes.items():
                if values.get(_known(name), -1) >= size:
                    del values[name]
        self._tell(before)

    def words(self, tokens: Sequence[str] = ()) -> str:
        """What is locked, in one line: layer 3 · head 4 · from cat @8 · to sat @2; `tokens` spells the places."""
        names = {
            "layer": tr("layer"), "head": tr("head"), "neuron": tr("neuron"), "row": tr("from"), "column": tr("to"),
            "token": tr("token"), "step": tr("step"),
        }  # fmt: skip
        parts = []
        for name, words in names.items():
            if (value := self._locked.get(name)) is not None and name in PLACES:
                parts.append(f"{words} {tokens[value] if value < len(tokens) else ''} @{value:,}".replace("  ", " "))
            elif value is not None:
                parts.append(f"{words} {value:,}")
        return " · ".join(parts)

    def _shown(self) -> dict[str, int]:
        return self._locked | self._hovered

    def _tell(self, before: dict[str, int]) -> None:
        now = self._shown()
        if moved := frozenset(name for name in FIELDS if before.get(name) != now.get(name)):
            self.changed.emit(moved)


def _known(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(f"nothing is selected by “{name}”")
    return name


def _given(fields: dict[str, int | None]) -> dict[str, int]:
    return {_known(name): int(value) for name, value in fields.items() if value is not None}
