"""The Model page: shape, parameters, memory and the drawing follow one another at once."""

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from studio.core.config import ComputeConfig, ModelConfig
from studio.core.shelf import FAMILIES
from studio.panels.model import ModelPanel, book_config, verdict
from studio.parts.model_drawing import PART_SERIES, ModelDrawing, stones

pytestmark = pytest.mark.gui
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
    page.presets.changed.emit("GPT-2 small")
    assert session.draft.model == BOOK
    assert page.ledger.note.text() == "163,009,536 in all"
    facts = page.facts.texts()
    assert facts["With a tied head"] == "124,412,160"
    assert facts["With a head of its own"] == "163,009,536"
    assert facts["Vocabulary"] == "50,257 · preset"
    found = amounts(page.parts)
    assert found["Token embedding"] == found["Output head"] == 38_597_376
    assert found["Position embedding"] == 786_432
    assert found["Queries, keys, values"] + found["Attention output"] == 12 * 2_360_064
    assert found["Feed forward"] == 12 * 4_722_432
    assert found["Norms"] == 12 * 3_072 + 1_536


def test_every_row_says_where_its_number_comes_from(page):
    page.presets.changed.emit("GPT-2 small")
    formulas = {item.name: item.formula for item in page.parts.items}
    assert formulas["Token embedding"] == "50,257 × 768"
    assert "12 × (2 × 768 × 3,072" in formulas["Feed forward"]


def test_memory_is_sixteen_bytes_a_parameter_and_the_activations(page, session):
    page.presets.changed.emit("GPT-2 small")
    found = amounts(page.bytes)
    assert found["Weights"] + found["Gradients"] + found["AdamW's averages"] == 16 * 163_009_536
    before = found["Activations"]
    training = replace(session.draft.training, batch_size=2 * session.draft.training.batch_size)
    session.set_draft(session.draft.with_part(training=training))
    assert amounts(page.bytes)["Activations"] == 2 * before
    assert "8 windows a batch" in page.memory.note.text()


def test_activations_follow_the_precision(page, session):
    before = amounts(page.bytes)["Activations"]
    session.set_draft(session.draft.with_part(compute=ComputeConfig(precision="bf16")))
    assert amounts(page.bytes)["Activations"] < before


def test_the_vocabulary_is_the_tokenizers(page, session, scripted_run):
    letters = len(set(session.project.text("story").path.read_text("utf-8")))
    assert page.facts.texts()["Vocabulary"] == f"{letters} · characters"
    assert amounts(page.parts)["Token embedding"] == letters * 32
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="bytes")))
    scripted_run.settle()
    assert page.facts.texts()["Vocabulary"] == "256 · bytes"
    assert session.draft.model.vocab_size == 0


def test_without_a_text_the_page_says_what_the_vocabulary_waits_for(make, session, qtbot):
    session.close_project()
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="characters")))
    page = make()
    assert page.facts.texts()["Vocabulary"] == "– · waits for a text"
    assert "not known yet" in page.ledger.note.text()
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


def test_tables_that_are_far_too_large_are_mentioned_once(page, session):
    page.presets.changed.emit("GPT-2 small")
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
    assert "4 × 3 ×" in page.parts.items[2].formula
    assert "4 blocks" in page.drawing.accessibleDescription()


def test_presets_are_told_with_their_size_for_this_vocabulary(page):
    facts = {name: card.facts.text() for name, card in page.presets.cards.items()}
    assert facts["GPT-2 small"] == "163 M"
    assert facts["GPT-2 medium"] == "406 M"
    assert facts["tiny"].endswith("k")


def test_the_preset_of_the_present_shape_is_marked_whatever_else_was_changed(page, session):
    assert page.presets.value() == ""
    page.presets.changed.emit("stories")
    assert page.presets.value() == "stories"
    change(page, drop_rate=0.3)
    assert page.presets.value() == "stories"
    assert page.form.row("drop_rate").is_changed()
    change(page, n_layers=7)
    assert page.presets.value() == ""


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
    page.presets.changed.emit("GPT-2 small")
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


# --- the drawing ----------------------------------------------------------------------------------------------------


def test_the_drawing_has_the_real_shapes():
    found = {stone.title: stone.shape for stone in stones(BOOK, 50_257, 8)}
    assert found["Token embedding"] == "50257 × 768"
    assert found["Attention"] == "12 heads × 64"
    assert found["Feed forward"] == "768 → 3072 → 768"
    assert found["Output head"] == "768 → 50257"
    assert found["logits"] == "8 × 1024 × 50257"


def test_a_tied_head_is_drawn_as_the_embedding_it_is():
    head = next(stone for stone in stones(replace(BOOK, tie_embeddings=True), 100, 1) if stone.title == "Head, tied")
    assert head.part == "Token embedding"


def test_every_part_of_the_ledger_has_its_place_in_the_drawing():
    drawn = {stone.part for stone in stones(BOOK, 50_257, 1)} - {""}
    assert drawn == {part.name for part in FAMILIES.load("gpt2").ledger(BOOK).parts} == set(PART_SERIES)


@pytest.mark.parametrize("layers", [1, 6, 200])
@pytest.mark.parametrize("size", [(256, 400), (320, 500), (700, 900)])
def test_everything_drawn_lies_inside_and_nothing_overlaps(look, qtbot, layers, size):
    drawing = ModelDrawing(look)
    qtbot.addWidget(drawing)
    drawing.resize(*size)
    drawing.set_model(ModelConfig(n_layers=layers), 100, 4)
    places = drawing.places()
    assert all(place.left() >= 0 and place.right() <= size[0] + 0.5 for place in places)
    assert places[-1].bottom() <= size[1] + 1
    assert not any(
        one.intersects(other) for at, one in enumerate(places) for other in places[at + 1 :]
    )  # fmt: skip
    assert not drawing.grab().isNull()


def test_drawing_and_ledger_light_each_other_up(page):
    places, wanted = page.drawing.places(), [stone.part for stone in page.drawing._stones].index("Feed forward")
    middle = places[wanted].center()
    assert page.drawing.part_at(QPointF(middle)) == "Feed forward"
    page.drawing.pointed.emit("Feed forward")
    assert page.parts.items[page.parts._pointed].name == "Feed forward"
    page.parts.pointed.emit(0)
    assert page.drawing._lit == "Token embedding"
    page.parts.pointed.emit(-1)
    assert page.drawing._lit == ""


def test_the_drawing_follows_the_theme(page, look):
    before = page.drawing.grab().toImage()
    look.set_theme("light")
    assert page.drawing.grab().toImage() != before
