"""Tables that are even to the eye, and values that land on the colour they should."""

import math

import numpy as np
import pytest

from studio.maps.colours import (
    DIFFERENCE,
    MAGNITUDES,
    SCALES,
    Colouring,
    limits_of,
    number_text,
    painted,
    ramp,
)

DARK, LIGHT = True, False
TABLES = [(name, LIGHT) for name in (*MAGNITUDES, DIFFERENCE)] + [(DIFFERENCE, DARK)]

# Björn Ottosson's OKLab, 2020
_TO_CONES = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                      [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
# Machado et al. 2009: linear sRGB as it looks without the green cones
_WITHOUT_GREEN = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                           [-0.011820, 0.042940, 0.968881]])  # fmt: skip


def parts_of(table):
    return np.stack([(table >> shift) & 255 for shift in (16, 8, 0)], axis=-1) / 255.0


def linear(parts):
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def oklab(parts, seen_as=None):
    light = linear(parts)
    light = light if seen_as is None else np.clip(light @ seen_as.T, 0, 1)
    return np.cbrt(light @ _TO_CONES.T) @ _TO_LAB.T


@pytest.mark.parametrize(("name", "dark"), TABLES)
def test_a_table_has_256_opaque_colours_that_nobody_can_change(name, dark):
    table = ramp(name, dark)
    assert table.shape == (256,)
    assert table.dtype == np.uint32
    assert (table >> 24 == 255).all()
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


@pytest.mark.parametrize("name", MAGNITUDES)
def test_a_larger_magnitude_is_always_lighter(name):
    lightness = oklab(parts_of(ramp(name)))[:, 0]
    assert (np.diff(lightness) > -1e-3).all()
    assert lightness[-1] - lightness[0] > 0.55


@pytest.mark.parametrize("name", MAGNITUDES)
def test_both_grounds_show_magnitudes_in_the_same_colours(name):
    assert (ramp(name, DARK) == ramp(name, LIGHT)).all()


RECIPES = {LIGHT: (0.97, 0.50, 0.13, 255.0, 50.0), DARK: (0.25, 0.78, 0.115, 245.0, 62.0)}


@pytest.mark.parametrize("dark", [LIGHT, DARK])
def test_the_table_of_differences_is_what_its_recipe_says(dark):
    middle, end, chroma, blue, orange = RECIPES[dark]
    lab = oklab(parts_of(ramp(DIFFERENCE, dark)))
    for place in range(256):
        share = (127 - place) / 127 if place < 128 else (place - 128) / 127
        hue = math.radians(blue if place < 128 else orange)
        expected = (middle + (end - middle) * share, chroma * share * math.cos(hue), chroma * share * math.sin(hue))
        assert np.abs(lab[place] - expected).max() < 0.004, place


@pytest.mark.parametrize("dark", [LIGHT, DARK])
def test_equal_differences_look_equally_different_on_both_sides_of_zero(dark):
    lab = oklab(parts_of(ramp(DIFFERENCE, dark)))
    middle = (lab[127] + lab[128]) / 2
    away = np.linalg.norm(lab - middle, axis=1)
    assert np.abs(away[::-1] - away).max() < 0.01  # the same distance on both sides
    steps = np.linalg.norm(lab[8:] - lab[:-8], axis=1)
    steps = np.concatenate((steps[:118], steps[130:]))  # not across the middle
    assert steps.max() / steps.min() < 1.35


@pytest.mark.parametrize("dark", [LIGHT, DARK])
def test_zero_has_no_hue_and_the_signs_stay_apart_for_eyes_without_green(dark):
    table = ramp(DIFFERENCE, dark)
    zero = parts_of(table[127:129])
    assert np.ptp(zero) < 0.01
    lab = oklab(parts_of(table), _WITHOUT_GREEN)
    assert np.linalg.norm(lab[0, 1:] - lab[255, 1:]) > 0.15
    assert np.linalg.norm(lab[64, 1:] - lab[191, 1:]) > 0.07


def test_ends_of_the_range_have_the_ends_of_the_table():
    table = ramp("viridis")
    found = painted(np.array([0.0, 1.0, -5.0, 9.0]), 0.0, 1.0, table, 0)
    assert found.tolist() == [table[0], table[255], table[0], table[255]]


def test_what_is_no_finite_number_is_never_painted_as_one():
    values = np.array([[np.nan, 0.5], [np.inf, -np.inf]], np.float32)
    found = painted(values, 0.0, 1.0, ramp("viridis"), 0xFFAA0000)
    assert found[0, 0] == found[1, 0] == found[1, 1] == 0xFFAA0000
    assert found[0, 1] != 0xFFAA0000
    for scale in SCALES:
        shown = Colouring(0.0, 1.0, "viridis", scale).paint(values, DARK, 0xFFAA0000)
        assert (shown == found).tolist() == [[True, shown[0, 1] == found[0, 1]], [True, True]]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["viridis", DIFFERENCE])
def test_a_share_of_the_table_leads_back_to_its_value(scale, name):
    colouring = Colouring(-0.4 if name == DIFFERENCE else 0.1, 0.4, name, scale)
    for share in (0.0, 0.2, 0.45, 0.55, 0.9, 1.0):
        assert float(colouring.share(colouring.value(share))) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_a_difference_of_zero_lies_in_the_middle_at_every_scale_and_range(scale):
    for low, high in ((-1.0, 1.0), (-0.2, 0.9), (0.0, 0.5)):
        colouring = Colouring(low, high, DIFFERENCE, scale)
        assert float(colouring.share(0.0)) == 0.5
        assert colouring.limits[0] == -colouring.limits[1]


def test_root_and_logarithm_lift_small_weights():
    small = np.array([0.01])
    shares = [float(Colouring(0.0, 1.0, "viridis", scale).share(small)[0]) for scale in SCALES]
    assert shares == sorted(shares)
    assert shares[1] == pytest.approx(0.1)
    assert shares[2] == pytest.approx(0.5)


def test_limits_ignore_what_is_no_number():
    assert limits_of(np.array([np.nan, 2.0, -np.inf, 0.5])) == (0.5, 2.0)
    assert limits_of(np.array([np.nan])) == (0.0, 1.0)
    assert limits_of(np.array([3, 7], np.uint8)) == (3.0, 7.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0312, "0.0312"), (0.0, "0.0000"), (12.345, "12.35"), (1234.6, "1,235"), (2e-7, "2.0e−7"), (-0.5, "−0.5000"),
     (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞")],
)  # fmt: skip
def test_a_number_beside_a_map_says_what_it_is(value, text):
    assert number_text(value) == text
