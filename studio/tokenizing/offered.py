"""The tokenizers that a person can choose from: those of the shelf, and the project's own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.tokenizers import tokenizer_kinds

if TYPE_CHECKING:
    from studio.store.project import Project


_LARGE = ("cl100k", "o200k")  # so large that they are only read when somebody looks at them


@dataclass(frozen=True)
class Offered:
    """One tokenizer by its name; `vocabulary` is 0 where it is only known once a text was read.

    `pairs` says that its merges can be followed, `large` that reading it takes a moment.
    """

    name: str
    label: str
    about: str = ""
    needs_text: bool = False
    own: bool = False
    vocabulary: int = 0
    pairs: bool = False
    large: bool = False


def offered(project: "Project | None") -> list[Offered]:
    """What there is: learned from a text, ready made, the large ones, then the project's own."""
    kinds = [
        Offered(kind.name, tr(kind.label), tr(kind.about), kind.needs_text,
                pairs=kind.name in ("gpt2", *_LARGE), large=kind.name in _LARGE)
        for kind in sorted(tokenizer_kinds(), key=lambda kind: kind.name in _LARGE)
    ]  # fmt: skip
    own = project.tokenizers() if project is not None else []
    return kinds + [
        Offered(item.name, item.name, f"{tr(item.label)}. {item.about}", False, True, item.vocab_size,
                pairs=item.kind == "byte_pair")
        for item in own
    ]  # fmt: skip


def mergers(project: "Project | None") -> list[tuple[str, str]]:
    """Those whose merges can be followed, as (name, words)."""
    return [(item.name, item.label) for item in offered(project) if item.pairs]
