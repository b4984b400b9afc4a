"""Tokenizers side by side: counted figures that a person can check by hand."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.tokenizers import make_tokenizer
from studio.vocabularies import comparison
from studio.vocabularies.comparison import compare, words_split
from studio.vocabularies.languages import SENTENCES

TEXT = "The cat, the 12 cats and 7 hamsters."


@pytest.fixture(autouse=True)
def a_short_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_MEASURED", 0.001)


def test_what_bytes_make_of_a_text_is_known_beforehand() -> None:
    [found] = compare({"plain": make_tokenizer("bytes")}, "né 12")
    assert (found.name, found.vocabulary, found.tokens, found.used) == ("plain", 256, 6, 6)
    assert (found.characters_per_token, found.bytes_per_token) == (5 / 6, 1.0)
    assert (found.digits, found.digits_below_1000) == (2.0, 2.89)
    assert found.words_split == 1.0
    assert found.by_language["English"] == len(SENTENCES["English"])
    assert found.by_language["Russian"] == len(SENTENCES["Russian"].encode())
    assert found.megabytes_per_second > 0
    assert (found.refusal, found.unknown) == ("", 0.0)


def test_the_verdict_has_the_published_number_of_tokens(data_folder: Path) -> None:
    text = (data_folder / "the-verdict.txt").read_text("utf-8")
    found = compare({name: make_tokenizer(name, [text]) for name in ("gpt2", "words", "characters")}, text)
    assert [one.tokens for one in found] == [5_145, 4_690, 20_479]
    assert [one.vocabulary for one in found] == [50_257, 1_132, 62]
    assert [one.digits for one in found] == [None, None, None]
    assert found[1].words_split == 0.0


def test_a_word_is_split_where_a_border_of_tokens_lies_inside_of_it() -> None:
    gpt2 = make_tokenizer("gpt2")
    assert words_split(gpt2, "the cat the someunknownPlace") == 0.25
    assert words_split(make_tokenizer("characters", [" abc"]), "a b abc") == pytest.approx(1 / 3)
    assert words_split(make_tokenizer("characters", ["abc"]), "a b abc") == pytest.approx(1 / 3)
    assert words_split(gpt2, "12 34 !") == 0.0


def test_what_a_vocabulary_cannot_say_is_told_and_the_others_are_measured() -> None:
    strict = make_tokenizer("words_strict", ["nothing of that"])
    refused, found = compare({"strict": strict, "bytes": make_tokenizer("bytes")}, TEXT)
    assert "The word “The” is not among" in refused.refusal
    assert (refused.tokens, refused.words_split, refused.digits) == (0, 0.0, None)
    assert refused.by_language["English"] is None
    assert found.tokens == len(TEXT)


def test_words_that_are_not_known_are_counted_as_such() -> None:
    [found] = compare({"words": make_tokenizer("words", ["The cat , ."])}, "The dog, the cat.")
    assert found.tokens == 6
    assert found.unknown == pytest.approx(2 / 6)
    assert found.by_language["Korean"] is None


def test_progress_is_told_and_work_can_be_called_off() -> None:
    told: list[tuple[int, int]] = []
    tokenizers = {name: make_tokenizer("bytes") for name in "ab"}
    compare(tokenizers, TEXT, languages={}, progress=lambda *now: told.append(now))
    assert told == [(0, 2), (1, 2)]
    with pytest.raises(StudioError, match="stopped"):
        compare(tokenizers, TEXT, keep_going=lambda: False)
    with pytest.raises(StudioError, match="no text to compare on"):
        compare(tokenizers, "")


def test_the_sentence_in_every_language_is_one_sentence() -> None:
    assert len(SENTENCES) == len(set(SENTENCES.values())) == 13
    assert all(sentence == sentence.strip() and sentence[-1] in ".。।" for sentence in SENTENCES.values())
