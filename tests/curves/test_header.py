"""What stands above a chart: it folds where it is narrow and loses nothing by that."""

import pytest
from PySide6.QtWidgets import QApplication

from studio.curves.header import CONTROLS, CurveHeader
from studio.curves.item import Curve
from studio.curves.legend import LegendEntry

pytestmark = pytest.mark.gui


@pytest.fixture
def header(look, on_screen):
    made = CurveHeader(look, "Loss")
    made.set_entries([Curve("training", "training"), Curve("validation", "validation", 1)], [])
    on_screen(made, width=800, height=120)
    return made


def shown(header):
    return [name for name in CONTROLS if getattr(header, name).isVisible()]


def narrow(header, width=240):
    header.window().resize(width, 120)
    QApplication.processEvents()


def choose(menu, *words):
    """Pick an entry by the words on the way to it."""
    for word in words:
        action = next(one for one in menu.actions() if one.text() == word)
        menu = action.menu()
    action.trigger()


def test_with_room_every_control_stands_there_and_no_menu(header):
    assert shown(header) == list(CONTROLS)
    assert not header.more.isVisible()


def test_without_room_the_controls_fold_into_one_menu_and_come_back(header):
    narrow(header)
    assert shown(header) == []
    assert header.more.isVisible()
    narrow(header, 800)
    assert shown(header) == list(CONTROLS)


def test_a_control_that_grows_later_is_never_cut(header):
    header.export.setText("export this chart in one of three ways " * 4)
    QApplication.processEvents()
    assert not shown(header)
    assert header.more.isVisible()


def test_nothing_in_a_narrow_header_is_cut(header):
    narrow(header, 200)
    inside = [header.title, header.more, *header.legend.entries()]
    assert all(one.width() >= one.sizeHint().width() for one in inside)
    assert all(one.mapTo(header, one.rect().topRight()).x() <= header.width() for one in inside)


@pytest.mark.parametrize(
    ("way", "signal", "value"),
    [
        (("Smoothing", "0.90"), "smoothing_changed", 0.9),
        (("Vertical axis", "log"), "scale_changed", "log"),
        (("Horizontal axis", "tokens"), "axis_changed", "tokens"),
        (("Numbers (CSV)…",), "export_requested", "csv"),
    ],
)
def test_the_menu_does_what_the_controls_do(header, qtbot, way, signal, value):
    with qtbot.waitSignal(getattr(header, signal)) as said:
        choose(header.menu(whole=True), *way)
    assert said.args == [value]


def test_the_menu_shows_what_is_chosen_now(header):
    header.smoothing.set_weight(0.6)
    header.axis.set_value("time")
    chosen = [
        inner.text()
        for action in header.menu(whole=True).actions() if action.menu()
        for inner in action.menu().actions() if inner.isChecked()
    ]  # fmt: skip
    assert chosen == ["0.60", "linear", "time"]


def test_the_export_button_offers_only_what_it_says(header):
    words = [action.text() for action in header.menu(whole=False).actions() if action.text()]
    assert words == ["Picture (PNG)…", "Drawing (SVG)…", "Numbers (CSV)…", "Follow the newest step"]


def test_controls_that_a_chart_does_not_want_are_in_no_menu_either(header):
    header.show_controls(("scale",))
    narrow(header, 120)
    assert [action.text() for action in header.menu(whole=True).actions()] == ["Vertical axis"]


def columns_of(entry, look, color):
    image = entry.grab().toImage()
    middle = image.height() // 2
    return [x for x in range(14) if image.pixelColor(x, middle) == look.color(color)]


def test_a_dashed_curve_has_a_dashed_swatch(look, on_screen):
    line, dashed = LegendEntry(look, "a", "line", 0), LegendEntry(look, "b", "dashed", 0, "dashed")
    on_screen(line, dashed)
    solid, broken = columns_of(line, look, 0), columns_of(dashed, look, 0)
    assert solid == list(range(solid[0], solid[-1] + 1))
    assert len(broken) < broken[-1] - broken[0] + 1


def test_a_dashed_curve_can_be_hidden_by_its_name_like_any_other(look, on_screen, qtbot):
    entry = LegendEntry(look, "b", "dashed", 0, "dashed")
    on_screen(entry)
    entry.click()
    assert not entry.isChecked()
    assert columns_of(entry, look, 0) == []


def test_published_points_are_named_and_not_pressed(look):
    entry = LegendEntry(look, "book", "the book", 0, "reference")
    assert not entry.isCheckable()
    assert entry.toolTip() == "the book"
