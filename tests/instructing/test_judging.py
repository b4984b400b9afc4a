"""A judge of answers: what it is asked, what is made of prose and silence, and two runs compared in both orders."""

import re

import pytest

from studio.core.errors import StudioError
from studio.hub.local_judge import Judged, JudgeError, LocalJudge, judge_models, local_judge
from studio.instructing import judging_work
from studio.instructing.answer_scores import Figure, Scored
from studio.instructing.judge_view import JudgeView, Models
from studio.instructing.judging_work import (
    Comparison,
    Judge,
    RowJudged,
    compare_rows,
    first_verdicts,
    judge_rows,
    rubric_named,
    sample_of,
    summed,
)
from studio.scores.judging import BOOK, STEPS, Reading, swapped_agreement
from tests.instructing.conftest import answer

SERVER = Judge("llama", LocalJudge("localhost", 1, "", "llama"))
QUIET = {"progress": lambda done, total: None, "keep_going": lambda: True}


def scored(row, said):
    return Scored(answer(row, said), 0.0, 0.0, 0.0, 0, "", 0.0, 0.0)


ROWS = [scored(row, f"It is {row}.") for row in range(4)]


@pytest.fixture
def judge_says(monkeypatch):
    """Put a function from the prompt to the judge's words in the place of its server."""

    def install(answers):
        monkeypatch.setattr(judging_work, "ask_judge", lambda server, text, keep_going: answers(text))
        monkeypatch.setattr("studio.hub.local_judge.ask_judge", lambda server, text, keep_going: answers(text))

    return install


def test_every_row_is_judged_by_question_wanted_and_answer(judge_says):
    asked = []
    judge_says(lambda text: asked.append(text) or "4")
    found = list(judge_rows(SERVER, BOOK, ROWS, **QUIET))
    assert [one.row for one in found] == [0, 1, 2, 3]
    assert "Given the input `Say the number 1.\nin words`" in asked[1]
    assert {one.judged.reading.score for one in found} == {4.0}


def test_prose_and_silence_are_counted_and_the_rest_goes_on(judge_says):
    words = iter(["5", "I like it a lot.", JudgeError("Nothing answers."), "3"])

    def say(_text):
        said = next(words)
        if isinstance(said, Exception):
            raise said
        return said

    judge_says(say)
    found = summed(SERVER, STEPS, list(judge_rows(SERVER, STEPS, ROWS, **QUIET)))
    assert found.mean.value == 4.0
    assert found.mean.low <= 4.0 <= found.mean.high
    assert found.scores == {0: "5", 1: "–", 2: "–", 3: "3"}
    assert found.unread.startswith("2 of 4 answers of the judge gave no score")
    assert "1 × prose without one number" in found.unread


def test_a_judge_that_only_talks_has_no_mean():
    rows = [RowJudged(0, Judged(Reading("prose"), "well"))]
    assert summed(SERVER, STEPS, rows).mean is None


def test_a_verdict_that_does_not_hold_when_swapped_is_no_win(judge_says):
    judge_says(lambda text: "A")  # the first place, whatever stands there
    found = compare_rows(SERVER, ("one", ROWS), ("other", ROWS[:3]), **QUIET)
    assert first_verdicts(found) == {"one": 0, "other": 0, "tie": 3}
    assert (found.steady.same, found.steady.first) == (0, 3)


def test_a_steady_judge_names_the_better_run(judge_says):
    worse = [scored(row, "What?") for row in range(4)]

    def by_content(text):
        first = re.search(r"Answer A:\n=+\n(.*)", text)[1]
        return "B" if first == "What?" else "A"

    judge_says(by_content)
    found = compare_rows(SERVER, ("good", ROWS), ("bad", worse), **QUIET)
    assert first_verdicts(found) == {"good": 4, "bad": 0, "tie": 0}
    assert found.steady.share == 1.0


def test_runs_without_a_common_row_are_refused(judge_says):
    judge_says(lambda text: "A")
    with pytest.raises(StudioError, match="none of the same rows"):
        compare_rows(SERVER, ("one", ROWS[:2]), ("other", ROWS[2:]), **QUIET)


