"""The first run: one click from nothing to a run on the bundled stories."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject

from studio.core.knobs import problems
from studio.live import first_run
from studio.live.first_run import describe_first_run, first_config, first_parameters, is_first_run
from studio.parts import first_start
from studio.parts.first_start import FirstRun
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


@pytest.fixture
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "samples" / "stories.txt"
    path.parent.mkdir()
    path.write_text("Once upon a time there was a fox who liked rain.\n" * 60, "utf-8")
    monkeypatch.setattr(first_start, "sample_path", lambda resources: path)
    return path


@pytest.fixture
def first(scripted_run: Any, stories: Path) -> FirstRun:
    return FirstRun(scripted_run.session, QObject(scripted_run.session))


def test_one_call_imports_trains_and_opens_pretrain(first: FirstRun, scripted_run: Any) -> None:
    asked: list[str] = []
    scripted_run.session.focus_requested.connect(lambda page, thing: asked.append(page))
    scripted_run.engine.script = small_run(3)
    first.start()
    assert first.state == "reading"
    scripted_run.until(lambda: bool(scripted_run.session.runs))
    scripted_run.settle()
    run = next(iter(scripted_run.session.runs.values()))
    assert run.name == first_run.RUN
    assert run.state == "finished"
    assert is_first_run(run.config)
    assert asked == ["pretrain"]
    assert first.state == ""


def test_a_second_one_does_not_import_again(first: FirstRun, scripted_run: Any) -> None:
    scripted_run.engine.script = small_run(2)
    for count in (1, 2):
        first.start()
        scripted_run.until(lambda count=count: len(scripted_run.session.runs) == count)
        scripted_run.settle()
    assert len(scripted_run.session.project.texts()) == 1


def test_without_a_project_it_makes_one(first: FirstRun, scripted_run: Any) -> None:
    scripted_run.session.close_project()
    scripted_run.engine.script = small_run(2)
    first.start()
    scripted_run.until(lambda: bool(scripted_run.session.runs))
    scripted_run.settle()
    assert scripted_run.session.project.name == first_run.PROJECT


def test_missing_stories_are_told_and_nothing_is_stuck(first: FirstRun, scripted_run: Any, stories: Path) -> None:
    told: list[Any] = []
    scripted_run.session.notices.posted.connect(told.append)
    stories.unlink()
    first.start()
    scripted_run.settle()
    assert first.state == ""
    assert told
    assert told[0].level == "danger"


def test_what_it_promises_is_what_it_trains() -> None:
    config = first_config("stories")
    assert problems(replace(config, model=replace(config.model, vocab_size=96))) == []
    assert 1_000_000 < first_parameters() < 4_000_000
    assert f"{first_parameters() / 1e6:.1f} M" in describe_first_run()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "is not known yet."), (12.0, "Less than a minute"), (70.0, "About 1 minute "), (301.0, "About 5 minutes ")],
)
def test_the_time_it_promises_is_the_one_it_was_given(seconds: float, words: str) -> None:
    assert words in describe_first_run(seconds)


def test_the_engine_is_asked_once_how_long_it_takes_when_torch_is_there(
    first: FirstRun, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def estimate(config: Any, steps: int) -> float:
        asked.append((config.model.vocab_size, steps))
        return 240.0

    monkeypatch.setattr(first_start, "ESTIMATE", estimate)
    monkeypatch.setattr(type(scripted_run.session), "torch_state", property(lambda _self: "ready"))
    for _ in range(2):
        scripted_run.session.changed.emit(frozenset({"torch"}))
        scripted_run.until(lambda: first.seconds == 240.0)
    assert asked == [(first_run.VOCABULARY, first_config("stories").training.steps)]


def test_what_the_command_line_needs_of_it_knows_no_qt() -> None:
    code = "import sys, studio.live.first_run, studio.parts.checkup; print('PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
