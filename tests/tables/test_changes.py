"""Unsaved changes: made, taken back, done again, told."""

import pytest

from studio.rows.kinds import Reading
from studio.store.unsaved_rows import Step
from studio.tables.changes import Changes, replayed, with_role
from studio.tables.row_edits import as_kind

READING = Reading("labelled", {"text": "words", "label": "class"})


@pytest.fixture
def changes() -> Changes:
    return Changes(READING)


def test_nothing_is_present_at_first(changes: Changes) -> None:
    assert not changes.present
    assert not changes.can_undo
    assert changes.undo() == ()
    assert changes.words() == ""


def test_rows_and_roles_are_told_in_one_sentence(changes: Changes) -> None:
    changes.change({3: {"words": "b"}})
    changes.change({4: {"words": "c"}})
    changes.change({7: None})
    changes.read_as(with_role(READING, "class", ""))
    assert changes.words() == "2 rows changed, 1 row deleted, other roles of the columns"
    assert changes.edits == {3: {"words": "b"}, 4: {"words": "c"}, 7: None}


def test_every_step_is_taken_back_and_done_again(changes: Changes) -> None:
    changes.change({3: {"words": "b"}})
    changes.change({3: {"words": "c"}})
    changes.change({3: None, 5: None})
    changes.read_as(as_kind(READING, "text"))
    assert changes.undo() == ()
    assert changes.reading == READING
    assert changes.undo() == (3, 5)
    assert changes.edits == {3: {"words": "c"}}
    changes.undo()
    assert changes.edits == {3: {"words": "b"}}
    changes.undo()
    assert not changes.present
    for _ in range(4):
        changes.redo()
    assert changes.edits == {3: None, 5: None}
    assert changes.reading.kind == "text"


def test_a_new_change_forgets_what_was_taken_back(changes: Changes) -> None:
    changes.change({1: {"words": "a"}})
    changes.undo()
    changes.change({2: None})
    assert not changes.can_redo


def test_the_same_roles_again_are_no_change(changes: Changes) -> None:
    changes.read_as(READING)
    assert not changes.can_undo


def test_a_role_leaves_the_column_that_played_it() -> None:
    assert with_role(READING, "other", "text").roles == {"label": "class", "text": "other"}
    assert with_role(READING, "words", "label").roles == {"label": "words"}
    assert with_role(READING, "words", "").roles == {"label": "class"}


def test_another_kind_keeps_the_roles_that_it_knows() -> None:
    assert as_kind(READING, "text").roles == {"text": "words"}
    assert as_kind(READING, "alpaca").roles == {}


def test_kept_steps_become_the_same_changes_with_their_way_back() -> None:
    text = Reading("text", {"text": "words"})
    steps = [Step({1: {"words": "a"}}), Step({2: None}), Step(reading=text), Step(moves=-2), Step(moves=1)]
    changes = replayed(READING, steps)
    assert changes.edits == {1: {"words": "a"}, 2: None}
    assert changes.reading == READING
    assert changes.can_redo
    changes.undo()
    assert changes.edits == {1: {"words": "a"}}


def test_more_steps_back_than_there_were_end_at_the_beginning() -> None:
    assert not replayed(READING, [Step({2: None}), Step(moves=-(10**18))]).present
