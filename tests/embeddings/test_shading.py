"""Colours mean what the legend says: by numbers along a ramp, by classes with a colour each."""

import numpy as np
import pytest
from PySide6.QtTest import QTest

from studio.embeddings.legend import Legend
from studio.embeddings.shading import Shading, by_class, by_frequency, by_length, by_number, by_script
from studio.embeddings.vocabulary import KINDS, vocabulary_of
from studio.maps.colours import ramp
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def words():
    return vocabulary_of(make_tokenizer("bytes"), 260)


def test_frequency_is_logarithmic_and_what_never_comes_is_grey(look):
    shading = by_frequency(np.array([0, 1, 100, 10_000, 20_000]), "tale")
    colors = shading.colors(look)
    table = ramp("viridis", True)
    assert colors[0] == look.color("text_disabled").rgb()
    assert colors[1] == table[0]
    assert colors[2] in (table[127], table[128])  # half of the decades
    assert colors[3] == colors[4] == table[255]
    assert shading.note == "grey: 1 never come"
    assert shading.cut == (False, True)
    assert shading.label == "times in “tale”"


def test_numbers_go_from_the_lowest_or_from_zero_to_the_highest(look):
    values = np.array([2.0, 4.0, np.nan], np.float32)
    assert by_number("norm", "norm", values).colors(look).tolist() == [
        ramp("viridis", True)[0], ramp("viridis", True)[255], look.color("text_disabled").rgb(),
    ]  # fmt: skip
    assert by_number("moved", "moved", values, zero=True).colors(look)[0] == ramp("viridis", True)[128]
    assert len(set(by_number("norm", "norm", np.ones(4, np.float32)).colors(look).tolist())) == 1


def test_length_ends_where_all_but_the_longest_end(words):
    shading = by_length(words)
    assert shading.colouring.high < words.lengths.max() or shading.colouring.high <= 4
    assert shading.values.tolist() == words.lengths.tolist()


def test_each_class_has_its_own_colour_and_the_rest_is_quiet(words, look):
    shading = by_class(words)
    colors = shading.colors(look)
    by_kind = {kind: set(colors[words.kinds == place].tolist()) for place, kind in enumerate(KINDS)}
    assert all(len(found) <= 1 for found in by_kind.values())
    assert by_kind["unused"] == {look.color("text_disabled").rgb()}
    assert len({min(found) for kind, found in by_kind.items() if found and kind not in ("special", "unused")}) >= 4
    assert by_script(words).names[-1] == "–"


def test_the_legend_counts_its_classes_and_one_can_be_picked(words, look, on_screen):
    legend = Legend(look)
    on_screen(legend, width=900)
    shading = by_class(words)
    legend.set_shading(shading)
    counts = np.bincount(words.kinds, minlength=len(KINDS))
    assert [chip.text() for chip in legend.chips] == [
        f"{kind} {counts[place]:,}" for place, kind in enumerate(KINDS) if counts[place]
    ]
    picked = []
    legend.picked.connect(picked.append)
    legend.chips[0].click()
    legend.chips[1].click()
    assert not legend.chips[0].isChecked()
    QTest.keyClick(legend.chips[1], " ")
    first, second = [place for place in range(len(KINDS)) if counts[place]][:2]
    assert picked == [first, second, -1]
    legend.chips[1].click()
    legend.set_shading(shading, words.kinds == second)
    assert [chip.text() for chip in legend.chips] == [f"{KINDS[second]} {counts[second]:,}"]
    assert legend.chips[0].isChecked()
    legend.clear()
    assert not legend.chips[0].isChecked()
    assert not legend.grab().isNull()


def test_the_legend_of_numbers_is_a_bar(look, on_screen):
    legend = Legend(look)
    on_screen(legend, width=900)
    legend.set_shading(by_frequency(np.array([0, 5, 200]), "tale"))
    assert legend.bar.isVisible()
    assert legend.bar.label == "times in “tale”"
    assert legend.note.text() == "grey: 1 never come"
    legend.set_shading(None)
    assert not legend.bar.isVisible()
    assert legend.chips == []


def test_a_shading_of_nothing_cuts_nothing():
    assert Shading("class", "class", classes=np.zeros(2, np.uint8), names=("a",)).cut == (False, False)
