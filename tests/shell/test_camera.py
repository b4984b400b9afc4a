"""Pictures of the window: both themes at each size, once everything has arrived."""

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from studio.core.errors import StudioError
from studio.shell import camera
from studio.shell.camera import THEMES, Camera

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "_REST", 0.02)


def test_a_picture_is_taken_in_both_themes_at_each_size(make_window, tmp_path: Path) -> None:
    window = make_window()
    taken = Camera(window, tmp_path / "new" / "folder")
    taken.shoot("home", [(1000, 700), (1100, 720)])
    names = [f"home-{theme}-{size}.png" for size in ("1000x700", "1100x720") for theme in THEMES]
    assert [path.name for path in taken.pictures] == names
    dark, light = (QImage(str(path)) for path in taken.pictures[:2])
    assert (dark.width(), dark.height()) == (1000, 700)
    assert (window.look.theme.dark, dark == light) == (False, False)


def test_no_message_stands_in_a_picture(make_window, tmp_path: Path) -> None:
    window = make_window()
    window.session.notices.post("info", "The run was saved.")
    assert window.toasts.toasts
    Camera(window, tmp_path).shoot("home", [(1000, 700)])
    assert not window.toasts.toasts


def test_a_folder_that_takes_no_pictures_is_told(make_window, tmp_path: Path) -> None:
    taken = Camera(make_window(), tmp_path)
    with pytest.raises(StudioError, match="could not be written"):
        taken.shoot("no/such/folder", [(1000, 700)])


def test_it_waits_for_what_a_page_has_asked_for(make_window, tmp_path: Path) -> None:
    window = make_window()
    job = window.session.jobs.start(sum, [1, 2])
    Camera(window, tmp_path).until_idle("a sum")
    assert job.state == "done"


def test_what_never_comes_is_named_after_a_while(make_window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "LIMIT", 0.05)
    with pytest.raises(StudioError, match="for the ship and gave up"):
        Camera(make_window(), tmp_path).until("the ship", lambda: False)