def test_few_rows_are_spread_over_all_and_always_the_same():
    rows = [scored(row, "x") for row in range(20)]
    some = sample_of(rows, 5)
    assert [row.answer.row for row in some] == [0, 4, 9, 14, 19]
    assert sample_of(rows, 99) == rows
    assert rubric_named("book") is BOOK


@pytest.mark.torch
@pytest.mark.slow
def test_ateliers_own_endpoint_judges_with_its_token_and_says_so_without(scripted_run):
    from studio.engine.chat import serve_answers
    from tests.engine.chained_model import chained

    endpoint = scripted_run.session.endpoint
    endpoint.start(serve_answers(chained("\n4", "<|im_end|>", 8_192)), "tale")
    server = local_judge(endpoint.address, "tale", "openai", token=endpoint.token)
    assert judge_models(server, lambda: True) == ["tale"]
    found = summed(Judge("tale", server), STEPS, list(judge_rows(Judge("tale", server), STEPS, ROWS[:2], **QUIET)))
    assert (found.scores, found.unread) == ({0: "4", 1: "4"}, "")
    stranger = local_judge(endpoint.address, "tale", "openai")
    with pytest.raises(StudioError, match="answer 401"):
        list(judge_rows(Judge("tale", stranger), STEPS, ROWS, **QUIET))
    endpoint.stop()
    scripted_run.settle()


# --- the view ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def view(look, on_screen):
    view = JudgeView(look)
    on_screen(view)
    view.set_choices(Models((("/models/big", "big"),)), ["other"])
    return view


@pytest.mark.gui
def test_an_address_on_another_computer_is_refused_where_it_is_typed(view, qtbot):
    view.address.clear()
    qtbot.keyClicks(view.address, "example.org:11434")
    assert view.problem.isVisible()
    assert "is another computer" in view.problem.text()
    view.address.clear()
    qtbot.keyClicks(view.address, "localhost:11434")
    assert not view.problem.isVisible()


@pytest.mark.gui
def test_a_token_is_asked_for_where_a_server_may_want_one_and_never_shown(view):
    assert view.token.isHidden() or not view.token.isVisible()
    view.kind._choose("openai")
    assert view.token.isVisible()
    view.token.setText("secret")
    view.set_models(["tale"])
    judge = view.judge()
    assert judge.server.token == "secret"
    assert "secret" not in repr(judge)
    view.token.setText("two words")
    with pytest.raises(StudioError, match="no token"):
        view.judge()


@pytest.mark.gui
def test_a_server_needs_a_chosen_model(view, qtbot):
    view.start.click()
    assert "No model is chosen" in view.problem.text()
    view.set_models(["llama3", "phi3"])
    with qtbot.waitSignal(view.judge_wanted) as told:
        view.start.click()
    judge, rubric, most = told.args
    assert (judge.name, rubric, most) == ("llama3", STEPS, 100)


@pytest.mark.gui
def test_a_model_of_the_project_judges_without_an_address(view, qtbot):
    view.who.set_value("/models/big")
    view.who.changed.emit()
    assert not view.address.isVisible()
    view.rubric.set_value("book")
    with qtbot.waitSignal(view.judge_wanted) as told:
        view.start.click()
    assert (told.args[0].server, told.args[0].folder.name, told.args[1]) == (None, "big", BOOK)


@pytest.mark.gui
def test_the_scores_and_what_could_not_be_read_are_told(view):
    assert view.none_yet.isVisible()
    rows = (RowJudged(0, Judged(Reading("number", 4.0), "4")),)
    view.set_judgement(judging_work.Judgement("llama", STEPS, rows, Figure(4.0, 3.5, 4.5), "1 gave no score."))
    assert view.facts.texts()["Mean score"] == "4.00 of 1 to 5"
    assert view.facts.texts()["95 % interval"] == "3.50–4.50"
    assert view.unread.isVisible()
    assert not view.none_yet.isVisible()


@pytest.mark.gui
def test_a_comparison_tells_how_steady_the_judge_was(view, qtbot):
    found = Comparison("tale", "other", ("A", "tie"), swapped_agreement(["A", "A"], ["B", "A"]), 1)
    view.set_comparison(found)
    assert view.pairs.texts()["Better: tale"] == "1"
    assert "the verdict held in 50 % of 2" in view.pairs_note.text()
    view.compare.click()
    assert "Choose a run to compare with" in view.problem.text()
