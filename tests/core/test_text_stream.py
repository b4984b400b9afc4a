"""Characters from bytes as they arrive, and cutting without changing tokens."""

from hypothesis import given
from hypothesis import strategies as st

from studio.core.text_stream import StreamDecoder, chunked, last_cut, without_halves

texts = st.text(alphabet=st.sampled_from("ab Z1'—-,.;!\n\t \r\x1c\x85é世🙂_|<>"), max_size=60) | st.text(max_size=60)


def as_bytes(token: int, first: bool) -> bytes:
    return bytes([token])


@given(texts, st.integers(1, 9), st.integers(1, 7))
def test_the_pieces_put_together_are_the_text(text: str, size: int, part: int) -> None:
    stream = (text[start : start + part] for start in range(0, len(text), part))
    pieces = list(chunked(stream, size))
    assert "".join(pieces) == text
    assert all(pieces)


def test_a_cut_stands_before_a_single_blank_and_behind_a_single_line_end_between_visible_characters() -> None:
    assert list(chunked(["one two  three\nfour"], 8)) == ["one", " two  three\n", "four"]
    assert last_cut("a  b \n c", 5) == 0


def test_writing_without_blanks_is_cut_before_a_mark() -> None:
    assert list(chunked(["abc,def,ghi"], 6)) == ["abc", ",def", ",ghi"]


def test_a_stretch_without_any_place_to_cut_grows_sixteenfold_and_is_then_cut() -> None:
    sizes = [len(piece) for piece in chunked(["x"] * 1_000, 10)]
    assert sum(sizes) == 1_000
    assert max(sizes) <= 16 * 10


def test_no_more_than_a_few_pieces_are_held_of_a_long_stream() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield "word " * 20

    stream = chunked(endless(), 1_000)  # type: ignore[arg-type]
    for _ in range(50):
        assert len(next(stream)) <= 1_000
    assert taken <= 520


def test_half_a_character_is_kept_back_until_it_is_whole() -> None:
    decoder = StreamDecoder(as_bytes)
    assert [decoder(byte) for byte in "é🙂".encode()] == ["", "é", "", "", "", "🙂"]
    assert decoder.flush() == ""


def test_a_character_that_never_ends_becomes_a_replacement_mark() -> None:
    decoder = StreamDecoder(as_bytes)
    assert decoder(0xF0) == ""
    assert decoder.flush() == "\ufffd"
    assert decoder(ord("a")) == "a", "after a flush a new text may begin"


@given(st.binary(max_size=40))
def test_decoding_byte_by_byte_equals_decoding_at_once(raw: bytes) -> None:
    decoder = StreamDecoder(as_bytes)
    assert "".join(map(decoder, raw)) + decoder.flush() == raw.decode("utf-8", "replace")


def test_surrogate_pairs_are_joined_and_lone_halves_replaced() -> None:
    assert without_halves("plain é") == "plain é"
    assert without_halves("\ud83d\ude42") == "🙂"
    assert without_halves("a\ud83d") == "a\ufffd"
