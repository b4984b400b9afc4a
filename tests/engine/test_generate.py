"""Writing: the cache changes nothing but the time, and the same seed writes the same text."""

import dataclasses

import pytest
import torch

from studio.core.config import ModelConfig, Sampling
from studio.core.errors import StudioError
from studio.engine.generate import generate, generate_rows
from studio.engine.reader import Reader
from tests.engine.writing_model import fed_tokens, opinionated, twin

pytestmark = pytest.mark.torch

SHAPE = ModelConfig(vocab_size=40, context_length=16, emb_dim=32, n_layers=2, n_heads=4, qkv_bias=True)


@pytest.fixture
def model() -> torch.nn.Module:
    return opinionated(SHAPE)


def _ids(model, sampling: Sampling, prompt=(1, 2, 3), cached: bool = True) -> list[int]:  # type: ignore[no-untyped-def]
    return [chosen.id for chosen in generate(Reader(model, SHAPE, cached), list(prompt), sampling)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_cached_writing_equals_uncached_token_for_token_also_beyond_the_context(model, temperature) -> None:
    sampling = Sampling(tokens=40, temperature=temperature, seed=4)
    assert _ids(model, sampling) == _ids(model, sampling, cached=False)


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_greedy_writing_equals_that_of_transformers(model, penalty) -> None:
    theirs = twin(model, SHAPE)
    wanted = theirs.generate(
        torch.tensor([[1, 2, 3]]), max_new_tokens=12, do_sample=False, pad_token_id=0, repetition_penalty=penalty
    )
    assert _ids(model, Sampling(tokens=12, temperature=0.0, repetition_penalty=penalty)) == wanted[0, 3:].tolist()


@pytest.mark.parametrize("tokens", [10, 30])  # within the context of 16, and beyond it
def test_texts_side_by_side_are_those_of_their_seeds_alone(model, tokens) -> None:
    sampling = Sampling(tokens=tokens, temperature=1.0, top_k=20, repetition_penalty=1.1, seed=11, samples=4)
    texts: list[list[int]] = [[] for _ in range(4)]
    with fed_tokens(model) as sizes:
        for row, chosen in generate_rows(Reader(model, SHAPE), [1, 2, 3], sampling):
            texts[row].append(chosen.id)
    assert sizes[:3] == [3, 4, 4]  # the prompt once, then one token for each of the four
    for row, text in enumerate(texts):
        assert text == _ids(model, dataclasses.replace(sampling, samples=1, seed=11 + row))


def test_a_text_that_has_ended_costs_nothing_more(model) -> None:
    ended: set[int] = set()
    writing = generate_rows(Reader(model, SHAPE), [1], Sampling(tokens=6, samples=3, temperature=1.0), ended=ended)
    lengths = [0, 0, 0]
    with fed_tokens(model) as sizes:
        for row, _ in writing:
            lengths[row] += 1
            if row == 1 and lengths[1] == 2:
                ended.add(1)
    assert lengths == [6, 2, 6]
    assert sizes == [1, 3, 2, 2, 2, 2]


def test_several_texts_stop_within_one_token(model) -> None:
    answers = iter([True] * 5)
    sampling = Sampling(tokens=50, samples=3)
    found = list(generate_rows(Reader(model, SHAPE), [1], sampling, lambda: next(answers, False)))
    assert [row for row, _ in found] == [0, 1, 2, 0, 1]


def test_the_next_turn_reads_only_what_is_new(model) -> None:
    reader = Reader(model, SHAPE)
    sampling = Sampling(tokens=5, temperature=0.0)
    first = [chosen.id for chosen in generate(reader, [1, 2, 3], sampling)]
    with fed_tokens(model) as sizes:
        second = [chosen.id for chosen in generate(reader, [1, 2, 3, *first, 9], sampling)]
    assert sizes == [2, 1, 1, 1, 1]  # the fifth token was drawn but not read yet, and the new one
    assert second == _ids(model, sampling, (1, 2, 3, *first, 9))


def test_each_token_comes_with_the_likeliest_at_that_moment(model) -> None:
    sampling = Sampling(tokens=6, temperature=1.0, top_k=2)
    for chosen in generate(Reader(model, SHAPE), [1], sampling, rivals=5):
        chances = [rival.probability for rival in chosen.rivals if not rival.removed]
        assert len(chosen.rivals) == 5
        assert sum(chances) == pytest.approx(1.0)
        assert [rival.removed for rival in chosen.rivals] == [False, False, True, True, True]
        assert chosen.probability == next(rival.probability for rival in chosen.rivals if rival.id == chosen.id)


def test_the_same_seed_writes_the_same_and_another_seed_something_else(model) -> None:
    one = _ids(model, Sampling(tokens=30, temperature=1.0, seed=1))
    assert one == _ids(model, Sampling(tokens=30, temperature=1.0, seed=1))
    assert one != _ids(model, Sampling(tokens=30, temperature=1.0, seed=2))


def test_writing_leaves_torchs_random_numbers_and_the_models_mode_alone(model) -> None:
    model.train()
    before = torch.get_rng_state()
    _ids(model, Sampling(tokens=5, temperature=1.0))
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_a_resting_generator_leaves_gradients_switched_on(model) -> None:
    writing = generate(Reader(model, SHAPE), [1], Sampling(tokens=9))
    next(writing)
    assert torch.is_grad_enabled()


def test_writing_ends_at_a_stop_token_and_says_it(model) -> None:
    greedy = Sampling(tokens=12, temperature=0.0)
    whole = _ids(model, greedy)
    stop = whole[4]
    ended = [chosen.id for chosen in generate(Reader(model, SHAPE), [1, 2, 3], greedy, stop_at=[stop])]
    assert ended == whole[: whole.index(stop) + 1]


def test_it_stops_when_asked(model) -> None:
    answers = iter([True, True, False])
    assert len(list(generate(Reader(model, SHAPE), [1], Sampling(tokens=9), lambda: next(answers)))) == 2


def test_probability_and_entropy_belong_to_the_distribution_that_was_drawn_from(model) -> None:
    certain = next(generate(Reader(model, SHAPE), [1], dataclasses.replace(Sampling(), temperature=0.0)))
    assert (certain.probability, certain.entropy) == (1.0, 0.0)
    even = next(generate(Reader(model, SHAPE), [1], Sampling(temperature=100.0)))
    assert even.entropy == pytest.approx(5.32, abs=0.02)  # log2(40): nearly all forty tokens alike


@pytest.mark.parametrize(("prompt", "words"), [([], "nothing to go on"), ([40], "Token 40"), ([-1], "Token -1")])
def test_a_prompt_that_cannot_be_read_is_refused_with_a_sentence(model, prompt, words) -> None:
    with pytest.raises(StudioError, match=words):
        list(generate(Reader(model, SHAPE), prompt, Sampling()))
