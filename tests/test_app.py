"""The window's objects are built once, torch is warmed after the first paint, and everything ends in order."""

import json
import locale
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio import app
from studio.core.errors import StudioError
from studio.core.language import set_language
from studio.shell.crash_dialog import CrashDialog
from studio.store.preferences import Preferences
from tests.scripted_run import UNTIL_STOPPED, ScriptedEngine, started, steps

pytestmark = pytest.mark.gui
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def build(qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., app.Studio]]:
    """Builds the real studio on scripted runs, without the real torch; each is closed in order."""
    made: list[app.Studio] = []
    palette = qapp.palette()

    def do(script: Any = (), shown: bool = True) -> app.Studio:
        studio = app.build(app.make_application(), engine=ScriptedEngine(script))
        made.append(studio)
        monkeypatch.setattr(studio.session, "warm_torch", lambda: warmed.append(True))
        if shown:
            with qtbot.waitExposed(studio.window):
                studio.window.show()
            qtbot.waitUntil(lambda: bool(warmed))
        return studio

    warmed: list[bool] = []
    do.warmed = warmed  # type: ignore[attr-defined]
    yield do
    for studio in made:
        studio.window.toasts.clear()
        if studio.window.isVisible():
            studio.window.way_out.leave()
            qtbot.waitUntil(lambda studio=studio: not studio.window.isVisible(), timeout=10_000)
        studio.crashes.uninstall()
        studio.feed.close()
        studio.look.changed.disconnect(studio.themes.apply)
        studio.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setPalette(palette)
    set_language("en")


@pytest.mark.parametrize(
    ("qt", "python", "refused"),
    [((6, 12, 0), (3, 11), True), ((6, 12, 0), (3, 12), False), ((6, 11, 3), (3, 11), False)],
)
def test_the_build_that_crashes_is_refused_with_a_sentence(
    qt: tuple[int, ...], python: tuple[int, ...], refused: bool
) -> None:
    if not refused:
        app.check_versions(qt, python)
        return
    with pytest.raises(StudioError) as error:
        app.check_versions(qt, python)
    assert "6.12.0" in error.value.message
    assert "6.11.3" in error.value.hint


def test_numbers_keep_their_point_after_the_application_is_made(qapp: QApplication) -> None:
    locale.setlocale(locale.LC_NUMERIC, "")
    application = app.make_application()
    assert locale.localeconv()["decimal_point"] == "."
    assert application.style().objectName().lower() == "fusion"


def test_the_window_is_painted_before_torch_is_asked_for(build: Any) -> None:
    studio = build(shown=False)
    assert build.warmed == []
    studio.window.show()
    while not build.warmed:
        QApplication.processEvents()
    assert build.warmed == [True]


