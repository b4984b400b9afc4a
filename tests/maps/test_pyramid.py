"""Nothing that stands alone is lost, and what a pixel shows is what pointing at it reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.maps.pyramid import Pyramid, spans

SIDES = st.tuples(st.integers(1, 400), st.integers(1, 400))


@pytest.mark.parametrize("pixels", [300, 450, 600])
def test_every_isolated_weight_of_a_long_text_has_a_pixel_of_its_own(pixels):
    values = np.zeros((1024, 1024), np.float32)
    values[3::20, 5::20] = 1.0
    count = int(values.sum())
    assert count >= 2_601
    seen = Pyramid(values).seen((0.0, 1024.0, pixels), (0.0, 1024.0, pixels))
    assert seen.shape == (pixels, pixels)
    assert int((seen == 1.0).sum()) == count


@pytest.mark.parametrize("time", [1, 2, 255, 257, 1023, 1025])
@pytest.mark.parametrize("corner", [(0, 0), (0, -1), (-1, 0), (-1, -1)])
def test_the_corners_are_seen_whatever_the_length(time, corner):
    values = np.zeros((time, time), np.float32)
    values[corner] = 1.0
    for pixels in (1, 7, 300, 777):
        assert Pyramid(values).seen((0.0, time, pixels), (0.0, time, pixels)).max() == 1.0


@given(SIDES, st.integers(1, 500), st.integers(1, 500), st.randoms(use_true_random=False), st.booleans())
def test_each_pixel_shows_the_furthest_number_of_the_cells_it_stands_for(shape, down, across, chance, signed):
    values = np.random.default_rng(chance.randrange(1 << 30)).normal(size=shape)
    tops = sorted(chance.uniform(0, shape[0]) for _ in range(2))
    lefts = sorted(chance.uniform(0, shape[1]) for _ in range(2))
    rows, columns = (tops[0], max(0.5, tops[1] - tops[0]), down), (lefts[0], max(0.5, lefts[1] - lefts[0]), across)
    pyramid = Pyramid(values, signed)
    seen = pyramid.seen(rows, columns)
    for pixel in {(0, 0), (down - 1, across - 1), (chance.randrange(down), chance.randrange(across))}:
        block = pyramid.block_at(rows, columns, pixel)
        cell = pyramid.strongest(*block)
        part = values[block]
        assert seen[pixel] == values[cell]
        assert abs(values[cell]) == np.abs(part).max() if signed else values[cell] == part.max()


@given(st.integers(1, 3_000), st.integers(1, 900), st.sampled_from([1, 2, 4]))
def test_every_cell_of_a_map_that_is_seen_whole_is_under_some_pixel(total, pixels, block):
    starts, stops = spans(0.0, float(total), pixels, block)
    seen = np.zeros(total + 2 * block, bool)
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        seen[start * block : stop * block] = True
    assert seen[:total].all() or total < pixels * block  # of large cells the smallest have several pixels
    assert seen[:total].sum() >= min(total, pixels)


def test_pixels_share_large_cells_and_cells_share_small_pixels():
    starts, stops = spans(0.0, 3.0, 9)
    assert starts.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert (stops - starts == 1).all()
    starts, stops = spans(0.0, 9.0, 3)
    assert starts.tolist() == [0, 3, 6]
    assert stops.tolist() == [3, 6, 9]


def test_a_number_far_below_zero_is_kept_in_a_difference():
    values = np.zeros((500, 500), np.float32)
    values[123, 321] = -0.7
    values[124, 321] = 0.3
    seen = Pyramid(values, signed=True).seen((0.0, 500.0, 60), (0.0, 500.0, 60))
    assert seen.min() == np.float32(-0.7)
    assert Pyramid(values).seen((0.0, 500.0, 60), (0.0, 500.0, 60)).max() == np.float32(0.3)


@pytest.mark.parametrize("signed", [False, True])
def test_a_single_nan_is_seen_from_far_away(signed):
    values = np.zeros((1000, 1000), np.float32)
    values[777, 7] = np.nan
    pyramid = Pyramid(values, signed)
    side = (0.0, 1000.0, 90)
    seen = pyramid.seen(side, side)
    assert int(np.isnan(seen).sum()) == 1
    pixel = tuple(int(at) for at in np.argwhere(np.isnan(seen))[0])
    assert pyramid.strongest(*pyramid.block_at(side, side, pixel)) == (777, 7)


def test_a_map_has_two_sides():
    with pytest.raises(ValueError, match="two sides"):
        Pyramid(np.zeros(3))
