"""Public datasets in a window: look, choose, fetch, stop, and every refusal said where it happened."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.formats import open_table
from studio.tables.hub_dialog import HubDatasetDialog
from tests.hub.loopback_hub import LoopbackHub, small_dataset
from tests.hub.served import asking as asking
from tests.hub.served import no_hub_of_this_person as no_hub_of_this_person
from tests.hub.served import server as server

pytestmark = pytest.mark.gui
NAME = "datasets/org/letters"


@pytest.fixture
def dialog(look: Any, asking: Any, server: LoopbackHub, on_screen: Any) -> HubDatasetDialog:
    server.repos[NAME] = small_dataset()
    window = HubDatasetDialog(asking, look)
    on_screen(window)
    return window


@pytest.fixture
def looked(dialog: HubDatasetDialog, scripted_run: Any) -> HubDatasetDialog:
    """The splits of org/letters are there, asked for by keyboard."""
    QTest.keyClicks(dialog.name, "org/letters")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    scripted_run.settle()
    return dialog


def test_an_open_window_has_asked_nothing_and_says_whom_it_would_ask(
    dialog: HubDatasetDialog, server: LoopbackHub, scripted_run: Any
) -> None:
    dialog.look_button.click()  # nothing is typed
    scripted_run.settle()
    assert server.asked == []
    assert server.address.removeprefix("http://") in dialog.source.text()
    assert not dialog.fetch_button.isEnabled()


def test_licence_splits_and_sizes_are_shown_first(looked: HubDatasetDialog, server: LoopbackHub) -> None:
    assert [(choice.label, choice.note) for choice in looked.splits.rows()] == [
        ("train", "csv, 2 files"),
        ("test", "csv, 1 file"),
    ]
    assert "cc-by-4.0" in looked.licence.text()
    assert not looked.caution.isVisible()
    assert looked.fetch_button.text() == "Download 30.6 kB"
    assert len(server.asked) == 1


def test_a_fetched_split_is_told_and_can_be_read(looked: HubDatasetDialog, scripted_run: Any) -> None:
    told: list[list[Path]] = []
    looked.fetched.connect(told.append)
    QTest.mouseClick(looked.fetch_button, Qt.MouseButton.LeftButton)
    assert looked.progress.isVisible()
    assert not looked.fetch_button.isEnabled()
    scripted_run.settle()
    assert looked.result() == HubDatasetDialog.DialogCode.Accepted
    assert len(told) == 1
    assert open_table(told[0][0]).build_index() == 1_800


def test_a_download_that_is_called_off_goes_on_later(
    looked: HubDatasetDialog, server: LoopbackHub, scripted_run: Any, qtbot: Any
) -> None:
    told: list[list[Path]] = []
    looked.fetched.connect(told.append)
    server.faults["train-00001-of-00002.csv"] = ["slow"]
    looked.fetch()
    first = looked.public.folder
    qtbot.waitUntil(lambda: any(file.stat().st_size for file in first.rglob("train-00001*.part")), timeout=10_000)
    looked.progress.cancel.click()
    scripted_run.settle()
    assert told == []
    assert looked.fetch_button.isEnabled()
    assert "stopped" in looked.banner.message.text() or not looked.banner.isVisible()
    looked.fetch()
    scripted_run.settle()
    assert open_table(told[0][0]).build_index() == 1_800
    assert any("Range" in headers for headers in server.headers("train-00001-of-00002.csv"))


def test_refusals_are_said_in_the_window(dialog: HubDatasetDialog, server: LoopbackHub, scripted_run: Any) -> None:
    for typed, sentence in (("org/none", "has no dataset “org/none”"), ("a/b/c", "is not the name of a dataset")):
        dialog.name.setText(typed)
        dialog.examine()
        scripted_run.settle()
        assert sentence in dialog.banner.message.text()
        assert dialog.banner.isVisible()
    server.repos[NAME].gated = True
    dialog.name.setText("org/letters")
    dialog.examine()
    scripted_run.settle()
    assert not dialog.banner.isVisible()
    assert "gated" in dialog.caution.text()
    assert dialog.caution.isVisible()


def test_a_dataset_that_is_only_a_program_is_refused_in_the_window(
    dialog: HubDatasetDialog, server: LoopbackHub, scripted_run: Any
) -> None:
    server.repos[NAME].files = {"letters.py": b"print()"}
    dialog.name.setText("https://huggingface.co/datasets/org/letters")
    dialog.examine()
    scripted_run.settle()
    assert "no file in a form that Atelier reads" in dialog.banner.message.text()
    assert not dialog.fetch_button.isEnabled()
