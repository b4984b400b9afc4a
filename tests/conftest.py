"""What every test stands on: no screen, a home of its own, nothing left behind, nothing said that nobody expected."""

import gc
import inspect
import logging
import os
import random
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch: many small tests, few cores

import hypothesis
import pytest

from tests.scripted_run import scripted_run as scripted_run

DATA_FILES = (
    "the-verdict.txt",
    "tinyshakespeare.txt",
    "SMSSpamCollection.tsv",
    "instruction-data.json",
    "instruction-data-with-preference.json",
    "gpt2/vocab.bpe",
    "gpt2/encoder.json",
    "stories260K.bin",
)
GRACE = 5.0  # seconds that a thread which was told to end may take to do so

hypothesis.settings.register_profile("atelier", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.load_profile("atelier")


# --- which tests run, and what the last line says -----------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


class RealData:
    """Counts the tests that asked for the data folder: how many ran on it, how many were skipped and why.

    Where several processes share the tests, each marks its reports and the first process counts them.
    """

    MARK = "real data"

    def __init__(self) -> None:
        self.ran = 0
        self.skipped = 0
        self.reasons: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        outcome: Any = yield
        if "data_folder" in getattr(item, "fixturenames", ()):
            outcome.get_result().user_properties.append((self.MARK, ""))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not any(name == self.MARK for name, _ in report.user_properties):
            return
        if report.skipped:
            self.skipped += 1
            self.reasons.add(str(report.longrepr[2]).removeprefix("Skipped: "))  # type: ignore[index]
        elif report.when == "call":
            self.ran += 1

    def sentence(self) -> str:
        """The closing line of the test command."""
        why = f" ({'; '.join(sorted(self.reasons))})" if self.reasons else ""
        return f"real data: {self.ran} tests ran on it, {self.skipped} were skipped{why}"


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # a worker thread that frees a test's forgotten widgets ends the process; see live/garbage.py
    config.pluginmanager.register(RealData(), "real_data")


def pytest_runtest_logfinish() -> None:
    from studio.live.garbage import collect_due

    collect_due()


def pytest_unconfigure(config: pytest.Config) -> None:
    counts = config.pluginmanager.get_plugin("real_data")
    helps = hasattr(config, "workerinput")  # a process that another one hands tests to
    if isinstance(counts, RealData) and not config.option.collectonly and not helps:
        sys.stdout.write(counts.sentence() + "\n")


# --- what a test is given -----------------------------------------------------------------------------------------


@pytest.fixture
def data_folder() -> Path:
    """The folder of real texts; the test is skipped, with the reason, where it is absent or incomplete."""
    named = os.environ.get("ATELIER_DATA")
    if not named:
        pytest.skip("ATELIER_DATA is not set")
    folder = Path(named)
    for name in DATA_FILES:
        if not (folder / name).is_file():
            pytest.skip(f"ATELIER_DATA has no {name}")
    return folder


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Preferences, session, logs and projects of the person at this machine are out of every test's reach."""
    home = tmp_path / "atelier-home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def the_same_randomness_every_time() -> None:
    """Python's and numpy's global generators start equal in every test, though no code of ours should need it."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)


@pytest.fixture(autouse=True)
def torch_as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use torch share one process: settings that one of them changes are put back."""
    if not request.node.get_closest_marker("torch"):
        yield
        return
    import torch

    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)
    torch.set_default_dtype(dtype)
    torch.set_grad_enabled(grad)
    if torch.are_deterministic_algorithms_enabled() != deterministic:  # asking is free, setting takes seconds
        torch.use_deterministic_algorithms(deterministic)


@pytest.fixture(autouse=True)
def no_unexpected_log_line(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning in the log fails the test, unless the test itself takes `caplog` and so says that it looks."""
    yield
    asked = "caplog" in inspect.signature(request.function).parameters
    lines = [
        f"{record.name}: {record.getMessage()}"
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING
    ]
    if lines and not asked:
        pytest.fail("unexpected log lines:\n" + "\n".join(lines), pytrace=False)


# --- nothing is left behind ---------------------------------------------------------------------------------------


def _place() -> str:
    """The line of ours that started something, for the message."""
    frames = [frame for frame in traceback.extract_stack()[:-2] if "site-packages" not in frame.filename]
    ours = [frame for frame in frames if f"{os.sep}lib{os.sep}python" not in frame.filename]
    frame = (ours or frames)[-1]
    return f"{frame.filename}:{frame.lineno} in {frame.name}"


class Started:
    """Remembers what was started, and where, while a test runs: objects are held weakly."""

    def __init__(self) -> None:
        self._items: list[tuple[weakref.ref[Any], str]] = []

    def wrap(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """The same method, which also notes its object and the calling place."""

        def noting(item: Any, *arguments: Any, **named: Any) -> Any:
            self._items.append((weakref.ref(item), _place()))
            return method(item, *arguments, **named)

        return noting

    def where(self, running: Callable[[Any], bool]) -> list[str]:
        """Kind and place of everything for which `running` still holds."""
        alive = [(reference(), place) for reference, place in self._items]
        return sorted({f"{type(item).__name__} from {place}" for item, place in alive if item and running(item)})


def _until(done: Callable[[], bool], between: Callable[[], None]) -> bool:
    end = time.monotonic() + GRACE
    while not done():
        if time.monotonic() > end:
            return False
        between()
        time.sleep(0.005)
    return True


@pytest.fixture(autouse=True)
def no_thread_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python threads started during the test have ended with it."""
    started = Started()
    monkeypatch.setattr(threading.Thread, "start", started.wrap(threading.Thread.start))
    yield
    if not _until(lambda: not started.where(threading.Thread.is_alive), lambda: None):
        pytest.fail("threads left behind:\n" + "\n".join(started.where(threading.Thread.is_alive)), pytrace=False)


@pytest.fixture(autouse=True)
def nothing_of_qt_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """GUI tests end without running QThreads, active timers or visible windows."""
    if not request.node.get_closest_marker("gui"):
        yield
        return
    from PySide6.QtCore import QThread, QTimer
    from PySide6.QtWidgets import QWidget

    application = request.getfixturevalue("qapp")
    threads, timers, windows = Started(), Started(), Started()
    before = set(map(id, _visible_windows()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QThread, "start", threads.wrap(QThread.start))
        patch.setattr(QTimer, "start", timers.wrap(QTimer.start))
        patch.setattr(QWidget, "show", windows.wrap(QWidget.show))
        yield

    def left() -> list[str]:
        new = [window for window in _visible_windows() if id(window) not in before]
        return [
            *threads.where(lambda thread: _alive(thread) and thread.isRunning()),
            *timers.where(lambda timer: _alive(timer) and timer.isActive()),
            *(windows.where(lambda window: window in new) or [f"visible {type(window).__name__}" for window in new]),
        ]

    if not _until(lambda: not left(), lambda: _deliver(application)):
        found = left()
        for window in _visible_windows():
            window.hide()  # so that the next test is not blamed for it
        pytest.fail("left behind:\n" + "\n".join(found), pytrace=False)


def _visible_windows() -> list[Any]:
    from PySide6.QtWidgets import QApplication

    return [window for window in QApplication.topLevelWidgets() if window.isVisible()]


def _alive(thing: Any) -> bool:
    import shiboken6

    return bool(shiboken6.isValid(thing))


def _deliver(application: Any) -> None:
    from PySide6.QtCore import QEvent

    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()
