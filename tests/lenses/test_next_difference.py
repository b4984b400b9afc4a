"""Two models' next token: the whole vocabulary of both, ordered by how far they are apart, in bits by the formula."""

from types import SimpleNamespace

import numpy as np
import pytest

from studio.core.config import Sampling
from studio.core.sampling import probabilities
from studio.lenses.next_difference import Pair, apart_words, bits_apart, pair_numbers, pair_words, signed_percent
from studio.lenses.next_token import Bench
from studio.seeing.shown_text import ShownText
from studio.tokenizers import make_tokenizer

TEXT = ShownText(tuple("abcde"), (0, 1, 2, 3, 4), make_tokenizer("characters", ["abcde"]), True)
A, B = np.array([0.4, 0.3, 0.2, 0.06, 0.04]), np.array([0.1, 0.35, 0.2, 0.3, 0.05])


def pair(**controls) -> Pair:
    sampling = Sampling(**({"temperature": 1.0} | controls))
    return Pair(*(Bench(np.log(chances).astype(np.float32), (0, 1), sampling) for chances in (A, B)))


def test_the_furthest_apart_come_first_whichever_side_has_more():
    made = pair()
    np.testing.assert_allclose(made.change, A - B, atol=1e-6)
    assert made.order() == [0, 3, 1, 4, 2]
    shown = made.choices(TEXT, real=-1)
    assert [one.probability for one in shown] == pytest.approx(A[[0, 3, 1, 4, 2]], abs=1e-6)
    assert [one.before for one in shown] == pytest.approx(B[[0, 3, 1, 4, 2]], abs=1e-6)
    assert [one.id for one in made.choices(TEXT, real=2, most=2)] == [0, 2]
    assert made.choices(TEXT, real=2, most=2)[1].marked
    assert made.rest_words(made.choices(TEXT, -1, 2)) == "All others together: A 54 %, B 60 %."
    assert made.rest_words(shown) == ""


def test_a_divergence_is_the_formulas_in_bits_and_has_two_directions():
    forth = sum(p * np.log2(p / q) for p, q in zip(A, B, strict=True))
    back = sum(q * np.log2(q / p) for p, q in zip(A, B, strict=True))
    assert pair().divergence == pytest.approx((forth, back), abs=1e-6)
    assert f"KL(A ‖ B) = {forth:.4f} bits, KL(B ‖ A) = {back:.4f} bits." in apart_words(pair())
    assert bits_apart(A, A) == 0.0
    assert bits_apart(np.array([1.0, 0.0]), np.array([0.25, 0.75])) == pytest.approx(2.0)


def test_what_only_one_of_them_can_say_is_infinitely_far_and_said_so():
    cut = pair(top_k=1)
    assert cut.divergence == (np.inf, np.inf)
    assert "∞: one gives 0 to a token that the other can say." in apart_words(cut)
    assert "A: top-k took 4" in apart_words(cut)
    assert np.isnan(bits_apart(np.array([np.nan, 0.5]), np.array([0.5, 0.5])))


def test_among_equals_the_smaller_ids_come_first():
    logits = np.random.default_rng(0).normal(size=1_000).astype(np.float32)
    alike = Pair(Bench(logits, (0,)), Bench(logits, (0,)))
    assert alike.order(4) == [0, 1, 2, 3]
    other = logits.copy()
    other[700] += 3.0
    alike.b = Bench(other, (0,))
    alike.set_sampling(Sampling(temperature=1.0, top_k=1))  # all but one token of each have no chance at all
    ends = {int(logits.argmax()), int(other.argmax())}
    assert alike.order(4) == [*sorted(ends), *[token for token in range(4) if token not in ends]][:4]


def test_controls_move_both_and_the_difference_with_them():
    made, wish = pair(), Sampling(temperature=0.5, top_p=0.9)
    made.set_sampling(wish)
    a, b = (probabilities(np.log(side).astype(np.float32), wish, (0, 1)) for side in (A, B))
    np.testing.assert_array_equal(made.change, a - b)
    assert made.sums.names == ("B", "A")
    np.testing.assert_allclose(np.diff(made.sums.after, prepend=0.0), np.sort(a)[::-1], atol=1e-12)
    np.testing.assert_allclose(np.diff(made.sums.before, prepend=0.0), np.sort(b)[::-1], atol=1e-12)


def test_both_operands_stand_beside_their_difference():
    said = pair_words(pair(), TEXT, 3)
    assert "“d” has 6 % in A and 30 % in B" in said
    assert "so −24 %" in said
    assert "Σ p_A · log₂(p_A / p_B)" in said
    assert [signed_percent(value) for value in (0.07, -0.004, 0.0)] == ["+7 %", "−0.4 %", "0 %"]


def test_a_file_holds_both_and_the_difference():
    surprise = SimpleNamespace(nats=np.zeros(5), rank=np.zeros(5))
    found = pair_numbers(pair(top_k=3), (surprise, None))  # type: ignore[arg-type]
    np.testing.assert_array_equal(found["difference"], found["after"] - found["after_b"])
    assert found["divergence_bits"].shape == (2,)
    assert found["logits_b"].shape == (5,)
    assert "surprise" in found
    assert "surprise_b" not in found


def test_chances_that_are_no_numbers_are_last_and_told_as_such():
    odd = np.log(A).astype(np.float32)
    odd[2] = np.nan
    made = Pair(Bench(odd, (0,)), Bench(np.log(B).astype(np.float32), (0,)))
    assert np.isnan(made.divergence[0])
    assert len(made.order()) == 5
    assert "NaN" in apart_words(made)
