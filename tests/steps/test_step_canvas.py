"""The picture itself: what lies under the pointer, what is brought forward, and what steps back."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from studio.insight.course import steps
from studio.steps.matrix_picture import MatrixPicture, Placed, Shown
from studio.steps.stages import Matrix, matrices_of, sources, stages_of
from studio.steps.step_canvas import Spot, StepCanvas

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture(scope="module")
def course():
    return steps("causal")


@pytest.fixture
def canvas(look, on_screen, course):
    found, walk = course
    canvas = StepCanvas(look)
    on_screen(canvas)
    canvas.show_stages(stages_of(walk, True), matrices_of(walk, found.words, True))
    return canvas


def colour(canvas: StepCanvas, spot: Spot) -> str:
    """Of a cell, a few pixels inside its corner, where no number is written."""
    box = canvas.arrangement(canvas.station).box_of(spot.key)
    corner = canvas.pictures[spot.key].rect_of(box, spot.row, spot.column).topLeft() + QPointF(4, 4)
    return canvas.grab().toImage().pixelColor(corner.toPoint()).name()


def test_every_number_is_found_where_it_is_drawn(canvas, course) -> None:
    for station, stage in enumerate(canvas.stages):
        canvas.set_position(station)
        for term in stage.terms:
            rows, columns = canvas.pictures[term.key].matrix.values.shape
            for row in range(rows):
                for column in range(columns):
                    spot = Spot(term.key, row, column)
                    assert canvas.spot_at(canvas.place_of(spot)) == spot
    assert canvas.spot_at(QPointF(-5, -5)) is None
    assert canvas.place_of(Spot("scores", 0, 0)) is None  # not at the last station


def test_on_the_way_nothing_can_be_pointed_at(canvas) -> None:
    canvas.set_position(1)
    place = canvas.place_of(Spot("scores", 1, 1))
    canvas.set_position(1.2)
    assert canvas.spot_at(place) is None


def test_before_there_are_numbers_the_canvas_is_empty(look, on_screen) -> None:
    canvas = StepCanvas(look)
    on_screen(canvas)
    assert canvas.stage is None
    assert canvas.spot_at(QPointF(10, 10)) is None
    assert not canvas.grab().isNull()


def test_while_one_points_the_rest_steps_back_and_afterwards_returns(canvas, course, qtbot) -> None:
    canvas.set_position(1)
    spot, far, near = Spot("scores", 1, 0), Spot("keys", 4, 1), Spot("keys", 0, 1)
    before = {one: colour(canvas, one) for one in (far, near)}
    heard: list[Spot | None] = []
    canvas.hovered.connect(heard.append)
    qtbot.mouseMove(canvas, canvas.place_of(spot).toPoint())
    canvas.point_out(spot, sources(course[1], "scores", 1, 0))
    assert heard == [spot]
    assert colour(canvas, far) != before[far]
    assert colour(canvas, near) == before[near]
    qtbot.mouseMove(canvas, QPoint(1, 1))
    assert heard[-1] is None
    assert colour(canvas, far) == before[far]


def test_a_click_is_told_with_its_number(canvas, qtbot) -> None:
    canvas.set_position(5)
    heard: list[Spot] = []
    canvas.clicked.connect(heard.append)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.place_of(Spot("weights", 2, 1)).toPoint())
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=canvas.place_of(Spot("weights", 0, 0)).toPoint())
    assert heard == [Spot("weights", 2, 1)]


def test_the_number_that_is_explained_can_be_heard(canvas) -> None:
    canvas.set_position(5)
    canvas.point_out(Spot("weights", 2, 1), {})
    assert canvas.accessibleDescription() == "Attention A: starts, journey"
    canvas.point_out(None, {})
    assert canvas.accessibleDescription() == ""


def test_the_pointer_over_a_vector_says_that_it_can_be_changed(canvas, qtbot) -> None:
    qtbot.mouseMove(canvas, canvas.place_of(Spot("inputs", 1, 1)).toPoint())
    assert canvas.cursor().shape() == Qt.CursorShape.IBeamCursor
    qtbot.mouseMove(canvas, canvas.place_of(Spot("queries", 1, 1)).toPoint())
    assert canvas.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_a_change_of_place_or_size_closes_the_field(canvas) -> None:
    for change in (lambda: canvas.set_position(1), lambda: canvas.resize(900, 400)):
        canvas.set_position(0)
        canvas.edit_spot(Spot("inputs", 1, 1))
        assert canvas.edit.isVisible()
        change()
        assert not canvas.edit.isVisible()


def test_matrices_grow_with_the_canvas(canvas) -> None:
    small = canvas.arrangement(1).box_of("scores")
    canvas.resize(1_700, 800)
    large = canvas.arrangement(1).box_of("scores")
    assert large.width() > small.width()
    assert large.height() >= small.height()


def test_hidden_scores_are_drawn_alike_and_unlike_any_number(canvas, look) -> None:
    canvas.set_position(4)
    hidden = {colour(canvas, Spot("masked", row, column)) for row, column in ((0, 1), (0, 5), (3, 4))}
    assert hidden == {look.color("raised").name()}
    assert colour(canvas, Spot("positioned", 0, 1)) not in hidden  # what was there before the mask is never blanked


def test_a_cell_that_is_lit_within_a_matrix_keeps_its_colour_and_its_neighbours_do_not(look) -> None:
    matrix = Matrix("scores", "S", np.arange(9.0).reshape(3, 3), ("a", "b", "c"), ("a", "b", "c"))
    picture = MatrixPicture(matrix, look)
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    placed = Placed("scores", QRectF(100, 50, 150, 90), True, 20.0)
    seen = {}
    for name, shown in (("plain", Shown()), ("lit", Shown((slice(1, 2), slice(None)), None, True))):
        image = QImage(300, 200, QImage.Format.Format_RGB32)
        image.fill(look.color("surface"))
        painter = QPainter(image)
        picture.paint(painter, placed, shown)
        painter.end()
        seen[name] = [image.pixelColor(108, 58 + 30 * row).name() for row in range(3)]
    assert seen["lit"][1] == seen["plain"][1]
    assert seen["lit"][2] != seen["plain"][2]


def test_names_that_do_not_fit_stand_upright(look) -> None:
    words = tuple(f"longword{number}" for number in range(6))
    picture = MatrixPicture(Matrix("weights", "A", np.eye(6), words, words, signed=False), look)
    assert picture.band(120.0) < picture.band(20.0) <= 68.0
    numbers = MatrixPicture(Matrix("queries", "Q", np.eye(6), words, tuple("012345")), look)
    assert numbers.band(4.0) == numbers.band(120.0)
    assert picture.gutter() <= 94.0
