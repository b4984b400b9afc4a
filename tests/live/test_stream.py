"""What the engine yields is recorded first and always ends with one `RunEnded`, whatever happens."""

import pytest

from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import RunEnded
from studio.live.stream import stream
from studio.store.runs import RunRecord
from tests.scripted_run import ScriptedEngine, finished, small_run, started, steps


@pytest.fixture
def record(tmp_path):
    return RunRecord.create(tmp_path / "runs" / "tale", RunConfig())


def played(record, script, resume=None):
    return list(stream(record.config, RunControl(), record, resume, ScriptedEngine(script)))


def test_every_event_is_recorded_before_it_is_passed_on(record):
    for seen, event in enumerate(stream(record.config, RunControl(), record, None, ScriptedEngine(small_run(4)))):
        assert list(record.events())[seen:] == [event] or isinstance(event, RunEnded)
    assert list(record.events()) == small_run(4)
    assert record.summary.state == "finished"
    assert not record.held


def test_a_known_trouble_is_the_last_event_without_a_traceback(record):
    events = played(record, [started(), *steps(2), StudioError("The text is gone.", "Import it again.")])
    ended = events[-1]
    assert (ended.reason, ended.step) == ("failed", 2)
    assert (ended.message, ended.hint, ended.details) == ("The text is gone.", "Import it again.", "")
    assert record.summary.state == "failed"
    assert list(record.events())[-1] == ended


def test_a_run_that_cannot_go_on_keeps_the_step_it_had_reached(record):
    played(record, small_run(4))
    ended = played(record, [StudioError("The text is gone.")], resume=-1)[-1]
    assert (ended.reason, ended.step) == ("failed", 4)
    assert record.summary.step == 4


def test_an_unknown_trouble_is_the_last_event_with_the_traceback_as_text(record, caplog):
    ended = played(record, [started(), ZeroDivisionError("division by zero")])[-1]
    assert "ZeroDivisionError" in ended.message
    assert "Traceback" not in ended.message
    assert "Traceback" in ended.details


def test_an_engine_that_cannot_be_found_is_a_failure_too(record, caplog):
    events = list(stream(record.config, RunControl(), record, None, "studio.no_such_room:train"))
    assert [event.reason for event in events] == ["failed"]


def test_an_engine_that_just_ends_is_a_failure(record):
    assert played(record, [started(), *steps(1)])[-1].reason == "failed"


def test_nothing_follows_the_end(record):
    assert played(record, [started(), finished(0), *steps(3)])[-1] == finished(0)


def test_a_disk_that_takes_no_more_ends_the_run_with_the_reason(record, monkeypatch):
    append = RunRecord.append

    def full(self, event):
        if getattr(event, "step", 0) >= 2:
            raise StudioError("The disk is full.", "Free some space.")
        append(self, event)

    monkeypatch.setattr(RunRecord, "append", full)
    events = played(record, [started(), *steps(5)])
    assert [event.step for event in events[1:-1]] == [1]
    assert (events[-1].reason, events[-1].message) == ("failed", "The disk is full.")
    assert not record.held


def test_a_reader_that_leaves_closes_the_engine_and_the_record(record):
    closed = []

    def engine(config, control, record, resume):
        try:
            yield from small_run(5)
        finally:
            closed.append(True)

    events = stream(record.config, RunControl(), record, None, engine)
    next(events)
    events.close()
    assert closed == [True]
    assert not record.held
    assert record.summary.state == "interrupted"


def test_a_run_that_starts_afresh_forgets_its_former_beginning(record):
    played(record, [started(), *steps(3), StudioError("No.")])
    played(record, small_run(2))
    assert list(record.events()) == small_run(2)


def test_a_second_writer_is_refused_with_a_sentence(record):
    with record:
        ended = played(RunRecord(record.folder), small_run(2))[-1]
    assert ended.reason == "failed"
    assert "open for writing" in ended.message


def test_a_disk_that_does_not_take_the_last_word_changes_nothing_of_the_end(record, monkeypatch):
    honest = RunRecord.append

    def full(self, event):
        if isinstance(event, RunEnded):
            raise StudioError("The disk is full.")
        honest(self, event)

    monkeypatch.setattr(RunRecord, "append", full)
    events = played(record, small_run(3))
    assert [event for event in events if isinstance(event, RunEnded)] == [finished(3)]
    assert not record.held
