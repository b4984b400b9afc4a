"""GPT-2's byte pairs, offline, with the published ids."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from studio.tokenizers import byte_pair, make_tokenizer
from studio.tokenizers.gpt2 import Gpt2Tokenizer


@pytest.fixture
def tokenizer() -> Gpt2Tokenizer:
    return Gpt2Tokenizer()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Akwirw ier", [33901, 86, 343, 86, 220, 959]),
        ("Hello, world!", [15496, 11, 995, 0]),
        ("This is some text", [1212, 318, 617, 2420]),
        ("", []),
    ],
)
def test_the_ids_are_the_published_ones(tokenizer: Gpt2Tokenizer, text: str, ids: list[int]) -> None:
    assert tokenizer.encode(text) == ids
    assert tokenizer.decode(ids) == text


def test_the_end_of_text_is_one_token_only_where_asked(tokenizer: Gpt2Tokenizer) -> None:
    text = "Hello, do you like tea? <|endoftext|> In the sunlit terracesof someunknownPlace."
    ids = [
        *(15496, 11, 466, 345, 588, 8887, 30, 220, 50256, 554, 262, 4252, 18250, 8812, 2114, 1659),
        *(617, 34680, 27271, 13),
    ]
    assert tokenizer.encode(text, special=True) == ids
    assert tokenizer.decode(ids) == text
    plain = tokenizer.encode(text)
    assert 50256 not in plain
    assert tokenizer.decode(plain) == text


def test_the_verdict_has_5145_tokens(tokenizer: Gpt2Tokenizer, data_folder: Path) -> None:
    ids = tokenizer.encode((data_folder / "the-verdict.txt").read_text(encoding="utf-8"))
    assert len(ids) == 5_145
    assert ids[:10] == [40, 367, 2885, 1464, 1807, 3619, 402, 271, 10899, 2138]


def test_every_rank_equals_openai_s_published_vocabulary(data_folder: Path) -> None:
    published = json.loads((data_folder / "gpt2" / "encoder.json").read_text(encoding="utf-8"))
    ranks = Gpt2Tokenizer().ranks()
    assert len(ranks) == 50_256
    plain = {token: place for token, place in published.items() if token.isascii()}
    assert all(ranks[token.encode()] == place for token, place in plain.items() if token != "<|endoftext|>")


def test_a_token_may_be_part_of_a_character(tokenizer: Gpt2Tokenizer) -> None:
    ids = tokenizer.encode("🙂")
    assert b"".join(map(tokenizer.token_bytes, ids)) == "🙂".encode()
    assert len(ids) > 1
    assert "\ufffd" in tokenizer.token_text(ids[0])


def test_tiktoken_is_loaded_only_when_text_is_encoded() -> None:
    code = "import sys, studio.tokenizers as t; t.tokenizer_kinds(); sys.exit('tiktoken' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_making_it_reaches_for_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    byte_pair._encoder.cache_clear()
    assert make_tokenizer("gpt2").vocab_size == 50_257
