"""Votes on hidden answers: counted, kept with the project, and there again after a restart."""

import json

import pytest

from studio.core.errors import StudioError
from studio.scores.win_table import Vote
from studio.talking.tally import FILE, Tally, read_votes, write_votes

pytestmark = pytest.mark.gui


def test_a_winner_beats_every_other_and_nobody_himself(session, scripted_run):
    tally = Tally(session)
    tally.follow()
    tally.take(["a", "b", "c"], 1)
    tally.take(["a", "b"], -1)
    tally.take(["a", "a"], 0)
    assert tally.votes == [Vote("b", "a", "left"), Vote("b", "c", "left"), Vote("a", "b", "tie")]
    scripted_run.settle()


def test_votes_survive_a_restart_and_none_is_lost_that_came_before_they_were_read(session, scripted_run):
    first = Tally(session)
    first.follow()
    scripted_run.settle()
    first.take(["a", "b"], 0)
    scripted_run.settle()
    again = Tally(session)
    again.follow()
    again.take(["a", "b"], 1)
    scripted_run.settle()
    assert [vote.left for vote in again.votes] == ["a", "b"]
    assert read_votes(session.project.path) == again.votes


@pytest.mark.parametrize("text", ['{"votes": [{"left": "a"}]}', '{"votes": [{"left": "a", "right": "a"}]}', "[]"])
def test_a_damaged_file_is_told_and_left_alone(session, scripted_run, text):
    told = []
    session.notices.posted.connect(told.append)
    (session.project.path / FILE).write_text(text, "utf-8")
    tally = Tally(session)
    tally.follow()
    scripted_run.settle()
    tally.take(["a", "b"], 0)
    scripted_run.settle()
    assert "cannot be read" in told[-1].text
    assert (session.project.path / FILE).read_text("utf-8") == text
    with pytest.raises(StudioError, match="cannot be read"):
        read_votes(session.project.path)


def test_a_file_of_votes_names_its_version(tmp_path):
    write_votes(tmp_path, [Vote("a", "b", "tie")])
    assert json.loads((tmp_path / FILE).read_text("utf-8"))["version"] == 1
