"""The Model page: shape, parameters, memory and the drawing follow one another at once."""

import json
from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication

from studio.core.config import ComputeConfig, ModelConfig
from studio.core.shelf import FAMILIES
from studio.live.session import Session
from studio.panels.model import ModelPanel, book_config, verdict
from studio.parts.fine_tuning import start_next_run
from studio.workshop.titles import PART_SERIES, part_of
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui
SMALL = ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32)
BOOK = next(preset.config for preset in FAMILIES.load("gpt2").presets if preset.name == "GPT-2 small")


@pytest.fixture
def make(session, look, on_screen, scripted_run):
    def open_page():
        panel = ModelPanel(session, look)
        session.changed.connect(panel.refresh)
        panel.refresh(frozenset())
        on_screen(panel)
        scripted_run.settle()
        return panel

    return open_page


@pytest.fixture
def page(make):
    return make()


def amounts(sums):
    return {item.name: item.amount for item in sums.items}


def change(page, **fields):
    page.form.changed.emit(replace(page._session.draft.model, **fields))


# --- figures --------------------------------------------------------------------------------------------------------


def test_the_books_model_has_the_books_numbers(page, session):
    page.bar.preset_chosen.emit("GPT-2 small")
    assert session.draft.model == BOOK
    assert page.ledger.parameters.note.text() == "163,009,536 in all"
    heads = page.ledger.heads.texts()
    assert heads == {"With a tied head": "124,412,160", "With a head of its own": "163,009,536"}
    assert page.facts.texts()["Vocabulary"] == "50,257 · preset"
    found = amounts(page.ledger.parts)
    assert found["Token embedding"] == found["Output head"] == 38_597_376
    assert found["Position embedding"] == 786_432
    assert found["Queries, keys, values"] + found["Attention output"] == 12 * 2_360_064
    assert found["Feed forward"] == 12 * 4_722_432
    assert found["Norms"] == 12 * 3_072 + 1_536


def test_every_row_says_where_its_number_comes_from(page):
    page.bar.preset_chosen.emit("GPT-2 small")
    formulas = {item.name: item.formula for item in page.ledger.parts.items}
    assert formulas["Token embedding"] == "50,257 × 768"
    assert "12 × (2 × 768 × 3,072" in formulas["Feed forward"]


def test_memory_is_sixteen_bytes_a_parameter_and_the_activations(page, session):
    page.bar.preset_chosen.emit("GPT-2 small")
    found = amounts(page.ledger.bytes)
    assert found["Weights"] + found["Gradients"] + found["AdamW's averages"] == 16 * 163_009_536
    before = found["Activations"]
    training = replace(session.draft.training, batch_size=2 * session.draft.training.batch_size)
    session.set_draft(session.draft.with_part(training=training))
    assert amounts(page.ledger.bytes)["Activations"] == 2 * before
    assert "8 windows a batch" in page.ledger.memory.note.text()


def test_activations_follow_the_precision(page, session):
    before = amounts(page.ledger.bytes)["Activations"]
    session.set_draft(session.draft.with_part(compute=ComputeConfig(precision="bf16")))
    assert amounts(page.ledger.bytes)["Activations"] < before


def test_the_vocabulary_is_the_tokenizers(page, session, scripted_run):
    letters = len(set(session.project.text("story").path.read_text("utf-8")))
    assert page.facts.texts()["Vocabulary"] == f"{letters} · characters"
    assert amounts(page.ledger.parts)["Token embedding"] == letters * 32
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="bytes")))
    scripted_run.settle()
    assert page.facts.texts()["Vocabulary"] == "256 · bytes"
    assert session.draft.model.vocab_size == 0


def test_without_a_text_the_page_says_what_the_vocabulary_waits_for(make, session, qtbot):
    session.close_project()
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="characters")))
    page = make()
    assert page.facts.texts()["Vocabulary"] == "– · waits for a text"
    assert "not known yet" in page.ledger.parameters.note.text()
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.banner._buttons.itemAt(0).widget().click()
    assert wish.args[0] == "data"


def test_a_vocabulary_smaller_than_the_tokenizers_is_mended_with_one_click(page, session):
    change(page, vocab_size=5)
    assert page.banner.level == "warning"
    assert "the tokenizer writes" in page.banner.message.text()
    page.banner._buttons.itemAt(0).widget().click()
    assert session.draft.model.vocab_size == 0
    assert page.banner.level == ""


@pytest.mark.slow
def test_tables_that_are_far_too_large_are_mentioned_once(page, session):
    page.bar.preset_chosen.emit("GPT-2 small")
    assert page.banner.level == "info"
    page.banner.clear()
    change(page, drop_rate=0.2)
    assert page.banner.level == ""


@pytest.mark.parametrize(
    ("need", "role", "words"), [(1e9, "good", "Fits"), (7e9, "warning", "Tight"), (9e9, "warning", "Does not fit")]
)
def test_what_the_machine_can_hold_is_said(need, role, words):
    found = verdict(int(need), 4_000_000_000, 8_000_000_000, "this computer")
    assert found[0] == role
    assert found[1].startswith(words)
    assert "8 GB" in found[1] or role == "good"


