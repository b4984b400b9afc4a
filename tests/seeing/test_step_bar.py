"""The bar that moves through a run's training: slider, keys, words, and the way back to exact numbers."""

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.live.looking import Subject
from studio.seeing.step_bar import StepBar
from studio.seeing.step_slider import StepSlider
from studio.store.snapshots import FOLDER
from tests.live.test_film import keep, taken
from tests.live.test_film import reader as reader
from tests.panels.conftest import look as look
from tests.panels.conftest import save_checkpoint as save_checkpoint
from tests.scripted_run import UNTIL_STOPPED, small_run, started, step

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shown(qtbot):
    """Shows a widget at a width, and takes it away afterwards."""
    widgets: list[Any] = []

    def show(widget: Any, width: int = 1_000) -> Any:
        widgets.append(widget)
        widget.resize(width, widget.sizeHint().height())
        with qtbot.waitExposed(widget):
            widget.show()
        return widget

    yield show
    for widget in widgets:
        widget.close()
        widget.deleteLater()


# --- the slider -------------------------------------------------------------------------------------------------------


@pytest.fixture
def slider(look, shown):
    slider = StepSlider(look)
    slider.set_marks((0, 100, 200, 1_000), (500, 1_000))
    slider.set_place(200, exact=False)
    return shown(slider, 518)


def test_every_place_of_the_track_is_a_step_and_every_step_has_its_place(slider) -> None:
    assert slider.ends == (0, 1_000)
    assert [slider.x_of(number) for number in (0, 500, 1_000)] == [9, 259, 509]
    assert [slider.step_at(x) for x in (-50, 9, 259, 509, 900)] == [0, 0, 500, 1_000, 1_000]


def test_a_hand_tells_the_step_under_it_and_moves_nothing_by_itself(slider, qtbot) -> None:
    told: list[int] = []
    slider.chosen.connect(told.append)
    QTest.mousePress(slider, LEFT, pos=QPoint(259, 14))
    QTest.mouseMove(slider, QPoint(309, 14))
    QTest.mouseRelease(slider, LEFT, pos=QPoint(309, 14))
    QTest.mouseMove(slider, QPoint(409, 14))
    assert told == [500, 600]
    assert slider.accessibleDescription() == "step 200"
    assert slider.toolTip() == "step 800"


def test_keys_tell_how_far_they_go(slider) -> None:
    moved: list[int] = []
    chosen: list[int] = []
    played: list[bool] = []
    slider.moved.connect(moved.append)
    slider.chosen.connect(chosen.append)
    slider.played.connect(lambda: played.append(True))
    for key in ("Left", "Right", "PageUp", "PageDown", "Home", "End", "Space"):
        QTest.keyClick(slider, getattr(Qt.Key, f"Key_{key}"))
    assert (moved, chosen, played) == ([-1, 1, 10, -10], [0, 1_000], [True])


def test_checkpoints_and_the_thumb_are_seen_and_an_exact_place_is_hollow(slider, look) -> None:
    def colour(x: int, y: int) -> str:
        return slider.grab().toImage().pixelColor(x, y).name()

    assert colour(259, 7) == look.color("text_quiet").name()  # the checkpoint of step 500
    assert colour(59, 20) == look.color("text_disabled").name()  # the snapshot of step 100
    assert colour(109, 14) == look.color("accent").name()
    slider.set_place(200, exact=True)
    assert colour(109, 14) == look.color("surface").name()


def test_a_run_without_anything_kept_has_an_empty_track(look, shown) -> None:
    slider = shown(StepSlider(look), 200)
    assert (slider.ends, slider.step_at(100)) == ((0, 0), 0)


# --- the bar ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(scripted_run, save_checkpoint, qtbot):
    """A finished run with five snapshots and two checkpoints, looked at without its weights."""
    model = scripted_run.play(small_run())
    keep(model.record, 0, 10, 20, 40, 80)
    save_checkpoint(model.record, 10, 2.0)
    save_checkpoint(model.record, 80, 1.0)
    return model


@pytest.fixture
def bar(scripted_run, run, look, shown, qtbot, monkeypatch):
    looking = scripted_run.session.looking
    monkeypatch.setattr("studio.live.looking.SEE", "tests.seeing.test_step_bar:see_fake")
    bar = StepBar(scripted_run.session, look)
    folder = run.record.checkpoints()[-1].folder
    looking.look_at(Subject(folder, "tale · step 80", run.name, 80))
    shown(bar)
    qtbot.waitUntil(lambda: len(looking.film.steps) == 5 and not looking.busy)
    return bar


