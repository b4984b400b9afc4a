"""Learning a vocabulary: the size that was asked, every text said, called off at once, what cannot be is a sentence."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import END_OF_TEXT, Tokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file
from studio.vocabularies import training
from studio.vocabularies.child_progress import READ
from studio.vocabularies.training import KINDS, LABELS, WHOLE, Recipe, problem, smallest, train_tokenizer

STORIES = next((Path(__file__).resolve().parents[2] / "resources" / "samples").glob("*.txt"))
STORY = STORIES.read_text("utf-8")[:30_000]
SPEECH = "The cat — naïve, 1234! — sat.\n\n  ## <|endoftext|> 猫 🐈\t.\n"


@pytest.fixture(scope="module")
def learned() -> dict[str, Tokenizer]:
    return {kind: train_tokenizer(Recipe(kind=kind, vocabulary=800), [STORY]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_any_text_comes_back_from_what_was_learned(learned: dict[str, Tokenizer], kind: str) -> None:
    tokenizer = learned[kind]
    assert tokenizer.decode(tokenizer.encode(SPEECH)) == SPEECH
    stream, ids = tokenizer.stream(), tokenizer.encode(SPEECH)
    assert "".join(map(stream, ids)) + stream.flush() == SPEECH
    assert len(tokenizer.encode(STORY)) < len(STORY) / 2
    assert LABELS[kind]


def test_the_special_tokens_are_the_last_ids_and_their_spelling_is_not_learned(learned: dict[str, Tokenizer]) -> None:
    for tokenizer in learned.values():
        assert tokenizer.special == {END_OF_TEXT: tokenizer.vocab_size - 1}
    marked = f"abc{END_OF_TEXT}" * 300
    tokenizer = train_tokenizer(Recipe(vocabulary=300), [marked[:1001], marked[1001:]])
    texts = {tokenizer.token_text(token) for token in range(tokenizer.vocab_size - 1)}
    assert "abc" in texts
    assert not any("end" in text or "<|" in text for text in texts)


def test_tokenizers_and_tiktoken_give_the_same_ids(learned: dict[str, Tokenizer]) -> None:
    tokenizer = learned["bpe"]
    other = JsonTokenizer(as_file(tokenizer) or {})
    assert tokenizer.name == "byte_pair"
    for text in (STORY, SPEECH):
        assert other.encode(text) == tokenizer.encode(text)
        assert other.encode(text, special=True) == tokenizer.encode(text, special=True)


def test_the_verdict_gives_1000_tokens_743_of_them_merges(data_folder: Path) -> None:
    """256 bytes and the end of text leave 743; the book has one merge less, for it has both a blank and Ġ."""
    text = (data_folder / "the-verdict.txt").read_text("utf-8")
    told: list[tuple[int, int]] = []
    tokenizer = train_tokenizer(Recipe(vocabulary=1_000), [text], len(text), progress=lambda *now: told.append(now))
    assert tokenizer.vocab_size == 1_000
    assert sum(len(tokenizer.token_bytes(token)) > 1 for token in range(999)) == 743
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert told[-1] == (WHOLE, WHOLE)
    assert told == sorted(told)
    assert all(total == WHOLE for _, total in told)


@pytest.mark.skipif(sys.platform == "win32", reason="bars are drawn for terminals only")
def test_unigrams_tell_how_far_they_are_too() -> None:
    told: list[tuple[int, int]] = []
    train_tokenizer(
        Recipe(kind="unigram", vocabulary=500), [STORY], len(STORY), progress=lambda *now: told.append(now)
    )  # fmt: skip
    after = told[told.index((0, 0)) + 1 :]  # while it searches for pieces nobody knows
    assert after == sorted(after)
    assert after[-1] == (WHOLE, WHOLE)
    assert any(READ < done < WHOLE for done, _ in after)


@pytest.mark.slow
def test_without_a_length_nobody_knows_how_far_the_reading_is() -> None:
    told: list[tuple[int, int]] = []
    train_tokenizer(Recipe(vocabulary=280), [STORY], progress=lambda *now: told.append(now))
    assert told[0] == (0, 0)
    assert told[-1] == (WHOLE, WHOLE)


@pytest.mark.slow
def test_capitals_become_small_where_that_is_asked() -> None:
    tokenizer = train_tokenizer(Recipe(vocabulary=300, lower=True), [STORY])
    assert tokenizer.encode("THE CAT") == tokenizer.encode("the cat")
    assert tokenizer.decode(tokenizer.encode("THE CAT")) == "the cat"


def test_a_text_that_has_no_more_to_learn_gives_a_smaller_vocabulary() -> None:
    assert train_tokenizer(Recipe(vocabulary=5_000), ["ab ab ab"]).vocab_size < 270


@pytest.mark.parametrize("asked", [1, 4])
def test_called_off_while_the_text_is_read_nothing_is_left(asked: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answers = iter([True] * asked)
    with pytest.raises(StudioError, match="stopped before it was finished"):
        train_tokenizer(Recipe(), [STORY] * 50, keep_going=lambda: next(answers, False))
    assert list(tmp_path.iterdir()) == []


def test_called_off_while_it_computes_it_ends_within_a_second() -> None:
    """A child that would learn for much longer is ended as soon as nobody wants it any more."""
    end: list[float] = []

    def chunks() -> Iterator[str]:
        words = [f"{'abcdefgh'[place % 8]}{place * 7919 % 100_003}x{place % 977}" for place in range(60_000)]
        yield " ".join(words)
        end.append(time.monotonic() + 0.3)

    with pytest.raises(StudioError, match="stopped"):
        train_tokenizer(
            Recipe(vocabulary=200_000), chunks(), keep_going=lambda: not end or time.monotonic() < end[0]
        )  # fmt: skip
    assert time.monotonic() - end[0] < 1.0


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(kind="letters"), "no kind of vocabulary called “letters”"),
        (Recipe(vocabulary=256), "257 to 500,000 tokens, not 256"),
        (Recipe(kind="wordpiece", vocabulary=512), "513 to"),
        (Recipe(vocabulary=1 << 20), "not 1,048,576"),
        (Recipe(special=("<a>", "<a>")), "a spelling of its own"),
        (Recipe(special=(" ",)), "a spelling of its own"),
    ],
)
def test_what_cannot_be_learned_is_said_before_anything_starts(recipe: Recipe, words: str) -> None:
    assert words in problem(recipe)
    with pytest.raises(StudioError, match=words):
        train_tokenizer(recipe, [STORY])


def test_the_smallest_vocabularies_are_their_bytes_and_special_tokens() -> None:
    assert [smallest(Recipe(kind=kind, special=())) for kind in KINDS] == [256, 512, 256]
    assert problem(Recipe(vocabulary=257)) == ""


@pytest.mark.parametrize("chunks", [[], [""]])
def test_an_empty_text_is_refused(chunks: list[str]) -> None:
    with pytest.raises(StudioError, match="no text to learn"):
        train_tokenizer(Recipe(vocabulary=300), chunks)


@pytest.mark.slow
def test_the_smallest_vocabulary_and_a_text_of_nothing_but_marks_can_be_learned() -> None:
    assert train_tokenizer(Recipe(vocabulary=257), [STORY]).vocab_size == 257
    assert train_tokenizer(Recipe(vocabulary=300), [END_OF_TEXT]).vocab_size == 257


def test_a_child_that_dies_is_a_sentence(monkeypatch) -> None:
    monkeypatch.setattr(training, "_send", lambda stream, text: stream.close())
    with pytest.raises(StudioError, match="ended without an answer"):
        train_tokenizer(Recipe(vocabulary=300), [STORY])


@pytest.mark.slow
def test_one_megabyte_of_many_languages_is_cut_alike_by_tokenizers_and_tiktoken(data_folder: Path) -> None:
    text = mixed(data_folder)
    assert len(text.encode("utf-8")) > 1_000_000
    for vocabulary in (1_000, 8_192):
        tokenizer = train_tokenizer(Recipe(vocabulary=vocabulary), [text], len(text))
        assert tokenizer.vocab_size == vocabulary
        theirs = JsonTokenizer(as_file(tokenizer) or {})
        assert theirs.encode(text) == tokenizer.encode(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text


def mixed(folder: Path) -> str:
    """English, Hangul, Cyrillic, Arabic, Greek, Chinese, emoji, numbers and code, in turns."""
    play = (folder / "tinyshakespeare.txt").read_text("utf-8")
    scripts = [(0xAC00, 0xD7A3), (0x430, 0x44F), (0x627, 0x64A), (0x3B1, 0x3C9), (0x4E00, 0x9FA5), (0x1F600, 0x1F64F)]
    parts = []
    for turn in range(700):
        first, last = scripts[turn % len(scripts)]
        letters = [chr(first + (turn * 31 + place * place * 17) % (last - first)) for place in range(180)]
        words = " ".join("".join(letters[place : place + 2 + place % 5]) for place in range(0, 180, 6))
        code = f"def step_{turn}(x: int) -> int:\n\treturn x * {turn * 7919} # {json.dumps(words[:20])}\n"
        parts += [play[turn * 1_000 : turn * 1_000 + 1_000], words, ".\n\n", code, f"{turn * 1e-3:.6f}  \r\n"]
    return "".join(parts)


def test_the_child_is_told_pieces_that_end_between_two_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_PIECE", 100)
    pieces = list(training._pieces([STORY[:999], STORY[999:]]))
    assert "".join(pieces) == STORY
    assert len(pieces) > len(STORY) / 150
    assert all(len(piece) >= 100 for piece in pieces[:-1])
    assert all(piece[0] in " \n" and not before[-1].isspace() for before, piece in itertools.pairwise(pieces))
    assert list(training._pieces(["x" * 5_000])) == ["x" * 5_000]


def test_the_child_begins_without_what_it_does_not_need() -> None:
    """Its start is a part of how long learning takes; numpy alone would double it."""
    code = "import sys, studio.vocabularies.training_child; print('numpy' in sys.modules)"
    root = Path(training.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
