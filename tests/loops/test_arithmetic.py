"""Each loop computes what its formula says: compiled, given rows, and compared with numpy or torch."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torch.nn.functional as F

from studio.core.config import ModelConfig
from studio.loops.arithmetic import bent, mix, normed, power, round_off, share, turn
from studio.loops.code import BYTE, FLOAT, LONG, SHORT, Code, Number, Row
from studio.loops.dots import FLOATS, INTEGERS, SUMS, dot, dot_of_integers
from studio.loops.machine import runnable

Floats = npt.NDArray[np.float32]


def run(write: Callable[..., None], *memory: npt.NDArray[Any] | int) -> None:
    """Compile what `write` writes, given the code and its arguments, and run it once."""
    code = Code("tried")
    write(code, *(code.arguments[place] for place in range(len(memory))))
    given = np.array([one if isinstance(one, int) else one.ctypes.data for one in memory], dtype=np.int64)
    runnable(code.text(), "tried")(given.ctypes.data)


def each(count: int, function: Callable[[Code, Number], Number]) -> Callable[..., None]:
    def write(code: Code, x: Number, out: Number) -> None:
        with code.each(0, count) as place:
            Row(out, FLOAT)[place] = function(code, Row(x, FLOAT)[place])

    return write


def applied(function: Callable[[Code, Number], Number], x: Floats) -> Floats:
    out = np.empty_like(x)
    run(each(len(x), function), x, out)
    return out


@pytest.mark.parametrize("count", [1, FLOATS - 1, FLOATS, 3 * FLOATS + 5])
def test_a_dot_product_of_any_length_is_the_sum_of_its_products(count: int) -> None:
    random = np.random.default_rng(count)
    a, b, out = (random.standard_normal(size, dtype=np.float32) for size in (count, count, 1))

    def write(code: Code, one: Number, other: Number, found: Number) -> None:
        Row(found, FLOAT)[0] = dot(code, Row(one, FLOAT), Row(other, FLOAT), count)

    run(write, a, b, out)
    np.testing.assert_allclose(out[0], float(a.astype(float) @ b), atol=1e-4)


@pytest.mark.parametrize("count", [1, INTEGERS - 1, INTEGERS, 2 * INTEGERS + 31, 33_023])
def test_a_dot_product_of_integers_is_exact_to_the_edges_of_their_types(count: int) -> None:
    random = np.random.default_rng(count)
    small = random.integers(-127, 128, count).astype(np.int8)
    whole = random.integers(-32_767, 32_768, count).astype(np.int16)
    edges = count if count > 1_000 else 1  # many at their edge are more than 32 bits hold
    small[:edges], whole[:edges] = -127, -32_767
    out = np.zeros(1, np.float32)

    def write(code: Code, one: Number, other: Number, found: Number) -> None:
        Row(found, FLOAT)[0] = dot_of_integers(code, Row(one, BYTE), Row(other, SHORT), count).cast(FLOAT)

    run(write, small, whole, out)
    assert out[0] == np.float32(int(small.astype(np.int64) @ whole))


def test_powers_are_right_to_a_unit_in_the_last_place_over_all_that_floats_can_hold() -> None:
    x = np.linspace(-86.9, 88.0, 20_001, dtype=np.float32)
    wanted = np.exp(x.astype(float))
    assert np.abs(applied(power, x) / wanted - 1).max() < 2**-23
    ends = applied(power, np.array([-1e9, -math.inf, 89.0, math.inf], dtype=np.float32))
    assert (ends[:2] < 2e-38).all()
    assert (ends[2:] > 1e38).all()
    assert np.isnan(applied(power, np.array([math.nan], dtype=np.float32)))[0]


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh")),
        ("gelu", F.gelu),
        ("silu", F.silu),
        ("relu", F.relu),
    ],
)
def test_every_bend_is_torchs(kind: str, wanted: Callable[[torch.Tensor], torch.Tensor]) -> None:
    x = np.concatenate([np.linspace(-12, 12, 4_001), [-1e4, 0.0, 1e4]]).astype(np.float32)
    found = applied(lambda code, number: bent(code, number, kind), x)
    np.testing.assert_allclose(found, wanted(torch.from_numpy(x)).numpy(), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("count", [3, 70])
@pytest.mark.parametrize("kind", ["layer", "layer with offset", "rms", "rms with offset"])
def test_a_norm_is_its_formula_in_place_too(kind: str, count: int) -> None:
    random = np.random.default_rng(1)
    x, weight, bias = (random.standard_normal(count, dtype=np.float32) for _ in range(3))
    config = replace(ModelConfig(), norm=kind.split()[0], norm_offset="offset" in kind, norm_eps=1e-3)

    def write(code: Code, row: Number, weights: Number, biases: Number) -> None:
        end = Row(biases, FLOAT) if config.norm == "layer" else None
        normed(code, config, Row(row, FLOAT), Row(row, FLOAT), (count, Row(weights, FLOAT), end))

    wide = x.astype(float)
    centred = wide - wide.mean() if config.norm == "layer" else wide
    even = centred / np.sqrt((centred**2).mean() + 1e-3)
    # As `layers.norms` has it, only the RMS norm knows an offset.
    wanted = even * (weight + (1 if kind == "rms with offset" else 0)) + (bias if config.norm == "layer" else 0)
    run(write, x, weight, bias)
    np.testing.assert_allclose(x, wanted, atol=2e-6)


@pytest.mark.parametrize("count", [5, 768, 33_023, 50_000])
def test_a_row_is_rounded_as_finely_as_its_sums_allow(count: int) -> None:
    row = np.random.default_rng(2).standard_normal(count, dtype=np.float32)
    whole, unit = np.zeros(count, np.int16), np.zeros(1, np.float32)

    def write(code: Code, given: Number, numbers: Number, worth: Number) -> None:
        Row(worth, FLOAT)[0] = round_off(code, Row(given, FLOAT), count, Row(numbers, SHORT))

    run(write, row, whole, unit)
    assert np.abs(whole.astype(int)).max() == min(32_767, 2_147_483_647 // 127 // (1 + count // SUMS))
    side_by_side = np.abs(whole[: count // INTEGERS * INTEGERS].astype(np.int64)).reshape(-1, SUMS, 2).sum(axis=(0, 2))
    assert (side_by_side * 127 <= 2_147_483_647).all()
    assert np.abs(whole * unit[0] - row).max() <= 0.51 * unit[0]


def test_a_row_of_zeros_is_rounded_to_zeros() -> None:
    whole = np.ones(9, np.int16)

    def write(code: Code, given: Number, numbers: Number) -> None:
        round_off(code, Row(given, FLOAT), 9, Row(numbers, SHORT))

    run(write, np.zeros(9, np.float32), whole)
    assert not whole.any()


@pytest.mark.parametrize("place", [0, 4, 8])
def test_what_is_no_number_is_not_rounded_to_one(place: int) -> None:
    row, worth = np.ones(9, np.float32), np.zeros(2, np.float32)
    row[place] = math.nan

    def write(code: Code, given: Number, numbers: Number, found: Number) -> None:
        Row(found, FLOAT)[0] = round_off(code, Row(given, FLOAT), 9, Row(numbers, SHORT))
        Row(found, FLOAT)[1] = bent(code, Row(given, FLOAT)[place], "relu")

    run(write, row, np.zeros(9, np.int16), worth)
    assert np.isnan(worth).all()


def test_turning_pairs_the_halves_of_a_head() -> None:
    head, angle = np.arange(6, dtype=np.float32), np.array([0.0, 0.5, 2.0], dtype=np.float32)
    wanted = (head[:3] + 1j * head[3:]) * np.exp(1j * angle)

    def write(code: Code, row: Number, cosines: Number, sines: Number) -> None:
        turn(code, Row(row, FLOAT), 6, (Row(cosines, FLOAT), Row(sines, FLOAT)))

    run(write, head, np.cos(angle), np.sin(angle))
    np.testing.assert_allclose(head, np.concatenate([wanted.real, wanted.imag]), atol=1e-6)


def test_a_mixture_is_attention_with_one_query_and_scores_that_would_overflow_do_not() -> None:
    random = np.random.default_rng(3)
    query, keys, values = (random.standard_normal(shape, dtype=np.float32) for shape in (70, (9, 70), (9, 70)))
    query *= 60
    out, scores = np.zeros(70, np.float32), np.zeros(9, np.float32)

    def write(code: Code, *addresses: Number) -> None:
        rows = [Row(address, FLOAT) for address in addresses]
        mix(code, rows[0], (rows[1], rows[2]), (code.whole(9), 70), rows[3], rows[4])

    run(write, query, keys, values, scores, out)
    ask, known, said = (torch.from_numpy(one).double() for one in (query[None], keys, values))
    np.testing.assert_allclose(out, F.scaled_dot_product_attention(ask, known, said)[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shares_cover_every_row_once_however_few_there_are(parts: int) -> None:
    for count in (1, 2, 64, 50_257):
        bounds = np.zeros(2 * parts, np.int64)

        def write(code: Code, out: Number, count: int = count) -> None:
            with code.each(0, parts) as part:
                first, last = share(count, part, code.whole(parts))
                Row(out, LONG)[part * 2], Row(out, LONG)[part * 2 + 1] = first, last

        run(write, bounds)
        assert bounds[0] == 0
        assert bounds[-1] == count
        assert (bounds[1:-1:2] == bounds[2::2]).all()