# --- the form -------------------------------------------------------------------------------------------------------


def test_a_changed_knob_reaches_the_draft_and_every_figure(page, session):
    change(page, n_layers=4)
    assert session.draft.model.n_layers == 4
    assert "4 × 3 ×" in page.ledger.parts.items[2].formula


def test_presets_are_told_with_their_size_for_this_vocabulary(page):
    assert page.bar.sizes.cards["tiny"].facts.text().endswith("k")
    shapes = [page.bar.published.itemText(at) for at in range(page.bar.published.count())]
    assert "GPT-2 small · 163 M" in shapes
    assert "GPT-2 medium · 406 M" in shapes


@pytest.mark.slow
def test_the_preset_of_the_present_shape_is_marked_whatever_else_was_changed(page, session):
    assert page.bar.sizes.value() == ""
    page.bar.preset_chosen.emit("stories")
    assert page.bar.sizes.value() == "stories"
    change(page, drop_rate=0.3)
    assert page.bar.sizes.value() == "stories"
    assert page.form.row("drop_rate").is_changed()
    change(page, n_layers=7)
    assert page.bar.sizes.value() == ""
    page.bar.preset_chosen.emit("GPT-2 XL")
    assert page.bar.published.value() == "GPT-2 XL"


def test_a_width_that_does_not_divide_is_said_in_its_row(page, session, qtbot):
    change(page, emb_dim=33)
    assert "does not divide" in page.form.row("n_heads").words.text()
    assert page.primary.text() == "Correct the model first"
    asked = []
    session.focus_requested.connect(lambda *wish: asked.append(wish))
    page.primary.click()
    assert asked == []


def test_a_model_in_order_leads_on_to_training(page, session, qtbot):
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.primary.click()
    assert wish.args[0] == "pretrain"


def test_the_books_names_are_in_the_hints_and_on_the_clipboard(page):
    assert '"emb_dim"' in page.form.row("emb_dim").label.toolTip()
    assert "GPT_CONFIG" not in page.form.row("hidden_dim").label.toolTip()
    page.bar.preset_chosen.emit("GPT-2 small")
    page.copy.click()
    assert QGuiApplication.clipboard().text() == book_config(BOOK)


def test_the_copied_dictionary_is_the_books():
    words = book_config(BOOK).removeprefix("GPT_CONFIG = ").replace(",\n}", "\n}").replace("False", "false")
    assert json.loads(words) == {
        "vocab_size": 50257, "context_length": 1024, "emb_dim": 768, "n_heads": 12, "n_layers": 12,
        "drop_rate": 0.1, "qkv_bias": False,
    }  # fmt: skip


def test_another_page_can_lead_to_a_knob(page):
    page.focus_on("model.hidden_dim")
    assert page.form.row("hidden_dim").isVisible()
    assert [action.name for action in page.actions()] == ["model.copy"]


# --- families -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES.names())
@pytest.mark.slow
def test_a_family_shows_its_own_knobs_and_nothing_else(page, session, family):
    page.bar.family_chosen.emit(family)
    page.form.set_open(True)
    shown = {name for name, row in page.form._rows.items() if row.isVisible()}
    scaling = {"rope_factor", "rope_low_frequency", "rope_high_frequency", "rope_original_context"}
    assert shown == set(FAMILIES.load(family).knobs) - scaling
    assert session.draft.model.family == family
    assert page.form.problems == []


@pytest.mark.slow
def test_scaling_shows_its_factors_once_it_is_chosen(page, session):
    page.bar.family_chosen.emit("llama")
    page.form.set_open(True)
    change(page, rope_scaling="linear")
    assert [page.form.row(name).isVisible() for name in ("rope_factor", "rope_low_frequency")] == [True, False]
    change(page, rope_scaling="llama3")
    assert page.form.row("rope_low_frequency").isVisible()


def test_changing_family_keeps_the_size_and_what_was_chosen(page, session):
    change(page, n_layers=5, drop_rate=0.25)
    page.bar.family_chosen.emit("llama")
    model = session.draft.model
    assert (model.n_layers, model.emb_dim, model.drop_rate) == (5, 32, 0.25)
    assert (model.positions, model.norm, model.feed_forward) == ("rotary", "rms", "gated")
    page.bar.family_chosen.emit("gpt2")
    assert session.draft.model == replace(SMALL, n_layers=5, drop_rate=0.25)


def test_an_encoder_learns_by_gaps_and_a_decoder_by_the_next_token(page, session):
    page.bar.family_chosen.emit("bert")
    assert session.draft.objective == "masked_words"
    page.bar.family_chosen.emit("qwen2")
    assert session.draft.objective == "pretrain"


@pytest.mark.slow
def test_shared_heads_are_told_where_there_are_any(page):
    assert "Queries that share a head" not in page.facts.texts()
    page.bar.family_chosen.emit("llama")
    page.bar.preset_chosen.emit("Llama 3 8B")
    assert page.facts.texts()["Queries that share a head"] == "4"
    assert page.facts.texts()["Feed-forward width"] == "14,336"


