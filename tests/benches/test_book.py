"""The bench of the book's chapter 5: the run is the published one, and its verdict can be yes and no."""

import argparse
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.benches import book
from studio.core.channel import RunControl
from studio.core.config import RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone, RunEnded, RunEvent, RunPaused, StepDone
from studio.store.places import places
from studio.store.project import Project


def test_the_run_is_the_one_that_was_published(data_folder: Path) -> None:
    from studio.training.published import published_runs

    digest = hashlib.sha256((data_folder / "the-verdict.txt").read_bytes()).hexdigest()
    published = published_runs(places().resources)
    assert any(run.fits(book.book_config(10, 0)) and run.text_sha256 == digest for run in published)


def test_the_run_is_measured_at_every_published_step() -> None:
    training = book.book_config(10, 0).training
    assert training.evaluate_every == 1
    assert training.evaluation_batches == 5
    assert training.clip_norm == 0.0
    assert training.schedule == "constant"


def verdicts(training: float, validation: float, epochs: float = 10.0) -> dict[str, Any]:
    """What the table says of a run whose last measurement was this."""
    events: list[RunEvent] = [
        EvaluationDone(step=step, training_loss=training, validation_loss=validation, seconds=0.0)
        for step in (0, 1, 6, 90)
    ]
    return {row["what"]: row for row in book.after_training(events, epochs)}


def test_a_run_that_learns_by_heart_as_the_books_does_reaches_the_goal() -> None:
    found = verdicts(0.4, 6.4)
    assert found["final training loss"]["reached"]
    assert found["final validation loss"]["reached"]
    assert found["step  1 training loss"]["published"] == 9.817
    assert found["step  6 validation loss"]["published"] == 8.332


@pytest.mark.parametrize(("training", "validation"), [(1.2, 6.4), (0.4, 5.9), (0.4, 6.7), (math.nan, math.nan)])
def test_a_run_that_ends_elsewhere_does_not(training: float, validation: float) -> None:
    found = verdicts(training, validation)
    assert not (found["final training loss"]["reached"] and found["final validation loss"]["reached"])


def test_a_shorter_run_is_no_proof() -> None:
    assert not verdicts(0.4, 6.4, epochs=2)["final training loss"]["reached"]


def test_without_the_text_a_sentence_says_where_it_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for value in ("", str(tmp_path)):
        monkeypatch.setenv("ATELIER_DATA", value)
        with pytest.raises(StudioError, match="the-verdict") as refused:
            book.data_file("the-verdict.txt")
        assert "ATELIER_DATA" in refused.value.hint


def test_the_project_stays_where_somebody_wants_it_and_goes_otherwise(tmp_path: Path) -> None:
    source = tmp_path / "rain.txt"
    source.write_text("rain falls on the roof\n" * 20, "utf-8")
    with book.project_with(source, str(tmp_path / "kept")) as kept:
        assert [text.name for text in kept.texts()] == ["rain"]
    assert (tmp_path / "kept" / "project.json").is_file()
    with book.project_with(source) as lent:
        assert lent.texts()
    assert not lent.path.exists()


@pytest.mark.torch
@pytest.mark.parametrize("reason", ["stopped", "failed"])
def test_a_run_that_does_not_finish_is_an_error(reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import studio.engine.train

    def broken(config: RunConfig, control: RunControl, record: object) -> Iterator[RunEvent]:
        yield StepDone(
            step=1, loss=math.nan, learning_rate=1.0, gradient_norm=1.0, tokens=1, tokens_per_second=1.0, seconds=1.0
        )
        yield RunPaused(step=1, reason="non-finite")
        assert control.stopping
        yield RunEnded(reason=reason, step=1)

    monkeypatch.setattr(studio.engine.train, "train", broken)
    record = Project.create(tmp_path / "project").new_run(RunConfig(), "broken")
    with pytest.raises(StudioError, match="did not finish"):
        book.play(record, RunConfig())


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.timeout(3_400)
def test_ten_epochs_end_where_the_books_do(data_folder: Path) -> None:
    rows = book.run(argparse.Namespace(epochs=10.0, threads=2, keep=""))
    judged = {row["what"]: row["reached"] for row in rows if row["reached"] is not None}
    assert len(judged) == 6
    assert all(judged.values()), rows


class PretendClock:
    """Stands for `time`: a computer of which this process has one core all the time."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def process_time(self) -> float:
        return self.seconds  # one core's worth for every second that goes by


@pytest.mark.parametrize(("minutes", "steps"), [(2.0, 104), (60.0, 200)])
def test_a_run_takes_no_more_steps_than_fit_into_its_minutes(
    minutes: float, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = PretendClock()
    monkeypatch.setattr(book, "time", clock)
    monkeypatch.setattr(book, "play", lambda _record, config: played(config, clock))
    config = RunConfig(training=TrainingConfig(steps=200, warmup_steps=10, evaluate_every=100, save_every=200))
    found = book.fitting(Project.create(tmp_path / "project"), config, minutes).training
    assert (found.steps, found.evaluate_every, found.save_every) == (steps, round(steps / 2), steps)


def played(config: RunConfig, clock: PretendClock) -> list[RunEvent]:
    """Steps of a second each, the first of them slower."""
    clock.seconds += 10.0
    return [
        StepDone(step=step, loss=1.0, learning_rate=0.1, gradient_norm=1.0, tokens=1, tokens_per_second=1.0,
                 seconds=2.0 + step)
        for step in range(1, config.training.steps + 1)
    ]  # fmt: skip
