"""Where matrices stand: inside the canvas, in a line; what both stations show moves, the rest fades."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor

from studio.insight.attention import step_through
from studio.insight.course import steps
from studio.steps.arrangement import arrange, between
from studio.steps.matrix_picture import MatrixPicture, ink, luminance
from studio.steps.stages import Matrix, matrices_of, stages_of
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def of_course(look, name: str = "causal"):
    found, walk = steps(name)
    pictures = {key: MatrixPicture(one, look) for key, one in matrices_of(walk, found.words, True).items()}
    return stages_of(walk, True), pictures


def of_model(look, kind: str, words: int = 12, **changes):
    scene = scene_of(kind, " ".join(["the cat sat on"] * (words // 4)), **changes)
    walk = step_through(scene.model, scene.capture, 0, 1, 0, 64)
    pictures = {key: MatrixPicture(one, look) for key, one in matrices_of(walk, scene.tokens).items()}
    return stages_of(walk, False), pictures


@pytest.mark.parametrize("size", [(1_040, 240), (1_040, 330), (1_680, 600), (640, 200)])
def test_every_matrix_of_every_station_has_a_place_of_its_own(look, size: tuple[int, int]) -> None:
    area = QRectF(0, 0, *size)
    for stages, pictures in (of_course(look), of_course(look, "two heads"), of_model(look, "llama 3.1"),
                             of_model(look, "gpt2", 80, emb_dim=96)):  # fmt: skip
        for stage in stages:
            placed = arrange(stage, pictures, area, look).placed
            assert [one.key for one in placed] == [term.key for term in stage.terms]
            for one in placed:
                assert area.adjusted(-1, -1, 1, 1).contains(one.box), (stage.name, one)
            for one, other in pairwise(placed):
                assert one.box.right() <= other.box.left()
                assert one.box.top() == other.box.top()


def test_what_both_stations_show_moves_and_the_rest_fades(look) -> None:
    stages, pictures = of_course(look)
    area = QRectF(0, 0, 1_040, 300)
    one, other = (arrange(stage, pictures, area, look) for stage in stages[1:3])
    start, middle, end = ({p.key: (p.box, o) for p, o in between(one, other, share)} for share in (0, 0.5, 1))
    assert start["scores"] == (one.box_of("scores"), 1.0)
    assert end["scores"] == (other.box_of("scores"), 1.0)
    left = [boxes["scores"][0].left() for boxes in (start, middle, end)]
    assert left[0] > left[1] > left[2]
    assert (start["queries"][1], middle["queries"][1], end["queries"][1]) == (1.0, 0.0, 0.0)
    assert (start["scaled"][1], middle["scaled"][1], end["scaled"][1]) == (0.0, 0.0, 1.0)


def test_the_number_under_a_point_is_the_cell_that_lies_there(look) -> None:
    picture = MatrixPicture(
        Matrix("scores", "S", np.arange(42.0).reshape(6, 7), tuple("abcdef"), tuple("tuvwxyz")), look
    )
    box = QRectF(10, 20, 350, 180)
    for row in range(6):
        for column in range(7):
            cell = picture.rect_of(box, row, column)
            for point in (cell.center(), cell.topLeft() + QPointF(0.6, 0.6), cell.bottomRight() - QPointF(0.6, 0.6)):
                assert picture.cell_at(box, point) == (row, column)
    for point in (QPointF(9, 30), QPointF(361, 30), QPointF(50, 19), QPointF(50, 201)):
        assert picture.cell_at(box, point) is None


def test_of_numbers_that_share_a_pixel_the_strongest_is_seen_and_read(look) -> None:
    values = np.zeros((4, 900))
    values[2, 451] = -3.0
    picture = MatrixPicture(Matrix("output", "O", values, tuple("abcd"), tuple(map(str, range(900)))), look)
    box = QRectF(0, 0, 120, 80)
    x = 120 * 451.5 / 900
    assert picture.cell_at(box, QPointF(x, 50)) == (2, 451)
    image = picture.image(box)
    assert image.width() == 120
    colors = {image.pixelColor(column, 2).name() for column in range(120)}
    assert len(colors) == 2


def test_what_is_hidden_and_what_is_no_number_has_no_colour_of_a_number(look) -> None:
    values = np.array([[1.0, -np.inf], [np.nan, -1.0]])
    image = MatrixPicture(Matrix("masked", "M", values, ("a", "b"), ("a", "b")), look).image(QRectF(0, 0, 200, 200))
    missing = look.color("raised").name()
    assert image.pixelColor(1, 0).name() == image.pixelColor(0, 1).name() == missing
    assert missing not in (image.pixelColor(0, 0).name(), image.pixelColor(1, 1).name())


def test_colours_follow_the_theme(look) -> None:
    picture = MatrixPicture(Matrix("scores", "S", np.array([[0.0, 1.0]]), ("a",), ("a", "b")), look)
    box = QRectF(0, 0, 100, 40)
    dark = picture.image(box).pixelColor(0, 0)
    look.set_theme("light")
    assert picture.image(box).pixelColor(0, 0) != dark


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_numbers_can_be_read_on_every_colour(look, theme: str) -> None:
    look.set_theme(theme)
    for key in ("weights", "scores"):
        values = np.linspace(-1.0 if key == "scores" else 0.0, 1.0, 41)[None]
        matrix = Matrix(key, "", values, ("a",), tuple(map(str, range(41))), signed=key == "scores")
        picture = MatrixPicture(matrix, look)
        image = picture.image(QRectF(0, 0, 4_100, 40))
        for column in range(41):
            ground = image.pixelColor(column, 0)
            assert _contrast(ink(ground), ground) >= 4.5


def _contrast(one: QColor, other: QColor) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
