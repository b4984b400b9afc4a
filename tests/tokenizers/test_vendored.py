"""The vocabularies of GPT-4 and GPT-4o that come with Atelier: their ids, their special tokens, their files."""

import random
import threading
import time
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
import regex

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.readers.ranked_pairs import JoinedPairs
from studio.tokenizers import byte_pair, make_tokenizer
from studio.tokenizers.byte_pair import RESOURCES, VendoredTokenizer
from studio.tokenizers.cl100k import Cl100kTokenizer
from studio.tokenizers.gpt2 import Gpt2Tokenizer
from studio.tokenizers.o200k import O200kTokenizer
from studio.vocabularies.comparison import words_split

KINDS = [Cl100kTokenizer, O200kTokenizer]


@pytest.mark.parametrize(("kind", "many"), [(Cl100kTokenizer, 100_256), (O200kTokenizer, 199_998)])
def test_as_many_pieces_as_published(kind, many: int) -> None:
    assert list(kind().ranks().values()) == list(range(many)), "a token's id is its place in the file"


@pytest.mark.parametrize(
    ("kind", "ids"),
    [(Cl100kTokenizer, [9906, 1917, 0]), (O200kTokenizer, [13225, 2375, 0])],
)
def test_a_greeting_has_the_ids_of_tiktoken(kind, ids: list[int]) -> None:
    assert kind.make().encode("Hello world!") == ids
    assert kind.make().decode(ids) == "Hello world!"


@pytest.mark.parametrize("kind", [*KINDS, Gpt2Tokenizer])
def test_threads_that_ask_at_the_same_time_build_one_encoder(kind, monkeypatch: pytest.MonkeyPatch) -> None:
    built, gate = [], threading.Barrier(4)

    @cache
    def slow(kind: type) -> object:
        built.append(kind)
        time.sleep(0.05)
        return object()

    def ask() -> None:
        gate.wait()
        assert kind.make().encoding

    monkeypatch.setattr(byte_pair, "_encoder", slow)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch):
    """A kind of which nothing was read yet in short texts; what asks for its encoder is told."""

    def ready(kind):
        monkeypatch.setattr(kind, "_spent", 0)
        asked, build = [], byte_pair._encoder
        monkeypatch.setattr(byte_pair, "_encoder", lambda kind: (asked.append(kind), build(kind))[1])
        return kind(), asked

    return ready


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_text_has_the_same_ids_without_tiktoken_s_encoder(kind, fresh) -> None:
    tokenizer, asked = fresh(kind)
    chance = random.Random(3)
    letters = "aZ éßЖ中๏ा\u0301\u200d👩\r\n\t  .,'/-_09٣½<|>stre"
    texts = ["".join(chance.choices(letters, k=40)) for _ in range(200)]
    texts += ["I'll say: “Don't!” 1234567 times//\n\n  then  ", "THEY'RE HelloWorld", "a\x00\x1c\x85b", ""]
    ids = [tokenizer.encode(text) for text in texts]
    assert asked == []
    assert ids == [tokenizer.encoding.encode_ordinary(text) for text in texts]
    assert [tokenizer.decode(one) for one in ids] == texts


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_of_a_short_text_are_those_that_tiktoken_finds(kind, fresh) -> None:
    tokenizer, asked = fresh(kind)
    text = "<|endofprompt|>a <|endoftext|><|endoftext|>\n<|nothing|>"
    ids = tokenizer.encode(text, special=True)
    assert asked == []
    assert ids == tokenizer.encoding.encode(text, allowed_special="all")


def test_what_is_new_to_unicode_or_one_endless_word_is_left_to_tiktoken(fresh) -> None:
    for text in ("x" * 500, "\U0001e6c0 \ua7dd"):
        tokenizer, asked = fresh(O200kTokenizer)
        assert tokenizer.encode(text) == tokenizer.encoding.encode_ordinary(text)
        assert asked, text[:5]


