"""What a judge said stays with the answers, is there again when they are looked at, and damage counts as nothing."""

import json

import pytest

from studio.hub.local_judge import Judged
from studio.instructing.judge_desk import JudgeDesk
from studio.instructing.judge_view import JudgeView
from studio.instructing.judged_file import judged_path, read_judged, write_judged
from studio.instructing.judging_work import Judge, RowJudged
from studio.scores.judging import BOOK, Reading
from tests.instructing.conftest import answer, answers_of

ROWS = [
    RowJudged(0, Judged(Reading("number", 85.0), "85")),
    RowJudged(1, Judged(Reading("prose"), "Quite good.")),
    RowJudged(2, Judged(Reading("silent"), trouble="No answer came.")),
]


@pytest.fixture
def answers(tmp_path):
    (tmp_path / "tale" / "answers").mkdir(parents=True)
    return answers_of([answer(row, "It is.") for row in range(4)], tmp_path / "tale")


def test_what_a_judge_said_comes_back(answers):
    assert read_judged(answers) is None
    write_judged(answers, "llama3", "book", ROWS)
    kept = read_judged(answers)
    assert (kept.judge, kept.rubric, list(kept.rows)) == ("llama3", "book", ROWS)


@pytest.mark.parametrize("wrong", [
    {"version": 2}, {"rubric": "unheard of"}, {"rows": []}, {"rows": [{"row": 0}]}, {"rows": "x"},
    {"rows": [{"row": 99, "kind": "number", "score": 5, "said": "5", "trouble": ""}]},
    {"rows": [{"row": 0, "kind": "song", "score": None, "said": "", "trouble": ""}]},
])  # fmt: skip
def test_a_file_that_is_newer_damaged_or_of_other_rows_is_none(answers, wrong):
    write_judged(answers, "llama3", "book", ROWS)
    data = json.loads(judged_path(answers).read_text("utf-8"))
    judged_path(answers).write_text(json.dumps(data | wrong), "utf-8")
    assert read_judged(answers) is None


def test_it_is_no_file_of_answers(answers):
    write_judged(answers, "llama3", "book", ROWS)
    assert not list(answers.path.parent.glob("*.jsonl"))


@pytest.mark.gui
def test_what_was_kept_does_not_mix_into_a_judgement_that_began_meanwhile(
    answers, look, on_screen, scripted_run, monkeypatch
):
    from types import SimpleNamespace

    write_judged(answers, "llama3", "book", ROWS)
    new = RowJudged(3, Judged(Reading("number", 10.0), "10"))
    monkeypatch.setattr("studio.instructing.judge_desk.judge_rows", lambda judge, rubric, rows: iter([new]))
    monkeypatch.setattr("studio.instructing.judge_desk.sample_of", lambda rows, most: list(rows))
    view = JudgeView(look)
    on_screen(view)
    desk = JudgeDesk(scripted_run.session, view)
    desk.look_at(SimpleNamespace(answers=answers, rows=()), SimpleNamespace(runs=list))
    desk.judge(Judge("other"), BOOK, 1)
    scripted_run.settle()
    assert desk.judgement.scores == {3: "10"}
    kept = read_judged(answers)
    assert (kept.judge, kept.rows) == ("other", (new,))


@pytest.mark.gui
def test_scores_stand_there_again_when_the_answers_are_looked_at(answers, look, on_screen, scripted_run):
    from types import SimpleNamespace

    write_judged(answers, "llama3", "book", ROWS)
    view = JudgeView(look)
    on_screen(view)
    desk = JudgeDesk(scripted_run.session, view)
    told = []
    desk.judged.connect(told.append)
    desk.look_at(SimpleNamespace(answers=answers, rows=()), SimpleNamespace(runs=list), "stories, untuned")
    scripted_run.settle()
    assert told[-1] == {0: "85", 1: "–", 2: "–"}
    assert desk.judgement.judge == "llama3"
    assert view.other.itemText(1) == "stories, untuned"
