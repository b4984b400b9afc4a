"""Unigram (Kudo 2018) over bytes: of all ways to cut a word, the one whose pieces are likeliest together."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.tokenizers import TokenizerKind
from studio.tokenizers.byte_pair import byte_of, spellings
from studio.tokenizers.tokenizer_json import BYTE_LEVEL, JsonTokenizer, file_of


class UnigramTokenizer(JsonTokenizer):
    """Pieces with the logarithm of how likely each is, the 256 bytes among them, then the special tokens."""

    name = "unigram"

    def __init__(
        self, tokens: Sequence[str], scores: Sequence[float], special: Sequence[str] = (), lower: bool = False
    ) -> None:
        """`tokens` in the order of their ids, in printable marks of bytes; as many `scores`."""
        self.tokens, self.scores = tuple(tokens), tuple(map(float, scores))
        self.lower = lower
        known = set(self.tokens)
        whole = len(known) == len(self.tokens) == len(self.scores) and byte_of().keys() <= known
        if not whole or len({*special, *known}) != len(special) + len(known):
            raise _damaged()
        if not all(math.isfinite(score) for score in self.scores):
            raise _damaged()
        places = {spelling: len(known) + place for place, spelling in enumerate(special)}
        pieces: list[list[Any]] = [list(pair) for pair in zip(self.tokens, self.scores, strict=True)]
        model = {"type": "Unigram", "unk_id": None, "byte_fallback": False, "vocab": pieces}
        super().__init__(file_of(model, BYTE_LEVEL, BYTE_LEVEL, places, lower))

    def to_json(self) -> dict[str, Any]:
        """Its pieces in the order of their ids, and their scores."""
        return {
            "version": 1, "name": self.name, "lower": self.lower, "tokens": list(self.tokens),
            "scores": list(self.scores), "special": list(self.special),
        }  # fmt: skip


def make(chunks: Iterable[str] | None = None) -> UnigramTokenizer:
    """The bytes alone, all equally likely; `studio.vocabularies.training` learns the pieces."""
    marks = sorted(byte_of())
    return UnigramTokenizer(marks, [-math.log(len(marks))] * len(marks))


def from_json(data: Mapping[str, Any]) -> UnigramTokenizer:
    """Read the pieces back."""
    tokens, special, scores = spellings(data.get("tokens")), spellings(data.get("special")), data.get("scores")
    numbers = isinstance(scores, list) and all(type(score) in (int, float) for score in scores)
    if tokens is None or special is None or not isinstance(scores, list) or not numbers:
        raise _damaged()
    return UnigramTokenizer(tokens, scores, special, data.get("lower") is True)


def _damaged() -> StudioError:
    return StudioError("The vocabulary of this tokenizer is damaged.", "Train it again from the text.")


TOKENIZER = TokenizerKind(
    name="unigram",
    label="Own unigrams",
    about="Pieces with a likelihood each, learned from a text: the likeliest way to cut counts. It can say any text.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)
