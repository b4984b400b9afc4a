"""A list of pieces with rules for texts that `tokenizer.json` cannot say: SentencePiece's own `tokenizer.model`."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from studio.core.text_stream import without_halves
from studio.gate.tokenizer_files import check_tokenizer
from studio.readers.text_rules import TextRules, rules_from_json
from studio.tokenizers import TokenizerKind, split_special
from studio.tokenizers.tokenizer_json import JsonTokenizer
from studio.tokenizers.unigram import make as make_unigram

if TYPE_CHECKING:
    import numpy.typing as npt


class SentencePieceTokenizer(JsonTokenizer):
    """Texts are prepared here; the library is only given what its pieces spell."""

    name = "sentence_pieces"
    fits_a_file = False

    def __init__(self, content: Mapping[str, Any], rules: TextRules, end: int | None = None) -> None:
        """`content` as `check_tokenizer` returned it, without a normalizer."""
        super().__init__(content, end)
        self.rules = rules

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text, without `prefix`; each part between special tokens is a text of its own."""
        if not special:
            return super().encode(self.rules.prepare(without_halves(text)))
        ids: list[int] = []
        for part in split_special(without_halves(text), self.special):
            ids += [self.special[part]] if part in self.special else self.encode(part)
        return ids

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text in which nothing is a special token, (tokens,)."""
        return super().plain_array(self.rules.prepare(without_halves(text)))

    def to_json(self) -> dict[str, Any]:
        """The pieces as a checked file, and the rules."""
        return {**super().to_json(), "rules": self.rules.to_json()}


def make(chunks: Iterable[str] | None = None) -> SentencePieceTokenizer:
    """The smallest there is: the 256 bytes, no rules."""
    return SentencePieceTokenizer(make_unigram().content, TextRules(blank=" ", blank_before=False, single_blanks=False))


def from_json(data: Mapping[str, Any]) -> SentencePieceTokenizer:
    """Read a saved one back; it is checked like a foreign file."""
    end = data.get("end")
    rules = rules_from_json(data.get("rules"))
    return SentencePieceTokenizer(check_tokenizer(data.get("content")), rules, end if isinstance(end, int) else None)


TOKENIZER = TokenizerKind(
    name="sentence_pieces",
    label="From a model, with rules of its own",
    about="The pieces of somebody else's model, and how its tokenizer.model prepares texts.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)