def test_nothing_heavy_is_imported_until_the_window_is_painted(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom studio import app\na = app.make_application()\ns = app.build(a)\n"
        "s.session.warm_torch = lambda: None\ns.window.show()\na.processEvents()\n"
        "print(sorted({'torch', 'pyqtgraph', 'tiktoken', 'duckdb'} & set(sys.modules)))\n"
        "s.window.way_out.leave()\n"
        "while s.window.isVisible(): a.processEvents()\n"
    )
    environment = {**os.environ, "ATELIER_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
    assert done.returncode == 0


def test_the_frame_needs_no_session_and_keeps_the_places_of_what_comes(qapp: QApplication, qtbot: QtBot) -> None:
    code = (
        "import sys\nfrom studio import app\na = app.make_application()\nb = app.begin(a)\nb.window.show()\n"
        "app._let_it_paint(a, b.window)\n"
        "print(b.window.painted, sorted({'studio.live.session', 'studio.store.project', 'numpy'} & set(sys.modules)))\n"
        "before = b.window.rail.geometry()\ns, k = app.furnish(b)\na.processEvents()\n"
        "print(before == s.window.rail.geometry(), before.height() == s.window.pages.height())\n"
        "s.window.way_out.leave()\nwhile s.window.isVisible(): a.processEvents()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["True []", "True True"], done.stdout + done.stderr


def test_closing_the_bare_frame_waits_until_there_is_something_to_close(qapp: QApplication, qtbot: QtBot) -> None:
    sheet, palette = qapp.styleSheet(), qapp.palette()
    begun = app.begin(app.make_application())
    begun.window.show()
    assert not begun.window.close()
    studio, _ = app.furnish(begun, engine=ScriptedEngine())
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=10_000)
    studio.crashes.uninstall()
    studio.feed.close()
    studio.look.changed.disconnect(studio.themes.apply)
    studio.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def test_the_project_opened_last_opens_again(build: Any, tmp_path: Path, qtbot: QtBot) -> None:
    first = build()
    first.session.create_project(tmp_path / "tales", "Tales")
    first.window.way_out.leave()
    qtbot.waitUntil(lambda: not first.window.isVisible())
    build.warmed.clear()
    second = build()
    assert second.session.project is not None
    assert second.session.project.name == "Tales"


def test_a_project_that_is_gone_is_forgotten(build: Any, tmp_path: Path) -> None:
    home = Path(os.environ["ATELIER_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    preferences = {"version": 1, "last_project": str(tmp_path / "gone")}
    (home / "preferences.json").write_text(json.dumps(preferences), "utf-8")
    studio = build()
    assert studio.session.project is None
    assert studio.session.preferences.last_project == ""


def test_closing_remembers_the_layout(build: Any, qtbot: QtBot) -> None:
    studio = build()
    studio.window.pages.open("settings")
    studio.window.way_out.leave()
    qtbot.waitUntil(lambda: not studio.window.isVisible())
    kept = json.loads(studio.places.session.read_text("utf-8"))
    assert kept["page"] == "settings"
    assert kept["geometry"]


def test_the_page_that_was_left_opens_again_with_its_project(build: Any, tmp_path: Path, qtbot: QtBot) -> None:
    first = build()
    first.session.create_project(tmp_path / "tales", "Tales")
    first.window.pages.open("settings")
    first.window.way_out.leave()
    qtbot.waitUntil(lambda: not first.window.isVisible())
    build.warmed.clear()
    second = build()
    assert second.window.pages.name == "settings"
    assert second.window.rail.buttons["settings"].isChecked()


@pytest.mark.parametrize("left", ["models that were", "", 7, None])
def test_a_page_that_is_none_and_one_without_its_project_give_way_to_home(left: Any, tmp_path: Path) -> None:
    opens = Preferences(last_project=str(tmp_path))
    assert app.last_page({"page": "settings"}, opens) == "home"  # there is no project in this folder any more
    (tmp_path / "project.json").write_text("{}", "utf-8")
    assert app.last_page({"page": "settings"}, opens) == "settings"
    assert app.last_page({"page": left}, opens) == "home"
    assert app.last_page({"page": "settings"}, Preferences()) == "home"  # no project was open


def test_closing_while_training_saves_first(build: Any, tmp_path: Path, qtbot: QtBot) -> None:
    from studio.core.config import DataConfig, RunConfig

    studio = build([started(50), *steps(5), UNTIL_STOPPED])
    studio.session.create_project(tmp_path / "tales", "Tales")
    run = studio.session.start_run(RunConfig(data=DataConfig(text="story")), "tale")
    qtbot.waitUntil(lambda: run.step == 5)
    record = run.record
    studio.window.way_out.leave()
    qtbot.waitUntil(lambda: not studio.window.isVisible(), timeout=10_000)
    assert record.summary.state == "stopped"


def test_preferences_reach_theme_motion_and_language(build: Any) -> None:
    from dataclasses import replace

    from studio.core.language import tr

    studio = build()
    session = studio.session
    session.set_preferences(replace(session.preferences, theme="light", reduce_motion=True, language="pseudo"))
    assert not studio.look.theme.dark
    assert studio.look.motion(160) == 0
    assert tr("Home") != "Home"


def test_a_failure_in_a_slot_opens_one_dialog(build: Any, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    studio = build()
    for _ in range(2):
        try:
            raise RuntimeError("a bug")
        except RuntimeError as error:
            studio.crashes.report(RuntimeError, error, error.__traceback__)
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(CrashDialog)))
    dialog = studio.window.findChildren(CrashDialog)[0]
    assert "a bug" in dialog.details
    dialog.accept()


def test_a_refusal_that_reached_nobody_becomes_a_toast(
    build: Any, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    studio = build()
    studio.crashes.report(StudioError, StudioError("The disk is full."), None)
    qtbot.waitUntil(lambda: bool(studio.window.toasts.toasts))
    assert studio.window.toasts.toasts[0].text == "The disk is full."


def test_what_an_abrupt_end_left_is_shown_at_the_next_start(build: Any, qtbot: QtBot) -> None:
    logs = Path(os.environ["ATELIER_HOME"]) / "logs"
    logs.mkdir(parents=True)
    (logs / "fault-999999999.txt").write_text("Fatal Python error: Aborted\n", "utf-8")
    studio = build()
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(CrashDialog)))
    dialog = studio.window.findChildren(CrashDialog)[0]
    assert "Aborted" in dialog.details
    dialog.accept()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_closes_in_order_and_is_given_back(qapp: QApplication, qtbot: QtBot) -> None:
    from PySide6.QtCore import QObject

    from studio.shell.interrupt import Interrupt

    before = signal.getsignal(signal.SIGINT)
    interrupt = Interrupt(QObject(qapp))
    try:
        with qtbot.waitSignal(interrupt.pressed):
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        interrupt.close()
    assert signal.getsignal(signal.SIGINT) is before
