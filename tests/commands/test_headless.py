"""The first job without a window."""

import argparse
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.commands import Command, headless
from studio.core.errors import StudioError
from studio.store.places import places
from studio.store.project import Project
from tests.scripted_run import ScriptedEngine, small_run

pytestmark = pytest.mark.gui


@pytest.fixture
def honest_draw() -> Any:
    """What `stage` replaces."""
    return headless.draw


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Everything that takes time is played: the text, the training, the writing, the pictures."""
    from studio.live import first_run, stream

    stories = tmp_path / first_run.SAMPLE
    stories.write_text("Once there was a cat. " * 50, "utf-8")
    stage = SimpleNamespace(engine=ScriptedEngine(small_run()), drawn=[], wrote=[])
    monkeypatch.setattr(first_run, "sample_path", lambda resources: stories)
    monkeypatch.setattr(stream, "resolve", lambda target: stage.engine)
    monkeypatch.setattr(headless, "find_checkpoint", lambda model, project: Path(model))
    monkeypatch.setattr(headless, "resolve", lambda target: lambda folder: "a model")
    monkeypatch.setattr(headless, "write_text", lambda model, sampling, control: stage.wrote.append(sampling.prompt))
    monkeypatch.setattr(headless, "draw", lambda folder: stage.drawn.append(folder) or 0)
    return stage


def do(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    headless.COMMAND.add_options(parser)
    return headless.COMMAND.run(parser.parse_args(list(arguments)))


def test_it_goes_from_the_stories_to_a_paragraph_and_pictures(stage: SimpleNamespace, tmp_path: Path) -> None:
    assert do("--project", str(tmp_path / "project"), "--pictures", str(tmp_path / "pictures")) == 0
    project = Project.open(tmp_path / "project")
    assert [text.name for text in project.texts()] == ["stories"]
    assert project.runs()[0].summary.state == "finished"
    assert project.runs()[0].config.data.text == "stories"
    assert stage.wrote == ["Once "]
    assert stage.drawn == [tmp_path / "pictures"]


def test_without_options_everything_goes_into_the_first_project(stage: SimpleNamespace) -> None:
    assert do() == 0
    project = Project.open(places().projects / "First project")
    assert stage.drawn == [project.path / "pictures"]


def test_a_second_time_the_text_is_there_already(stage: SimpleNamespace) -> None:
    assert do() == 0
    assert do("--steps", "5") == 0
    project = Project.open(places().projects / "First project")
    assert len(project.texts()) == 1
    assert [record.config.training.steps for record in project.runs()][-1] == 5


def test_a_training_that_fails_ends_the_job(stage: SimpleNamespace) -> None:
    stage.engine.script = [MemoryError()]
    assert do() == 1
    assert stage.wrote == stage.drawn == []


def test_pictures_are_drawn_by_the_tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def run(options: argparse.Namespace) -> int:
        asked.append(options.folder)
        return 0

    tour = Command("tour", "draws", lambda parser: parser.add_argument("folder") and None, run)
    monkeypatch.setattr(headless.COMMANDS.__class__, "load", lambda shelf, name: tour)
    monkeypatch.setattr(headless, "install_qt_libraries", lambda: None)
    assert headless.draw(tmp_path) == 0
    assert asked == [str(tmp_path)]


def test_where_qt_cannot_draw_everything_but_the_pictures_is_done(
    honest_draw: Any, stage: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = StudioError("Qt needs libraries that this system lacks: libEGL.so.1.", "sudo apt install libegl1")
    monkeypatch.setattr(headless, "draw", honest_draw)
    monkeypatch.setattr(headless, "install_qt_libraries", lambda: trouble)
    assert not headless.COMMAND.draws
    assert do() == 0
    assert stage.wrote == ["Once "]
    said = capsys.readouterr().err
    assert "pictures were left out" in said
    assert "sudo apt install libegl1" in said


def test_a_training_that_is_refused_leaves_no_run(stage: SimpleNamespace) -> None:
    stage.engine.script = [StudioError("This run needs 1.2 GB on the disk.", "Free some space.")]
    assert do() == 1
    assert Project.open(places().projects / "First project").runs() == []


def test_a_guess_at_the_encoding_is_told(
    stage: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = headless.bundled_text
    monkeypatch.setattr(headless, "bundled_text", lambda project: replace(honest(project), guessed=True))
    do()
    assert "The encoding of “stories”: " in capsys.readouterr().err