def test_whoever_encodes_many_characters_gets_tiktoken_s_encoder(fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, asked = fresh(O200kTokenizer)
    monkeypatch.setattr(O200kTokenizer, "patience", 100)
    words = "this is one of many it"  # 22 characters, and each word is a piece
    ids = [tokenizer.encode(words) for _ in range(4)]
    assert (asked, tokenizer.waits(8), tokenizer.waits(9)) == ([], False, True)
    assert [tokenizer.encode(words) for _ in range(4)] == ids
    assert asked == [O200kTokenizer]
    assert not tokenizer.waits(1_000)


@pytest.mark.parametrize("kind", KINDS)
def test_text_that_takes_long_to_join_is_given_to_tiktoken_soon(kind, fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, asked = fresh(kind)
    monkeypatch.setattr(kind, "patience", 50_000)
    chance, joined = random.Random(4), []
    pairs = JoinedPairs(kind.pattern, tokenizer.ranks())
    join = pairs._joined
    pairs._ids = lambda word: (joined.append(word), join(word))[1]
    tokenizer._pairs = pairs
    text = " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=190)) for _ in range(100))
    assert tokenizer.encode(text) == tokenizer.encoding.encode_ordinary(text)
    assert 2 < len(joined) < 50, "of a hundred such words"
    assert asked == [kind]
    assert not tokenizer.waits(1_000)


_JOINTS = [
    "'s", "'S", "'ſ", "'LL", "'lL", "'re", "'Ve", "'m", "'d", "'T", "’s", "''s", "'s's", "'S'", "a", "Z", "é", "ß", "Ж",
    "ǅ", "ʰ", "ʔ", "ª", "ﬆ", "\u212a", "\u0130", "ı", "٣", "½", "Ⅷ", "\u0301", "e\u0301", "\u0e32", "\u200d", "\r\n",
    "\n", "\r", "\t", " ", "  ", " \n ", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff", "\x00", "\x1c", "\x1f", "/",
    "//\n", "123", "1234567", ".,", "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "🇩🇪", "中文", "ひ", "ไทย", "हिन्दी", "العربية",
    "한국어", "שלום", "HelloWorld", "THEY", "straße", "<|endoftext|>", "\ud83d", "\udc00",
]  # fmt: skip


def _mixed(chance: random.Random, characters: int) -> str:
    """Scripts, signs, blanks, contractions and halves of characters beside each other, and anything Unicode has."""
    parts: list[str] = []
    size = 0
    while size < characters:
        kind = chance.random()
        if kind < 0.6:
            part = chance.choice(_JOINTS)
        elif kind < 0.8:
            code = chance.randrange(chance.choice([0x3000, 0x10000, 0x30000]))
            part = chr(code) if unicodedata.category(chr(code)) != "Cn" else ""
        elif kind < 0.95:
            part = "".join(chance.choices("etaoinshrdlucmETAO", k=chance.randint(1, 12)))
        else:
            part = chance.choice(" \n\t\u3000-aA1é中\u0301") * chance.randint(2, 60)
        parts.append(part)
        size += len(part)
    return "".join(parts)


def _unequal(tokenizer: VendoredTokenizer, texts: Iterable[str]) -> tuple[list[str], int]:
    """Texts that tiktoken cuts otherwise, and the characters that were cut in Python."""
    wrong, seen = [], 0
    for text in map(without_halves, texts):
        ids = tokenizer._pairs.encode(text)
        if ids is not None:
            seen += len(text)
            if ids != tokenizer.encoding.encode_ordinary(text):
                wrong.append(text)
    return wrong, seen


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_text_has_the_ids_of_tiktoken(kind) -> None:
    chance = random.Random(11)
    wrong, seen = _unequal(kind(), [_mixed(chance, 40) for _ in range(400)])
    assert wrong == []
    assert seen > 8_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_much_mixed_text_has_the_ids_of_tiktoken(kind) -> None:
    chance = random.Random(12)
    wrong, seen = _unequal(kind(), (_mixed(chance, chance.choice([10, 60, 300])) for _ in range(8_000)))
    assert wrong[:3] == []
    assert seen > 300_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_real_texts_have_the_ids_of_tiktoken(kind, data_folder: Path) -> None:
    texts = [
        path.read_text("utf-8") for path in sorted(data_folder.iterdir()) if path.suffix in (".txt", ".tsv", ".json")
    ]
    wrong, seen = _unequal(kind(), texts)
    assert [text[:40] for text in wrong] == []
    assert seen == sum(map(len, texts)) > 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "sort",
    [r"\p{L}", r"\p{N}", r"\p{M}", r"\p{Lu}", r"\p{Ll}", r"\p{Lt}", r"\p{Lm}", r"\p{Lo}", r"\s", r"(?i:[sdmt])",
     r"(?i:[rvl])", r"(?i:e)"],
)  # fmt: skip
def test_characters_of_which_python_and_tiktoken_think_otherwise_are_left_to_tiktoken(sort: str) -> None:
    every = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    encoding = byte_pair.encoding_of("sort", sort, {bytes([byte]): byte for byte in range(256)}, {})
    ours, theirs = set(regex.findall(sort, every)), set(bytes(encoding.encode_ordinary(every)).decode())
    pairs = O200kTokenizer()._pairs
    assert len(theirs) > 1
    assert [hex(ord(one)) for one in ours ^ theirs if pairs.encode(one) is not None] == []


def test_a_letter_that_unicode_17_holds_for_another_one_is_left_to_tiktoken(fresh) -> None:
    tokenizer, asked = fresh(O200kTokenizer)
    assert tokenizer.encode("ʕAb") == tokenizer.encoding.encode_ordinary("ʕAb")
    assert len(asked) == 1
    assert tokenizer._pairs.encode("ʕAb") is None


def test_more_blanks_than_tiktoken_can_look_through_are_a_sentence() -> None:
    tokenizer = Gpt2Tokenizer()
    text = " " * 1_100_000 + "x"
    for encode in (tokenizer.encode, tokenizer.encode_array):
        with pytest.raises(StudioError, match="more than a million blanks"):
            encode(text)
    assert len(tokenizer.encode(text[1_000_000:])) == 100_000


def test_data_is_joined_alike_and_only_marks_between_documents_are_tokens(fresh) -> None:
    tokenizer, asked = fresh(O200kTokenizer)
    text = "one<|endoftext|>two<|endofprompt|>"
    ids = [tokenizer.encode_array(text, marked=marked) for marked in (False, True)]
    assert asked == []
    assert 199_999 in ids[1]
    assert 200_018 not in ids[1]
    tokenizer.encoding  # noqa: B018 - from here on it is what encodes
    for marked in (False, True):
        built = tokenizer.encode_array(text, marked=marked)
        assert (built.dtype, built.tolist()) == (ids[marked].dtype, ids[marked].tolist())


def test_numbers_up_to_three_digits_are_one_token() -> None:
    for name in ("cl100k", "o200k"):
        tokenizer = make_tokenizer(name)
        assert all(len(tokenizer.encode(str(number))) == 1 for number in range(1_000))
        assert len(tokenizer.encode("1234567")) == 3
    assert any(len(make_tokenizer("gpt2").encode(str(number))) > 1 for number in range(1_000))


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_are_found_only_where_asked_and_gaps_between_them_say_nothing(kind) -> None:
    tokenizer = kind.make()
    assert tokenizer.end_of_text == tokenizer.special["<|endoftext|>"]
    text = "a<|endoftext|><|endofprompt|>"
    assert not set(tokenizer.special.values()) & set(tokenizer.encode(text))
    assert tokenizer.encode(text, special=True)[1:] == [tokenizer.end_of_text, tokenizer.special["<|endofprompt|>"]]
    assert tokenizer.vocab_size == 1 + max(tokenizer.special.values())
    assert tokenizer.token_bytes(tokenizer.special["<|endofprompt|>"] - 1) == b""
    assert tokenizer.decode([tokenizer.special["<|endofprompt|>"] - 1]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_saved_by_its_hash_and_other_ranks_are_refused(kind) -> None:
    assert kind.make().to_json()["ranks"] == kind.sha256
    with pytest.raises(StudioError, match="other ranks"):
        kind.from_json({"ranks": "0" * 64})


def test_every_byte_is_a_piece_so_that_any_text_can_be_said() -> None:
    for kind in KINDS:
        tokenizer = kind()
        assert all(bytes([byte]) in tokenizer.ranks() for byte in range(256))
        assert tokenizer.decode(tokenizer.encode("\x00\uffff🐈")) == "\x00\uffff🐈"


def test_each_vocabulary_says_where_it_comes_from() -> None:
    for name, kind in (("cl100k", Cl100kTokenizer), ("o200k", O200kTokenizer)):
        folder = RESOURCES / name
        assert kind.sha256 in (folder / "SOURCE.md").read_text("utf-8")
        assert "MIT License" in (folder / "LICENSE").read_text("utf-8")


def test_a_larger_vocabulary_splits_fewer_words_of_other_languages() -> None:
    text = "Все люди рождаются свободными и равными в своем достоинстве и правах."
    shares = [words_split(make_tokenizer(name), text) for name in ("gpt2", "cl100k", "o200k")]
    assert shares[0] >= shares[1] > shares[2]
