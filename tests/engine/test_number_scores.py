"""Numbers that are completed: the likeliest ones are found, whatever pieces they are written in, and kept."""

import dataclasses
import itertools
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch

from studio.core.channel import RunControl
from studio.core.config import DataConfig, ModelConfig, RegressConfig, RunConfig, Sampling, TrainingConfig, WatchConfig
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone, RunEnded, SampleWritten
from studio.core.shelf import FAMILIES
from studio.engine.checkpoint import Progress, Saved, write_state
from studio.engine.device import Compute
from studio.engine.number_scores import Guesser, guessed, mean_error, prompts_of, scored_numbers
from studio.engine.opening import open_weights
from studio.engine.train import train
from studio.layers.decoder import Decoder
from studio.rows.splits import Split
from studio.scores.regression import expected_number
from studio.store.examples import Examples, joined
from studio.store.project import Project
from studio.tokenizers import Tokenizer, make_tokenizer
from tests.engine.test_classifier import HERE, QUIET

pytestmark = pytest.mark.torch
SHAPE = ModelConfig(vocab_size=6, context_length=24, emb_dim=16, n_layers=1, n_heads=2)


@pytest.fixture
def tokenizer() -> Tokenizer:
    return make_tokenizer("characters", ["ab012\n"])


@pytest.fixture
def model(tokenizer: Tokenizer) -> torch.nn.Module:
    torch.manual_seed(2)
    assert tokenizer.vocab_size == SHAPE.vocab_size
    return FAMILIES.load("gpt2").build(SHAPE).eval()  # type: ignore[no-any-return]


def guesser(model: torch.nn.Module, tokenizer: Tokenizer) -> Guesser:
    return Guesser(cast("Decoder", model), SHAPE, tokenizer, 3, "cpu")


def test_the_likeliest_numbers_are_those_of_all_numbers_tried_one_by_one(model, tokenizer) -> None:  # type: ignore[no-untyped-def]
    prompt = tokenizer.encode("ab")
    chances: dict[float, float] = {}
    with torch.no_grad():
        for size in (1, 2, 3):
            for digits in itertools.product("012", repeat=size):
                if size > 1 and digits[0] == "0":
                    continue  # no number is written so
                ids = [*prompt, *tokenizer.encode("".join(digits) + "\n")]
                logs = model(torch.tensor([ids]))[0].log_softmax(-1)
                chance = sum(logs[place - 1, ids[place]].item() for place in range(len(prompt), len(ids)))
                value = float("".join(digits))
                chances[value] = chances.get(value, 0.0) + np.exp(chance)
    numbers, found = guesser(model, tokenizer).numbers(prompt)
    best = sorted(chances.values(), reverse=True)[:3]
    assert found == pytest.approx(best, rel=1e-4)
    assert [chances[number] for number in numbers] == pytest.approx(found, rel=1e-4)


def test_a_prompt_is_read_once_and_each_guess_stands_alone(model, tokenizer, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    read: list[int] = []
    before = Decoder.hidden
    monkeypatch.setattr(
        Decoder, "hidden", lambda self, ids, *more: read.append(ids.shape[1]) or before(self, ids, *more)
    )
    one = guesser(model, tokenizer)
    first = one.numbers(tokenizer.encode("abab"))
    assert read[0] == 4
    assert set(read[1:]) == {1}
    one.numbers(tokenizer.encode("ba1"))
    assert one.numbers(tokenizer.encode("abab")) == first


def test_a_tokenizer_without_digits_cannot_write_numbers(model) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StudioError, match="no digits"):
        guesser(model, make_tokenizer("characters", ["ab\n"]))


