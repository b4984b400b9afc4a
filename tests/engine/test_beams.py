"""Beam search, held against the search of `transformers` on the same weights."""

import math

import pytest
import torch

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.engine.beams import RIVALS, Beam, search
from studio.engine.generate import generate
from studio.engine.reader import Reader
from tests.engine.writing_model import SHAPE, opinionated, twin

pytestmark = pytest.mark.torch

THEIRS = {"no": False, "yes": True, "never": "never"}


def ids(beams: list[Beam]) -> list[list[int]]:
    return [[chosen.id for chosen in beam.chosen] for beam in beams]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
@pytest.mark.parametrize("early", ["no", "yes", "never"])
@pytest.mark.parametrize(
    "length_penalty", [-1.0, 1.0, *(pytest.param(one, marks=pytest.mark.slow) for one in (0.0, 2.0))]
)
def test_the_best_texts_are_those_of_transformers(seed, early, length_penalty) -> None:
    model = opinionated(seed=seed)
    end = next(generate(Reader(model, SHAPE), [1, 2, 3], Sampling(tokens=1, temperature=1.0, seed=seed))).id
    theirs = twin(model, end=end)
    for beams in (2, 4):
        sampling = Sampling(
            tokens=14, beams=beams, samples=2, length_penalty=length_penalty, early_stopping=early,
            repetition_penalty=1.0 + 0.2 * (seed % 2),
        )  # fmt: skip
        wanted = theirs.generate(
            torch.tensor([[1, 2, 3]]), max_new_tokens=14, num_beams=beams, num_return_sequences=beams, do_sample=False,
            length_penalty=length_penalty, early_stopping=THEIRS[early], pad_token_id=end,
            repetition_penalty=sampling.repetition_penalty, return_dict_in_generate=True, output_scores=True,
        )  # fmt: skip
        found = search(Reader(model, SHAPE), [1, 2, 3], sampling, stop_at=[end])
        for beam, own, row, score in zip(found, ids(found), wanted.sequences, wanted.sequences_scores, strict=True):
            padded = row[3:].tolist()
            assert own == padded[: len(own)]
            assert set(padded[len(own) :]) <= {end}
            assert beam.score == pytest.approx(float(score), abs=1e-4)


def test_without_an_end_token_the_search_runs_to_the_length_as_in_transformers() -> None:
    model = opinionated()
    wanted = twin(model).generate(
        torch.tensor([[7, 8]]), max_new_tokens=9, num_beams=3, num_return_sequences=3, do_sample=False, pad_token_id=0
    )
    found = search(Reader(model, SHAPE), [7, 8], Sampling(tokens=9, beams=3))
    assert ids(found) == wanted[:, 2:].tolist()


def test_more_beams_never_find_a_less_likely_text_of_one_length_than_greedy_writing_here() -> None:
    model = opinionated()
    greedy = list(generate(Reader(model, SHAPE), [1], Sampling(tokens=8, temperature=0.0)))
    best = search(Reader(model, SHAPE), [1], Sampling(tokens=8, beams=8, length_penalty=0.0))[0]
    reader = Reader(model, SHAPE)
    score = 0.0
    logits = torch.from_numpy(reader.read([1]))
    for chosen in greedy:
        score += float(logits.log_softmax(0)[chosen.id])
        logits = torch.from_numpy(reader.read([chosen.id]))
    assert best.score >= score


def test_each_token_tells_the_models_own_chance_and_its_rivals() -> None:
    model = opinionated()
    best = search(Reader(model, SHAPE), [1], Sampling(tokens=5, beams=3, length_penalty=0.0))[0]
    assert sum(math.log(chosen.probability) for chosen in best.chosen) == pytest.approx(best.score)
    for chosen in best.chosen:
        assert len(chosen.rivals) == RIVALS
        assert chosen.rivals[0].probability >= chosen.probability


@pytest.mark.parametrize("answers", [1, 4])
def test_a_stop_within_the_search_gives_what_there_is(answers) -> None:
    left = iter([True] * answers)
    found = search(Reader(opinionated(), SHAPE), [1], Sampling(tokens=50, beams=3), lambda: next(left, False))
    assert [len(beam) for beam in ids(found)] == [answers] * 3


def test_beams_go_on_beyond_the_context() -> None:
    found = search(Reader(opinionated(), SHAPE), [1] * 60, Sampling(tokens=12, beams=2))
    assert [len(beam) for beam in ids(found)] == [12, 12]


def test_a_vocabulary_smaller_than_the_beams_is_searched_too() -> None:
    from dataclasses import replace

    shape = replace(SHAPE, vocab_size=3)
    found = search(Reader(opinionated(shape), shape), [1], Sampling(tokens=2, beams=8), stop_at=[0])
    assert 0 < len(found) <= 8
    assert len({tuple(text) for text in ids(found)}) == len(found)


def test_an_empty_prompt_is_refused() -> None:
    with pytest.raises(StudioError, match="nothing to go on"):
        search(Reader(opinionated(), SHAPE), [], Sampling(beams=2))
