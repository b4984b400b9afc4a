import pytest

from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.knobs import knobs_of
from studio.training.facts import RunFacts, all_facts, changed_by_choice, main_facts, value_text
from studio.widgets.label import Label

pytestmark = pytest.mark.gui

CONFIG = RunConfig(
    data=DataConfig(text="story", tokenizer="characters"), training=TrainingConfig(batch_size=12, accumulation=2)
)


def test_the_main_settings_are_told_in_one_line_each():
    facts = {fact.label: fact.value for fact in main_facts(CONFIG)}
    assert facts["Model"] == "6 × 192, 6 heads"
    assert facts["Batch × accumulation"] == "12 × 2"
    assert facts["Tokens a step"] == "3,072"


def test_what_is_not_the_default_is_marked_but_for_the_text_that_every_run_has():
    assert changed_by_choice(CONFIG) == ("data.tokenizer", "training.batch_size", "training.accumulation")
    marked = {fact.label for fact in main_facts(CONFIG) if fact.changed}
    assert marked == {"Tokenizer", "Batch × accumulation"}


def test_all_settings_of_the_run_are_there_when_asked_for():
    told = sum(len(facts) for _, facts in all_facts(CONFIG))
    parts = (CONFIG.data, CONFIG.model, CONFIG.training, CONFIG.compute, CONFIG.sampling)
    assert told == sum(len(knobs_of(part)) for part in parts)


def test_values_read_as_their_form_rows_do():
    model, compute, data = knobs_of(ModelConfig), knobs_of(ComputeConfig), knobs_of(DataConfig)
    assert value_text(compute["precision"], "bf16") == "bf16 · fast"
    assert value_text(model["qkv_bias"], False) == "off"
    assert value_text(model["context_length"], 1_024) == "1,024 tokens"
    assert value_text(data["text"], "") == "none"


def test_the_card_unfolds_and_folds(look, on_screen):
    card = RunFacts(look)
    on_screen(card)
    card.set_config(CONFIG)
    few = len(card.findChildren(Label))
    assert card.fold.text() == "39 more · 3 changed"
    card.fold.click()
    assert card.fold.text() == "Fewer"
    assert len(card.findChildren(Label)) > 2 * few
