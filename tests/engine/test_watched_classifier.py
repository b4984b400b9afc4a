"""A run that learns classes is watched like any other: where heads look and how weights move, without a lens."""

import dataclasses

import numpy as np
import pytest

from studio.core.channel import Ask, RunControl
from studio.core.config import (
    ClassifyConfig,
    ComputeConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    Sampling,
    TrainingConfig,
    WatchConfig,
)
from studio.core.events import RunEvent, SnapshotTaken, StepDone, Warned
from studio.engine.train import train
from studio.insight.snapshot import Snapshot, read
from studio.store.project import Project
from studio.store.snapshots import FOLDER, PROBES, folder_name, steps_in

pytestmark = pytest.mark.torch
LAST = 4
CONFIG = RunConfig(
    objective="classify", data=DataConfig(dataset="sms", tokenizer="characters"),
    model=ModelConfig(n_layers=2, n_heads=2, emb_dim=16, context_length=32),
    classify=ClassifyConfig(trained_blocks=1),
    training=TrainingConfig(
        steps=LAST, batch_size=4, warmup_steps=1, learning_rate=1e-2, evaluate_every=LAST, evaluation_batches=1,
        sample_every=0, save_every=LAST,
    ),
    sampling=Sampling(temperature=0.0), watch=WatchConfig(every=1),
    compute=ComputeConfig(precision="fp32", device="cpu", threads=1, seed=5),
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Messages of which every third is spam and says so."""
    folder = tmp_path_factory.mktemp("watched")
    words = ("win a cash prize now", "see you there later", "call me soon please")
    lines = [f"{('spam', 'ham', 'ham')[n % 3]}\t{words[n % 3]} {n}" for n in range(30)]
    (folder / "sms.tsv").write_text("label\ttext\n" + "\n".join(lines) + "\n", "utf-8")
    project = Project.create(folder / "project")
    project.add_dataset(folder / "sms.tsv")
    return project


def play(project: Project, config: RunConfig, name: str, control: RunControl | None = None) -> list[RunEvent]:
    record, events = project.new_run(config, name), []
    with record:
        for event in train(record.config, control or RunControl(), record):
            record.append(event)
            events.append(event)
    return events


def looks(project: Project, name: str, folder: str = FOLDER) -> list[Snapshot]:
    place = project.run(name).folder / folder
    return [read(place / folder_name(step)) for step in steps_in(place)]


def test_every_step_shows_heads_and_weights_and_no_words(project: Project) -> None:
    events = play(project, CONFIG, "seen")
    assert not [event for event in events if isinstance(event, Warned) and "watching" in event.message]
    found = looks(project, "seen")
    assert [one.step for one in found] == list(range(LAST + 1))
    for one in found:
        assert one.maps.shape[:2] == (2, 2)
        assert np.isfinite(one.stream).all()
        assert one.top_ids.shape == one.top_chances.shape == (3, len(one.ids), 0)
    assert (found[0].maps[1] != found[-1].maps[1]).any()  # the block that learns
    assert (found[0].maps[0] == found[-1].maps[0]).all()  # the one that is frozen


def test_it_looks_at_one_whole_row_that_is_held_back(project: Project) -> None:
    prompt = looks(project, "seen")[0].prompt
    rows = [row["text"] for row in project.datasets()[0].stream()]
    assert prompt in rows
    assert {one.prompt for one in looks(project, "seen")} == {prompt}


def test_watching_changes_no_number_of_it(project: Project) -> None:
    seen = play(project, CONFIG, "once more")
    blind = play(project, CONFIG.with_part(watch=WatchConfig(inside=False)), "blind")
    losses = [[event.loss for event in events if isinstance(event, StepDone)] for events in (seen, blind)]
    assert losses[0] == losses[1]
    assert not [event for event in blind if isinstance(event, SnapshotTaken)]


def test_a_text_that_is_asked_for_is_looked_at_too(project: Project) -> None:
    control = RunControl()
    control.ask(Ask("probe", "win a prize"))
    play(project, CONFIG.with_part(watch=WatchConfig(every=100)), "asked", control)
    (found,) = looks(project, "asked", PROBES)
    assert found.prompt == "win a prize"
    assert not found.top_ids.size


def test_a_chosen_text_comes_before_any_row(project: Project) -> None:
    quick = dataclasses.replace(CONFIG.training, steps=1)
    play(project, CONFIG.with_part(watch=WatchConfig(prompt="see you now"), training=quick), "chosen")
    assert looks(project, "chosen")[0].prompt == "see you now"