def see_fake(first: Any, *_: Any) -> Any:
    """A scene as far as the bar needs one."""
    folder = getattr(first, "folder", first)
    window = SimpleNamespace(start=0, end=4, total=4, whole=True)
    config = SimpleNamespace(model=SimpleNamespace(vocab_size=9))
    scene = SimpleNamespace(
        folder=folder, step=int(folder.name.removeprefix("step-")), prompt="The fox", time=4, layers=2, heads=3,
        capture=SimpleNamespace(window=window), config=config, title=folder.name,
    )  # fmt: skip
    return SimpleNamespace(scene=scene, other=None, refusal=None)


def words(bar: StepBar) -> tuple[str, str]:
    return bar.where.text(), bar.kind.text()


def test_at_rest_it_names_the_exact_step_and_counts_the_snapshots(bar) -> None:
    assert words(bar) == ("Step 80", "exact")
    assert bar.kept.text() == "5 snapshots"
    assert not bar.exact.isVisible()
    assert not bar.probe.isVisible()


def test_a_click_on_the_track_shows_the_nearest_snapshot_and_says_how_exact_it_is(bar, qtbot) -> None:
    QTest.mouseClick(bar.slider, LEFT, pos=QPoint(round(bar.slider.x_of(38)), 14))
    assert words(bar)[0] == "Step 40"
    qtbot.waitUntil(lambda: words(bar) == ("Step 40", "≈ snapshot, 8 bit"))
    assert bar.exact.isVisible()
    assert bar.exact.text() == "Exact at step 10"


def test_the_keyboard_alone_goes_everywhere(bar, qtbot) -> None:
    bar.slider.setFocus()
    QTest.keyClick(bar.slider, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: bar._film.step == 0)
    QTest.keyClick(bar.slider, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: bar._film.step == 10)
    QTest.keyClick(bar.slider, Qt.Key.Key_Space)
    assert bar.play.accessibleName() == "Pause"
    QTest.keyClick(bar.slider, Qt.Key.Key_Space)
    assert bar.play.accessibleName() == "Play as a film"
    QTest.keyClick(bar.slider, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: bar._film.step == 80)
    assert (bar.back.isEnabled(), bar.ahead.isEnabled()) == (True, False)


def test_buttons_go_one_snapshot_and_stop_a_film(bar, qtbot) -> None:
    QTest.mouseClick(bar.back, LEFT)
    qtbot.waitUntil(lambda: bar._film.step == 80)
    QTest.mouseClick(bar.play, LEFT)
    qtbot.waitUntil(lambda: bar._film.step == 10)
    QTest.mouseClick(bar.ahead, LEFT)
    assert not bar._film.playing
    assert bar._film.wanted == 20


def test_exact_loads_the_nearest_checkpoint_and_leaves_the_film(bar, qtbot) -> None:
    bar._film.go(20)
    qtbot.waitUntil(lambda: bar._film.step == 20)
    QTest.mouseClick(bar.exact, LEFT)
    assert (bar._film.step, bar._looking.subject.step) == (None, 10)
    qtbot.waitUntil(lambda: words(bar) == ("Step 10", "exact"))


def test_a_snapshot_that_cannot_be_read_is_named(bar, run, qtbot) -> None:
    (run.record.folder / FOLDER / "step-000000040" / "snapshot.json").write_text("{", "utf-8")
    bar._film.go(40)
    qtbot.waitUntil(lambda: words(bar) == ("Step 40", "cannot be read"))
    assert "damaged" in bar.kind.toolTip()


def test_a_narrow_window_leaves_the_room_to_the_slider(bar) -> None:
    bar.resize(620, bar.height())
    assert not bar.kept.isVisible()
    assert bar.slider.width() >= 80


def test_while_the_run_computes_the_text_can_be_looked_at_now(
    scripted_run, look, shown, qtbot, monkeypatch, save_checkpoint
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr("studio.live.looking.SEE", "tests.seeing.test_step_bar:see_fake")
    session = scripted_run.session
    run = scripted_run.start([started(100), step(1), taken(0, share=0.012), UNTIL_STOPPED])
    scripted_run.until(lambda: run.state == "running" and bool(run.snapshots))
    save_checkpoint(run.record, 10, 2.0)
    keep(run.record, 0)
    bar = StepBar(session, look)
    session.looking.look_at(Subject(run.record.checkpoints()[-1].folder, "tale", run.name, 10))
    shown(bar)
    qtbot.waitUntil(lambda: session.looking.scene is not None and bar.kept.text() == "1 snapshot · live")
    assert bar.kept.toolTip() == "Looking inside took 1.2 % of the run's computing time."
    monkeypatch.setattr(session, "probe_now", lambda run, text: asked.append((run.name, text)))
    QTest.mouseClick(bar.probe, LEFT)
    assert asked == [("tale", "The fox")]
    session.stop_run(run)
    scripted_run.settle()
