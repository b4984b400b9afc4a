"""WordPiece (Schuster and Nakajima 2012, as in BERT) over bytes: the longest piece that fits, from left to right.

Unlike BERT's it keeps blanks and capitals and knows every text: words are written in the marks of their bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.tokenizers import TokenizerKind
from studio.tokenizers.byte_pair import byte_of, spellings
from studio.tokenizers.tokenizer_json import BYTE_LEVEL, JsonTokenizer, file_of

INSIDE = "##"  # before a piece that goes on with a word
_LONGEST_WORD = 64  # bytes; a longer one is cut, for the search through it grows with the square


class WordPieceTokenizer(JsonTokenizer):
    """The 256 bytes at the beginning of a word and inside of one, longer pieces of both sorts, the special tokens."""

    name = "word_piece"

    def __init__(self, tokens: Sequence[str], special: Sequence[str] = (), lower: bool = False) -> None:
        """`tokens` in the order of their ids, in printable marks of bytes; `##` stands before what goes on a word."""
        self.tokens = tuple(tokens)
        self.lower = lower
        known = set(self.tokens)
        if len(known) != len(self.tokens) or not {*byte_of(), *(INSIDE + mark for mark in byte_of())} <= known:
            raise _damaged()
        if len({*special, *known}) != len(special) + len(known):
            raise _damaged()
        vocabulary = {token: place for place, token in enumerate(self.tokens)}
        model = {
            "type": "WordPiece", "unk_token": "!", "continuing_subword_prefix": INSIDE,
            "max_input_chars_per_word": _LONGEST_WORD, "vocab": vocabulary,
        }  # fmt: skip
        super().__init__(file_of(model, rules(), decoder(), _places(special, len(known)), lower))

    def to_json(self) -> dict[str, Any]:
        """Its pieces in the order of their ids."""
        return {
            "version": 1, "name": self.name, "lower": self.lower, "tokens": list(self.tokens),
            "special": list(self.special),
        }  # fmt: skip


def rules() -> dict[str, Any]:
    """How a text falls into words: every mark by itself, so that `##` never stands for two of them."""
    parts = [{"type": "Punctuation", "behavior": "Isolated"}, BYTE_LEVEL, {"type": "FixedLength", "length": 64}]
    return {"type": "Sequence", "pretokenizers": parts}


def decoder() -> dict[str, Any]:
    """How pieces become a text again."""
    inside = {"type": "Replace", "pattern": {"String": INSIDE}, "content": ""}
    return {"type": "Sequence", "decoders": [inside, BYTE_LEVEL]}


def _places(special: Sequence[str], start: int) -> dict[str, int]:
    return {spelling: start + place for place, spelling in enumerate(special)}


def make(chunks: Iterable[str] | None = None) -> WordPieceTokenizer:
    """The bytes alone; `studio.vocabularies.training` learns the pieces."""
    marks = sorted(byte_of())
    return WordPieceTokenizer([*marks, *(INSIDE + mark for mark in marks)])


def from_json(data: Mapping[str, Any]) -> WordPieceTokenizer:
    """Read the pieces back."""
    tokens, special = spellings(data.get("tokens")), spellings(data.get("special"))
    if tokens is None or special is None:
        raise _damaged()
    return WordPieceTokenizer(tokens, special, data.get("lower") is True)


def _damaged() -> StudioError:
    return StudioError("The vocabulary of this tokenizer is damaged.", "Train it again from the text.")


TOKENIZER = TokenizerKind(
    name="word_piece",
    label="Own word pieces",
    about="Pieces of words as in BERT, learned from a text: always the longest one that fits. It can say any text.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)
