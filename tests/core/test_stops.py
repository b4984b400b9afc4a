"""Stop strings: nothing of one is given out, everything else is, and they are typed in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.stops import StopWatch, read_stop, read_stops, show_stops

PIECES = st.lists(st.text("abc", max_size=4), max_size=12)
STOPS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=3)


def watched(pieces: list[str], stops: list[str]) -> tuple[list[str], bool]:
    """What is given out, piece by piece, and whether a stop string was found."""
    watch: StopWatch[int] = StopWatch(stops)
    given_out: list[str] = []
    for number, piece in enumerate(pieces):
        given_out += [text for text, _ in watch.take(piece, number)]
        if watch.found:
            return given_out, True
    return given_out + [text for text, _ in watch.flush()], False


@given(PIECES, STOPS)
def test_a_text_is_cut_before_the_first_stop_string_that_appears(pieces: list[str], stops: list[str]) -> None:
    shown, found = watched(pieces, stops)
    text = "".join(pieces)
    grown = ""
    for piece in pieces:  # the search goes piece by piece, as the text grows
        grown += piece
        places = [grown.index(stop) for stop in stops if stop in grown]
        if places:
            assert found
            assert "".join(shown) == text[: min(places)]
            return
    assert not found
    assert "".join(shown) == text


@given(PIECES, STOPS)
def test_at_no_moment_is_a_piece_of_a_coming_stop_string_shown(pieces: list[str], stops: list[str]) -> None:
    watch: StopWatch[int] = StopWatch(stops)
    shown, read = "", ""
    for number, piece in enumerate(pieces):
        read += piece
        shown += "".join(text for text, _ in watch.take(piece, number))
        if watch.found:
            return
        assert read.startswith(shown)
        for start in range(len(shown)):  # nothing that was shown could still grow into a stop string
            assert not any(stop.startswith(read[start:]) and len(stop) > len(read) - start for stop in stops)


def test_pieces_stay_whole_and_keep_what_came_with_them() -> None:
    watch: StopWatch[str] = StopWatch(["\n\n"])
    assert watch.take("Once", "first") == [("Once", "first")]
    assert watch.take(" upon\n", "second") == []
    assert watch.take(" a", "third") == [(" upon\n", "second"), (" a", "third")]
    assert watch.take(" time.\n", "fourth") == []
    assert watch.take("\nThe", "fifth") == [(" time.", "fourth")]
    assert watch.found


def test_the_earliest_of_several_counts() -> None:
    assert watched(["one two three"], ["three", "two"]) == (["one "], True)


def test_an_empty_stop_string_stops_nothing() -> None:
    assert watched(["a", "b"], [""]) == (["a", "b"], False)


@given(st.lists(st.text("ab |\\\n\tn s", min_size=1, max_size=6), max_size=4))
def test_what_is_shown_in_one_line_reads_back(stops: list[str]) -> None:
    line = show_stops(stops)
    assert "\n" not in line
    assert read_stops(line) == tuple(stops)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("", ()), ("User:", ("User:",)), (r"\n\n | User: |", ("\n\n", "User:")), (r"a\|b", ("a|b",)), ("a\\", ("a\\",))],
)
def test_stop_strings_are_typed_with_bars_between_them(typed: str, meant: tuple[str, ...]) -> None:
    assert read_stops(typed) == meant


def test_an_unknown_mark_stays_as_it_was_typed() -> None:
    assert read_stop(r"\d\n") == "\\d\n"
