"""A table that rewrites texts is read as it is, and what lies in it is said before anything follows it."""

import random
import struct
from collections.abc import Mapping

import pytest

from studio.gate import rewriting_tables
from studio.gate.rewriting_tables import RewritingTable
from tests.vocabularies.piece_files import table_of

ENTRIES = {"ﬁ": "fi", "a": "b", "e\u0301": "é", "e\u0301\u0302": "ế", "\t": " ", "\x07": "", "𝒜": "A", "½": "1⁄2"}


def test_single_characters_and_the_beginnings_of_several_are_known() -> None:
    table = RewritingTable(table_of(ENTRIES))
    assert table.single == {entry: becomes for entry, becomes in ENTRIES.items() if len(entry) == 1}
    assert table.first == {entry[0] for entry in ENTRIES}
    assert table.second == {"\u0301"}
    assert sorted(table.texts) == sorted(ENTRIES.values())


def test_the_longest_entry_is_found_and_how_many_characters_it_has() -> None:
    table = RewritingTable(table_of(ENTRIES))
    assert table.longest("e\u0301\u0302x") == (2 + 1, "ế")
    assert table.longest("e\u0301x") == (2, "é")
    assert table.longest("𝒜") == (1, "A")
    assert table.longest("\x07") == (1, "")
    assert table.longest("ex") is table.longest("") is table.longest("\u0301") is None


def test_an_entry_that_ends_within_a_character_is_not_found_there() -> None:
    """Else nothing of the text would be used up, and whoever follows the table would never come to its end."""
    table = RewritingTable(bytes_table({b"\xc3": "x", "éa".encode(): "y", b"bc": "z"}))
    assert table.longest("éc") is None
    assert table.longest("éab") == (2, "y")


@pytest.mark.parametrize("entry", [b"\xc0A", b"\xed\xa0\x80", b"\x80", b"\xf5\x80\x80\x80"])
def test_entries_that_begin_with_no_characters_are_refused(entry: bytes) -> None:
    with pytest.raises(ValueError, match="bytes that are no text"):
        RewritingTable(bytes_table({entry: "x", b"b": "y"}))


def bytes_table(entries: Mapping[bytes, str]) -> bytes:
    """A table whose entries need not be text; in Latin-1 every byte is a letter."""
    return table_of({entry.decode("latin-1"): becomes for entry, becomes in entries.items()}, "latin-1")


def test_a_table_without_entries_finds_nothing() -> None:
    table = RewritingTable(struct.pack("<256I", 4 * 254, *[0] * 255))
    assert (table.single, table.first, table.longest("a")) == ({}, set(), None)


GOOD = table_of({"a": "b"})
UNITS = list(struct.unpack_from("<256I", GOOD, 4))
LEADS = next(place for place, unit in enumerate(UNITS) if unit & 0x8000_00FF == ord("a"))
ENDS = next(place for place, unit in enumerate(UNITS) if unit >> 31)


def changed(places: dict[int, int], texts: bytes = b"b\0") -> bytes:
    """GOOD with other numbers at some places."""
    units = [places.get(place, unit) for place, unit in enumerate(UNITS)]
    return struct.pack("<257I", 1_024, *units) + texts


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "cut off"),
        (b"\x00" * 16, "a length that it does not have"),
        (GOOD[:500], "a length that it does not have"),
        (struct.pack("<I", 1_023) + GOOD[4:], "a length that it does not have"),
        (struct.pack("<I", 1 << 31) + GOOD[4:], "a length that it does not have"),
        (b"\x00" * (2 << 20), "at most 1,048,576 are read"),
        (changed({ENDS: 1 << 31 | 40}), "a text that is not there"),
        (changed({ENDS: 0xFFFF_FFFF}), "a text that is not there"),
        (changed({}, b"b"), "does not end"),
        (changed({}, b"b" * 400 + b"\0"), "does not end"),
        (changed({}, b"\xff\0"), "no text"),
        (changed({LEADS: ord("a") | 1 << 8 | 1 << 30}), "points behind itself"),
        (changed({0: (0 ^ LEADS ^ ord("a")) << 10, LEADS: ord("a") | ord("a") << 10}), "entries without end"),
    ],
)
def test_what_lies_is_refused_with_its_reason(raw: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RewritingTable(raw)


def test_more_entries_than_any_table_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewriting_tables, "MOST_STEPS", 3)
    with pytest.raises(ValueError, match="more entries"):
        RewritingTable(table_of(dict.fromkeys("abcd", "x")))


def test_no_change_of_bytes_does_more_than_be_refused() -> None:
    chance, good, refused = random.Random(7), table_of(ENTRIES), 0
    for _ in range(80):
        raw = bytearray(good)
        for _ in range(chance.randint(1, 30)):
            raw[chance.randrange(4, len(raw))] = chance.randrange(256)
        try:
            table = RewritingTable(bytes(raw))
            table.longest("e\u0301\u0302 ﬁa")
        except ValueError:
            refused += 1
    assert 0 < refused < 80
