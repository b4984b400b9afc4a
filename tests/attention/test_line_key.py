"""What the lines of a difference mean, in a picture that may stand alone."""

from typing import Any

import pytest

from studio.attention.line_key import LineKey
from studio.maps.colours import LESS, MORE

pytestmark = pytest.mark.gui


def test_nothing_of_it_touches_the_edge_of_an_exported_picture(look: Any, qtbot: Any) -> None:
    key = LineKey(look)
    qtbot.addWidget(key)
    key.resize(640, key.sizeHint().height())
    key.show_sides(("A", "B"), 0.25)
    image, ground = key.grab().toImage(), look.color("surface").name()
    edge = {image.pixelColor(x, y).name() for x in range(4) for y in range(image.height())}
    assert edge == {ground}
    colours = {image.pixelColor(x, image.height() // 2).name() for x in range(image.width())}
    assert {look.color(MORE).name(), look.color(LESS).name()} <= colours, "A is orange and B is blue"
    assert "± 0.2500" in key.accessibleName()
    key.show_sides(("A", "B"), 0.0)
    assert key.words[2] == "nothing differs"
