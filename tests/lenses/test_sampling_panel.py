"""The controls carry everything that is set, the seed among them, and go back to the model's own."""

from typing import Any

import pytest

from studio.core.config import Sampling
from studio.lenses.sampling_panel import PLAIN, SamplingPanel

pytestmark = pytest.mark.gui


@pytest.fixture
def panel(look: Any, qtbot: Any) -> SamplingPanel:
    made = SamplingPanel(look)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_it_begins_with_the_models_own_distribution(panel: SamplingPanel) -> None:
    value = panel.value()
    assert (value.temperature, value.top_k, value.top_p, value.min_p) == (1.0, 0, 1.0, 0.0)
    assert value == PLAIN


def test_a_moved_slider_keeps_the_seed(panel: SamplingPanel, qtbot: Any) -> None:
    panel.seed.setText("41")
    with qtbot.waitSignal(panel.changed) as said:
        panel.seed.textEdited.emit("41")
    assert said.args[0].seed == 41
    row = panel.sliders.rows["top_k"]
    row.set_value(9)
    with qtbot.waitSignal(panel.changed) as said:
        row.changed.emit(9.0)
    assert (said.args[0].seed, said.args[0].top_k) == (41, 9)


def test_a_seed_that_is_no_number_changes_nothing(panel: SamplingPanel, qtbot: Any) -> None:
    panel.seed.setText("many")
    with qtbot.assertNotEmitted(panel.changed):
        panel.seed.textEdited.emit("many")
    assert panel.value().seed == PLAIN.seed


def test_one_press_goes_back_to_the_models_own(panel: SamplingPanel, qtbot: Any) -> None:
    panel.set_value(Sampling(temperature=3.0, top_k=4, seed=9))
    assert panel.sliders.rows["temperature"].value() == 3.0
    with qtbot.waitSignal(panel.changed) as said:
        panel.reset.click()
    assert said.args == [PLAIN]
    assert panel.sliders.rows["top_k"].value() == 0


def test_every_slider_can_be_moved_by_keyboard(panel: SamplingPanel, qtbot: Any) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    for name, row in panel.sliders.rows.items():
        before = getattr(panel.value(), name)
        key = Qt.Key.Key_Left if name == "top_p" else Qt.Key.Key_PageUp
        row.slider.setFocus()
        QTest.keyClick(row.slider, key)
        assert getattr(panel.value(), name) != before, name
