"""What was read stays read: caches, common beginnings, room that grows, several rows at once."""

import numpy as np
import pytest

from studio.engine.reader import Reader, Rows, common_length
from tests.engine.writing_model import SHAPE, fed_tokens, opinionated

pytestmark = pytest.mark.torch

TEXT = [int(token) for token in np.random.default_rng(5).integers(0, 40, 700)]


@pytest.fixture(scope="module")
def model():  # type: ignore[no-untyped-def]
    return opinionated()


def long_shape(context: int):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(SHAPE, context_length=context)


def test_a_reading_in_pieces_after_a_shared_beginning_gives_the_logits_of_a_fresh_one(model) -> None:
    reader = Reader(model, SHAPE)
    for text in (TEXT[:20], TEXT[:35], TEXT[:12] + TEXT[40:60], TEXT[:12]):
        fresh = Reader(model, SHAPE, cached=False).read(text)
        found = reader.read_from(text)
        assert found is not None
        np.testing.assert_allclose(found, fresh, atol=1e-5)
        assert reader.ids == text


def test_only_what_is_new_goes_through_the_model(model) -> None:
    reader = Reader(model, SHAPE)
    with fed_tokens(model) as sizes:
        reader.read_from(TEXT[:30])
        reader.read([TEXT[30]])
        reader.read_from(TEXT[:40])  # nine more than was read
        reader.read_from([*TEXT[:25], 1, 2])  # another ending
        reader.read_from([*TEXT[:25], 1, 2])  # the same again
        reader.read_from(TEXT[:25])  # shorter: its last token is asked again
    assert sizes == [30, 1, 9, 2, 1]


def test_beyond_the_context_the_last_window_is_read_and_the_way_back_finds_the_cache_again(model) -> None:
    reader = Reader(model, SHAPE)
    reader.read_from(TEXT[:60])
    for length in (64, 65, 90):
        fresh = Reader(model, SHAPE, cached=False).read(TEXT[:length])
        np.testing.assert_allclose(reader.read_from(TEXT[:length]), fresh, atol=1e-5)
    with fed_tokens(model) as sizes:
        np.testing.assert_allclose(
            reader.read_from(TEXT[:62]), Reader(model, SHAPE, cached=False).read(TEXT[:62]), atol=1e-5
        )
    assert sizes[0] == 1  # of the 62, 61 were read before


def test_a_long_prompt_can_be_stopped_between_two_layers_and_gone_on_with(monkeypatch) -> None:
    monkeypatch.setattr("studio.engine.reader.PIECE", 256)
    shape = long_shape(1_024)
    big = opinionated(shape)
    answers = iter([True] * (2 * shape.n_layers - 1) + [False])  # before the last layer of the second piece
    reader = Reader(big, shape)
    with fed_tokens(big) as sizes:
        assert reader.read_from(TEXT, lambda: next(answers)) is None
        assert (reader.ids, reader.cache.length) == (TEXT[:256], 256)
        found = reader.read_from(TEXT)
    assert sizes == [256, 256, 256, len(TEXT) - 512]
    assert found is not None
    np.testing.assert_allclose(found, Reader(big, shape, cached=False).read(TEXT), atol=1e-5)


def test_a_long_context_costs_memory_only_for_a_long_text() -> None:
    shape = long_shape(4_096)
    reader = Reader(opinionated(shape), shape)
    reader.read_from(TEXT[:10])
    assert reader.cache is not None
    small = reader.cache.bytes
    reader.read_from(TEXT)
    assert small < reader.cache.bytes < 4_096 * small / 256
    assert reader.cache.capacity >= len(TEXT)


def test_the_cache_never_outgrows_the_context(model) -> None:
    reader = Reader(model, SHAPE)
    for token in TEXT[:150]:
        reader.read([token])
    assert reader.cache is not None
    assert reader.cache.capacity == SHAPE.context_length


def test_a_pass_that_fails_leaves_the_reader_as_it_was(model, monkeypatch) -> None:
    reader = Reader(model, SHAPE)
    before = reader.read_from(TEXT[:8])

    def fails(*arguments: object, **named: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(model, "forward", fails)
        with pytest.raises(RuntimeError):
            reader.read([3])
    assert reader.ids == TEXT[:8]
    fresh = Reader(model, SHAPE, cached=False).read([*TEXT[:8], 3])
    np.testing.assert_allclose(reader.read([3]), fresh, atol=1e-5)
    assert before is not None


@pytest.mark.parametrize("start", [10, 62, 80])
def test_rows_side_by_side_give_what_each_gives_alone(model, start) -> None:
    reader = Reader(model, SHAPE)
    reader.read_from(TEXT[:start])
    rows = Rows(reader, 3)
    rows.read([1, 2, 3])
    rows.keep([2, 0, 2])
    found = rows.read([4, 5, 6])
    texts = [[*TEXT[:start], *ends] for ends in ([3, 4], [1, 5], [3, 6])]
    assert rows.ids == texts
    for row, text in enumerate(texts):
        np.testing.assert_allclose(found[row], Reader(model, SHAPE, cached=False).read(text), atol=1e-5)
    assert reader.ids == TEXT[:start]


@pytest.mark.parametrize(
    ("one", "other", "shared"), [([], [1], 0), ([1, 2], [1, 2, 3], 2), ([1, 2, 3], [1, 9, 3], 1), ([4], [5], 0)]
)
def test_two_texts_share_their_beginning(one, other, shared) -> None:
    assert common_length(one, other) == shared
