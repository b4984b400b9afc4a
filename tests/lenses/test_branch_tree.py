"""Branches stand right of what they grow out of, none covers another, and each reads as its whole way."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.engine.branches import Branch
from studio.lenses.branch_tree import BranchTree
from studio.tokenizers import make_tokenizer

pytestmark = [pytest.mark.gui, pytest.mark.torch]
TOKENS = make_tokenizer("characters", ["abc def"])
BRANCHES = (
    Branch(-1, 0, 1, 0.5, 0.5), Branch(-1, 0, 2, 0.25, 0.25), Branch(-1, 0, 3, 0.1, 0.1, True),
    Branch(0, 1, 0, 0.5, 0.25), Branch(0, 1, 4, 0.4, 0.2), Branch(1, 1, 5, 0.8, 0.2), Branch(3, 2, 6, 0.5, 0.125),
)  # fmt: skip


@pytest.fixture
def tree(look: Any, qtbot: Any) -> BranchTree:
    made = BranchTree(look)
    qtbot.addWidget(made)
    made.resize(420, 240)
    made.set_branches(BRANCHES, TOKENS)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_every_branch_stands_right_of_its_parent_and_none_covers_another(tree: BranchTree) -> None:
    boxes = [tree.box_of(place) for place in range(len(BRANCHES))]
    for place, branch in enumerate(BRANCHES):
        if branch.parent >= 0:
            assert boxes[place].left() > boxes[branch.parent].right()
        assert tree.rect().contains(boxes[place].toAlignedRect())
        assert not any(boxes[place].intersects(other) for at, other in enumerate(boxes) if at != place)


def test_pointing_reads_the_whole_way_and_how_likely_it_is(tree: BranchTree, qtbot: Any) -> None:
    qtbot.mouseMove(tree, tree.box_of(6).center().toPoint())
    letters = "".join(tree.twigs[at].words for at in (0, 3, 6))
    assert tree.way(6) == [0, 3, 6]
    assert tree._card.lines[0] == letters
    assert "the whole way 13 %" in tree._card.lines or "the whole way 12 %" in tree._card.lines
    assert tree.way_words(6) in tree.accessibleDescription()
    qtbot.mouseMove(tree, tree.box_of(2).center().toPoint())
    assert "the text ends here" in tree._card.lines


def test_a_click_and_the_keyboard_choose_a_branch(tree: BranchTree, qtbot: Any) -> None:
    with qtbot.waitSignal(tree.chosen) as said:
        QTest.mouseClick(tree, Qt.MouseButton.LeftButton, pos=tree.box_of(5).center().toPoint())
    assert said.args == [5]
    tree._point(-1)
    tree.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(tree, key)
    with qtbot.waitSignal(tree.chosen) as said:
        QTest.keyClick(tree, Qt.Key.Key_Return)
    assert said.args == [4]


def test_without_branches_it_says_what_will_be_there(tree: BranchTree) -> None:
    tree.set_branches((), TOKENS)
    tree.set_empty_text("Growing…")
    assert tree.place_at(tree.rect().center().toPointF()) == -1
    tree.grab()
