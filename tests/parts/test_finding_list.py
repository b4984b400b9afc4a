"""Findings about rows: the first few with their way out, the others to the pointer."""

import pytest
from PySide6.QtWidgets import QPushButton

from studio.parts.finding_list import FindingList
from studio.parts.row_finding import RowFinding
from studio.widgets.label import Label

pytestmark = pytest.mark.gui

ONE_CLASS = RowFinding("danger", "All rows are one class.", "Choose another column.", "data")


@pytest.fixture
def found(look, qtbot):
    widget = FindingList(look, lambda finding: "Open on the Data page" if finding.action else "")
    qtbot.addWidget(widget)
    return widget


def buttons(found):
    return [button for button in found.findChildren(QPushButton) if button.text()]


def test_the_button_of_a_finding_carries_that_finding(found, qtbot):
    copies = RowFinding("warning", "Copies across the split.", action="data", rows=(3, 4))
    found.set_findings([ONE_CLASS, RowFinding("info", "Nothing to do."), copies])
    assert [button.text() for button in buttons(found)] == ["Open on the Data page"] * 2, "one has no way out"
    with qtbot.waitSignal(found.wanted) as told:
        buttons(found)[1].click()
    assert told.args == [copies]


def test_of_many_findings_the_others_are_counted_and_under_the_pointer(found):
    found.set_findings([RowFinding("warning", f"Finding {number}.") for number in range(8)])
    words = [label for label in found.findChildren(Label) if not label.isHidden()]
    assert words[-1].text() == "and 2 more"
    assert words[-1].toolTip() == "Finding 6.\nFinding 7."
    found.set_findings([])
    assert found._column.count() == 0
