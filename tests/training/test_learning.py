"""The task of a run: what it needs of a model, what it says, and how a text of filled gaps is read."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from studio.core.config import ModelConfig, RunConfig
from studio.core.knobs import knobs_of, problems
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.training.learning import TaskNote, fills_gaps, gaps_of, mismatch, no_chat_words
from tests.scripted_run import sample

DECODER = RunConfig(model=ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32))
ENCODER = OBJECTIVES.load("masked_words").default
LEGEND = "1 of 2 gaps are right; where one is not, the right word stands behind the bar."


def test_the_choices_are_the_shelf_and_say_what_it_says():
    offered = dict(knobs_of(RunConfig)["objective"].choices)
    assert offered == {name: OBJECTIVES.load(name).label for name in OBJECTIVES.names()}
    assert [found.field for found in problems(replace(DECODER, objective="singing"))] == ["objective"]


@pytest.mark.parametrize("config", [DECODER, ENCODER])
def test_a_task_and_the_model_made_for_it_need_nothing(config):
    assert mismatch(config) is None


@pytest.mark.parametrize(
    ("config", "task", "family", "words"),
    [(DECODER, "masked_words", "bert", "only looks back"), (ENCODER, "pretrain", "gpt2", "looks both ways")],
)
def test_what_does_not_go_together_says_why_and_whose_shape_would(config, task, family, words):
    found = mismatch(replace(config, objective=task))
    assert found is not None
    assert (found.family, found.label) == (family, FAMILIES.load(family).label)
    assert words in found.reason


def test_an_encoder_that_looks_back_only_may_learn_either_so_that_both_can_be_compared():
    behind = replace(ENCODER, model=replace(ENCODER.model, causal=True))
    assert mismatch(behind) is None
    assert mismatch(replace(behind, objective="pretrain")) is None


def test_a_task_this_version_does_not_know_is_no_matter_of_the_model():
    unknown = replace(DECODER, objective="singing")
    assert mismatch(unknown) is None
    assert not fills_gaps(unknown)


def test_only_a_run_that_cannot_write_on_has_nothing_to_chat_with():
    assert no_chat_words(None) == no_chat_words(SimpleNamespace(writes=True)) == ""
    for objective, words in (("masked_words", "fill gaps"), ("classify", "tells classes apart")):
        config = replace(DECODER, objective=objective)
        assert words in no_chat_words(SimpleNamespace(writes=False, config=config))


# --- a sample of gaps -----------------------------------------------------------------------------------------------


def words_at(found):
    return [found.text[start : start + length] for start, length in found.guesses]


def test_the_guesses_are_found_and_the_score_stands_apart():
    found = gaps_of(replace(sample(1, f"The [cat] [ran|sat] down.\n\n{LEGEND}"), tokens=2))
    assert words_at(found) == ["[cat]", "[ran|sat]"]
    assert (found.text, found.score) == ("The [cat] [ran|sat] down.", LEGEND)


def test_brackets_of_the_text_itself_are_not_taken_for_guesses():
    found = gaps_of(replace(sample(1, f"See [3]: the [cat] sat.\n\n{LEGEND}"), tokens=1))
    assert words_at(found) == []
    assert found.text == "See [3]: the [cat] sat."


def test_blank_lines_inside_the_text_stay_in_it():
    found = gaps_of(replace(sample(1, f"One\n\n[two]\n\n{LEGEND}"), tokens=1))
    assert (found.text, words_at(found), found.score) == ("One\n\n[two]", ["[two]"], LEGEND)


def test_a_text_without_a_score_is_shown_whole():
    found = gaps_of(replace(sample(1, "[two]"), tokens=1))
    assert (found.text, found.score) == ("[two]", "")


# --- the note under the choice --------------------------------------------------------------------------------------


@pytest.mark.gui
def test_each_task_has_its_line_and_only_a_mismatch_has_a_button(look, qtbot):
    note = TaskNote(look)
    qtbot.addWidget(note)
    note.set_config(DECODER)
    assert note.about.text() == OBJECTIVES.load("pretrain").about
    assert note.switch.isHidden()
    note.set_config(replace(DECODER, objective="masked_words"))
    assert note.about.text() == OBJECTIVES.load("masked_words").about
    assert "only looks back" in note.reason.text()
    assert note.switch.text() == "Switch to BERT of this size"
    with qtbot.waitSignal(note.switch_requested):
        note.switch.click()
    note.set_config(ENCODER)
    assert note.reason.isHidden()
