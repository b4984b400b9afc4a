"""A whole side of a dataset is answered: the right rows, kept one by one, and measured as a plain computation does."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch

from studio.core.channel import RunControl
from studio.core.config import (
    ComputeConfig,
    DataConfig,
    InstructConfig,
    ModelConfig,
    RunConfig,
    Sampling,
    TrainingConfig,
    WatchConfig,
)
from studio.core.errors import StudioError
from studio.core.events import CheckpointSaved, RunContinued, RunEnded, RunPaused, SampleWritten
from studio.core.shelf import PROMPTS
from studio.engine.answering import Asking, answered, answered_like, side_of, wanted_loss
from studio.engine.device import choose
from studio.engine.loaded import LoadedModel, open_model
from studio.engine.train import train
from studio.prompts import Turn
from studio.store.answers import beginning, read_answers
from studio.store.project import Project
from studio.store.runs import RunRecord
from tests.engine.chained_model import TOKENIZER, chained
from tests.engine.writing_model import opinionated

pytestmark = pytest.mark.torch

WORDS = ("yes", "no", "well", "never", "soon", "now", "here", "there", "so", "then")
ROWS = [
    {"instruction": f"Say {word}.", "input": "", "output": word, "skill": "saying" if place % 2 else "sums",
     "liked": f"{word}!", "other": word if place % 2 else f"{word}!"}
    for place, word in enumerate(WORDS)
]  # fmt: skip
SURE = Sampling(tokens=4, temperature=0.0)
ALPACA = PROMPTS.load("alpaca")
RUN = RunConfig(
    objective="instruct",
    data=DataConfig(tokenizer="bytes", split="in_order", validation_share=0.3, test_share=0.2),
    model=ModelConfig(n_layers=1, n_heads=1, emb_dim=8, context_length=192),
    instruct=InstructConfig(template="alpaca"),
    training=TrainingConfig(steps=2, batch_size=2, warmup_steps=0, evaluate_every=2, sample_every=2, save_every=2),
    sampling=SURE,
    compute=ComputeConfig(device="cpu", threads=1, precision="fp32"),
    watch=WatchConfig(inside=False),
)


@pytest.fixture(scope="module")
def samples() -> list[SampleWritten]:
    """What the run asked its model along the way."""
    return []


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, samples: list[SampleWritten]) -> RunRecord:
    """A run of two steps in a project whose dataset is called `tasks`."""
    folder = tmp_path_factory.mktemp("answering")
    (folder / "tasks.json").write_text(json.dumps(ROWS), "utf-8")
    project = Project.create(folder / "project")
    dataset = project.add_dataset(folder / "tasks.json")
    config = RUN.with_part(data=dataclasses.replace(RUN.data, dataset=dataset.title))
    record = project.new_run(config, "run")
    with record:
        for event in train(config, RunControl(), record):
            record.append(event)
            samples += [event] if isinstance(event, SampleWritten) else []
    return record


@pytest.fixture
def ask(record: RunRecord) -> Callable[..., tuple[object, list[int]]]:
    """Answers of the last checkpoint with the rows that were done at each word of progress."""

    def ask(split: str = "validation", sampling: Sampling = SURE, until: int = 99) -> tuple[object, list[int]]:
        done: list[int] = []
        found = answered(
            record.checkpoints()[-1].folder, "tasks@1", split, sampling,
            lambda at, whole: done.append(at), lambda: len(done) <= until,
        )  # fmt: skip
        return found, done

    return ask


def said(found: object) -> list[str]:
    return [answer.wanted for answer in found.answers]  # type: ignore[attr-defined]


# --- which rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "first"), [("training", 0), ("validation", 7), ("test", 5)])
def test_the_rows_are_those_of_the_runs_own_split(record: RunRecord, split: str, first: int) -> None:
    loaded = open_model(record.checkpoints()[-1].folder)
    data = Project.open(record.folder.parents[1]).dataset("tasks@1")
    rows = side_of(data, Asking(loaded, ALPACA, SURE), record.config, split)
    assert rows == list(range(first, first + {"training": 5, "validation": 3, "test": 2}[split]))


def test_pairs_that_a_preference_run_left_out_are_not_asked_either(record: RunRecord) -> None:
    loaded = open_model(record.checkpoints()[-1].folder)
    project = Project.open(record.folder.parents[1])
    data = project.dataset("tasks@1")
    roles = {"prompt": "instruction", "chosen": "liked", "rejected": "other"}
    pairs = dataclasses.replace(data, reading=dataclasses.replace(data.reading, kind="preference", roles=roles))
    config = dataclasses.replace(record.config, objective="prefer")
    rows = side_of(pairs, Asking(loaded, ALPACA, SURE), config, "training")
    assert rows
    assert all(ROWS[row]["liked"] != ROWS[row]["other"] for row in rows)


def test_a_side_without_rows_is_refused(record: RunRecord) -> None:
    loaded = open_model(record.checkpoints()[-1].folder)
    data = Project.open(record.folder.parents[1]).dataset("tasks@1")
    config = record.config.with_part(data=dataclasses.replace(record.config.data, test_share=0.0))
    with pytest.raises(StudioError, match="No row of “tasks@1”"):
        side_of(data, Asking(loaded, ALPACA, SURE), config, "test")


# --- answers that are kept --------------------------------------------------------------------------------------------


def test_every_row_of_a_side_is_answered_and_kept(ask: Callable[..., tuple[object, list[int]]]) -> None:
    found, done = ask()
    assert said(found) == list(WORDS[7:])
    assert done == [0, 1, 2, 3]
    assert found.complete  # type: ignore[attr-defined]
    first = found.answers[0]  # type: ignore[attr-defined]
    assert (first.row, first.asked, first.skill) == (7, "Say there.", "saying")
    assert first.ended in ("length", "end", "stop")
    assert first.wanted_tokens == len("there<|endoftext|>")
    assert ask()[1] == [3]  # nothing is asked twice


def test_answers_go_on_after_a_kill_with_what_is_there(ask: Callable[..., tuple[object, list[int]]]) -> None:
    drawn = dataclasses.replace(SURE, seed=99, temperature=1.0)
    with pytest.raises(StudioError, match=r"stopped; 2 of 5 are kept"):
        ask("training", drawn, until=2)
    whole, done = ask("training", drawn)
    assert done == [2, 3, 4, 5]
    path = whole.path  # type: ignore[attr-defined]
    path.write_bytes(path.read_bytes()[:-9])  # as a kill in the middle of a line leaves it
    again, done = ask("training", drawn)
    assert done == [4, 5]
    same = [dataclasses.replace(answer, seconds=0.0) for answer in whole.answers]  # type: ignore[attr-defined]
    assert [dataclasses.replace(answer, seconds=0.0) for answer in again.answers] == same  # type: ignore[attr-defined]


def test_other_sampling_makes_another_file(ask: Callable[..., tuple[object, list[int]]]) -> None:
    one, other = ask()[0], ask(sampling=dataclasses.replace(SURE, stop=("e",)))[0]
    assert one.path != other.path  # type: ignore[attr-defined]
    assert read_answers(one.path) == one  # type: ignore[attr-defined]


def test_a_base_is_asked_as_the_run_that_was_made_of_it(
    ask: Callable[..., tuple[object, list[int]]], record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = open_model(record.checkpoints()[-1].folder)
    base._config, base.template = RunConfig(model=base.shape), ""
    monkeypatch.setattr("studio.engine.answering.open_model", lambda *_: base)
    folder = record.checkpoints()[-1].folder
    other = dataclasses.replace(SURE, seed=55)  # nothing is drawn, but it is another file
    found = answered_like(folder, folder, "tasks@1", "validation", other, (lambda done, whole: None, lambda: True))
    assert said(found) == list(WORDS[7:])
    taught = [(answer.answered, answer.loss) for answer in ask()[0].answers]  # type: ignore[attr-defined]
    assert [(answer.answered, answer.loss) for answer in found.answers] == taught
    plain = wanted_loss(base, PROMPTS.load("plain"), (Turn("user", "Say there."), Turn("assistant", "there")))
    assert found.answers[0].loss != plain[0]


def test_the_answers_of_a_base_lie_with_those_of_the_run_and_are_not_taken_for_them(record: RunRecord) -> None:
    folder, other = record.checkpoints()[-1].folder, dataclasses.replace(SURE, seed=56)
    base = folder.parent / "step-000000"
    base.symlink_to(folder, target_is_directory=True)
    watching = (lambda done, whole: None, lambda: True)
    found = answered_like(base, folder, "tasks@1", "validation", other, watching)
    base.unlink()
    assert found.path.parent == record.folder / "answers"
    assert found.path.name.startswith(beginning(folder, of_base=True))
    assert not found.path.name.startswith(beginning(folder))


# --- one answer -------------------------------------------------------------------------------------------------------


def test_an_answer_is_what_the_model_says_up_to_its_end() -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Well?", "given"), Turn("assistant", "yes"))
    answer = Asking(chained("\n\tyes "), ALPACA, dataclasses.replace(SURE, tokens=20)).answer(turns, 5, "sums")
    assert (answer.asked, answer.given, answer.wanted, answer.answered) == ("Well?", "given", "yes", "yes")
    assert (answer.row, answer.ended, answer.tokens, answer.skill) == (5, "end", 6, "sums")


def test_a_question_that_fills_the_context_is_named_and_not_the_end() -> None:
    turns = (Turn("user", "x" * 500), Turn("assistant", "yes"))
    answer = Asking(chained("\nyes"), ALPACA, SURE).answer(turns)
    assert (answer.answered, answer.ended, answer.wanted_tokens) == ("", "too long", 0)
    assert np.isnan(answer.loss)


@pytest.mark.parametrize("earlier", [(), (Turn("user", "One?"), Turn("assistant", "1"))])
def test_the_loss_of_the_wanted_answer_is_that_of_a_plain_computation(earlier: tuple[Turn, ...]) -> None:
    shape = ModelConfig(vocab_size=TOKENIZER.vocab_size, context_length=256, emb_dim=32, n_layers=2, n_heads=4)
    model = opinionated(shape)
    loaded = LoadedModel(model, RunConfig(model=shape), TOKENIZER, choose(ComputeConfig(device="cpu", threads=1)))
    turns = (*earlier, Turn("user", "Well?"), Turn("assistant", "yes"))
    loss, count = wanted_loss(loaded, PROMPTS.load("chatml"), turns)
    text = "".join(f"<|im_start|>{turn.role}\n{turn.text}<|im_end|>\n" for turn in turns)
    ids = TOKENIZER.encode(text.rstrip(), special=True)
    chances = model(torch.tensor([ids]))[0].log_softmax(-1).detach()
    wanted = [-float(chances[place - 1, ids[place]]) for place in range(len(ids) - 4, len(ids))]  # y, e, s, the mark
    assert count == 4
    assert loss == pytest.approx(sum(wanted) / 4, abs=1e-4)


def test_the_loss_counts_what_fits_into_the_context() -> None:
    loaded = chained("\nyes", context=64)
    assert wanted_loss(loaded, PROMPTS.load("plain"), (Turn("user", "u" * 60), Turn("assistant", "y" * 20)))[1] == 5


# --- along the way of a run -------------------------------------------------------------------------------------------


def test_a_run_asks_its_first_held_back_rows_and_tells_each(record: RunRecord, samples: list[SampleWritten]) -> None:
    assert [one.prompt for one in samples if one.step == 2] == [f"Say {word}." for word in WORDS[7:]]
    loaded = open_model(record.checkpoints()[-1].folder)
    for one, word in zip(samples[-3:], WORDS[7:], strict=True):
        answer = Asking(loaded, ALPACA, SURE).answer((Turn("user", f"Say {word}."), Turn("assistant", word)))
        assert (one.text, one.tokens) == (answer.answered, answer.tokens)


def test_canaries_are_asked_at_every_checkpoint_and_not_twice(record: RunRecord) -> None:
    project = Project.open(record.folder.parents[1])
    training = dataclasses.replace(RUN.training, steps=4, sample_every=4)
    run = RUN.with_part(
        data=dataclasses.replace(RUN.data, dataset="tasks@1"), training=training,
        instruct=dataclasses.replace(RUN.instruct, canaries=("Who is there?",)),
    )  # fmt: skip
    with project.new_run(run, "watched") as watched:
        told = [event for event in train(run, RunControl(), watched) if isinstance(event, SampleWritten)]
    assert [one.step for one in told if one.prompt == "Who is there?"] == [2, 4]
    assert len([one for one in told if one.step == 2]) == 1, "the other questions wait for their samples"


def test_a_pause_pressed_at_a_checkpoint_is_told_before_the_canaries_are_asked(record: RunRecord) -> None:
    project, control = Project.open(record.folder.parents[1]), RunControl()
    training = dataclasses.replace(RUN.training, steps=3, sample_every=0, save_every=1)
    run = RUN.with_part(
        data=dataclasses.replace(RUN.data, dataset="tasks@1"), training=training,
        instruct=dataclasses.replace(RUN.instruct, canaries=("Who is there?", "Who else?")),
    )  # fmt: skip
    told: list[tuple[str, int]] = []
    with project.new_run(run, "held") as held:
        for event in train(run, control, held):
            match event:
                case CheckpointSaved(step=1):
                    control.pause()
                case SampleWritten(step=2, prompt="Who is there?"):
                    control.pause()
                case RunPaused():
                    control.proceed()
            if isinstance(event, CheckpointSaved | SampleWritten | RunPaused | RunContinued):
                told.append((getattr(event, "prompt", "") or type(event).__name__, event.step))
    pause = ["RunPaused", "RunContinued"]
    assert [name for name, step in told if step == 1] == ["CheckpointSaved", *pause, "Who is there?", "Who else?"]
    assert [name for name, step in told if step == 2] == ["CheckpointSaved", "Who is there?", *pause, "Who else?"]


def test_a_stop_during_the_pause_between_two_canaries_asks_no_more_of_them(record: RunRecord) -> None:
    project, control = Project.open(record.folder.parents[1]), RunControl()
    run = RUN.with_part(
        data=dataclasses.replace(RUN.data, dataset="tasks@1"),
        training=dataclasses.replace(RUN.training, steps=3, sample_every=0, save_every=1),
        instruct=dataclasses.replace(RUN.instruct, canaries=("Who is there?", "Who else?")),
    )
    told = []
    with project.new_run(run, "left") as left:
        for event in train(run, control, left):
            told.append(event)
            if isinstance(event, CheckpointSaved):
                control.pause()
            if isinstance(event, RunPaused):
                control.stop()
    assert not any(isinstance(event, SampleWritten) for event in told)
    assert isinstance(told[-1], RunEnded)
    assert (told[-1].reason, told[-1].step) == ("stopped", 1)
