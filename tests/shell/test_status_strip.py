"""The status strip tells the running job from every page."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from studio.core.events import PhaseChanged
from studio.shell.status_strip import StatusHost, StatusStrip, ThinBar, progress_of
from studio.widgets.look import Look
from tests.scripted_run import UNTIL_STOPPED, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def strip(qtbot: QtBot, look: Look, scripted_run: Any) -> StatusStrip:
    made = StatusStrip(scripted_run.session, look)
    qtbot.addWidget(made)
    made.resize(1280, made.height())
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_it_is_ready_when_nothing_runs(strip: StatusStrip) -> None:
    assert strip.phase.text() == "Ready"
    assert not strip.bar.isVisible()
    assert not strip.steps.isVisible()


def test_it_says_that_pytorch_is_being_loaded(strip: StatusStrip, pretend: Any) -> None:
    pretend(torch_state="loading")
    strip.refresh()
    assert strip.phase.text() == "Loading PyTorch…"
    pretend(torch_state="failed")
    strip.refresh()
    assert strip.phase.text() == "PyTorch could not be loaded"


def test_it_tells_phase_step_loss_and_pace_of_the_run(strip: StatusStrip, scripted_run: Any) -> None:
    script = [started(1_000), PhaseChanged(phase="training"), *steps(40), UNTIL_STOPPED]
    run = scripted_run.start(script)
    scripted_run.until(lambda: run.step == 40)
    strip.refresh()
    assert strip.phase.text() == "Training · tale"
    assert strip.steps.text() == "40 / 1,000"
    assert strip.loss.text() == "loss 0.100"
    assert strip.pace.text() == "640 tokens/s"
    assert strip.left.text() == "about 2 min left" or strip.left.text().endswith("left")
    assert strip.bar.share == pytest.approx(0.04)
    assert strip.device.text() == "CPU · 1 thread · fp32"


def test_a_pause_and_a_wish_to_stop_are_said(strip: StatusStrip, scripted_run: Any) -> None:
    run = scripted_run.start([started(10), *steps(3), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 3)
    scripted_run.session.pause_run(run)
    scripted_run.until(lambda: run.state == "paused")
    strip.refresh()
    assert strip.phase.text() == "Paused · tale"
    assert strip.bar.role == "warning"
    assert not strip.left.isVisible()
    run.set_wish("stop")
    assert progress_of(run).phase == "Stopping"


def test_before_the_first_step_it_tells_the_preparation(strip: StatusStrip, scripted_run: Any) -> None:
    run = scripted_run.start([PhaseChanged(phase="tokenizing", done=3, total=12), UNTIL_STOPPED])
    scripted_run.until(lambda: run.phase.phase == "tokenizing")
    strip.refresh()
    assert strip.phase.text() == "Cutting into tokens · tale"
    assert strip.bar.share == 0.25
    assert not strip.steps.isVisible()


def test_a_run_that_ended_leaves_the_strip_ready(strip: StatusStrip, scripted_run: Any) -> None:
    scripted_run.play([started(2), *steps(2)])
    strip.refresh()
    assert strip.phase.text() == "Ready"


def test_a_click_opens_the_run_only_while_there_is_one(strip: StatusStrip, scripted_run: Any, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(strip.run_requested):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)
    run = scripted_run.start([started(10), *steps(1), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 1)
    with qtbot.waitSignal(strip.run_requested):
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton)


def test_memory_is_measured_and_not_invented(strip: StatusStrip) -> None:
    strip.sample_memory()
    assert strip.memory.text().endswith("GB")
    assert 0 < strip.memory_bar.share < 1


def test_the_machine_is_told_once_it_is_known(strip: StatusStrip) -> None:
    assert not strip.device.isVisible()
    strip.set_machine("cuda", 4, "bf16")
    assert strip.device.text() == "NVIDIA GPU · bf16"
    strip.set_machine("cpu", 2, "fp32")
    assert strip.device.text() == "CPU · 2 threads · fp32"


def test_a_bar_paints_only_when_it_would_look_different(qtbot: QtBot, look: Look) -> None:
    bar = ThinBar(look, "Progress")
    qtbot.addWidget(bar)
    bar.set_share(0.5)
    bar.set_share(0.5001)
    assert bar.share == 0.5
    assert not bar.grab().toImage().isNull()


def test_the_strip_fills_the_last_line(qtbot: QtBot, look: Look, scripted_run: Any) -> None:
    host = StatusHost(StatusStrip(scripted_run.session, look))
    qtbot.addWidget(host)
    host.resize(900, host.height())
    with qtbot.waitExposed(host):
        host.show()
    assert host.strip.geometry() == host.rect()


@pytest.mark.parametrize("width", [640, 785, 960, 1_280])
def test_nothing_in_it_is_cut_in_a_narrow_window(strip: StatusStrip, scripted_run: Any, width: int) -> None:
    run = scripted_run.start(
        [started(1_000), PhaseChanged(phase="training"), *steps(40), UNTIL_STOPPED], "long-stories"
    )
    scripted_run.until(lambda: run.step == 40)
    strip.resize(width, strip.height())
    strip.set_machine("cpu", 2, "bf16")
    strip.sample_memory()
    QApplication.processEvents()
    labels = [label for label in strip.findChildren(QLabel) if label.isVisible()]
    assert [label.text() for label in labels if label.width() < label.sizeHint().width()] == []
    assert strip.memory.isVisible()
    assert strip.memory_bar.isVisible() is (width == 1_280)


def test_what_was_left_out_comes_back_with_the_room(strip: StatusStrip) -> None:
    strip.set_machine("cpu", 2, "bf16")
    strip.setMinimumWidth(1)  # as in the window, which sets its geometry itself
    strip.resize(200, strip.height())
    assert not strip.device.isVisible()
    strip.resize(1_280, strip.height())
    assert strip.device.isVisible()


def test_it_says_that_other_programs_are_served_as_long_as_they_are(strip: StatusStrip, scripted_run: Any) -> None:
    assert not strip.endpoint.isVisible()
    endpoint = scripted_run.session.endpoint
    endpoint.start(lambda turns, sampling, control: iter(()), "tale")
    strip.refresh()
    port = endpoint.address.split(":")[2].split("/")[0]
    assert strip.endpoint.text() == f"Serving on port {port}"
    strip.resize(500, strip.height())  # room is taken from others first
    assert strip.endpoint.isVisible()
    endpoint.stop()
    strip.refresh()
    assert not strip.endpoint.isVisible()
    scripted_run.settle()
