"""The bar above the page: families, sizes to learn with, and the published shapes folded into a list."""

import pytest

from studio.core.shelf import FAMILIES
from studio.workshop.family_bar import FamilyBar

pytestmark = pytest.mark.gui


def size_of(config):
    return FAMILIES.load(config.family).ledger(config).total if config.vocab_size else 0


@pytest.fixture
def bar(look, on_screen):
    made = FamilyBar(FAMILIES.load("gpt2"), look)
    on_screen(made)
    made.set_preset(None, size_of)
    return made


def entries(bar):
    return [bar.published.itemText(at) for at in range(bar.published.count())]


def test_every_family_on_the_shelf_can_be_chosen(bar, qtbot):
    assert set(bar.families._buttons) == set(FAMILIES.names())
    with qtbot.waitSignal(bar.family_chosen) as heard:
        bar.families._choose("llama")
    assert heard.args == ["llama"]


def test_sizes_to_learn_with_are_cards_and_published_shapes_a_list(bar):
    assert list(bar.sizes.cards) == ["tiny", "stories", "small", "medium"]
    assert entries(bar)[:3] == ["12 published shapes", "GPT-2 small · 163 M", "GPT-2 medium · 406 M"]


def test_what_is_only_for_the_calculator_says_so(bar):
    assert entries(bar)[-1] == "GPT-3 175B · 175 B · for the calculator"
    assert [words for words in entries(bar) if "calculator" in words and "GPT-3" not in words] == []


def test_sizes_that_are_not_known_yet_are_a_dash(bar):
    assert bar.sizes.cards["tiny"].facts.text() == "–"


def test_the_present_shape_is_marked_where_it_stands(bar):
    presets = {preset.name: preset for preset in FAMILIES.load("gpt2").presets}
    bar.set_preset(presets["stories"], size_of)
    assert (bar.sizes.value(), bar.published.value()) == ("stories", "")
    bar.set_preset(presets["GPT-2 XL"], size_of)
    assert (bar.sizes.value(), bar.published.value()) == ("", "GPT-2 XL")
    bar.set_preset(None, size_of)
    assert (bar.sizes.value(), bar.published.value()) == ("", "")


def test_a_choice_is_told_by_its_name(bar):
    heard = []
    bar.preset_chosen.connect(heard.append)
    bar.sizes.changed.emit("tiny")
    bar.published.set_value("GPT-3 13B")
    bar.published.changed.emit()
    bar.published.set_value("")
    bar.published.changed.emit()
    assert heard == ["tiny", "GPT-3 13B"]


def test_another_family_brings_its_own_sizes_and_shapes(bar, qtbot):
    bar.set_family(FAMILIES.load("mistral"))
    bar.set_preset(None, size_of)
    assert bar.families.value() == "mistral"
    assert list(bar.sizes.cards) == ["tiny", "stories"]
    assert entries(bar) == ["2 published shapes", "Mistral 7B v0.1 · 7.2 B", "Mistral 7B v0.3 · 7.2 B"]
    with qtbot.waitSignal(bar.preset_chosen):
        bar.sizes.changed.emit("tiny")


def test_the_sizes_stand_beside_the_families_where_they_have_room(bar, qapp):
    bar.resize(1_000, 120)
    qapp.processEvents()
    assert bar.sizes.y() > bar.families.geometry().bottom()
    bar.resize(1_600, 120)
    qapp.processEvents()
    assert bar.sizes.x() > bar.families.geometry().right()
    assert bar.sizes.geometry().right() < bar.published.x()