def test_a_run_completes_its_rows_and_its_guesses_are_kept(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    lines = [f'{{"prompt": "{"ab"[n % 2] * 3}", "completion": "{(3, 9)[n % 2]}"}}' for n in range(60)]
    lines = [line.replace("aaa", f"aaa{n}").replace("bbb", f"bbb{n}") for n, line in enumerate(lines)]
    (tmp_path / "things.jsonl").write_text("\n".join(lines), "utf-8")
    project = Project.create(tmp_path / "project")
    project.add_dataset(tmp_path / "things.jsonl")
    config = RunConfig(
        objective="regress", data=DataConfig(dataset="things", tokenizer="bytes"), compute=HERE, watch=QUIET,
        model=ModelConfig(n_layers=1, n_heads=2, emb_dim=16, context_length=48, vocab_size=256),
        training=TrainingConfig(steps=4, batch_size=8, warmup_steps=0, learning_rate=2e-2, evaluate_every=4,
                                sample_every=4, save_every=4),
        regress=RegressConfig(ending="is "), sampling=Sampling(tokens=2),
    )  # fmt: skip
    record = project.new_run(config, "prices")
    with record:
        for event in train(record.config, RunControl(), record):
            record.append(event)
    events = list(record.events())
    assert next(event.reason for event in events if isinstance(event, RunEnded)) == "finished"
    assert all(event.prompt.endswith("is ") for event in events if isinstance(event, SampleWritten))
    measured = [event.measures for event in events if isinstance(event, EvaluationDone)]
    assert {count["error_rows"] for count in measured} == {6.0}
    last = scored_numbers(record.folder, "validation")
    assert measured[-1]["error"] == pytest.approx(np.abs(last.guess - last.truth).mean(), rel=1e-4)
    found = scored_numbers(record.folder, "test")
    assert sorted(set(found.truth.tolist())) == [3.0, 9.0]
    known = open_weights(record.checkpoints()[-1].folder, "cpu")
    (text,) = found.texts(found.rows[:1].tolist())
    prompt = known.tokenizer.encode(f"{text}\n\nis ")
    asked = Guesser(known.model.eval(), known.config.model, known.tokenizer, 3, "cpu").numbers(prompt)
    assert found.guess[0] == pytest.approx(expected_number(*asked), rel=1e-5)
    assert found.texts(found.rows[:1].tolist())[0][:3] in ("aaa", "bbb")
    own = guessed(record.folder, f" {text} ")
    assert (own.numbers, own.chances, own.prompt) == (tuple(asked[0]), tuple(asked[1]), f"{text}\n\nis ")
    assert own.mean == pytest.approx(found.guess[0], rel=1e-5)
    monkeypatch.setattr("studio.engine.number_scores._scored", lambda *args: pytest.fail("it was computed again"))
    assert np.array_equal(scored_numbers(record.folder, "test").guess, found.guess)
    assert dataclasses.is_dataclass(found)
    assert WatchConfig(inside=False) == QUIET


def test_a_run_that_learned_classes_guesses_no_number(tmp_path: Path) -> None:
    checkpoint = tmp_path / "sorts" / "checkpoints" / "step-000001"
    checkpoint.mkdir(parents=True)
    config, compute = RunConfig(objective="classify"), Compute("cpu", "fp32", 1, "highest")
    write_state(checkpoint, Saved(config, compute, Progress(step=1, tokens=0, seconds=0.0)))
    with pytest.raises(StudioError, match="“sorts” has not learned numbers"):
        guessed(checkpoint, "a lamp")


def test_an_unfinished_measurement_tells_no_mean(model, tokenizer) -> None:  # type: ignore[no-untyped-def]
    config = RunConfig(objective="regress", model=SHAPE, regress=RegressConfig(ending="b"))
    ids, starts = joined([tokenizer.encode(text) for text in ("ab01\n", "ab2\n", "b02\n")])
    learned = np.asarray([0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1], np.bool_)
    split = Split(*(np.asarray(side, np.int64) for side in ([], [0, 1, 2], [])))
    words = Examples(tokenizer, config, ids, starts, np.arange(3), split, learned, np.asarray([1.0, 2.0, 2.0]))
    measured = mean_error(model, words, "cpu")
    assert measured(lambda: False) == {}
    found = measured(lambda: True)
    assert found["error_rows"] == 3
    one = guesser(model, tokenizer)
    each = [expected_number(*one.numbers(prompt)) for prompt in prompts_of(words, np.arange(3))]
    assert found["error"] == pytest.approx(np.abs(np.asarray(each) - [1.0, 2.0, 2.0]).mean())


def test_the_guess_is_the_mean_of_the_likeliest_numbers_by_their_probability() -> None:
    assert expected_number([10.0, 20.0, 90.0], [0.2, 0.2, 0.1]) == pytest.approx(30.0)
