"""Numbers that are completed: the likeliest ones are found, whatever pieces they are written in, and kept."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.channel import RunControl
from studio.core.config import DataConfig, ModelConfig, RegressConfig, RunConfig, Sampling, TrainingConfig, WatchConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded, SampleWritten
from studio.core.shelf import FAMILIES
from studio.engine.number_scores import Guesser, scored_numbers
from studio.engine.opening import open_weights
from studio.engine.train import train
from studio.scores.regression import expected_number
from studio.store.project import Project
from studio.tokenizers import Tokenizer, make_tokenizer
from tests.engine.test_classifier import HERE, QUIET

pytestmark = pytest.mark.torch


@pytest.fixture
def tokenizer() -> Tokenizer:
    return make_tokenizer("characters", ["ab012\n"])


@pytest.fixture
def model(tokenizer: Tokenizer) -> torch.nn.Module:
    torch.manual_seed(2)
    shape = ModelConfig(vocab_size=tokenizer.vocab_size, context_length=24, emb_dim=16, n_layers=1, n_heads=2)
    return FAMILIES.load("gpt2").build(shape).eval()  # type: ignore[no-any-return]


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
    numbers, found = Guesser(model, tokenizer, 3, "cpu").numbers([prompt])[0]
    best = sorted(chances.values(), reverse=True)[:3]
    assert found == pytest.approx(best, rel=1e-4)
    assert [chances[number] for number in numbers] == pytest.approx(found, rel=1e-4)


def test_several_prompts_at_once_give_what_each_gives_alone(model, tokenizer) -> None:  # type: ignore[no-untyped-def]
    guesser = Guesser(model, tokenizer, 3, "cpu")
    prompts = [tokenizer.encode(text) for text in ("a", "abab", "ba1")]
    together = guesser.numbers(prompts)
    for prompt, found in zip(prompts, together, strict=True):
        alone = guesser.numbers([prompt])[0]
        assert alone[0] == found[0]
        assert alone[1] == pytest.approx(found[1], rel=1e-4)


def test_a_tokenizer_without_digits_cannot_write_numbers(model) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StudioError, match="no digits"):
        Guesser(model, make_tokenizer("characters", ["ab\n"]), 3, "cpu")


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
    found = scored_numbers(record.folder, "test")
    assert sorted(set(found.truth.tolist())) == [3.0, 9.0]
    known = open_weights(record.checkpoints()[-1].folder, "cpu")
    (text,) = found.texts(found.rows[:1].tolist())
    prompt = known.tokenizer.encode(f"{text}\n\nis ")
    asked = Guesser(known.model.eval(), known.tokenizer, 3, "cpu").numbers([prompt])[0]
    assert found.guess[0] == pytest.approx(expected_number(*asked), rel=1e-5)
    assert found.texts(found.rows[:1].tolist())[0][:3] in ("aaa", "bbb")
    monkeypatch.setattr("studio.engine.number_scores._scored", lambda *args: pytest.fail("it was computed again"))
    assert np.array_equal(scored_numbers(record.folder, "test").guess, found.guess)
    assert dataclasses.is_dataclass(found)
    assert WatchConfig(inside=False) == QUIET


def test_the_guess_is_the_mean_of_the_likeliest_numbers_by_their_probability() -> None:
    assert expected_number([10.0, 20.0, 90.0], [0.2, 0.2, 0.1]) == pytest.approx(30.0)
