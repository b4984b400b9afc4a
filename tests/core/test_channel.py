"""Both ends of a run's channel: direct calls one way, a mailbox the other."""

import threading

from studio.core.channel import Ask, Mailbox, RunControl
from studio.core.events import PhaseChanged


def in_thread(work: object) -> threading.Thread:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_a_fresh_control_lets_a_run_go_on() -> None:
    control = RunControl()
    assert control.keep_going()
    assert not control.paused
    assert not control.stopping
    assert control.saving


def test_a_stop_ends_the_run_and_saves_unless_told_otherwise() -> None:
    control = RunControl()
    control.stop()
    assert not control.keep_going()
    assert control.saving
    control.stop(save=False)
    assert not control.saving


def test_a_paused_run_waits_and_goes_on() -> None:
    control, passed = RunControl(), threading.Event()
    control.pause()
    thread = in_thread(lambda: control.keep_going() and passed.set())
    assert not passed.wait(0.05)
    control.proceed()
    thread.join(5)
    assert passed.is_set()


def test_a_stop_ends_the_waiting_of_a_paused_run() -> None:
    control, answers = RunControl(), list[bool]()
    control.pause()
    thread = in_thread(lambda: answers.append(control.keep_going()))
    control.stop()
    thread.join(5)
    assert answers == [False]
    assert not control.paused


def test_wishes_are_taken_once_and_in_order() -> None:
    control = RunControl()
    control.ask(Ask("sample", "Once"))
    control.ask(Ask("save"))
    assert control.asks() == [Ask("sample", "Once"), Ask("save")]
    assert control.asks() == []


def test_a_wish_wakes_a_paused_run_without_ending_its_pause() -> None:
    control, woken = RunControl(), threading.Event()
    control.pause()

    def wait() -> None:
        control.wait_for_change()
        woken.set()

    thread = in_thread(wait)
    assert not woken.wait(0.05)
    control.ask(Ask("sample"))
    thread.join(5)
    assert woken.is_set()
    assert control.paused


def test_waiting_for_a_change_returns_at_once_when_nothing_is_paused() -> None:
    RunControl().wait_for_change()


def test_a_mailbox_gives_everything_once_oldest_first() -> None:
    mailbox = Mailbox()
    events = [PhaseChanged(phase="training", done=number) for number in range(3)]
    mailbox.put(events[0])
    mailbox.extend(events[1:])
    assert mailbox.drain() == events
    assert mailbox.drain() == []


def test_nothing_is_lost_while_one_side_writes_and_the_other_reads() -> None:
    mailbox, count = Mailbox(), 5_000

    def write() -> None:
        for number in range(count):
            mailbox.put(PhaseChanged(phase="training", done=number))

    thread = in_thread(write)
    read = []
    while thread.is_alive():
        read += mailbox.drain()
    thread.join()
    read += mailbox.drain()
    assert [event.done for event in read if isinstance(event, PhaseChanged)] == list(range(count))
