"""The card that other pages show: knobs and figures move together, what cannot be is said where it is typed."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from studio.adapting.adapter_card import AdapterCard, file_size, fine_percent, row_length, with_kind
from studio.core.config import AdapterConfig, ClassifyConfig, InstructConfig, RunConfig, TrainingConfig
from studio.core.fit import to_train

pytestmark = pytest.mark.gui


def config(**adapter):
    return RunConfig(adapter=AdapterConfig(**{"kind": "lora", **adapter}), training=TrainingConfig(batch_size=2))


@pytest.fixture
def card(look, on_screen, book):
    """A card as a page has it: what it says comes back to it."""
    made = AdapterCard(look)
    said = []

    def take(adapter):
        said.append(adapter)
        made.set_config(replace(config(), adapter=adapter), book)

    made.said = said
    made.edited.connect(take)
    made.set_config(config(), book)
    on_screen(made)
    return made


def test_the_costs_are_seen_before_anything_is_trained(card):
    assert card.facts.texts() == {
        "Trained numbers": "2,654,208 · 2.1 %", "Adapter's file": "10.62 MB", "Memory saved": "1.4 GB",
    }  # fmt: skip
    assert card.bars.chosen == "lora"
    assert card.matrices.words() == "16 × (768 + 768) = 24,576 · 4.2 %"


def test_without_an_adapter_only_the_bill_of_all_weights_is_left(card, book):
    card.set_config(config(kind="none"), book)
    assert not card.form.isVisible()
    assert not card.matrices.isVisible()
    assert card.bars.needs == {"none": to_train(book, 2)}
    assert card.problems == []


def test_a_kind_is_chosen_by_a_click(card, qtbot):
    qtbot.mouseClick(card.kind._buttons["qlora"], Qt.MouseButton.LeftButton)
    assert [one.kind for one in card.said] == ["qlora"]
    assert card.facts.texts()["Bits a weight"] == "4.127"
    assert card.bars.needs["qlora"].total < card.bars.needs["lora"].total


def test_typing_a_rank_moves_every_figure(card, qtbot):
    box = card.form.row("adapter.rank").editor
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "8")
    assert card.said[-1].rank == 8
    assert card.facts.texts()["Trained numbers"].startswith("1,327,104")
    assert card.matrices.rank == 8
    assert card.matrices.scale == 2.0


def test_a_rank_larger_than_the_layer_is_refused_under_its_box(card, qtbot):
    box = card.form.row("adapter.rank").editor
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "769")
    assert "does not fit the layer layers.0.self_attn.q_proj" in card.form.row("adapter.rank").words.text()
    assert [problem.field for problem in card.problems] == ["adapter.rank"]
    assert card.facts.texts() == {"Trained numbers": "–"}
    box.selectAll()
    qtbot.keyClicks(box, "0")
    assert card.form.row("adapter.rank").words.text()
    assert card.facts.texts() == {"Trained numbers": "–"}


def test_layers_that_are_not_there_are_refused_under_their_box(card, book):
    card.set_config(config(targets="query"), book)
    assert "Choose among: all, down_proj" in card.form.row("adapter.targets").words.text()
    assert card.matrices.chosen == frozenset()
    card.set_config(config(targets=""), book)
    assert [problem.field for problem in card.problems] == ["adapter.targets"]


def test_a_tile_takes_its_layers_out_and_in_again(card, qtbot):
    at = [kind.name for kind in card.matrices.kinds].index("up_proj")
    qtbot.mouseClick(card.matrices, Qt.MouseButton.LeftButton, pos=card.matrices.tile(at).center().toPoint())
    assert card.said[-1].targets == "q_proj, k_proj, v_proj, o_proj, down_proj"
    qtbot.keyClick(card.matrices, Qt.Key.Key_Space)
    assert card.said[-1].targets == "all"


def test_the_head_is_added_to_all_and_taken_away_again(book):
    assert with_kind(book, AdapterConfig(targets="all"), "lm_head") == "all, lm_head"
    assert with_kind(book, AdapterConfig(targets="all, lm_head"), "lm_head") == "all"
    assert with_kind(book, AdapterConfig(targets="nothing"), "v_proj") == "v_proj"


def test_rows_are_as_long_as_the_task_lets_them_be(book):
    assert row_length(RunConfig(), book) == 128
    assert row_length(RunConfig(objective="instruct", instruct=InstructConfig(longest=90)), book) == 90
    assert row_length(RunConfig(objective="instruct", instruct=InstructConfig(longest=900)), book) == 128
    assert row_length(RunConfig(objective="classify", classify=ClassifyConfig(pad_to=120)), book) == 120


def test_free_memory_is_taken_over_and_a_field_reached_by_its_name(card):
    card.set_room(1)
    assert card.bars.free == 1
    assert "LoRA" in card.bars.accessibleDescription()
    card.focus_on("adapter.dropout")
    assert card.form.row("adapter.dropout").editor.hasFocus()


def test_small_shares_keep_two_figures():
    assert [fine_percent(share) for share in (0.00339, 0.0213, 0.5)] == ["0.34 %", "2.1 %", "50 %"]
    assert file_size(109_051_904) == "109.05 MB"
