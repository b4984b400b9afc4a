"""Unsaved changes: made, taken back, done again, told."""

import pytest

from studio.rows.kinds import Reading
from studio.tables.changes import Changes, with_role
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
    changes.write(3, {"words": "b"})
    changes.write(4, {"words": "c"})
    changes.remove([7])
    changes.read_as(with_role(READING, "class", ""))
    assert changes.words() == "2 rows changed, 1 row deleted, other roles of the columns"
    assert changes.edits == {3: {"words": "b"}, 4: {"words": "c"}, 7: None}


def test_every_step_is_taken_back_and_done_again(changes: Changes) -> None:
    changes.write(3, {"words": "b"})
    changes.write(3, {"words": "c"})
    changes.remove([3, 5])
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
    changes.write(1, {"words": "a"})
    changes.undo()
    changes.remove([2])
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
