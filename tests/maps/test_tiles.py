"""Small maps: true within what 8 bits can say, and nothing that stands alone is lost."""

import numpy as np
import pytest

from studio.maps.colours import DIFFERENCE, ramp
from studio.maps.tiles import LEVELS, NOTHING, SIDE, Tiles, resized, tiles_of


def weights(time, layers=2, heads=3):
    return np.random.default_rng(time).dirichlet(np.ones(time), (layers, heads, time)).astype(np.float32)


@pytest.mark.parametrize("time", [1, 5, 63, 64, 65, 100, 128, 200, 257])
def test_a_tile_is_the_block_maximum_of_its_map_ragged_blocks_included(time):
    values = weights(time)
    tiles = tiles_of(values)
    side, block = tiles.levels.shape[-1], tiles.block
    assert side == -(-time // block) <= SIDE
    for row in range(side):
        for column in range(side):
            part = values[1, 2, row * block : (row + 1) * block, column * block : (column + 1) * block]
            assert abs(tiles.numbers(1, 2)[row, column] - part.max()) <= 1 / 255 + 1e-6


def test_a_single_weight_of_one_keeps_its_full_level_at_every_size():
    values = np.zeros((1, 1, 500, 500), np.float32)
    values[0, 0, 487, 13] = 1.0
    levels = tiles_of(values).levels[0]
    for pixels in (1, 12, 28, 31, 63, 64, 65, 150):
        assert int((resized(levels, pixels, False) == LEVELS).sum()) >= 1


def test_what_is_no_number_is_kept_as_such():
    values = np.zeros((1, 1, 130, 130), np.float32)
    values[0, 0, 100, 7] = np.nan
    tiles = tiles_of(values)
    assert int((tiles.levels == NOTHING).sum()) == 1
    assert int(np.isnan(tiles.numbers(0, 0)).sum()) == 1
    assert int((resized(tiles.levels[0], 20, False) == NOTHING).sum()) == 1
    assert tiles.table("sqrt", True, 0xFF123456)[NOTHING] == 0xFF123456


def test_a_difference_keeps_the_number_furthest_from_zero_and_its_sign():
    first, second = weights(100), weights(101)[:, :, :100, :100]
    tiles = tiles_of(first, second)
    assert tiles.signed
    assert tiles.low == -tiles.high
    part = (first - second)[1, 0, 10:12, 20:22]
    furthest = part.flat[np.abs(part).argmax()]
    assert abs(tiles.numbers(1, 0)[5, 10] - furthest) <= 2 * tiles.high / LEVELS
    small = resized(tiles.levels[0], 20, True)
    assert set(np.unique(small)) <= set(range(LEVELS + 1))


def test_a_model_less_itself_is_zero_in_every_cell():
    values = weights(70)
    tiles = tiles_of(values, values)
    assert (tiles.numbers(0, 0) == 0.0).all()
    table = tiles.table("sqrt", True, 0)
    assert table[tiles.levels[0, 0, 0, 0]] in ramp(DIFFERENCE, True)[127:129]


def test_swapping_two_models_turns_the_sign_of_every_cell():
    first, second = weights(40), weights(41)[:, :, :40, :40]
    one, other = tiles_of(first, second), tiles_of(second, first)
    np.testing.assert_allclose(one.numbers(0, 1), -other.numbers(0, 1), atol=2.5 * one.high / LEVELS)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("pixels", [5, 64, 100])
def test_cells_are_repeated_or_gathered_to_the_size_that_is_asked_for(pixels, signed):
    levels = np.random.default_rng(0).integers(0, 255, (4, 64, 64)).astype(np.uint8)
    found = resized(levels, pixels, signed)
    assert found.shape == (4, pixels, pixels)
    if pixels == 64:
        assert np.array_equal(found, levels)


def test_colours_of_levels_follow_the_scale():
    tiles = Tiles(np.zeros((1, 1, 2, 2), np.uint8))
    linear, root = (tiles.table(scale, True, 0) for scale in ("linear", "sqrt"))
    assert linear[0] == root[0] == ramp("viridis")[0]
    assert linear[LEVELS] == root[LEVELS] == ramp("viridis")[255]
    assert linear[20] != root[20]
