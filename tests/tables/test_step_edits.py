"""Steps while they are edited: added, moved, changed, left out, and all of it taken back."""

from studio.rows.steps import DropDuplicates, Filter, Normalise, Sample
from studio.tables.step_edits import StepEdits

ONE, TWO, THREE = Normalise(), DropDuplicates(), Sample()


def test_steps_are_added_moved_and_left_out() -> None:
    edits = StepEdits()
    assert [edits.add(step) for step in (ONE, TWO, THREE)] == [0, 1, 2]
    assert edits.move(2, 0) == 0
    assert edits.steps == (THREE, ONE, TWO)
    edits.remove(1)
    assert edits.steps == (THREE, TWO)
    edits.clear()
    assert edits.steps == ()


def test_a_move_beyond_the_ends_stays_within() -> None:
    edits = StepEdits((ONE, TWO))
    assert edits.move(0, 9) == 1
    assert edits.move(1, -3) == 0
    assert edits.move(0, 0) == 0
    assert edits.steps == (ONE, TWO)


def test_every_change_is_taken_back_and_done_again() -> None:
    edits = StepEdits()
    edits.add(ONE)
    edits.add(TWO)
    edits.move(0, 1)
    edits.replace(0, DropDuplicates("near"))
    states = []
    while edits.can_undo:
        states.append(edits.steps)
        edits.undo()
    assert edits.steps == ()
    while edits.can_redo:
        edits.redo()
        assert edits.steps == states.pop()
    edits.undo()
    edits.add(THREE)
    assert not edits.can_redo


def test_typing_into_one_step_is_one_change() -> None:
    edits = StepEdits((Filter("a"), ONE))
    for words in ("ab", "abc", "abcd"):
        edits.replace(0, Filter(words))
    edits.undo()
    assert edits.steps[0] == Filter("a")
    assert not edits.can_undo


def test_typing_again_after_a_rest_or_elsewhere_is_another_change() -> None:
    edits = StepEdits((Filter("a"), ONE))
    edits.replace(0, Filter("ab"))
    edits.rest()
    edits.replace(0, Filter("abc"))
    edits.replace(1, Normalise("NFKC"))
    edits.undo()
    edits.undo()
    assert edits.steps == (Filter("ab"), ONE)


def test_the_same_settings_again_are_no_change() -> None:
    edits = StepEdits((ONE,))
    edits.replace(0, Normalise())
    edits.undo()
    assert edits.steps == (ONE,)
    assert not edits.can_redo
