"""The numbers the book prints (reference/numbers.md, stage 4) come out of the step-through that every head uses."""

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.insight.attention import walk
from studio.insight.course import HELLO_VECTORS, NAMES, PRINTED, VECTORS, WORDS, example, steps

pytestmark = pytest.mark.torch


def close(found: np.ndarray, printed: list[float]) -> None:
    assert np.abs(np.asarray(found) - printed).max() <= 1e-4


def test_without_weights_the_second_word_looks_as_printed() -> None:
    steps = walk(example("without weights").heads[0])
    close(steps.scores[1], [0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865])
    close(steps.weights[1], [0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
    close(steps.output[1], [0.4419, 0.6515, 0.5683])


def test_hello_shiny_sun_looks_as_printed() -> None:
    found = example("hello")
    assert found.words == ("Hello", "shiny", "sun!")
    steps = walk(found.heads[0])
    close(steps.scores[1], [0.7842, 1.3569, 1.2487])
    assert np.abs(steps.weights[1] - [0.229, 0.406, 0.365]).max() <= 1e-3  # printed to three places
    printed = np.exp([0.7842, 1.3569, 1.2487])
    close(steps.output[1], printed / printed.sum() @ np.array(HELLO_VECTORS))
    assert np.abs(steps.output[1] - [0.3992, 0.3858, 0.8610]).max() == pytest.approx(3.8e-4, abs=5e-5)


def test_where_the_course_is_off_its_own_scores_the_example_says_so() -> None:
    assert "0.3992, 0.3858, 0.8610" in example("hello").note
    assert all(example(name).note == "" for name in NAMES if name != "hello")
    assert example("hello", [(1.0, 2.0, 3.0)]).note == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_number_that_is_printed_beside_an_example_is_computed_by_it(name: str) -> None:
    found, walked = steps(name)
    assert found.printed == PRINTED[name] != ()
    for one in found.printed:
        row = getattr(walked, one.stage)[one.row, one.column : one.column + len(one.numbers)]
        assert np.abs(row - one.numbers).max() <= 10.0**-one.places
    assert example(name, [(1.0, 2.0, 3.0)] * 3).printed == ()


def test_the_steps_of_a_second_head_are_its_own() -> None:
    one, other = (steps("two heads", None, head)[1] for head in (0, 1))
    assert other.operands.head == 1
    assert not np.allclose(one.weights, other.weights)


def test_trainable_weights_give_the_printed_query_scores_and_context() -> None:
    steps = walk(example("trainable").heads[0])
    close(steps.queries[1], [0.4306, 1.4551])
    close(steps.scores[1, 1], [1.8524])
    close(steps.weights[1], [0.1500, 0.2264, 0.2199, 0.1311, 0.0906, 0.1820])
    close(steps.output[1], [0.3061, 0.8210])


def test_linear_layers_give_the_printed_first_row() -> None:
    close(walk(example("linear").heads[0]).output[0], [-0.0739, 0.0713])


def test_the_causal_mask_gives_the_printed_second_row() -> None:
    steps = walk(example("causal").heads[0])
    close(steps.weights[1], [0.5517, 0.4483, 0, 0, 0, 0])
    close(walk(example("causal module").heads[0]).output[0], [-0.4519, 0.2216])


def test_two_heads_give_the_printed_first_row_from_either_of_them() -> None:
    one, other = (walk(operands) for operands in example("two heads").heads)
    close(one.output[0], [0.3190, 0.4858])
    assert np.array_equal(one.output, other.output)
    assert not np.allclose(one.weights, other.weights)


def test_dropout_of_one_half_doubles_what_survives() -> None:
    from studio.layers.dropout import dropout

    torch.manual_seed(0)
    weights = torch.tensor(walk(example("causal").heads[0]).weights)
    dropped = dropout(weights, 0.5)
    survived = dropped != 0
    assert 0 < survived.sum() < (weights != 0).sum()
    assert torch.allclose(dropped[survived], 2 * weights[survived])


@pytest.mark.parametrize("name", NAMES)
def test_an_edited_word_changes_what_follows_and_torchs_random_numbers_stay(name: str) -> None:
    state = torch.get_rng_state()
    own = np.array(VECTORS if name != "hello" else VECTORS[:3])
    before = walk(example(name, own).heads[0])
    own[0] = (0.9, -0.4, 0.1)
    after = walk(example(name, own).heads[0])
    assert np.abs(before.output - after.output).max() > 0.01
    assert torch.equal(torch.get_rng_state(), state)


def test_more_words_than_the_book_has_get_names() -> None:
    assert example("linear", [*VECTORS, (0.1, 0.2, 0.3)]).words == (*WORDS, "word 7")


def test_what_is_no_example_is_a_sentence() -> None:
    with pytest.raises(StudioError, match="no example called “nine”"):
        example("nine")
    with pytest.raises(StudioError, match="three numbers"):
        example("linear", [[1.0, 2.0]])
