"""How a text is read is chosen with its beginning beside it; what is chosen is what is taken in."""

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.formats import TextChoices, format_for
from studio.tables import text_look, text_reading
from studio.tables.reading_dialog import ReadingDialog
from studio.tables.text_look import SHOWN, TextLook, glance, look_at_text
from studio.tables.text_reading import TextReading
from studio.widgets.banner import Banner
from studio.widgets.button import Button

POLISH = "Zażółć gęślą jaźń, pchnąć w tę łódź jeża lub ośm skrzyń fig.\n"


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A text whose bytes fit several encodings, of which only one makes sense."""
    path = tmp_path / "letter.txt"
    path.write_bytes((POLISH * 40).encode("cp1250"))
    return path


@pytest.fixture
def torn(tmp_path: Path) -> Path:
    """A text with a byte that is none of UTF-8."""
    path = tmp_path / "torn.txt"
    path.write_bytes("Grüße und schöne Träume ".encode() + b"\xff" + " für alle.".encode())
    return path


@pytest.fixture
def dialog(session: Any, look: Any, show: Any, letter: Path) -> ReadingDialog:
    dialog = ReadingDialog(session, look, [letter])
    show(dialog)
    return dialog


@pytest.fixture
def window(on_screen: Any) -> QWidget:
    window = QWidget()
    on_screen(window)
    return window


def choose(dialog: ReadingDialog, encoding: str) -> None:
    """As a person chooses in the open list."""
    dialog.encoding.setCurrentIndex(dialog.encoding.findData(encoding))
    dialog.encoding.activated.emit(dialog.encoding.currentIndex())


@pytest.mark.gui
def test_another_encoding_is_seen_at_once_and_is_what_is_told(dialog: ReadingDialog, scripted_run: Any) -> None:
    told: list[tuple[Any, ...]] = []
    dialog.chosen.connect(lambda *what: told.append(what))
    choose(dialog, "cp1250")
    assert not dialog.take_button.isEnabled()
    scripted_run.settle()
    assert POLISH.strip() in dialog.lines.toPlainText()
    assert dialog.why.text() == "cp1250, as you chose."
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert told == [(dialog._paths, TextChoices("cp1250"))]
    assert dialog.isHidden()


@pytest.mark.gui
def test_a_choice_that_does_not_fit_is_said_and_cannot_be_taken(dialog: ReadingDialog, scripted_run: Any) -> None:
    choose(dialog, "utf-8")
    scripted_run.settle()
    assert "does not fit" in dialog.banner.message.text()
    assert "\ufffd" in dialog.lines.toPlainText()  # which bytes it is about can be seen
    assert not dialog.take_button.isEnabled()
    choose(dialog, "cp1250")
    scripted_run.settle()
    assert dialog.banner.isHidden()
    assert dialog.take_button.isEnabled()


@pytest.mark.gui
def test_what_cannot_be_read_may_be_replaced_and_is_counted(
    session: Any, look: Any, show: Any, scripted_run: Any, torn: Path
) -> None:
    dialog = ReadingDialog(session, look, [torn, torn, torn])
    show(dialog)
    assert "is damaged" in dialog.banner.message.text()
    assert dialog.note.text() == "2 more files are read in the same way."
    QTest.mouseClick(dialog.replace, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert "Träume \ufffd für" in dialog.lines.toPlainText()
    assert "1 place that cannot be read" in dialog.why.text()
    QTest.mouseClick(dialog.marks, Qt.MouseButton.LeftButton)
    assert dialog.choices == TextChoices("", replace=True, marks=True)


@pytest.mark.gui
def test_escape_leaves_everything_as_it_was(dialog: ReadingDialog) -> None:
    told: list[Any] = []
    dialog.chosen.connect(lambda *what: told.append(what))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isHidden()
    assert told == []


def ways(reading: TextReading, scripted_run: Any, *paths: Path) -> list[Button]:
    """What is offered for these, once a worker has looked."""
    banner = Banner(reading._look, reading._window)
    reading.offer(StudioError("It is damaged.", "Get it again."), paths, banner)
    assert banner.message.text() == "It is damaged."
    assert not any(button.text() for button in banner.findChildren(Button)), "nobody waits for a folder"
    scripted_run.settle()
    return [button for button in banner.findChildren(Button) if button.text()]


@pytest.mark.gui
def test_a_way_out_is_offered_for_a_single_file_that_is_there(
    session: Any, look: Any, window: QWidget, letter: Path, scripted_run: Any
) -> None:
    reading = TextReading(session, look, window)
    assert ways(reading, scripted_run, letter, letter) == []
    assert ways(reading, scripted_run, letter.parent / "gone.txt") == []
    (way,) = ways(reading, scripted_run, letter)
    assert way.text() == "Read it differently…"
    way.click()
    way.click()
    scripted_run.settle()
    assert isinstance(reading.dialog, ReadingDialog)
    reading.dialog.reject()
    assert reading.dialog is None


@pytest.mark.gui
def test_folders_are_walked_by_a_worker_and_the_window_waits_for_none(
    session: Any, look: Any, window: QWidget, letter: Path, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[threading.Thread] = []

    def watched(path: Path) -> tuple[Path, ...]:
        walked.append(threading.current_thread())
        return (letter,)

    monkeypatch.setattr(text_reading, "texts_in", watched)
    reading = TextReading(session, look, window)
    (way,) = ways(reading, scripted_run, letter.parent)
    way.click()
    assert reading.dialog is None, "it opens when it is known what it is about"
    scripted_run.settle()
    assert reading.dialog.windowTitle() == "How “letter.txt” is read"
    assert len(walked) == 2
    assert threading.main_thread() not in walked
    reading.dialog.reject()


@pytest.mark.gui
def test_a_banner_that_speaks_of_something_else_meanwhile_is_left_alone(
    session: Any, look: Any, window: QWidget, letter: Path, scripted_run: Any
) -> None:
    reading, banner = TextReading(session, look, window), Banner(look, window)
    reading.offer(StudioError("It is damaged."), [letter], banner)
    banner.show_note("Something else.")
    scripted_run.settle()
    assert banner.message.text() == "Something else."
    reading.offer(StudioError("It is damaged."), [letter], banner)
    banner.clear()
    scripted_run.settle()
    assert banner.isHidden()


@pytest.mark.gui
def test_a_file_that_was_left_out_of_a_folder_is_what_is_looked_at_and_read_with_the_others(
    session: Any, look: Any, window: QWidget, scripted_run: Any, letter: Path, torn: Path
) -> None:
    folder = torn.parent / "letters"
    folder.mkdir()
    torn.rename(folder / "a.txt")
    (folder / "b.txt").write_text("All is well.", "utf-8")
    text = session.project.add_text([folder])
    reading, told = TextReading(session, look, window), []
    reading.chosen.connect(lambda *what: told.append(what))
    reading.ask_for(text)
    scripted_run.until(lambda: reading.dialog is not None)
    dialog = reading.dialog
    assert dialog.windowTitle() == "How “a.txt” is read"
    assert dialog.note.text() == "One more file is read in the same way."
    scripted_run.settle()
    assert not dialog.take_button.isEnabled()
    dialog.replace.click()
    scripted_run.settle()
    dialog.take()
    assert told == [([folder / "a.txt", folder / "b.txt"], TextChoices(replace=True))]


@pytest.mark.gui
def test_a_folder_of_which_nothing_could_be_read_is_offered_to_be_read_otherwise(
    session: Any, look: Any, window: QWidget, torn: Path, scripted_run: Any
) -> None:
    folder = torn.parent / "letters"
    folder.mkdir()
    reading = TextReading(session, look, window)
    assert ways(reading, scripted_run, folder) == [], "an empty one has nothing to read"
    torn.rename(folder / "a.txt")
    (way,) = ways(reading, scripted_run, folder)
    way.click()
    scripted_run.settle()
    assert reading.dialog.windowTitle() == "How “a.txt” is read"
    reading.dialog.reject()


@pytest.mark.gui
def test_a_folder_that_cannot_be_looked_into_is_told_and_opens_nothing(
    session: Any, look: Any, window: QWidget, torn: Path, scripted_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> tuple[Path, ...]:
        raise StudioError("The folder could not be read: Permission denied.")

    reading, told = TextReading(session, look, window), []
    reading.refused.connect(told.append)
    (way,) = ways(reading, scripted_run, torn.parent)
    monkeypatch.setattr(text_reading, "texts_in", refuse)
    assert ways(reading, scripted_run, torn.parent) == []
    way.click()
    scripted_run.settle()
    assert [error.message for error in told] == ["The folder could not be read: Permission denied."]
    assert reading.dialog is None


def test_a_look_shows_the_beginning_and_can_be_called_off(letter: Path, torn: Path) -> None:
    letter.write_bytes(letter.read_bytes() * 9)
    glimpse, looked = seen(letter, TextChoices("cp1250"))
    assert looked.beginning == glimpse
    assert len(looked.beginning) == SHOWN
    assert looked.beginning.startswith(POLISH)
    assert seen(torn, TextChoices(replace=True))[1].facts.replaced == 1
    with pytest.raises(StudioError, match="stopped"):
        seen(letter, TextChoices("cp1250"), lambda: False)


def seen(path: Path, choices: TextChoices, keep_going: Any = lambda: True) -> tuple[str, TextLook]:
    """What comes at once, and what comes in the end."""
    look = look_at_text(path, choices, keep_going)
    glimpse = next(look)
    with pytest.raises(StopIteration) as end:
        next(look)
    return glimpse, end.value.value


@pytest.mark.parametrize(
    ("content", "encoding", "shown"),
    [
        ("Grüße\r\n".encode(), "", "Grüße\n"),
        ("Grüße\0 schöne ".encode() + b"\xff", "", "Grüße\ufffd schöne \ufffd"),
        ("żółw".encode("cp1250"), "cp1250", "żółw"),
        ("żółw".encode("utf-16"), "", "żółw"),
        (b"abcd", "utf-16", ""),
        (b"", "", ""),
    ],
)
def test_a_glance_shows_what_it_can(tmp_path: Path, content: bytes, encoding: str, shown: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert glance(path, encoding) == shown


@pytest.mark.gui
def test_a_long_text_shows_its_beginning_before_all_of_it_is_read(
    session: Any, look: Any, on_screen: Any, qtbot: Any, letter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(text_look, "format_for", lambda path: let_go.wait(10) and format_for(path))
    dialog = ReadingDialog(session, look, [letter])
    on_screen(dialog)
    qtbot.waitUntil(lambda: dialog.lines.toPlainText() != "")
    assert not dialog.take_button.isEnabled()
    let_go.set()
    qtbot.waitUntil(dialog.take_button.isEnabled)
