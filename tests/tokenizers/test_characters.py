"""The alphabet of a text as a vocabulary."""

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import characters


def test_the_alphabet_is_sorted_and_collected_over_all_pieces() -> None:
    tokenizer = characters.make(["cab", "\nd"])
    assert tokenizer.alphabet == "\nabcd"
    assert tokenizer.encode("bad") == [2, 1, 4]
    assert tokenizer.vocab_size == 5


@pytest.mark.parametrize(("text", "named"), [("é", "“é” \\(U\\+00E9\\)"), ("\t", "character \\(U\\+0009\\)")])
def test_a_character_outside_the_alphabet_is_named(text: str, named: str) -> None:
    with pytest.raises(StudioError, match=named):
        characters.make(["abc"]).encode(text)


def test_every_token_is_one_character() -> None:
    tokenizer = characters.make(["aé🙂"])
    assert [tokenizer.token_text(token) for token in range(3)] == ["a", "é", "🙂"]
    assert tokenizer.token_bytes(1) == b"\xc3\xa9"
