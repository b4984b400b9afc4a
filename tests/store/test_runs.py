"""A run on disk: cheap to append to, true after a kill, without a doubled step after a resume."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import (
    CheckpointSaved,
    EvaluationDone,
    PhaseChanged,
    RunContinued,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    SampleWritten,
    StepDone,
    Unknown,
)
from studio.store import journal
from studio.store.project import Project
from studio.store.runs import RunRecord


def started(step: int = 0) -> RunStarted:
    return RunStarted(
        step=step, total_steps=100, parameters=123, tokens_per_step=64, training_tokens=1000, validation_tokens=100,
        device="cpu", precision="fp32", threads=1, time=5.0,
    )  # fmt: skip


def done(step: int, loss: float = 2.0) -> StepDone:
    return StepDone(
        step=step, loss=loss, learning_rate=1e-3, gradient_norm=1.0, tokens=step * 64, tokens_per_second=10.0,
        seconds=step * 0.1,
    )  # fmt: skip


def measured(step: int, loss: float | None) -> EvaluationDone:
    return EvaluationDone(step=step, training_loss=2.0, validation_loss=loss, seconds=0.1)


def written(step: int, text: str) -> SampleWritten:
    return SampleWritten(step=step, prompt="", text=text, tokens=3, temperature=0.8, top_k=0, seed=7)


def saved(step: int) -> CheckpointSaved:
    return CheckpointSaved(step=step, folder=f"step-{step:06d}", bytes=10, seconds=0.1)


def steps(record: RunRecord) -> list[int]:
    return [event.step for event in record.events() if isinstance(event, StepDone)]


def test_what_is_appended_comes_back_equal_and_in_order(record: RunRecord) -> None:
    events: list[RunEvent] = [
        PhaseChanged(phase="building"), started(), done(1, 1 / 3), measured(1, None), written(1, "Ü 🦊\n\u2028\x00"),
        Unknown(kind="Probed", fields={"step": 1}), RunPaused(step=1), RunContinued(step=1), done(2, float("inf")),
        saved(2), RunEnded(reason="finished", step=2, time=9.0),
    ]  # fmt: skip
    for event in events:
        record.append(event)
    assert list(RunRecord(record.folder).events()) == events


def test_half_a_character_in_a_sample_is_no_reason_to_fail(record: RunRecord) -> None:
    record.append(written(1, "broken \ud83e"))
    record.release()
    assert [type(event) for event in RunRecord(record.folder).events()] == [SampleWritten]


def test_the_summary_follows_the_events(record: RunRecord) -> None:
    assert (record.summary.state, record.summary.text) == ("new", "verdict")
    for event in (
        started(),
        done(1, 3.0),
        measured(1, 2.5),
        done(2, 2.0),
        measured(2, 2.75),
        measured(2, float("nan")),
    ):
        record.append(event)
    assert record.summary.state == "running"
    assert record.summary.step == 2
    assert (record.summary.total_steps, record.summary.parameters, record.summary.started) == (100, 123, 5.0)
    assert (record.summary.last_training_loss, record.summary.best_validation_loss) == (2.0, 2.5)
    record.append(RunPaused(step=2, reason="disk", message="Disk full."))
    assert (record.summary.state, record.summary.message) == ("paused", "Disk full.")
    record.append(RunContinued(step=2))
    record.append(RunEnded(reason="failed", step=2, message="It broke.", hint="Mend it.", time=9.0))
    again = RunRecord(record.folder).summary
    assert (again.state, again.message, again.ended) == ("failed", "It broke. Mend it.", 9.0)
    assert not record.held


def test_preparing_counts_as_running(record: RunRecord) -> None:
    record.append(PhaseChanged(phase="tokenizing"))
    assert RunRecord(record.folder).summary.state == "new"  # not yet written, but the lock is held
    assert record.summary.state == "running"
    record.release()
    assert RunRecord(record.folder).summary.state == "interrupted"


@pytest.mark.parametrize("event", [started(), RunPaused(step=3)])
def test_a_run_that_nobody_computes_any_more_is_interrupted(record: RunRecord, event: RunEvent) -> None:
    record.append(started())
    record.append(event)
    other = RunRecord(record.folder)
    assert other.summary.state in ("running", "paused")
    record.release()
    assert other.summary.state == "interrupted"


def test_a_damaged_run_json_is_rebuilt_from_the_events(record: RunRecord) -> None:
    for event in (started(), done(1), measured(1, 1.5), RunEnded(reason="stopped", step=1, time=3.0)):
        record.append(event)
    whole = RunRecord(record.folder).summary
    for damage in (b"", b"{", b"\0" * 200, b'{"state": 3}', b"[]"):
        (record.folder / "run.json").write_bytes(damage)
        summary = RunRecord(record.folder).summary
        assert (summary.state, summary.step, summary.best_validation_loss) == ("stopped", 1, 1.5)
        assert summary.text == whole.text


def test_steps_wait_at_most_a_second_and_everything_else_is_written_at_once(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    other = RunRecord(record.folder)
    record.append(started())
    for step in range(1, 50):
        record.append(done(step))
    assert steps(other) == []
    now[0] += 1.0
    record.append(done(50))
    assert len(steps(other)) == 50
    record.append(done(51))
    record.append(measured(51, 1.0))
    assert len(steps(other)) == 51
    record.append(done(52))
    record.append(PhaseChanged(phase="saving"))
    assert len(steps(other)) == 52
    record.release()


def test_run_json_is_written_at_most_once_a_second(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    now, written_at = [100.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    real = os.replace

    def note(source: Path, target: Path) -> None:
        written_at.append(now[0])
        real(source, target)

    monkeypatch.setattr(os, "replace", note)
    record.append(started())
    for step in range(1, 101):
        now[0] += 0.05
        record.append(done(step))
        record.append(measured(step, 1.0))
    assert 5 <= len(written_at) <= 7
    record.release()


def test_no_step_is_synced_by_itself(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    record.append(started())
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("a sync for a step"))
    for step in range(1, 2_000):
        record.append(done(step))
    monkeypatch.undo()
    record.release()


@pytest.mark.slow
def test_a_hundred_thousand_events_replay_whole(record: RunRecord) -> None:
    record.append(started())
    for step in range(1, 100_001):
        record.append(done(step, 1.0 / step))
    record.append(RunEnded(reason="finished", step=100_000))
    other = RunRecord(record.folder)
    assert steps(other) == list(range(1, 100_001))
    assert other.summary.last_training_loss == 1e-5


def test_progress_inside_a_phase_is_not_kept(record: RunRecord) -> None:
    for count in range(1000):
        record.append(PhaseChanged(phase="tokenizing", done=count, total=1000))
    record.append(PhaseChanged(phase="training"))
    record.append(PhaseChanged(phase="tokenizing"))
    phases = [event.phase for event in record.events() if isinstance(event, PhaseChanged)]
    assert phases == ["tokenizing", "training", "tokenizing"]
    record.release()


@pytest.mark.parametrize(
    "tail",
    [b'{"v": 1, "kind": "S', b'{"v": 1}\n', b"\0\0\0\0", b"\0\n\0\0\n", b"\xff\xfe\n", b'{"v": 1, ' * 9999],
    ids=["half", "no kind", "zeros", "zero lines", "no text", "long"],
)
def test_a_torn_end_is_cut_off_and_the_history_goes_on(record: RunRecord, tail: bytes) -> None:
    record.append(started())
    record.append(done(1))
    record.release()
    path = record.folder / "events.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    again = RunRecord(record.folder)
    assert steps(again) == [1]
    again.append(done(2))
    again.release()
    assert path.read_bytes().startswith(whole)
    assert steps(again) == [1, 2]


def test_every_length_of_a_cut_file_loses_only_its_unfinished_line(record: RunRecord) -> None:
    record.append(started())
    for step in range(1, 4):
        record.append(done(step))
    record.release()
    path = record.folder / "events.jsonl"
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        journal.repair(path)
        left = path.read_bytes()
        lines = whole[:length].count(b"\n") + (
            whole[length : length + 1] == b"\n" and not whole[:length].endswith(b"\n")
        )
        assert left == b"".join(whole.splitlines(keepends=True)[:lines])


def test_after_a_resume_no_step_is_there_twice(record: RunRecord) -> None:
    record.append(started())
    for step in range(1, 8):
        record.append(done(step, 8.0 - step))
        if step == 5:
            for event in (measured(5, 1.0), PhaseChanged(phase="saving"), saved(5), written(5, "five")):
                record.append(event)
    record.append(measured(7, 0.5))
    record.release()

    again = RunRecord(record.folder)
    again.truncate_events(5)
    assert steps(again) == [1, 2, 3, 4, 5]
    assert (again.summary.step, again.summary.last_training_loss, again.summary.best_validation_loss) == (5, 3.0, 1.0)
    for event in (started(5), done(6), done(7), RunEnded(reason="finished", step=7)):
        again.append(event)
    assert steps(again) == [1, 2, 3, 4, 5, 6, 7]
    assert sum(isinstance(event, SampleWritten) for event in again.events()) == 1
    assert again.summary.created == record.summary.created > 0


def test_a_fresh_start_forgets_the_attempt_before(record: RunRecord) -> None:
    for event in (started(), measured(0, 4.0), done(1), RunEnded(reason="failed", step=1, message="No.")):
        record.append(event)
    record.truncate_events(0)
    assert list(record.events()) == []
    assert (record.summary.state, record.summary.message, record.summary.text) == ("new", "", "verdict")
    record.release()


def test_a_history_that_already_has_doubled_steps_is_put_in_order(record: RunRecord) -> None:
    for step in (1, 2, 3, 2, 3, 4, 5):
        record.append(done(step))
    record.truncate_events(4)
    assert steps(record) == [1, 2, 3, 4]
    record.release()


def test_a_failure_while_cutting_back_leaves_the_history_as_it_was(
    record: RunRecord, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (1, 2, 3):
        record.append(done(step))
    record.release()
    before = (record.folder / "events.jsonl").read_bytes()
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        record.truncate_events(2)
    monkeypatch.undo()
    assert (record.folder / "events.jsonl").read_bytes() == before
    record.append(done(4))
    record.release()
    assert steps(record) == [1, 2, 3, 4]
    assert not list(record.folder.glob(".*"))


def test_while_the_disk_is_full_events_wait_and_none_is_lost_or_doubled(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.append(started())
    writer = record._journal
    assert writer is not None
    real = writer._file

    class Full:
        closed = False

        def write(self, data: bytes) -> int:
            if len(data) > 20:
                return real.write(data[:20])  # half a line still fits
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_file", Full())
        record.append(done(1))
        record.append(RunPaused(step=1, reason="disk"))
        assert record.trouble is not None
        assert "The disk is full" in record.trouble.message
        with pytest.raises(StudioError, match="The disk is full"):
            record.flush()
    record.append(RunContinued(step=1))
    assert record.trouble is None
    record.append(RunEnded(reason="stopped", step=1))
    kinds = [type(event).__name__ for event in record.events()]
    assert kinds == ["RunStarted", "StepDone", "RunPaused", "RunContinued", "RunEnded"]


def test_a_second_writer_is_refused_and_named(record: RunRecord) -> None:
    record.append(started())
    with pytest.raises(StudioError, match=r"erste Übung.*already open for writing in this window"):
        RunRecord(record.folder).append(done(1))
    record.append(RunEnded(reason="stopped", step=0))
    with RunRecord(record.folder) as other:
        other.append(done(1))
    assert not other.held


def test_a_killed_writer_loses_its_lock_at_once_and_its_run_can_go_on(record: RunRecord) -> None:
    code = (
        "import sys, time; from pathlib import Path; from studio.store.runs import RunRecord\n"
        "from studio.core.events import RunPaused\n"
        "record = RunRecord(Path(sys.argv[1])); record.append(RunPaused(step=3))\n"
        "(record.checkpoints_folder / 'step-000005.writing').mkdir()\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(record.folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        assert RunRecord(record.folder).summary.state == "paused"
        with pytest.raises(StudioError, match=f"process {child.pid}"):
            record.append(done(1))
        record.sweep()
        assert (record.checkpoints_folder / "step-000005.writing").is_dir(), "somebody is still writing it"
    finally:
        child.kill()
        child.communicate()
    assert RunRecord(record.folder).summary.state == "interrupted"
    record.append(done(4))
    assert list(record.checkpoints_folder.iterdir()) == []
    record.release()


def test_opening_a_run_that_nobody_holds_sweeps_what_a_kill_left(project: Project, record: RunRecord) -> None:
    (record.checkpoints_folder / ".step-000005.tmp").mkdir()
    (record.folder / ".run.json.0123.tmp").write_text("{")
    project.run(record.name)
    assert list(record.checkpoints_folder.iterdir()) == []
    assert not list(record.folder.glob(".*"))


def test_saving_writes_the_history_first(record: RunRecord, write_files: Callable[..., None]) -> None:
    record.append(started())
    record.append(done(1))
    with record.saving(1) as folder:
        assert steps(RunRecord(record.folder)) == [1]
        write_files(folder, 1)
    record.append(saved(1))
    assert [info.step for info in record.checkpoints()] == [1]
    assert record.summary.size == record.checkpoints()[0].bytes
    record.release()


def test_reading_from_another_thread_while_a_run_is_written_is_safe(record: RunRecord) -> None:
    failures: list[BaseException] = []

    def watch() -> None:
        try:
            for _ in range(50):
                list(record.events())
                assert record.summary.state == "running"
        except BaseException as error:
            failures.append(error)

    record.append(started())
    thread = threading.Thread(target=watch)
    thread.start()
    for step in range(1, 500):
        record.append(done(step))
    thread.join()
    record.release()
    assert not failures
    assert steps(record) == list(range(1, 500))


def test_notes_and_tokenizer_are_kept_beside_the_run(record: RunRecord) -> None:
    assert record.notes == ""
    record.save_notes("Größer versuchen 🦊\n")
    record.save_tokenizer({"name": "characters", "version": 1})
    again = RunRecord(record.folder)
    assert again.notes == "Größer versuchen 🦊\n"
    assert json.loads(again.tokenizer_path.read_text("utf-8"))["name"] == "characters"


def test_a_config_of_a_newer_atelier_is_refused_and_not_rewritten(record: RunRecord) -> None:
    path = record.folder / "config.json"
    path.write_text(path.read_text("utf-8").replace('"version": 1', '"version": 99', 1), "utf-8")
    before = path.read_bytes()
    with pytest.raises(StudioError, match="newer Atelier"):
        _ = RunRecord(record.folder).config
    assert path.read_bytes() == before


def test_a_run_that_could_not_be_written_whole_leaves_nothing(
    project: Project, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        project.new_run(RunConfig(), "x")
    monkeypatch.undo()
    assert list((project.path / "runs").iterdir()) == []


def test_a_new_run_that_was_refused_is_withdrawn(record: RunRecord) -> None:
    record.append(RunEnded(reason="failed", step=0, message="The text is too short."))
    assert record.withdraw()
    assert not record.folder.exists()


def test_a_run_with_a_step_a_note_or_a_report_is_not_withdrawn(project: Project) -> None:
    begun, noted, broken, held = (project.new_run(RunConfig(), name) for name in ("begun", "noted", "broken", "held"))
    begun.append(started())
    begun.append(RunEnded(reason="failed", step=0, message="The text is gone."))
    noted.save_notes("keep me")
    noted.append(RunEnded(reason="failed", step=0))
    broken.append(RunEnded(reason="failed", step=0, details="Traceback …"))
    held.hold()
    assert not any(record.withdraw() for record in (begun, noted, broken, held))
    held.release()
    assert {record.name for record in project.runs()} == {"begun", "noted", "broken", "held"}
