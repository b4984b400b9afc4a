"""What is known of one message: its words, the tokens of an answer with their chances, and how it is told in a line."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.core.language import tr
from studio.parts.wording import count

TOKENS_KEPT = 20_000  # of one answer, on the disk
RIVALS_KEPT = 300  # tokens of one answer that keep their rivals on the disk
FULL_BITS = 6.0  # a token with this surprise or more has the full tint
USER, ASSISTANT, SYSTEM = "user", "assistant", "system"


@dataclass(frozen=True, slots=True)
class Rival:
    """A token that could have come. `raw` and `rank` are the model's own, 0 where they are not known."""

    id: int
    text: str
    probability: float  # after the sampling controls; of a removed one, before they cut it
    removed: bool = False
    raw: float = 0.0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class AnswerToken:
    """One token of an answer: the text it added, how likely it was, what else could have come; id -1: no token."""

    text: str
    id: int
    probability: float
    rivals: tuple[Rival, ...] = ()

    @property
    def surprise(self) -> float:
        """Bits: 0 for a certain token, 1 for one chance in two."""
        return -math.log2(self.probability) if self.probability > 0 else 0.0

    @property
    def weight(self) -> float:
        """The surprise as a tint from 0 to 1."""
        return min(1.0, self.surprise / FULL_BITS) if self.id >= 0 else 0.0


@dataclass(slots=True)
class Said:
    """One message as it is shown. `number` of `versions` is its place among its siblings, counted from 1."""

    id: int
    role: str
    text: str
    title: str = ""
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    tokens: list[AnswerToken] = field(default_factory=list)
    number: int = 1
    versions: int = 1
    complete: bool = True
    growing: bool = False


def facts_words(facts: Mapping[str, Any], complete: bool = True) -> str:
    """How an answer went: 41 tokens/s · first token 38 ms · surprise 2.9 bits · stopped."""
    parts = []
    if tokens := _number(facts, "count"):
        parts.append(tr("{count} tokens", count=count(round(tokens))))
    if rate := _number(facts, "rate"):
        parts.append(tr("{rate} tokens/s", rate=count(round(rate))))
    if (first := _number(facts, "first")) > 0:
        parts.append(tr("first token {ms} ms", ms=count(round(1000 * first))))
    if "surprise" in facts:
        parts.append(tr("surprise {bits} bits", bits=f"{_number(facts, 'surprise'):.1f}"))
    ends = {"length": tr("reached the length that was set"), "stopped": tr("stopped"), "failed": tr("broke off")}
    if facts.get("done") in ends:
        parts.append(ends[str(facts["done"])])
    elif not complete:
        parts.append(tr("not finished"))
    return " · ".join(parts)


def _number(facts: Mapping[str, Any], name: str) -> float:
    value = facts.get(name, 0.0)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def packed(tokens: Sequence[AnswerToken]) -> list[list[Any]]:
    """Tokens as plain lists for the disk: [text, id, chance, [[id, text, chance, removed, raw, rank], …]]."""
    return [
        [one.text, one.id, _short(one.probability),
         [[rival.id, rival.text, _short(rival.probability), int(rival.removed), _short(rival.raw), rival.rank]
          for rival in one.rivals] if place < RIVALS_KEPT else []]
        for place, one in enumerate(tokens[:TOKENS_KEPT])
    ]  # fmt: skip


def unpacked(rows: object) -> list[AnswerToken]:
    """Tokens of what `packed` wrote; an empty list for anything else."""
    if not isinstance(rows, list):
        return []
    try:
        return [
            AnswerToken(str(text), int(token), float(chance), tuple(
                Rival(int(id), str(words), float(share), bool(cut), float(raw), int(rank))
                for id, words, share, cut, raw, rank in rivals))
            for text, token, chance, rivals in rows
        ]  # fmt: skip
    except (TypeError, ValueError):
        return []


def tokens_of(said: Said) -> list[AnswerToken]:
    """The tokens of a message, taken from what the disk has kept where nobody looked at them yet."""
    if not said.tokens and "tokens" in said.facts:
        said.tokens = unpacked(said.facts["tokens"])
    return said.tokens


def as_csv(tokens: Sequence[AnswerToken]) -> str:
    """A line for each token: place, text, id, chance, surprise in bits, and its rivals with their chances."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    most = max((len(token.rivals) for token in tokens), default=0)
    rivals = [name for place in range(1, most + 1) for name in (f"rival {place}", f"chance {place}")]
    writer.writerow(["place", "token", "id", "chance", "surprise in bits", *rivals])
    for place, token in enumerate(tokens, 1):
        beside = [cell for one in token.rivals for cell in (one.text, _short(0.0 if one.removed else one.probability))]
        writer.writerow([place, token.text, token.id, _short(token.probability), _short(token.surprise), *beside])
    return lines.getvalue()


def _short(number: float) -> float:
    return float(f"{number:.4g}")
