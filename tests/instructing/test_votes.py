"""Blind votes: nobody can foresee whose answer stands where, every vote is kept, and a table counts them."""

import json
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.instructing.vote_desk import VoteDesk
from studio.instructing.vote_view import VoteView
from studio.instructing.votes import FILE, Cast, duels, read_votes, write_votes
from studio.scores.win_table import Vote
from tests.instructing.test_judging import scored

ONE = [scored(row, f"one {row}") for row in range(20)]
OTHER = [scored(row, f"other {row}" if row else "one 0") for row in range(20)]


def test_answers_stand_on_either_side_and_equal_ones_are_left_out():
    found = duels(("one", ONE), ("other", OTHER), seed=3)
    assert len(found) == 19
    assert {duel.left for duel in found} == {"one", "other"}
    assert all(duel.one.answer.answered.startswith(duel.left) for duel in found)
    assert [duel.one.answer.row for duel in found] != sorted(duel.one.answer.row for duel in found)
    assert found != duels(("one", ONE), ("other", OTHER), seed=4)


def test_votes_come_back_from_the_disk(tmp_path):
    votes = [Cast(Vote("one", "other", "left"), "book@1", 3), Cast(Vote("other", "one", "tie"), "book@1", 4)]
    assert read_votes(tmp_path) == []
    write_votes(tmp_path, votes)
    assert read_votes(tmp_path) == votes


@pytest.mark.parametrize("text", ['{"votes": [{"left": "a"}]}', '{"votes": [{"left": "a", "right": "a"}]}', "[]"])
def test_a_damaged_file_of_votes_is_refused_in_words(tmp_path, text):
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(StudioError, match="votes of this project cannot be read"):
        read_votes(tmp_path)


@pytest.fixture
def view(look, on_screen):
    view = VoteView(look)
    on_screen(view)
    view.set_others(["other"])
    return view


@pytest.mark.gui
def test_before_a_run_is_chosen_it_says_what_will_stand_here(view):
    assert "in an order that nobody can foresee" in view.empty.text()
    assert view.duel is None


@pytest.mark.gui
def test_a_key_votes_and_only_then_the_names_are_told(view, qtbot):
    view.set_duels(duels(("one", ONE), ("other", OTHER), seed=3), "book@1")
    first = view.duel
    shown = " ".join(text.toPlainText() for text in view.texts) + view.told.text() + view.where.text()
    assert first.one.answer.answered in shown
    assert view.told.text() == ""
    with qtbot.waitSignal(view.voted) as told:
        qtbot.keyClick(view, Qt.Key.Key_2)
    assert told.args[0] == Cast(Vote(first.left, first.right, "right"), "book@1", first.one.answer.row)
    assert view.told.text() == f"A was {first.left}, B was {first.right}."
    assert view.duel is not first


@pytest.mark.gui
def test_what_was_voted_on_is_not_asked_again(view):
    found = duels(("one", ONE[:3]), ("other", OTHER[:3]), seed=3)
    view.set_votes([Cast(Vote("other", "one", "tie"), "book@1", found[0].one.answer.row)])
    view.set_duels(found, "book@1")
    assert view.duel is found[1]
    view.vote("tie")
    assert view.duel is None
    assert view.empty.text() == "You have voted on every pair of these two runs."


@pytest.mark.gui
def test_runs_that_answer_alike_leave_nothing_to_vote_on(view):
    view.set_duels(duels(("one", ONE), ("other", ONE), seed=3), "book@1")
    assert "all of them alike" in view.empty.text()


@pytest.mark.gui
def test_every_vote_is_kept_counted_and_can_be_taken_back(view, scripted_run):
    session = scripted_run.session
    known = SimpleNamespace(answers=SimpleNamespace(dataset="book@1"), rows=ONE)
    book = SimpleNamespace(runs=list)
    desk = VoteDesk(session, view, book)
    desk.look_at("one", known)
    scripted_run.settle()
    desk.against("other", SimpleNamespace(rows=OTHER))
    view.vote("left")
    view.vote("right")
    scripted_run.settle()
    assert len(json.loads((session.project.path / FILE).read_text("utf-8"))["votes"]) == 2
    assert sum(row.wins for row in view.table.model().rows) == 2
    view.undo.click()
    scripted_run.settle()
    assert len(read_votes(session.project.path)) == 1


@pytest.mark.gui
def test_a_vote_that_is_given_before_the_file_was_read_joins_those_in_it(view, scripted_run):
    session = scripted_run.session
    write_votes(session.project.path, [Cast(Vote("one", "other", "tie"), "book@1", 90)])
    known = SimpleNamespace(answers=SimpleNamespace(dataset="book@1"), rows=ONE)
    desk = VoteDesk(session, view, SimpleNamespace(runs=list))
    desk.look_at("one", known)
    view.voted.emit(Cast(Vote("one", "other", "left"), "book@1", 3))
    scripted_run.settle()
    assert [one.vote.winner for one in read_votes(session.project.path)] == ["tie", "left"]
