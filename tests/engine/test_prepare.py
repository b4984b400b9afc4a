"""Before the first step: the text is read, told and stoppable, and what cannot work is refused with figures."""

import dataclasses
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import PhaseChanged, RunEvent, Warned
from studio.engine.prepare import Prepared, prepare, refuse_base_that_cannot_be_packed
from studio.store.project import Project
from studio.store.starts import Start

pytestmark = pytest.mark.torch
LINE = "the cat sat on the mat and the rain fell on the old tin roof all night long .\n"


def reading(config: RunConfig, path: str) -> RunConfig:
    return config.with_part(data=dataclasses.replace(config.data, text=path, tokenizer="bytes"))


def begun(project: Project, config: RunConfig, control: RunControl | None = None) -> Iterator[RunEvent]:
    """The events of preparing; the last thing it gives is what was prepared."""
    return prepare(config, control or RunControl(), project.new_run(config, "run"), None)


def through(events: Iterator[RunEvent]) -> tuple[list[RunEvent], Prepared | None]:
    seen: list[RunEvent] = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def test_a_text_that_is_a_path_is_read_with_progress(project: Project, config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(LINE * 40_000, "utf-8")
    events, prepared = through(begun(project, reading(config, str(tmp_path / "long.txt"))))
    told = [event for event in events if isinstance(event, PhaseChanged)]
    shares = [event.done / event.total for event in told if event.phase == "reading text"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 3
    assert [event.phase for event in told].index("reading text") < [event.phase for event in told].index("tokenizing")
    assert prepared is not None


def test_reading_a_path_ends_at_once_when_the_run_is_stopped(
    project: Project, config: RunConfig, tmp_path: Path
) -> None:
    (tmp_path / "long.txt").write_text(LINE * 200_000, "utf-8")
    control = RunControl()
    events = begun(project, reading(config, str(tmp_path / "long.txt")), control)
    first = next(events)
    assert isinstance(first, PhaseChanged)
    assert first.phase == "reading text"
    control.stop()
    assert through(events)[1] is None
    assert [text.name for text in project.texts()] == ["rain"]
    assert not any((project.path / "texts").glob(".making-*"))


def test_a_guess_at_the_encoding_of_a_path_is_told(project: Project, config: RunConfig, tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_bytes("Größe, Straße, Übermut und Ärger im naïven Café. ".encode("cp1252") * 40)
    events, _ = through(begun(project, reading(config, str(odd))))
    (warning,) = [event for event in events if isinstance(event, Warned)]
    assert "“odd”" in warning.message
    assert "a guess, since the byte 0xf6" in warning.message
    events, _ = through(begun(project, reading(config, "odd")))  # was looked at when it came in
    assert not [event for event in events if isinstance(event, Warned)]


def test_a_run_without_a_text_says_how_to_choose_one(project: Project, config: RunConfig) -> None:
    with pytest.raises(StudioError, match="No text was chosen"):
        through(begun(project, reading(config, "")))


def test_a_disk_without_room_for_two_checkpoints_is_refused_before_the_start(
    project: Project, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    honest = config.with_part(model=dataclasses.replace(config.model, emb_dim=64))
    _, prepared = through(begun(project, honest))
    assert prepared is not None
    size = 12 * sum(parameter.numel() for parameter in prepared.model.parameters())
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2e9, 1e9, 1_000_000_000 + 2 * size - 1))
    with pytest.raises(StudioError, match=r"This run needs 1\.0 GB .*two checkpoints of .* and 1 GB"):
        through(begun(project, honest))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(2e9, 1e9, 1_000_000_000 + 2 * size))
    assert through(begun(project, honest))[1] is not None


@pytest.mark.parametrize(
    ("kind", "base", "fits"), [("qlora", "lora", False), ("qlora", "none", True), ("lora", "lora", True)]
)
def test_four_bits_of_a_base_that_is_an_adapter_are_refused_before_anything_is_read_when_its_numbers_do_not_fit(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, kind: str, base: str, fits: bool
) -> None:
    asked = config.with_part(adapter=dataclasses.replace(config.adapter, kind=kind))
    taught = config.with_part(adapter=dataclasses.replace(config.adapter, kind=base))
    start = Start("tuned@3", "tuned", Path("tuned"), taught)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=1_000))
    if fits:
        refuse_base_that_cannot_be_packed(asked, start)
    else:
        with pytest.raises(StudioError, match="“tuned” holds an adapter, which is merged"):
            refuse_base_that_cannot_be_packed(asked, start)
