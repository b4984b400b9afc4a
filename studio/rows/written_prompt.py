"""A prompt template that a person wrote: one text with places for what is said, read into the pieces of a prompt.

`{user}` and `{assistant}` stand for a question and its answer, `{system}` and `{input}` for what comes along with them.
What stands in `[[ ]]` is left out where there is nothing to put into it. Everything up to the system text is written
once; the rest is repeated for every question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from studio.core.errors import StudioError
from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn
from studio.tokenizers import split_special

LONGEST = 20_000  # characters of a template
SPECIAL = re.compile(r"<[|｜][^<>|｜\s]{1,60}[|｜]>|</?s>|<(?:bos|eos|pad|(?:start|end)_of_turn)>|\[/?INST\]")
_PLACES = re.compile(r"(\[\[|\]\]|\{(?:system|user|input|assistant)\})")
_UNKNOWN = re.compile(r"\{([a-z_]{1,30})\}")
_TELLING = 4  # characters that a heading has at least for an answer to end where the next question begins
_HINT = "Write for example:  Question: {user}  Answer: {assistant}"


@dataclass(frozen=True)
class _Part:
    """Words of the template, or the place of a role with the words around it that are left out with it."""

    before: str
    role: str = ""
    after: str = ""
    optional: bool = False

    def filled(self, text: str) -> list[Segment]:
        """The part with what is said in its place."""
        if self.optional and not text:
            return []
        return [*literal(self.before), Segment(text, False), *literal(self.after)]


@dataclass(frozen=True)
class _Layout:
    """What is written once, for every question, before each answer and behind it."""

    head: tuple[_Part, ...]
    question: tuple[_Part, ...]
    lead: str
    end: str  # the special token that an answer ends with
    tail: str

    def segments(self, turns: Sequence[Turn], answering: bool) -> list[Segment]:
        """The pieces of a conversation; without a place of its own a system text stands above the first question."""
        system = next((turn.text for turn in turns if turn.role == "system"), "")
        pieces = [piece for part in self.head for piece in part.filled(system if part.role else "")]
        above = f"{system}\n\n" if system and not self.head else ""
        for turn in turns:
            if turn.role == "user":
                pieces += self._asked(Turn("user", above + turn.text, turn.given))
                above = ""
            elif turn.role == "assistant":
                pieces += [*literal(self.lead), Segment(turn.whole, True), Segment(self.end, True, True)]
                pieces += literal(self.tail)
        return [*pieces, *literal(self.lead)] if answering else pieces

    def _asked(self, turn: Turn) -> list[Segment]:
        apart = any(part.role == "input" for part in self.question)
        said = {"": "", "user": turn.text if apart else turn.whole, "input": turn.given}
        return [piece for part in self.question for piece in part.filled(said[part.role])]

    def stops(self) -> tuple[str, ...]:
        """Where an answer is over; models without a token of their own for it often go on with the next question."""
        words = "".join(part.before for part in self.question[:1]).strip().rpartition("\n")[2].strip()
        heading = (words,) if self.end == END_OF_TEXT and len(words) >= _TELLING else ()
        return (self.end, *heading)


def literal(text: str) -> list[Segment]:
    """Words of a template as pieces that are not learned; what is spelled like a special token is one."""
    parts = split_special(text, set(SPECIAL.findall(text)))
    return [Segment(part, False, SPECIAL.fullmatch(part) is not None) for part in parts if part]


def written_prompt(name: str, text: str) -> Prompt:
    """The prompt that a template describes; one that cannot be used is a `StudioError`."""
    layout = _layout(text)
    specials = dict.fromkeys([*SPECIAL.findall(text), layout.end])
    return Prompt(name, name, "A template of your own.", layout.segments, tuple(specials), layout.stops())


def _layout(text: str) -> _Layout:
    if len(text) > LONGEST:
        _refuse(f"it has {len(text):,} characters; at most {LONGEST:,} are read")
    parts = _parts(text)
    roles = [part.role for part in parts]
    said = [role for role in roles if role]
    if sorted(said) != sorted({"user", "assistant", *said}):
        _refuse("{user} and {assistant} have to stand in it once each, {system} and {input} at most once")
    if "system" in said and said[0] != "system":
        _refuse("{system} has to stand before everything else")
    if said[-1] != "assistant":
        _refuse("{assistant} has to come last")
    above = roles.index("system") + 1 if "system" in roles else 0
    answer = roles.index("assistant")
    asked = max(place for place, role in enumerate(roles) if role in ("user", "input")) + 1
    lead = "".join(part.before for part in parts[asked:answer])
    tail = literal("".join(part.before for part in parts[answer + 1 :]))
    end = tail.pop(0).text if tail and tail[0].special else END_OF_TEXT
    rest = "".join(segment.text for segment in tail)
    return _Layout(tuple(parts[:above]), tuple(parts[above:asked]), lead, end, rest)


def _parts(text: str) -> list[_Part]:
    """Words and places in order; what stands in brackets becomes one part with its place."""
    parts: list[_Part] = []
    block: list[str] | None = None
    for piece in filter(None, _PLACES.split(text)):
        if piece == "[[" and block is None:
            block = []
        elif piece == "]]" and block is not None:
            parts.append(_optional(block))
            block = None
        elif piece in ("[[", "]]"):
            _refuse("its brackets [[ and ]] do not belong together")
        elif block is not None:
            block.append(piece)
        else:
            parts.append(_Part("", piece[1:-1]) if _PLACES.fullmatch(piece) else _Part(_words(piece)))
    if block is not None:
        _refuse("a bracket [[ is never closed by ]]")
    return parts


def _optional(block: Sequence[str]) -> _Part:
    places = [place for place, piece in enumerate(block) if _PLACES.fullmatch(piece)]
    if len(places) != 1 or block[places[0]] not in ("{system}", "{input}"):
        _refuse("between [[ and ]] there has to be either {system} or {input}")
    before, after = ("".join(block[: places[0]]), "".join(block[places[0] + 1 :]))
    return _Part(_words(before), block[places[0]][1:-1], _words(after), optional=True)


def _words(text: str) -> str:
    if unknown := _UNKNOWN.search(text):
        _refuse(f"it has a place for “{unknown[1]}”, which nobody fills; there are system, user, input and assistant")
    return text


def _refuse(reason: str) -> NoReturn:
    raise StudioError(f"This template cannot be used: {reason}.", _HINT)
