"""Rows read before a run as the run will read them."""

from dataclasses import replace

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.instructing.batch_map import states_of
from studio.instructing.plan import batches_in, need_of, plan_facts, start_words, steps_of
from studio.instructing.rows_seen import first_batch, look_at_rows, open_source, paint_rows
from studio.rows.rendering import STATES, survey_rendering
from studio.store.answer_batches import NOTHING, PADDING
from tests.instructing.conftest import add, pairs, questions, small


def seen_of(project, config):
    return look_at_rows(open_source(project, config))


def test_a_dataset_without_answers_is_refused_by_its_kind(project, tmp_path):
    add(project, tmp_path, "poems", [{"text": "a long line of a poem"}, {"text": "another one, longer still"}])
    with pytest.raises(StudioError, match="nobody answers in them") as caught:
        open_source(project, small("poems"))
    assert "Prompt and completion" in caught.value.hint


def test_preferences_are_learned_from_pairs_only(project):
    with pytest.raises(StudioError, match="nobody answers"):
        open_source(project, small("book", "prefer"))


@pytest.fixture(scope="module")
def seen(project):
    """The book, looked at."""
    return seen_of(project, small())


def test_every_row_is_on_the_side_that_the_run_will_put_it_on(seen):
    assert seen.sides == (12, 6, 6)
    assert seen.findings == ()
    assert seen.refused is None


@pytest.mark.parametrize(("name", "objective"), [("book", "instruct"), ("pairs", "prefer")])
def test_rows_that_are_all_whole_are_read_once_with_the_same_figures(project, tmp_path, name, objective):
    if name == "pairs":
        add(project, tmp_path, name, pairs()[:-1])
    source = open_source(project, small(name, objective))
    seen = look_at_rows(source)
    twice = survey_rendering(source.dataset.stream(), source.dataset.reading, source.rules)
    assert seen.survey.tokens == twice.tokens
    assert seen.survey.lengths.tolist() == twice.lengths.tolist()
    assert (seen.survey.rows, seen.survey.nothing) == (twice.rows, 0)


def test_reading_can_be_called_off(project):
    with pytest.raises(StudioError, match="stopped"):
        look_at_rows(open_source(project, small()), keep_going=lambda: False)


def test_rows_with_nothing_to_learn_are_told_with_their_numbers(project, tmp_path):
    rows = questions()
    rows[3]["output"] = rows[7]["output"] = ""
    rows[5]["instruction"] = " "
    add(project, tmp_path, "holes", rows)
    findings = seen_of(project, small("holes")).findings
    assert [(one.level, one.rows) for one in findings] == [("warning", (3, 7)), ("warning", (5,))]
    assert "2 of 24 rows (8.3 %) have nothing to learn: no answer" in findings[0].words


def test_one_row_in_a_hundred_needs_no_warning(project, tmp_path):
    rows = questions(120)
    rows[3]["output"] = ""
    add(project, tmp_path, "hole", rows)
    assert [one.level for one in seen_of(project, small("hole")).findings] == ["info"]


def test_a_dataset_in_which_nobody_answers_is_refused(project, tmp_path):
    add(project, tmp_path, "silent", [{**row, "output": ""} for row in questions()])
    seen = seen_of(project, small("silent"))
    assert seen.refused is not None
    assert "None of the 24 rows has anything to learn" in seen.refused.words
    assert seen.sides == (0, 0, 0)


def test_answers_that_do_not_fit_are_cut_and_told(project):
    config = small()
    config = config.with_part(instruct=replace(config.instruct, longest=190))
    seen = seen_of(project, config)
    (cut,) = [one for one in seen.findings if "longer than" in one.words]
    assert all(number % 2 for number in cut.rows), "rows with an input are the long ones"
    painted = paint_rows(seen.source, [cut.rows[0]])[0].painted[0]
    assert painted.counts["cut"] > 0
    assert painted.states.tolist() == sorted(painted.states.tolist(), key=[1, 0, 2, 3].index)


