"""A real little run, trained once for all tests of the room: two layers, four checkpoints, five snapshots."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from studio.core.channel import RunControl
from studio.core.config import (
    ComputeConfig,
    DataConfig,
    RunConfig,
    Sampling,
    TrainingConfig,
    WatchConfig,
)
from studio.core.shelf import FAMILIES
from studio.live.looking import Subject
from studio.live.session import Session
from studio.live.stream import stream
from studio.store.places import places
from studio.store.project import Project

STORY = "Mira went to the harbour and looked at the ships. The old ferry was late, and the gulls cried. " * 60
STEPS = 12


def config(family: str = "gpt2", **model: Any) -> RunConfig:
    """What the run is asked to do."""
    shape = {"n_layers": 2, "n_heads": 2, "emb_dim": 32, "context_length": 32, "drop_rate": 0.0, "vocab_size": 0}
    preset = FAMILIES.load(family).presets[0].config
    return RunConfig(
        data=DataConfig(text="harbour", tokenizer="characters"),
        model=replace(preset, **(shape | model)),
        training=TrainingConfig(
            steps=STEPS,
            batch_size=4,
            warmup_steps=2,
            evaluate_every=6,
            sample_every=0,
            save_every=3,
            keep_checkpoints=9,
        ),
        sampling=Sampling(prompt="Mira went to the harbour"),
        watch=WatchConfig(every=3),
        compute=ComputeConfig(device="cpu", precision="fp32", threads=1),
    )


def make_project(folder: Path, *runs: RunConfig, text: str = STORY) -> Path:
    """A project with one text and these runs, each trained to its end."""
    project = Project.create(folder)
    source = folder.with_suffix(".txt")
    source.write_text(text, "utf-8")
    project.add_text([source], "harbour")
    for number, wanted in enumerate(runs or (config(),)):
        record = project.new_run(wanted, f"run{number}")
        for event in stream(wanted, RunControl(), record):
            assert getattr(event, "reason", "finished") == "finished", event
    return project.path


@dataclass
class Stage:
    """A session on such a project, and what a test does with it."""

    session: Session
    look: Any
    bot: Any

    @property
    def looking(self) -> Any:
        return self.session.looking

    def look_at(self, step: int = STEPS, run: str = "run0", prompt: str = "") -> Any:
        """Look at a checkpoint and wait until its scene is there."""
        self.looking.look_at(self.subject(step, run))
        if prompt:
            self.looking.read(prompt)
        self.until(lambda: self.looking.scene is not None and not self.looking.busy)
        return self.looking.scene

    def subject(self, step: int = STEPS, run: str = "run0") -> Subject:
        assert self.session.project is not None
        folder = self.session.project.path / "runs" / run / "checkpoints" / f"step-{step:06d}"
        return Subject(folder, f"{run} · step {step}", run, step)

    def show(self, kind: type, size: tuple[int, int] = (1_040, 560)) -> Any:
        """Build a view and show it; the test's end takes it away."""
        view = kind(self.session, self.look)
        self.bot.addWidget(view)
        view.resize(*size)
        with self.bot.waitExposed(view):
            view.show()
        return view

    def until(self, done: Callable[[], bool]) -> None:
        self.bot.waitUntil(done, timeout=20_000)

    def settle(self) -> None:
        """Wait until no job is left."""
        self.until(lambda: not self.session.jobs.jobs)

    def close(self) -> None:
        self.session.looking.forget()
        self.session.jobs.close(5_000)
        self.session.close_project()


def open_stage(project: Path, look: Any, bot: Any) -> Stage:
    """A window's session on a project, without a window."""
    session = Session(places())
    session.open_project(project)
    return Stage(session, look, bot)


def hover(bot: Any, widget: QWidget, at: QPoint) -> None:
    """Move the pointer there, from somewhere else."""
    bot.mouseMove(widget, QPoint(1, 1))
    bot.mouseMove(widget, at)


# --- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs of one shape, trained once."""
    return trained_in(tmp_path_factory.getbasetemp() / "lenses")


@cache
def trained_in(folder: Path) -> Path:
    """The project, once for all rooms: to pytest the fixture of each of them is another one."""
    import torch

    folder.mkdir()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return make_project(folder / "harbour", config(), config(drop_rate=0.1))
    finally:
        torch.set_num_threads(threads)


@pytest.fixture
def stage(project: Path, look: Any, qtbot: Any) -> Iterator[Stage]:
    """A session on it; nothing of it is left behind."""
    made = open_stage(project, look, qtbot)
    yield made
    made.close()
