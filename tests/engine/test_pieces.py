"""Tokens as text: stop strings across token borders, several texts in turn, ends that are told once."""

from dataclasses import replace

import pytest

from studio.core.config import Sampling
from studio.engine.beams import RIVALS
from studio.engine.pieces import Piece, continue_text, stream_after, write
from studio.engine.reader import Reader
from studio.tokenizers import Tokenizer, make_tokenizer
from tests.engine.writing_model import SHAPE, fed_tokens, opinionated

pytestmark = pytest.mark.torch

LETTERS = "abcdefghijklmnopqrstuvwxyz ,.!?ABCDEFGHI"
PLAIN = Sampling(prompt="ab", tokens=30, temperature=1.0, seed=5)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return make_tokenizer("characters", [LETTERS])


@pytest.fixture(scope="module")
def model(tokenizer):  # type: ignore[no-untyped-def]
    return opinionated(replace(SHAPE, vocab_size=tokenizer.vocab_size))


@pytest.fixture
def pieces(model, tokenizer):  # type: ignore[no-untyped-def]
    def made(sampling: Sampling, keep_going=lambda: True) -> list[Piece]:  # type: ignore[no-untyped-def]
        reader = Reader(model, SHAPE)
        return list(write(reader, tokenizer, tokenizer.encode(sampling.prompt), sampling, keep_going))

    return made


def text_of(pieces: list[Piece], sample: int = 0) -> str:
    return "".join(piece.text for piece in pieces if piece.sample == sample)


@pytest.mark.parametrize("start", [0, 1, 9, 26])
@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_stop_string_ends_the_text_and_nothing_of_it_is_ever_shown(pieces, start, length) -> None:
    whole = text_of(pieces(PLAIN))
    stop = whole[start : start + length]
    found = pieces(replace(PLAIN, stop=("§", stop)))
    assert text_of(found) == whole[: whole.index(stop)]
    assert found[-1].done == "stop"
    assert [piece.done for piece in found[:-1]] == [""] * (len(found) - 1)


def test_after_a_stop_string_the_model_is_not_asked_again(model, tokenizer, pieces) -> None:
    whole = text_of(pieces(PLAIN))
    place = whole.index(whole[6:9])
    with fed_tokens(model) as sizes:
        pieces(replace(PLAIN, stop=(whole[6:9],)))
    assert len(sizes) == place + 3  # the prompt, then each token but the last


def test_the_beginning_of_a_stop_string_that_stays_one_is_part_of_the_text(pieces) -> None:
    whole = text_of(pieces(PLAIN))
    found = pieces(replace(PLAIN, stop=(whole[-2:] + "§", whole[3:6] + "§")))
    assert text_of(found) == whole
    assert found[-1].done == "length"
    assert [piece.id for piece in found] == [piece.id for piece in pieces(PLAIN)]


def test_a_text_that_is_stopped_gives_out_what_it_held_back(pieces) -> None:
    whole = text_of(pieces(PLAIN))
    answers = iter([True] * 7)
    found = pieces(replace(PLAIN, stop=(whole[5:7] + "§",)), lambda: next(answers, False))
    assert text_of(found) == whole[:7]
    assert found[-1].done == "stopped"


def test_several_texts_are_those_of_their_seeds_each_with_an_end_of_its_own(pieces) -> None:
    alone = [pieces(replace(PLAIN, seed=5 + number)) for number in range(3)]
    stop = text_of(alone[1])[8:11]
    found = pieces(replace(PLAIN, samples=3, stop=(stop,)))
    for number, single in enumerate(alone):
        text = text_of(single)
        assert text_of(found, number) == text[: text.index(stop) if stop in text else len(text)]
    ends = {piece.sample: piece.done for piece in found if piece.done}
    assert ends[1] == "stop"
    assert sorted(piece.sample for piece in found if piece.done) == [0, 1, 2]


def test_beams_give_their_best_texts_best_first(pieces) -> None:
    found = pieces(replace(PLAIN, beams=4, samples=2, tokens=8))
    assert [len(text_of(found, number)) for number in range(2)] == [8, 8]
    assert text_of(found, 0) == text_of(pieces(replace(PLAIN, beams=4, tokens=8)))
    assert text_of(found, 0) != text_of(found, 1)


def test_a_search_that_is_stopped_shows_what_it_was_following(pieces) -> None:
    answers = iter([True] * 3)
    found = pieces(replace(PLAIN, beams=3), lambda: next(answers, False))
    assert len(text_of(found)) == 3
    assert found[-1].done == "stopped"


def test_pieces_carry_the_rivals_of_their_token(pieces) -> None:
    for piece in pieces(replace(PLAIN, temperature=0.0, tokens=5)):
        assert piece.rivals[0].id == piece.id
        assert [rival.removed for rival in piece.rivals] == [False, *[True] * (RIVALS - 1)]


def test_a_half_character_waits_for_its_other_half() -> None:
    tokenizer = make_tokenizer("bytes")
    shape = replace(SHAPE, vocab_size=tokenizer.vocab_size)
    model = opinionated(shape)
    sampling = Sampling(prompt="é", tokens=40, temperature=1.5, seed=1)
    found = list(write(Reader(model, shape), tokenizer, tokenizer.encode("é"), sampling))
    spelled = b"".join(tokenizer.token_bytes(piece.id) for piece in found if piece.id >= 0 and piece.done != "end")
    assert "".join(piece.text for piece in found) == spelled.decode("utf-8", "replace")


def test_a_sample_in_training_is_one_text_whatever_was_asked_for(model, tokenizer) -> None:
    text, count = continue_text(Reader(model, SHAPE), tokenizer, 0, replace(PLAIN, samples=3))
    assert (len(text), count) == (30, 30)


def test_a_word_after_the_prompt_keeps_the_space_before_it() -> None:
    tokenizer = make_tokenizer("words", ["once upon a time there was a cat"])
    stream = stream_after(tokenizer, tokenizer.encode("once upon a time"))
    assert "".join(stream(token) for token in tokenizer.encode("there was")) + stream.flush() == " there was"
