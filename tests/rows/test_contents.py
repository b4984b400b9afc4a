"""Odd characters, languages, lengths and the balance of classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.rows.balance import balance_of
from studio.rows.languages import LOOKED_AT, NAMES, UNKNOWN, language_of, languages_of
from studio.rows.lengths import LengthTable
from studio.rows.odd_characters import ODD_KINDS, odd_characters
from studio.rows.personal_data import personal_data
from studio.rows.pieces import pieces


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("lost \ufffd here", "replaced", "\ufffd"),
        ("cafÃ© noir", "mojibake", "Ã©"),
        ("donâ€™t", "mojibake", "â€™"),
        ("don\x92t", "mojibake", "\x92"),
        ("Â£20", "mojibake", "Â£"),
        ("nul\x00here", "control", "\x00"),
        ("zero\u200bwidth", "invisible", "\u200b"),
        ("turned \u202eround", "invisible", "\u202e"),
        ("\ue000", "private", "\ue000"),
        ("half \ud83d of it", "private", "\ud83d"),
        ("Tom &amp; Ann", "entity", "&amp;"),
        ("it&#39;s", "entity", "&#39;"),
    ],
)
def test_odd_characters_are_named_and_placed(text: str, kind: str, part: str) -> None:
    assert [(name, text[start:end]) for name, start, end in odd_characters(text)] == [(kind, part)]
    assert kind in ODD_KINDS


@pytest.mark.parametrize(
    "text",
    [
        "plain\ttext\r\nand more",
        "Ça va? São Paulo, Âme, €5",
        "안녕하세요",
        "👩\u200d👧 family",
        "می\u200cخواهم",
        "AT&T & co; x &y",
    ],
)
def test_ordinary_writing_is_not_odd(text: str) -> None:
    assert list(odd_characters(text)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The weather is lovely today and we are going to the sea.", "en"),
        ("Guten Morgen, wie geht es Ihnen heute?", "de"),
        ("오늘 날씨가 아주 좋습니다.", "ko"),
        ("Сегодня очень хорошая погода.", "ru"),
        ("今日はとても天気がいいです。", "ja"),
        ("HELLO MY FRIEND, HOW ARE YOU TODAY", "en"),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert language_of(text) == code
    assert code in NAMES


@pytest.mark.parametrize("text", ["", "ok", "12345 67", "1 2 3 4 5 6 7 8 9", "def main(x): return x+1", "\ud800", "?!"])
def test_too_little_to_tell_and_what_is_no_language_stay_unknown(text: str) -> None:
    assert language_of(text) == UNKNOWN


def test_only_the_beginning_of_a_long_text_decides_its_language() -> None:
    beginning = "This is an English sentence. " * 20
    assert len(beginning) > LOOKED_AT
    assert language_of(beginning + "그리고 " * 100_000) == "en"
    with pytest.raises(StudioError, match="stopped"):
        list(languages_of(["one"], keep_going=lambda: False))


def test_long_texts_come_in_pieces_that_are_cut_between_words() -> None:
    text = "one two three four five\nsix seven " * 40
    parts = list(pieces(text, 64))
    assert "".join(part for _, part in parts) == text
    assert all(text.startswith(part, offset) for offset, part in parts)
    assert all(part.endswith((" ", "\n")) for _, part in parts)
    assert [part for _, part in pieces("x" * 130, 64)] == ["x" * 64, "x" * 64, "xx"]
    assert list(pieces("")) == [(0, "")]


def test_what_stands_deep_in_a_long_text_is_found_where_it_stands() -> None:
    text = "word " * 20_000 + "a@b.example \ufffd" + " word" * 20_000
    (spot,) = personal_data(text)
    assert text[spot.start : spot.end] == "a@b.example"
    assert [text[start:end] for _, start, end in odd_characters(text)] == ["\ufffd"]


def test_a_context_cuts_the_rows_that_are_longer_and_only_what_is_beyond_it() -> None:
    table = LengthTable(np.array([10, 0, 300, 256, 257], np.int32))
    cut = table.cut(256)
    assert (cut.rows, cut.tokens) == (2, 44 + 1)
    assert cut.row_share == pytest.approx(0.4)
    assert cut.token_share == pytest.approx(45 / 823)
    assert table.longer_than(256).tolist() == [2, 4]
    assert table.cut(300).rows == 0
    assert table.cut(1).tokens == 823 - 4


@given(st.lists(st.integers(0, 5_000), max_size=60), st.integers(1, 6_000))
@settings(max_examples=20, deadline=None)
def test_cut_and_histogram_agree_with_counting_by_hand(lengths: list[int], context: int) -> None:
    table = LengthTable(np.array(lengths, np.int32))
    assert table.cut(context).rows == sum(length > context for length in lengths)
    assert table.cut(context).tokens == sum(max(0, length - context) for length in lengths)
    edges, counts = table.histogram()
    assert counts.sum() == sum(length > 0 for length in lengths)
    assert edges[-1] > table.longest
    assert table.shortest == min((length for length in lengths if length), default=0)
    assert (np.diff(edges) > 0).all()
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        assert len(table.between(low, high)) == count == sum(low <= length < high for length in lengths)


def test_no_rows_have_no_lengths() -> None:
    table = LengthTable(np.zeros(0, np.int32))
    assert (table.total, table.longest, table.quantile(0.5)) == (0, 0, 0)
    assert table.cut(8).row_share == table.cut(8).token_share == 0


def test_quantiles_are_lengths_that_there_are() -> None:
    table = LengthTable(np.arange(1, 101, dtype=np.int32))
    assert [table.quantile(share) for share in (0.0, 0.5, 0.95, 1.0)] == [1, 50, 95, 100]


def test_classes_are_counted_from_the_largest_to_the_smallest() -> None:
    balance = balance_of(["spam", "ham"], np.array([1, 1, 0, -1, 1, 0], np.int32))
    assert [(item.label, item.count) for item in balance.classes] == [("ham", 3), ("spam", 2)]
    assert balance.labelled == 5
    assert balance.always_largest == pytest.approx(0.6)
    assert balance.rows("spam").tolist() == [2, 5]
    assert balance.rows(None).tolist() == [3]


def test_evenness_is_one_for_equal_classes_and_zero_for_a_single_one() -> None:
    assert balance_of(["a", "b"], np.array([0, 1], np.int32)).evenness == pytest.approx(1)
    assert balance_of(["a"], np.array([0, 0], np.int32)).evenness == 0
    assert balance_of([], np.array([-1], np.int32)).always_largest == 0