def test_a_painted_row_is_the_answer_trained_and_the_rest_ignored(seen):
    (row,) = paint_rows(seen.source, [4])
    painted = row.painted[0]
    trained = "".join(text for text, state in zip(painted.texts, painted.states, strict=True) if state == 0)
    assert trained.startswith("It is 4.")
    assert painted.counts["ignored"] > 100


def test_everything_but_the_first_token_is_trained_where_a_person_wants_that(project):
    config = small()
    source = open_source(project, config.with_part(instruct=replace(config.instruct, learn="everything")))
    painted = paint_rows(source, [0])[0].painted[0]
    assert painted.counts["ignored"] == 1


def test_a_row_that_is_no_conversation_says_why_and_the_others_are_painted(project, tmp_path):
    add(project, tmp_path, "first-empty", [{**questions()[0], "output": ""}, *questions(6)[1:]])
    rows = paint_rows(open_source(project, small("first-empty")), [0, 1])
    assert rows[0].trouble == "no answer"
    assert rows[1].painted


def test_of_a_pair_both_answers_are_painted_and_copies_are_a_finding(project):
    config = small("liked", "prefer")
    seen = seen_of(project, config)
    chosen, rejected = paint_rows(seen.source, [0])[0].painted
    assert chosen.counts["trained"] > rejected.counts["trained"]
    copies = next(one for one in seen.findings if "both answers are the same" in one.words)
    assert copies.rows == (11,), "it can be looked at"
    assert len(seen.lengths.values) == 11, "and is not counted among those that can be learned from"
    assert sum(seen.sides) == 11


def test_the_batch_that_is_shown_holds_the_targets_that_the_run_counts(seen):
    batch = first_batch(seen, 4)
    states = states_of(batch)
    assert len(batch) == 4
    assert int((states == STATES.index("trained")).sum()) == int((batch[:, 1] != NOTHING).sum())
    assert int((states == STATES.index("padding")).sum()) == int((batch[:, 0] == PADDING).sum())


def test_packed_rows_hold_several_conversations(project, seen):
    plain, config = seen, small()
    config = config.with_part(instruct=replace(config.instruct, batching="pack"))
    config = config.with_part(model=replace(config.model, context_length=512))
    seen = seen_of(project, config)
    batch = first_batch(seen, 4)
    assert batch.shape[1] == 3
    assert np.unique(batch[0, 2][batch[0, 0] != PADDING]).size > 1
    assert batches_in(config, seen) < batches_in(small(), plain)


def test_an_own_template_that_is_being_written_is_painted_without_being_saved(project):
    config = small()
    written = replace(config.instruct, template="-", template_text="Q {user} A {assistant}")
    (row,) = paint_rows(open_source(project, config.with_part(instruct=written)), [0])
    assert "".join(row.painted[0].texts).startswith("Q Say the number 0. A It is 0.")


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_plan_counts_whole_batches_and_passes(seen):
    config = small()
    assert steps_of(config, seen) == 6
    told = {row.name: row.value for row in plan_facts(config, seen)}
    assert told["To learn from"] == "12 rows"
    assert told["Passes over the rows"] == "2.0"
    assert start_words(config, seen) == "Train 6 steps on 12 rows"
    assert start_words(config, seen, "tale") == "Train 6 steps on 12 rows, after “tale”"


def test_pairs_are_counted_as_pairs(project):
    config = small("liked", "prefer")
    seen = seen_of(project, config)
    assert start_words(config, seen).endswith("on 5 pairs")
    assert {row.name: row.value for row in plan_facts(config, seen)}["To learn from"] == "5 pairs"


def test_before_the_rows_are_read_the_plan_is_dashes():
    assert {row.value for row in plan_facts(small(), None)} == {"–"}
    assert start_words(small(), None) == "Reading the rows…"


def test_preferences_need_a_model_and_an_adapter():
    config = small("liked", "prefer")
    assert need_of(config) == "Choose a model that answers first"
    begun = replace(config, start_from="tale@10")
    assert need_of(begun) == ""
    assert need_of(begun.with_part(adapter=replace(config.adapter, kind="none"))) == "Choose LoRA or QLoRA first"
    assert need_of(small()) == ""
