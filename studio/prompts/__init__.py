"""A shelf of prompt templates: each module's constant `PROMPT` writes a conversation as pieces, to learn or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["END_OF_TEXT", "START_OF_TEXT", "Prompt", "Segment", "Segments", "Turn", "marked"]

END_OF_TEXT = "<|endoftext|>"  # stands for whatever ends a text in the tokenizer at hand
START_OF_TEXT = "<|startoftext|>"  # stands for what the tokenizer at hand puts before every text, if anything


@dataclass(frozen=True)
class Turn:
    """What somebody says; `given` is what a request is about, where the data keeps that apart (Alpaca's input)."""

    role: str  # "system", "user" or "assistant"
    text: str
    given: str = ""

    @property
    def whole(self) -> str:
        """Both texts, one below the other."""
        return f"{self.text}\n{self.given}" if self.given else self.text


@dataclass(frozen=True)
class Segment:
    """A piece of the text: whether it is learned, and whether it is the spelling of one special token."""

    text: str
    learned: bool
    special: bool = False


Segments = Callable[[Sequence[Turn], bool], list[Segment]]


@dataclass(frozen=True)
class Prompt:
    """One item of the shelf; `segments(turns, answering)` ends where the assistant is to begin if it is `answering`.

    `specials` are the special tokens that it spells, `stops` the spellings at which an answer is over.
    """

    name: str
    label: str
    about: str
    segments: Segments
    specials: tuple[str, ...]
    stops: tuple[str, ...]


def marked(
    turns: Sequence[Turn], before: Callable[[str], list[Segment]], end: str, after: str, strip: bool = False
) -> list[Segment]:
    """Turns, each between the marks of its role and the special token `end`; answers are learned, with their end."""
    pieces: list[Segment] = []
    for turn in turns:
        learned = turn.role == "assistant"
        text = turn.whole.strip() if strip else turn.whole
        pieces += [*before(turn.role), Segment(text, learned), Segment(end, learned, True)]
        if after:
            pieces.append(Segment(after, False))
    return pieces
