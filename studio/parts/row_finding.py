"""One thing that a look at rows found, before a run learns from them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowFinding:
    """Level “danger” keeps a run from starting. `action` names a way out, `rows` are those it is about."""

    level: str  # "danger", "warning" or "info"
    words: str
    hint: str = ""
    action: str = ""
    rows: tuple[int, ...] = ()
