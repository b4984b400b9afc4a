"""A view as a file: the picture is the screen's, the numbers are the model's to the last bit, and nothing is half."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog

from studio.core.errors import StudioError
from studio.seeing import export
from studio.seeing.export import csv_text, data_of, npz_bytes, numbers_of, picture_of, write_file

pytestmark = pytest.mark.gui
ODD = {
    "weights": np.array([[0.1, np.nan], [np.inf, -0.0]], np.float32),
    "scores": np.array([1e-300, 2.0**-1074, 1 / 3]),
    "ids": np.array([7, -1], np.int32),
    "tokens": np.array(["the", 'a "quoted", one\n']),
    "single": np.array(3.5),
}  # fmt: skip


def test_numbers_come_back_from_npz_bit_for_bit() -> None:
    back = np.load(io.BytesIO(npz_bytes(ODD)))
    assert set(back.files) == set(ODD)
    for name, array in ODD.items():
        assert (back[name].dtype, back[name].tobytes()) == (array.dtype, array.tobytes())


def test_numbers_come_back_from_csv_bit_for_bit() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(ODD))))
    assert list(rows[0]) == ["name", "axis 0", "axis 1", "value"]
    for name, array in ODD.items():
        own = [row for row in rows if row["name"] == name]
        assert len(own) == array.size
        back = np.array([row["value"] for row in own]).astype(array.dtype).reshape(array.shape)
        assert back.tobytes() == array.tobytes()
    assert [row["axis 1"] for row in rows if row["name"] == "weights"] == ["0", "1", "0", "1"]


def test_a_table_that_no_program_opens_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_LINES", 8)
    monkeypatch.setattr(export, "csv_text", lambda *_: pytest.fail("it was made"))
    with pytest.raises(StudioError, match="12 lines"):
        data_of(ODD, "csv")
    assert data_of(ODD, "npz")


def test_a_picture_at_one_to_one_is_the_screen_pixel_for_pixel(page: Any) -> None:
    view = page.view
    saved = QImage.fromData(picture_of(view, "png"))
    screen = page.grab(page.rect()).toImage()
    corner = view.mapTo(page, view.rect().topLeft())
    seen = screen.copy(corner.x(), corner.y(), view.width(), view.height())
    assert saved.size() == view.size()
    assert saved.convertToFormat(QImage.Format.Format_RGB32) == seen.convertToFormat(QImage.Format.Format_RGB32)


def test_a_drawing_is_lines_that_draw_the_same_again(page: Any, look: Any) -> None:
    drawing = picture_of(page.view, "svg")
    assert b"<image" not in drawing
    renderer = QSvgRenderer(drawing)
    assert renderer.isValid()
    again = QImage(page.view.size(), QImage.Format.Format_RGB32)
    again.fill(look.color("window"))
    painter = QPainter(again)
    renderer.render(painter)
    painter.end()
    screen = QImage.fromData(picture_of(page.view, "png")).convertToFormat(QImage.Format.Format_RGB32)
    assert max(_apart(again, screen, x, y) for x in range(4, 72, 8) for y in range(4, 72, 8)) <= 3


def _apart(one: QImage, other: QImage, x: int, y: int) -> int:
    a, b = one.pixelColor(x, y), other.pixelColor(x, y)
    return max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue()))


def test_the_page_writes_what_it_shows_and_says_so(page: Any, session: Any, scripted_run: Any, tmp_path: Path) -> None:
    said: list[Any] = []
    session.notices.posted.connect(said.append)
    for form in ("png", "svg", "csv", "npz"):
        page.writing.write(page.view, form, str(tmp_path / f"map.{form}"))
        scripted_run.settle()
        assert said[-1].text == f"The view is saved as map.{form}."
    assert sorted(path.name for path in tmp_path.glob("map.*")) == ["map.csv", "map.npz", "map.png", "map.svg"]
    back = np.load(tmp_path / "map.npz")["attention"]
    assert back.tobytes() == session.looking.scene.capture.attention.tobytes()


def test_a_folder_that_is_not_there_is_told_on_the_page(page: Any, scripted_run: Any, tmp_path: Path) -> None:
    page.writing.write(page.view, "npz", str(tmp_path / "nowhere" / "map.npz"))
    scripted_run.settle()
    assert "map.npz" in page.banner.message.text()


def test_a_view_without_numbers_says_so(page: Any, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page.view, "numbers", dict)
    with pytest.raises(StudioError, match="no numbers"):
        numbers_of(page.view)
    page.writing.write(page.view, "csv", "/nowhere.csv")
    assert page.banner.message.text() == "There are no numbers to export yet."


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    write_file(tmp_path / "map.csv", "csv", ODD, lambda: False)
    assert list(tmp_path.iterdir()) == []


def test_the_dialog_offers_the_views_name(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QFileDialog] = []
    monkeypatch.setattr(QFileDialog, "open", lambda dialog, *_: opened.append(dialog))
    page.save("svg")
    assert Path(opened[0].selectedFiles()[0]).name == "map.svg"
    opened[0].deleteLater()


def test_only_views_of_lines_offer_a_drawing(page: Any) -> None:
    def forms() -> list[str]:
        menu = page.export.menu_of_forms()
        words = [action.text() for action in menu.actions()]
        menu.deleteLater()
        return words

    assert len(forms()) == 4
    page.open_view("rare")
    assert len(forms()) == 3
    assert not any("SVG" in words for words in forms())
