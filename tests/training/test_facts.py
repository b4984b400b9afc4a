import pytest

from studio.core.config import (
    AdapterConfig,
    ComputeConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    Sampling,
    TrainingConfig,
)
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
    assert told == 1 + sum(len(knobs_of(part)) for part in parts)


def test_an_adapter_is_named_where_there_is_one():
    adapter = AdapterConfig(kind="qlora", rank=8, targets="q_proj")
    run = RunConfig(start_from="tale", adapter=adapter)
    assert {fact.label: fact.value for fact in main_facts(run)}["Adapter"] == "QLoRA, rank 8, q_proj"
    assert "Adapter" in dict(all_facts(run))
    assert "Adapter" not in dict(all_facts(CONFIG))
    assert "Adapter" not in {fact.label for fact in main_facts(CONFIG)}


@pytest.mark.parametrize(("objective", "titles"), [("classify", ["Classes"]), ("prefer", ["Answers", "Preferences"])])
def test_a_run_tells_the_settings_of_its_own_task_only(objective, titles):
    told = [title for title, _ in all_facts(RunConfig(objective=objective))]
    assert told[-len(titles) :] == titles
    assert len(told) == 5 + len(titles)


def test_the_task_stands_first_where_it_is_not_the_usual_one():
    gaps = main_facts(RunConfig(objective="masked_words"))[0]
    assert (gaps.label, gaps.value, gaps.changed, gaps.essential) == ("What it learns", "Masked words", True, True)
    assert main_facts(CONFIG)[0].label == "Text"
    assert all_facts(CONFIG)[0][1][0].value == "Next word"


def test_values_read_as_their_form_rows_do():
    model, compute, data = knobs_of(ModelConfig), knobs_of(ComputeConfig), knobs_of(DataConfig)
    assert value_text(compute["precision"], "bf16") == "bf16 · fast"
    assert value_text(model["qkv_bias"], False) == "off"
    assert value_text(model["context_length"], 1_024) == "1,024 tokens"
    assert value_text(data["text"], "") == "none"


def test_several_texts_read_as_one_line():
    knob = knobs_of(Sampling)["stop"]
    assert value_text(knob, ("User:", "\n")) == "User: | \\n"
    assert value_text(knob, ()) == "none"


def test_the_card_unfolds_and_folds(look, on_screen):
    card = RunFacts(look)
    on_screen(card)
    card.set_config(CONFIG)
    few = len(card.findChildren(Label))
    rest = sum(len(facts) for _, facts in all_facts(CONFIG)) - len(main_facts(CONFIG)) + 1
    assert card.fold.text() == f"{rest} more · 3 changed"
    card.fold.click()
    assert card.fold.text() == "Fewer"
    assert len(card.findChildren(Label)) > 2 * few


def test_a_low_window_keeps_only_what_tells_runs_apart(look, on_screen):
    card = RunFacts(look)
    on_screen(card)
    card.set_config(CONFIG)
    card.set_brief(True)
    told = {label.text() for label in card._rows.findChildren(Label)}
    assert {"Text", "Model", "Learning rate", "Tokens a step"} <= told
    assert "Dropout" not in told
    card.set_brief(False)
    assert "Dropout" in {label.text() for label in card.findChildren(Label)}


def test_a_run_on_rows_names_its_dataset_instead_of_a_text():
    config = RunConfig(objective="classify", data=DataConfig(dataset="spam@1"))
    facts = {fact.label: fact.value for fact in main_facts(config)}
    assert facts["Dataset"] == "spam@1"
    assert "Text" not in facts


def test_rows_are_of_many_lengths_so_a_step_of_them_promises_no_tokens(look, on_screen):
    run = RunConfig(objective="classify", data=DataConfig(dataset="messages"))
    assert "Tokens a step" not in {fact.label for fact in main_facts(run)}
    card = RunFacts(look)
    card.set_config(run)
    on_screen(card)
    told = sum(len(facts) for _, facts in all_facts(run)) - len(main_facts(run))
    assert card.fold.text().startswith(f"{told} more")
