"""The child's side of a run in a process of its own: commands in, events out, and what it does when nobody is there."""

import io
import json
import os
import time
from contextlib import suppress

import pytest

from studio.core.channel import Ask, RunControl
from studio.core.config import RunConfig
from studio.core.events import event_from_line
from studio.live import control_pipe
from studio.live.control_pipe import ControlPipe, command_line, obey, serve
from studio.store.runs import RunRecord
from tests.scripted_run import UNTIL_STOPPED, ScriptedEngine, small_run, started, steps


@pytest.fixture
def pipe(monkeypatch):
    """A pipe in the place of standard input: (control, writing end)."""
    reading, writing = os.pipe()
    control = RunControl()
    listening = ControlPipe(control, reading).start()
    yield control, writing
    with suppress(OSError):  # the test may have closed it
        os.close(writing)
    assert listening.join(5.0)
    os.close(reading)


def wait_for(condition):
    end = time.monotonic() + 5.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_every_command_becomes_the_same_call():
    control = RunControl()
    obey(command_line("pause"), control)
    assert control.paused
    obey(command_line("proceed"), control)
    assert not control.paused
    obey(command_line("ask", kind="sample", text="Es war ä", number=2.0), control)
    assert control.asks() == [Ask("sample", "Es war ä", 2.0)]
    obey(command_line("stop", save=False), control)
    assert (control.stopping, control.saving) == (True, False)


def test_a_stop_saves_unless_told_otherwise():
    control = RunControl()
    obey(b'{"do": "stop"}\n', control)
    assert (control.stopping, control.saving) == (True, True)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"do": "dance"}',
        b'{"do": "ask"}',
        b'{"do":"ask","kind":"x","number":[]}',
    ],
)
def test_a_line_that_is_not_understood_changes_nothing(line):
    control = RunControl()
    obey(line, control)
    assert (control.stopping, control.paused, control.asks()) == (False, False, [])


def test_commands_arrive_in_order_however_they_are_cut(pipe):
    control, writing = pipe
    line = command_line("ask", kind="sample", text="one") + command_line("ask", kind="sample", text="two")
    os.write(writing, line[:7])
    os.write(writing, line[7:60])
    os.write(writing, line[60:] + command_line("pause"))
    wait_for(lambda: control.paused)
    assert [ask.text for ask in control.asks()] == ["one", "two"]


def test_a_window_that_is_gone_means_stop_and_save(pipe):
    control, writing = pipe
    os.close(writing)
    wait_for(lambda: control.stopping)
    assert control.saving


class NoPipe(ControlPipe):
    """Standard input of a test is not to be read."""

    def start(self):
        return self

    def join(self, limit=2.0):
        return True


@pytest.fixture
def record(tmp_path):
    return RunRecord.create(tmp_path / "runs" / "tale", RunConfig())


def test_every_event_is_a_line_and_is_recorded(record, monkeypatch):
    monkeypatch.setattr(control_pipe, "ControlPipe", NoPipe)
    out = io.BytesIO()
    ended = serve(record, None, out, ScriptedEngine(small_run(3)))
    lines = out.getvalue().decode().splitlines()
    assert [event_from_line(line) for line in lines] == small_run(3)
    assert all(json.loads(line)["v"] == 1 for line in lines)
    assert ended.reason == record.summary.state == "finished"


def test_when_nobody_reads_the_run_saves_and_ends(record, monkeypatch):
    class Gone(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    monkeypatch.setattr(control_pipe, "ControlPipe", NoPipe)
    ended = serve(record, None, Gone(), ScriptedEngine([started(), *steps(2), UNTIL_STOPPED]))
    assert ended.reason == "stopped"
    assert "CheckpointSaved" in {type(event).__name__ for event in record.events()}
