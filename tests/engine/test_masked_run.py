"""A run on masked words: it learns, resumes to the last bit, shows its gaps filled, and its model does not write."""

import dataclasses
import math
import random

import pytest

from studio.core.channel import RunControl
from studio.core.config import RunConfig, Sampling
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone, RunEnded, RunStarted, SampleWritten, StepDone
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.engine.checkpoint import read_state
from studio.engine.loaded import open_model
from tests.engine.conftest import weights_of, with_training

pytestmark = pytest.mark.torch
STEPS = 240


@pytest.fixture
def masked(config: RunConfig) -> RunConfig:
    """The small run, as an encoder's."""
    own = FAMILIES.load("bert").presets[0].config
    model = dataclasses.replace(own, n_layers=2, n_heads=2, emb_dim=32, context_length=16, drop_rate=0.1)
    return dataclasses.replace(config, objective="masked_words", model=model, sampling=Sampling())


def _of(events, kind):  # type: ignore[no-untyped-def]
    return [event for event in events if isinstance(event, kind)]


def test_the_default_configuration_only_lacks_a_text(play, masked) -> None:
    default = OBJECTIVES.load("masked_words").default
    tiny = dataclasses.replace(default.model, n_layers=1, n_heads=2, emb_dim=16, context_length=16)
    events = play(with_training(default.with_part(data=masked.data, model=tiny, compute=masked.compute),
                                steps=2, warmup_steps=0, evaluation_batches=1))  # fmt: skip
    assert events[-1].reason == "finished"


@pytest.mark.slow
def test_the_loss_falls_far_below_chance_and_the_words_are_found(play, masked) -> None:
    model = dataclasses.replace(masked.model, drop_rate=0.0)
    events = play(with_training(masked.with_part(model=model), steps=300, batch_size=16, learning_rate=4e-3,
                                evaluate_every=300, save_every=300, sample_every=300,
                                evaluation_batches=0))  # fmt: skip
    first, last = _of(events, EvaluationDone)[0], _of(events, EvaluationDone)[-1]
    chance = math.log(20 + 1)  # the text has twenty different characters, and the mask token stands beside them
    assert first.validation_loss == pytest.approx(chance, abs=0.6)
    assert last.validation_loss < 0.6 * chance
    assert first.validation_accuracy < 0.25
    assert last.validation_accuracy > 0.5


def test_tokens_read_are_counted_and_not_the_few_that_are_asked_for(play, masked) -> None:
    events = play(masked)
    assert _of(events, RunStarted)[0].tokens_per_step == 4 * 2 * 16
    assert [event.tokens for event in _of(events, StepDone)][:2] == [128, 256]


@pytest.mark.parametrize("stop_at", [7, *(pytest.param(step, marks=pytest.mark.slow) for step in (1, 4, 11))])
@pytest.mark.slow
def test_stopped_and_resumed_it_ends_bit_for_bit_like_the_uninterrupted_run(play, masked, project, stop_at) -> None:
    whole = play(masked, "whole")
    control = RunControl()
    play(masked, "halves", control, watch=lambda e: control.stop() if getattr(e, "step", 0) == stop_at else None)
    play(masked, "halves", resume=-1)
    halves = list(project.run("halves").events())
    assert [e.loss for e in _of(halves, StepDone)] == [e.loss for e in _of(whole, StepDone)]
    assert weights_of(project.run("halves"), 12) == weights_of(project.run("whole"), 12)


def test_accumulated_small_batches_give_the_gradient_of_one_large_batch(play, masked) -> None:
    still = masked.with_part(model=dataclasses.replace(masked.model, drop_rate=0.0))
    small = with_training(still, batch_size=4, accumulation=2, steps=1, warmup_steps=0)
    large = with_training(still, batch_size=8, accumulation=1, steps=1, warmup_steps=0)
    one, other = _of(play(small, "small"), StepDone)[0], _of(play(large, "large"), StepDone)[0]
    assert one.loss == pytest.approx(other.loss, abs=1e-6)
    assert one.gradient_norm == pytest.approx(other.gradient_norm, rel=1e-5)


def test_every_measurement_asks_for_the_same_places(play, masked) -> None:
    frozen = with_training(masked, learning_rate=0.0, minimum_learning_rate=0.0)
    measured = _of(play(frozen), EvaluationDone)
    assert len(measured) == 4
    assert len({(event.validation_loss, event.validation_accuracy, event.training_loss) for event in measured}) == 1


