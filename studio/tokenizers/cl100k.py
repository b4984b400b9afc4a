"""The byte pairs of GPT-3.5 and GPT-4 (cl100k_base), from `resources/tokenizers/cl100k`; needs no network."""

from types import MappingProxyType

from studio.tokenizers import END_OF_TEXT
from studio.tokenizers.byte_pair import PATIENCE, VendoredTokenizer, vendored


class Cl100kTokenizer(VendoredTokenizer):
    """Words are as in `written`, said so that no text makes the search run twice."""

    name, model = "cl100k", "GPT-4"
    sha256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
    vocab_size = 100_277
    special = MappingProxyType({
        END_OF_TEXT: 100_257, "<|fim_prefix|>": 100_258, "<|fim_middle|>": 100_259, "<|fim_suffix|>": 100_260,
        "<|endofprompt|>": 100_276,
    })  # fmt: skip
    pattern = (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    )
    written = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    patience = PATIENCE


TOKENIZER = vendored(
    Cl100kTokenizer,
    label="GPT-4 byte pairs",
    about="The 100,256 pieces of GPT-3.5 and GPT-4 (cl100k). Numbers fall into groups of three digits.",
)
