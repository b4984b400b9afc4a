"""Cycles are collected in the GUI thread only."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from studio.live.garbage import GarbageCollector, collect_due

pytestmark = pytest.mark.gui


class Loop:
    """Refers to itself, so that only a search for cycles finds it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector(qapp):
    was = gc.isenabled()
    owner = QObject()
    made = GarbageCollector(owner)
    yield made
    made.stop()
    (gc.enable if was else gc.disable)()


@pytest.mark.slow
def test_a_thread_that_allocates_much_frees_no_cycle_of_others(collector):
    gone = []
    loop = Loop()
    weakref.finalize(loop, lambda: gone.append(threading.current_thread()))
    del loop
    worker = threading.Thread(target=lambda: [[] for _ in range(100_000)])
    worker.start()
    worker.join()
    assert gone == []
    gc.collect()
    assert gone == [threading.current_thread()]


def test_the_timer_collects_what_has_gathered(collector, qtbot):
    gone = []
    loops = [Loop() for _ in range(gc.get_threshold()[0] + 100)]
    weakref.finalize(loops[0], gone.append, True)
    loops.clear()
    qtbot.waitUntil(lambda: bool(gone))


def test_nothing_is_collected_while_little_has_gathered(collector):
    gc.collect()
    assert collect_due() == -1


def test_once_stopped_python_collects_by_itself_again(qapp):
    was = gc.isenabled()
    owner = QObject()
    collector = GarbageCollector(owner)
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    (gc.enable if was else gc.disable)()
