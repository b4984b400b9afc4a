"""One row for each number that shapes the distribution; what has no slider is carried along."""

import pytest

from studio.core.config import Sampling
from studio.parts.sampling_sliders import SCALES, WIDE, SamplingSliders

pytestmark = pytest.mark.gui


def test_a_moved_slider_changes_its_number_and_keeps_the_rest(look, on_screen, qtbot):
    sliders = SamplingSliders(look)
    on_screen(sliders)
    sliders.set_value(Sampling(temperature=0.5, top_k=7, seed=3, tokens=11))
    with qtbot.waitSignal(sliders.changed) as said:
        sliders.rows["top_p"].set_value(0.9)
        sliders.rows["top_p"].changed.emit(0.9)
    assert said.args == [Sampling(temperature=0.5, top_k=7, top_p=0.9, seed=3, tokens=11)]
    assert isinstance(sliders.value().top_k, int)


def test_looking_goes_further_than_writing():
    assert SCALES["temperature"].maximum == 2.0
    assert WIDE["temperature"].maximum == 5.0
    assert WIDE.keys() == SCALES.keys()