def test_a_model_from_outside_is_shown_in_its_family(page, session):
    config = next(one.config for one in FAMILIES.load("gemma").presets if one.name == "Gemma 2B")
    session.set_draft(session.draft.with_part(model=config))
    assert page.bar.families.value() == "gemma"
    assert page.bar.published.value() == "Gemma 2B"
    assert page.ledger.parameters.note.text() == "2,506,172,416 in all"


# --- the drawing ----------------------------------------------------------------------------------------------------


def test_before_torch_is_there_the_drawing_says_what_it_waits_for(page):
    assert "as soon as PyTorch is loaded" in page.picture.step.text()
    assert page.picture.drawing.boxes == []


@pytest.fixture
def drawn(page, monkeypatch, qtbot):
    """The page with the outline of its real network."""
    monkeypatch.setattr(Session, "torch_state", "ready")
    page.refresh(frozenset({"torch"}))
    qtbot.waitUntil(lambda: bool(page.picture.drawing.boxes) and bool(page.demonstrations.found), timeout=60_000)
    return page


@pytest.mark.torch
def test_the_drawing_is_the_real_networks_with_the_users_batch(drawn, session, qtbot):
    letters = drawn.picture.network.found.out[-1]
    assert drawn.picture.network.found.out == (4, 32, letters)
    assert drawn.picture.network.found.parameters == sum(item.amount for item in drawn.ledger.parts.items)
    assert "4 windows of 32 tokens" in drawn.picture.note.text()
    change(drawn, n_layers=3)
    qtbot.waitUntil(lambda: "3 blocks" in drawn.picture.drawing.accessibleDescription(), timeout=10_000)


@pytest.mark.torch
@pytest.mark.parametrize("family", ["gpt2", "bert", "qwen3"])
@pytest.mark.slow
def test_every_part_of_the_ledger_has_its_place_in_the_drawing(drawn, qtbot, family):
    drawn.bar.family_chosen.emit(family)
    parts = {part.name for part in FAMILIES.load(family).ledger(drawn._session.draft.model).parts}
    qtbot.waitUntil(
        lambda: {part_of(node) for node in drawn.picture.network.found.walk()} - {""} == parts, timeout=10_000
    )
    assert parts <= set(PART_SERIES)


@pytest.mark.torch
def test_drawing_and_ledger_light_each_other_up(drawn):
    drawn.picture.drawing.pointed.emit("Feed forward")
    assert drawn.ledger.parts.items[drawn.ledger.parts._pointed].name == "Feed forward"
    drawn.ledger.pointed.emit("Norms")
    assert {box.lit for box in drawn.picture.drawing.boxes} == {"Norms"}


@pytest.mark.torch
@pytest.mark.slow
def test_the_step_under_the_pointer_is_explained(drawn):
    attention = next(box for box in drawn.picture.drawing.boxes if box.node.kind == "Attention")
    attention.noticed.emit(True)
    assert drawn.picture.step.text().startswith("Attention: Every token gathers")
    assert "(4, 32, 32) → (4, 32, 32)" in drawn.picture.step.text()
    attention.noticed.emit(False)
    assert drawn.picture.step.text().startswith("Point at a step")


@pytest.mark.torch
def test_a_refusal_is_said_where_the_drawing_stands(drawn, qtbot):
    change(drawn, activation="relu")
    qtbot.waitUntil(lambda: "GPT-2 model cannot have" in drawn.picture.step.text(), timeout=10_000)


@pytest.mark.torch
@pytest.mark.parametrize("width", [785, 1_105])
@pytest.mark.slow
def test_the_drawing_is_whole_in_a_small_window_and_scrolls_in_a_wide_one(drawn, qtbot, width):
    drawn.resize(width, 700)
    whole = width < 1_060
    qtbot.waitUntil(lambda: (drawn.picture.canvas.height() >= drawn.picture.drawing.height()) == whole, timeout=5_000)
    qtbot.waitUntil(drawn.picture.isVisible, timeout=5_000)


def test_the_shape_of_a_model_that_is_gone_on_with_stands_with_its_name(page, session, add_model):
    start_next_run(session, add_model(session.project.path, "tiny"))
    assert "starts from “tiny”" in page.banner.message.text()
    assert page.facts.texts()["Vocabulary"] == "21 · of tiny"
    page.form.changed.emit(replace(session.draft.model, drop_rate=0.2))
    assert session.draft.start_from == "tiny"


def test_another_shape_brings_random_weights_back_and_can_be_undone(page, session, add_model, qtbot):
    start_next_run(session, add_model(session.project.path, "tiny"))
    before = session.draft
    with qtbot.waitSignal(session.notices.posted) as said:
        page.form.changed.emit(replace(session.draft.model, n_layers=3))
    assert (session.draft.start_from, session.draft.model.n_layers) == ("", 3)
    assert "random weights again" in said.args[0].text
    said.args[0].action[1]()
    assert session.draft == before
