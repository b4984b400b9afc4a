"""Texts are prepared as SentencePiece prepares them: rewritten, blanks made one, marked, and one put on."""

import base64
import time
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.gate.rewriting_tables import RewritingTable
from studio.readers.text_rules import TextRules, rules_from_json
from tests.vocabularies.piece_files import table_of

TABLE = RewritingTable(
    table_of({"ﬁ": "fi", "ab": "X", "abc": "Y", "b": "z", "\u00a0": " ", "\x07": "", "[": "(", "c\u0301": "ć"})
)
PLAIN = TextRules(blank=" ", blank_before=False, single_blanks=False)


def test_what_is_longest_is_rewritten_from_the_left_and_what_comes_out_is_not_rewritten_again() -> None:
    rules = TextRules(TABLE, blank=" ", blank_before=False, single_blanks=False)
    for text, becomes in {
        "aab abc abx b": "aX Y Xx z", "ﬁﬁ[": "fifi(", "abab": "XX", "acb": "acz", "c\u0301c": "ćc", "x": "x", "ab": "X",
        "a": "a", "\x07": "", "": "",
    }.items():  # fmt: skip
        assert rules.prepare(text) == becomes


def test_what_a_person_had_listed_is_left_as_it_is_the_longest_first() -> None:
    rules = TextRules(TABLE, ("ﬁ", "bc", "bcb"), " ", blank_before=False, single_blanks=False)
    assert rules.prepare("ﬁ bcb bc b abc") == "ﬁ bcb bc z Y"


def test_hundreds_of_thousands_of_listed_pieces_hold_nobody_up() -> None:
    """As a file may list them: all in one pattern they would take five seconds to compile."""
    rules = TextRules(TABLE, tuple(f"{number:x}" for number in range(100_000)), " ", blank_before=False)
    start = time.process_time()
    assert rules.prepare("18698 ﬁ b zg") == "18698 fi b zg"
    assert rules.prepare("ﬁ 8ff8 猫 " * 2_000).startswith("fi 8ff8 猫 fi")
    assert time.process_time() - start < 1.5
    assert rules_from_json(rules.to_json()).whole == rules.whole


@pytest.mark.parametrize(
    ("rules", "becomes"),
    [
        (TextRules(TABLE), ["▁a▁c", "", "", "", "▁a"]),
        (TextRules(TABLE, single_blanks=False), ["▁▁a▁▁▁c▁", "▁▁▁", "▁", "", "▁a▁"]),
        (TextRules(TABLE, blank_before=False, blank_behind=True), ["a▁c▁", "", "▁", "", "a▁"]),
        (TextRules(TABLE, blank=" "), [" a c", "", "", "", " a▁"]),
        (PLAIN, [" a \u00a0 c ", "  ", "\x07", "", "a▁"]),
    ],
)
def test_blanks_are_what_the_rules_say(rules: TextRules, becomes: list[str]) -> None:
    assert [rules.prepare(text) for text in (" a \u00a0 c ", "  ", "\x07", "", "a▁")] == becomes


def test_rules_come_back_from_json() -> None:
    rules = TextRules(TABLE, ("ﬁ",), blank_before=False, blank_behind=True)
    again = rules_from_json(rules.to_json())
    assert again.to_json() == rules.to_json()
    assert again.prepare("ﬁ abc") == "ﬁ▁Y▁"
    assert rules_from_json(PLAIN.to_json()) == PLAIN


@pytest.mark.parametrize(
    "change",
    [
        {"table": "?"},
        {"table": base64.b64encode(b"\x00" * 16).decode()},
        {"table": 3},
        {"whole": None},
        {"whole": [""]},
        {"whole": [3]},
        {"blank": "x"},
        {"single_blanks": 1},
    ],
)
def test_damaged_rules_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(StudioError, match="prepares texts are damaged"):
        rules_from_json({**PLAIN.to_json(), **change})
    with pytest.raises(StudioError, match="damaged"):
        rules_from_json(None)
