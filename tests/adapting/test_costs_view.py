"""Costs before training, on the screen: any base, the course's recipes, and a ladder to click on."""

import pytest
from PySide6.QtCore import Qt

from studio.adapting.bases import LOADED, RECIPES, base_choices, ladder, presets, with_outputs
from studio.adapting.costs_view import CostsView, fit_words
from studio.core.adapter_costs import adapter_costs
from studio.core.costs import parameters

pytestmark = pytest.mark.gui


class Loaded:
    """A model in memory, as far as this view looks at it."""

    title = "tale"

    def __init__(self, shape):
        self.shape = shape

    def unload(self):
        """Nothing to free."""


@pytest.fixture
def view(session, look, on_screen):
    made = CostsView(session, look)
    on_screen(made)
    made.refresh()
    return made


def test_the_lecture_and_the_book_are_one_click_and_their_figures_exact(view):
    view.take(RECIPES[1])
    told = view.card.facts.texts()
    assert told["Trained numbers"] == "27,262,976 · 0.34 %"
    assert told["Adapter's file"] == "109.05 MB"
    assert view.card.bars.chosen == "qlora"
    assert [item.amount for item in view.kinds.items] == [8_388_608, 5_242_880, 5_242_880, 8_388_608]
    assert view.kinds.items[1].formula == "32 × 32 × (4,096 + 1,024)"
    assert view.fits.text()
    view.take(RECIPES[0])
    assert view.card.facts.texts()["Trained numbers"].startswith("2,666,528")
    assert view.model.outputs == 2


def test_a_number_of_the_ladder_takes_its_row_over(view, qtbot):
    rung = next(one for one in ladder() if (one.base, one.words) == ("Qwen2.5 1.5B", "all"))
    view.rungs.link_clicked.emit(rung, "rank 16")
    assert view.base.value() == "Qwen2.5 1.5B"
    assert view.card.facts.texts()["Trained numbers"].startswith("18,464,768")


def test_every_rung_is_what_the_costs_say():
    for rung in ladder():
        model = with_outputs(presets()[rung.base], rung.outputs)
        found = adapter_costs(model, 16, [name.strip() for name in rung.targets.split(",")], (1, 64))
        assert found.ledger.parameters == rung.counts[1]


def test_tokens_bits_and_kind_move_the_figures(view, qtbot):
    before = view.card.costs.lora
    view.tokens.setFocus()
    view.tokens.selectAll()
    qtbot.keyClicks(view.tokens, "256")
    after = view.card.costs.lora
    assert after.activations > 2 * before.activations
    assert after.weights == before.weights
    qtbot.mouseClick(view.kept._buttons["bf16"], Qt.MouseButton.LeftButton)
    assert view.card.costs.lora.weights * 2 == before.weights
    qtbot.mouseClick(view.card.kind._buttons["none"], Qt.MouseButton.LeftButton)
    assert view.kinds.items == ()


def test_the_model_in_memory_counts_until_another_base_is_chosen(view, session, book):
    session._memory.loaded = Loaded(book)
    view.refresh()
    assert view.base.value() == LOADED
    assert view.card.costs.model_parameters == parameters(book)
    view.base.set_value("GPT-2 medium")
    view.base.changed.emit()
    view.refresh()
    assert view.base.value() == "GPT-2 medium"
    assert base_choices(session)[0] == (LOADED, "In memory: tale")


def test_what_does_not_fit_says_what_would(book):
    costs = adapter_costs(book, 16, "all", (1, 128))
    small, large = costs.qlora.total, costs.full.total
    assert "QLoRA would." in fit_words(costs, "none", small, large, "this computer")
    assert "would" not in fit_words(costs, "none", small - 1, large, "this computer")
    assert "fit into" in fit_words(costs, "none", large, large, "this computer")


def test_a_base_that_fits_only_in_four_bits_says_that_it_is_packed_while_it_is_read():
    costs = adapter_costs(presets()["Llama 3.1 8B"], 32, "all", (4, 182))
    free = costs.qlora.total
    assert "packed while it is read, so the base's 32.1 GB" in fit_words(costs, "qlora", free, free, "this computer")
    assert "packed" not in fit_words(costs, "qlora", 40 * 10**9, 40 * 10**9, "this computer")