def test_a_sample_fills_the_gaps_of_a_sentence_of_the_held_back_text_and_marks_them(play, masked) -> None:
    samples = _of(play(masked), SampleWritten)
    assert [sample.step for sample in samples] == [6, 12]
    for sample in samples:
        text, legend = sample.text.split("\n\n")
        assert text.count("[") == text.count("]") == sample.tokens > 0
        assert legend.startswith(f"{sample.tokens - text.count('|')} of {sample.tokens} gaps are right")
        assert (sample.prompt, sample.temperature) == ("", 0.0)
    assert [_without_guesses(sample.text) for sample in samples] == [_without_guesses(samples[0].text)] * 2


def _without_guesses(text: str) -> str:
    """What really stands in the sentence."""
    pieces = text.split("\n\n")[0].split("[")
    return pieces[0] + "".join(part.split("]")[0].split("|")[-1] + part.split("]")[1] for part in pieces[1:])


def test_a_prompt_is_the_sentence_whose_gaps_are_filled(play, masked) -> None:
    asked = masked.with_part(sampling=Sampling(prompt="the cat sat on"))
    assert _without_guesses(_of(play(asked), SampleWritten)[0].text) == "the cat sat on"


def test_the_mask_token_lies_behind_the_vocabulary_and_is_saved_with_the_model(play, masked, project) -> None:
    play(masked)
    folder = project.run("run").checkpoints()[-1].folder
    model = read_state(folder).config.model
    assert (model.mask_token, model.vocab_size) == (20, 21)


def test_a_vocabulary_without_room_for_the_mask_token_is_refused_with_both_numbers(play, masked) -> None:
    full = masked.with_part(model=dataclasses.replace(masked.model, vocab_size=20))
    with pytest.raises(StudioError, match=r"20 tokens .* 21"):
        play(full)


# --- what does not go together ----------------------------------------------------------------------------------------


def test_an_encoder_is_not_trained_on_next_words_which_it_would_see(play, masked) -> None:
    with pytest.raises(StudioError, match="both ways") as refused:
        play(dataclasses.replace(masked, objective="pretrain"))
    assert "masked_words" in refused.value.hint


def test_a_decoder_may_guess_masked_words_from_what_stands_before_them(play, masked, config) -> None:
    behind = dataclasses.replace(masked, model=config.model)
    events = play(behind)
    assert _of(events, RunEnded)[0].reason == "finished"
    assert _of(events, EvaluationDone)[-1].validation_accuracy is not None


@pytest.mark.slow
def test_looking_both_ways_finds_words_that_looking_back_alone_cannot(play, masked, project, tmp_path) -> None:
    """Two runs that differ in nothing but the direction of attention, on letters that each stand there twice."""
    letters = random.Random(3).choices("abcdefgh", k=4_000)
    (tmp_path / "twice.txt").write_text("".join(2 * letter for letter in letters), "utf-8")
    project.add_text([tmp_path / "twice.txt"], "twice")
    right = {}
    for causal in (False, True):
        model = dataclasses.replace(masked.model, drop_rate=0.0, n_layers=1, initialization="book",
                                    causal=causal)  # fmt: skip
        data = dataclasses.replace(masked.data, text="twice")
        long = with_training(masked.with_part(model=model, data=data), steps=STEPS, batch_size=32, accumulation=1,
                             learning_rate=1e-2, evaluate_every=STEPS, save_every=STEPS, sample_every=0,
                             evaluation_batches=0)  # fmt: skip
        right[causal] = _of(play(long, f"causal {causal}"), EvaluationDone)[-1].validation_accuracy
    assert right[False] > 0.8
    assert right[True] < 0.65


@pytest.mark.parametrize("family", ["bert", "gpt2"])
@pytest.mark.slow
def test_what_has_learned_to_fill_gaps_is_not_let_write(play, masked, config, project, family) -> None:
    model = masked.model if family == "bert" else config.model
    play(dataclasses.replace(masked, model=model))
    with pytest.raises(StudioError, match="fill gaps") as refused:
        open_model(project.run("run").checkpoints()[-1].folder)
    assert "predicts the next token" in refused.value.hint


def test_objectives_that_predict_the_next_word_count_no_accuracy(play, config) -> None:
    assert {event.validation_accuracy for event in _of(play(config), EvaluationDone)} == {None}
