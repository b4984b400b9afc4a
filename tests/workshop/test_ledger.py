"""The ledger: exact sums, and each figure with the numbers that it comes from."""

import math
import re
from dataclasses import replace

import pytest

from studio.core.config import ModelConfig
from studio.core.costs import activation_bytes, memory, operations
from studio.core.shelf import FAMILIES
from studio.workshop.ledger import SUMS, Ledger, activation_formula

pytestmark = pytest.mark.gui
PRESETS = {preset.name: preset.config for name in FAMILIES.names() for preset in FAMILIES.load(name).presets}
BOOK = PRESETS["GPT-2 small"]
BATCH = 4


def totals(model):
    family = FAMILIES.load(model.family)
    return tuple(family.ledger(replace(model, tie_embeddings=tied)) for tied in (True, False))


@pytest.fixture
def ledger(look, on_screen):
    made = Ledger(look)
    on_screen(made)
    made.set_model(BOOK, totals(BOOK), BATCH, "fp32")
    return made


def amounts(items):
    return {item.name: item.amount for item in items.items}


def worth(formula):
    """What a formula as people write it comes to."""
    plain = re.sub(r"(\d),(?=\d{3})", r"\1", formula).replace("×", "*").replace(" B", "")
    assert set(plain) <= set("0123456789*+() ")
    total = 0
    stack, term, number = [], [], None
    for word in re.findall(r"\d+|[()*+]", f"({plain})"):
        if word == "(":
            stack.append((total, term))
            total, term = 0, []
        elif word.isdigit():
            term.append(int(word))
        elif word in "+)":
            total, term = total + math.prod(term), []
            if word == ")":
                inside, (total, term) = total, stack.pop()
                term = [*term, inside]
                number = inside
    return number


def test_the_four_sums_stand_side_by_side_and_one_is_open(ledger):
    facts = {name: card.facts.text() for name, card in ledger.sums.cards.items()}
    assert facts["parameters"] == "163 M"
    assert facts["writing"] == "37.7 MB"
    assert (ledger.parameters.isVisible(), ledger.cache.isVisible()) == (True, False)
    for name, card in zip((name for name, _ in SUMS), ledger._cards.values(), strict=True):
        ledger.sums.changed.emit(name)
        assert [one.isVisible() for one in ledger._cards.values()].count(True) == 1
        assert card.isVisible()


def test_both_heads_are_told_whichever_is_chosen(ledger):
    assert ledger.heads.texts() == {"With a tied head": "124,412,160", "With a head of its own": "163,009,536"}
    tied = replace(BOOK, tie_embeddings=True)
    ledger.set_model(tied, totals(tied), BATCH, "fp32")
    assert ledger.parameters.note.text() == "124,412,160 in all"
    assert ledger.heads.texts() == {"With a tied head": "124,412,160", "With a head of its own": "163,009,536"}


@pytest.mark.parametrize("name", PRESETS)
def test_every_formula_comes_to_its_figure(ledger, name):
    model = replace(PRESETS[name], vocab_size=PRESETS[name].vocab_size or 500)
    ledger.set_model(model, totals(model), BATCH, "fp32")
    for items in (ledger.parts, ledger.steps, ledger.bytes):
        for item in items.items:
            assert worth(item.formula) == item.amount, item


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", ["tiny", "GPT-2 small", "Llama 3 8B", "Mistral 7B v0.1", "Qwen3 0.6B", "BERT base"])
def test_the_activations_formula_is_the_calculators(name, precision):
    model = replace(PRESETS[name], vocab_size=500)
    assert worth(activation_formula(model, BATCH, precision)) == activation_bytes(model, BATCH, precision)


def test_operations_are_told_for_one_token_and_a_batch(ledger):
    needed = operations(BOOK)
    assert amounts(ledger.steps) == {
        "Matrices, forward": needed.matrices, "Attention, forward": needed.attention, "Backward": needed.backward,
    }  # fmt: skip
    assert needed.backward == 2 * (needed.matrices + needed.attention)
    texts = ledger.speeds.texts()
    assert texts["Forward, one token"] == "285 M FLOPs"
    assert texts["A batch in training"] == "3.5 T FLOPs"


def test_training_takes_sixteen_bytes_a_parameter_and_activations(ledger):
    found = amounts(ledger.bytes)
    assert found["Weights"] + found["Gradients"] + found["AdamW's averages"] == 16 * 163_009_536
    assert ledger.set_model(BOOK, totals(BOOK), BATCH, "fp32") == memory(BOOK, BATCH).total == sum(found.values())


def test_without_a_vocabulary_no_total_is_claimed(ledger):
    model = ModelConfig(n_layers=2)
    ledger.set_model(model, totals(model), BATCH, "fp32")
    assert "not known yet" in ledger.parameters.note.text()
    assert ledger.sums.cards["parameters"].facts.text() == "–"


def test_a_part_under_the_pointer_is_named_for_the_drawing(ledger):
    heard = []
    ledger.pointed.connect(heard.append)
    ledger.parts.pointed.emit(3)
    ledger.parts.pointed.emit(-1)
    assert heard == ["Attention output", ""]


def test_the_drawing_lights_a_row(ledger):
    ledger.light("Feed forward")
    assert ledger.parts.items[ledger.parts._pointed].name == "Feed forward"
    ledger.light("Masked-word head")  # this model has none
    assert ledger.parts._pointed == -1


def test_whether_it_fits_is_said_in_words(ledger):
    ledger.set_fit("warning", "Does not fit.")
    assert (ledger.fits.text(), ledger.fits.property("role")) == ("Does not fit.", "warning")
