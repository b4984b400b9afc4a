"""The byte pairs of GPT-4o and later models (o200k_base), from `resources/tokenizers/o200k`; needs no network."""

from types import MappingProxyType

from studio.tokenizers import END_OF_TEXT
from studio.tokenizers.byte_pair import PATIENCE, VendoredTokenizer, vendored

_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"


class O200kTokenizer(VendoredTokenizer):
    """Words begin anew with a capital letter behind a small one."""

    name, model = "o200k", "GPT-4o"
    sha256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
    vocab_size = 200_019
    special = MappingProxyType({END_OF_TEXT: 199_999, "<|endofprompt|>": 200_018})
    pattern = written = (
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_ENDING}|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_ENDING}"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    patience = PATIENCE


TOKENIZER = vendored(
    O200kTokenizer,
    label="GPT-4o byte pairs",
    about="The 199,998 pieces of GPT-4o and later models (o200k). Made for many languages.",
)
