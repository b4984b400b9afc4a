"""GPT-2's 50,257 byte pairs (Radford et al. 2019), from the ranks in `resources/tokenizers/gpt2`; needs no network."""

from types import MappingProxyType

from studio.tokenizers import END_OF_TEXT
from studio.tokenizers.byte_pair import VendoredTokenizer, vendored


class Gpt2Tokenizer(VendoredTokenizer):
    """`<|endoftext|>` is 50256."""

    name, model = "gpt2", "GPT-2"
    sha256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
    vocab_size = 50_257
    special = MappingProxyType({END_OF_TEXT: 50_256})


TOKENIZER = vendored(
    Gpt2Tokenizer,
    label="GPT-2 byte pairs",
    about="The 50,257 pieces that OpenAI's GPT-2 reads and writes. Any text; common words are one token.",
)
