"""Short work in threads: results, errors, values and progress come back on the GUI thread, in order, or not at all."""

import json
import threading

import pytest
from PySide6.QtCore import QObject, QThread

from studio.core.errors import StudioError
from studio.live.jobs import Jobs

pytestmark = pytest.mark.gui


@pytest.fixture
def jobs(qtbot):
    jobs = Jobs()
    yield jobs
    assert jobs.close(5_000)


class Ear(QObject):
    """Hears a job with bound methods, as a panel does, and notes on which thread."""

    def __init__(self, job):
        super().__init__()
        self.heard, self.threads = [], set()
        job.succeeded.connect(self.succeed)
        job.failed.connect(self.fail)
        job.items.connect(self.take)
        job.progressed.connect(self.progress)
        job.ended.connect(self.end)

    def note(self, *what):
        self.heard.append(what)
        self.threads.add(QThread.currentThread())

    def succeed(self, result):
        self.note("succeeded", result)

    def fail(self, error):
        self.note("failed", error)

    def take(self, values):
        self.note("items", values)

    def progress(self, done, total):
        self.note("progressed", done, total)

    def end(self):
        self.note("ended")


def test_a_result_comes_back_on_the_gui_thread(jobs, qtbot):
    worked_in = []
    job = jobs.start(lambda number: worked_in.append(QThread.currentThread()) or number * 2, 21, title="Doubling")
    ear = Ear(job)
    assert jobs.jobs == [job]
    with qtbot.waitSignal(jobs.job_removed):
        pass
    assert ear.heard == [("succeeded", 42), ("ended",)]
    assert ear.threads == {QThread.currentThread()}
    assert worked_in[0] is not QThread.currentThread()
    assert jobs.jobs == []


def test_a_target_is_found_by_its_name_on_the_thread(jobs, qtbot):
    ear = Ear(jobs.start("json:dumps", [1], indent=None))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    assert ear.heard[0] == ("succeeded", json.dumps([1]))


def test_a_known_error_comes_back_as_it_is(jobs, qtbot):
    def refuse():
        raise StudioError("The file is empty.", "Choose another.")

    job = jobs.start(refuse)
    ear = Ear(job)
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    (kind, error), _ = ear.heard
    assert (kind, error.message, error.hint) == ("failed", "The file is empty.", "Choose another.")
    assert error.__traceback__ is None
    assert job.error is error


def test_an_unexpected_error_becomes_a_sentence_with_the_traceback_as_text(jobs, qtbot, caplog):
    ear = Ear(jobs.start("json:loads", "{"))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    error = ear.heard[0][1]
    assert isinstance(error, StudioError)
    assert "Traceback" not in error.message
    assert "JSONDecodeError" in error.details
    assert "JSONDecodeError" in caplog.text


def test_an_error_that_nobody_listens_to_is_reported_by_all_jobs(jobs, qtbot):
    def refuse():
        raise StudioError("No.")

    with qtbot.waitSignal(jobs.job_failed) as heard:
        jobs.start(refuse)
    assert heard.args[0].error.message == "No."


def test_a_generator_hands_over_its_values_in_batches_and_returns_its_result(jobs, qtbot):
    def count():
        yield from range(1_000)
        return "done"

    ear = Ear(jobs.start(count))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    batches = [what[1] for what in ear.heard if what[0] == "items"]
    assert [value for batch in batches for value in batch] == list(range(1_000))
    assert len(batches) < 100
    assert ear.heard[-2:] == [("succeeded", "done"), ("ended",)]


def test_the_values_before_an_error_are_not_lost(jobs, qtbot):
    def stumble():
        yield 1
        raise StudioError("Oh.")

    ear = Ear(jobs.start(stumble))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    assert [what[0] for what in ear.heard] == ["items", "failed", "ended"]


def test_progress_of_any_size_is_passed_on(jobs, qtbot):
    def work(progress):
        progress(1, 10)
        progress(3_000_000_000, 6_000_000_000)

    job = jobs.start(work)
    ear = Ear(job)
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    assert ear.heard[0] == ("progressed", 3_000_000_000, 6_000_000_000)
    assert (job.done, job.total) == (3_000_000_000, 6_000_000_000)


def test_a_cancelled_job_is_asked_to_end_and_says_nothing_but_that(jobs, qtbot):
    entered = threading.Event()

    def work(keep_going):
        entered.set()
        while keep_going():
            threading.Event().wait(0.001)
        return "late"

    job = jobs.start(work)
    ear = Ear(job)
    qtbot.waitUntil(entered.is_set)
    job.cancel()
    assert job.state == "cancelled"
    qtbot.waitUntil(lambda: not jobs.jobs)
    assert ear.heard == [("ended",)]


def test_a_cancelled_generator_is_closed(jobs, qtbot):
    closed = threading.Event()

    def forever():
        try:
            while True:
                yield 1
                threading.Event().wait(0.001)
        finally:
            closed.set()

    job = jobs.start(forever)
    with qtbot.waitSignal(job.items):
        pass
    job.cancel()
    qtbot.waitUntil(closed.is_set)


def test_on_one_lane_the_newest_wins_and_none_run_together(jobs, qtbot):
    together, most = [0], [0]

    def work(number, keep_going):
        together[0] += 1
        most[0] = max(most[0], together[0])
        while number < 4 and keep_going():
            threading.Event().wait(0.001)
        together[0] -= 1
        return number

    ears = [Ear(jobs.start(work, number, lane="ledger")) for number in range(5)]
    qtbot.waitUntil(lambda: not jobs.jobs)
    assert [ear.heard for ear in ears[:4]] == [[("ended",)]] * 4
    assert ears[4].heard == [("succeeded", 4), ("ended",)]
    assert most == [1]


def test_lanes_do_not_wait_for_each_other(jobs, qtbot):
    gate = threading.Event()
    slow = jobs.start(gate.wait, 5, lane="slow")
    with qtbot.waitSignal(jobs.start(int, lane="fast").succeeded):
        pass
    assert slow.state == "running"
    gate.set()
    with qtbot.waitSignal(slow.succeeded):
        pass


def test_closing_ends_everything_and_waits_for_it(qtbot):
    jobs = Jobs()

    def work(keep_going):
        while keep_going():
            threading.Event().wait(0.001)

    ears = [Ear(jobs.start(work, lane=lane)) for lane in ("a", "a", "b")]
    assert jobs.close(5_000)
    assert jobs.jobs == []
    assert [ear.heard for ear in ears] == [[("ended",)]] * 3


def test_closing_says_when_a_thread_is_still_busy(qtbot):
    jobs, entered, gate = Jobs(), threading.Event(), threading.Event()

    def work():
        entered.set()
        gate.wait(5)

    jobs.start(work)
    qtbot.waitUntil(entered.is_set)
    assert not jobs.close(10)
    gate.set()
    assert jobs.close(5_000)


def test_a_panic_that_is_no_exception_does_not_take_the_window_down(jobs, qtbot, caplog):
    class PanicException(BaseException):
        pass

    def panic():
        raise PanicException("index out of range")

    ear = Ear(jobs.start(panic))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    assert "index out of range" in ear.heard[0][1].message


def test_too_little_memory_is_said_plainly(jobs, qtbot):
    def hungry():
        raise MemoryError

    ear = Ear(jobs.start(hungry))
    qtbot.waitUntil(lambda: ("ended",) in ear.heard)
    assert ear.heard[0][1].message == "There is not enough memory for this."
