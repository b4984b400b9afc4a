"""The column beside a picture is narrower in a small window."""

import pytest
from PySide6.QtWidgets import QWidget

from studio.widgets.breadth import Breadth

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(("whole", "held"), [(859, (200, 240)), (860, (300, 400)), (1_900, (300, 400))])
def test_a_column_leaves_more_of_a_small_window_to_the_picture(qtbot, whole, held):
    column = QWidget()
    qtbot.addWidget(column)
    breadth = Breadth((300, 400), (200, 240))
    breadth.fit(column, whole)
    assert (column.minimumWidth(), column.maximumWidth()) == breadth.of(whole) == held
