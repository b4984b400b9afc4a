"""A foreign model on its way in, without its page: what is shown, what a name may be, and what a refusal leaves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.errors import StudioError
from studio.library.arrival import Arrival
from studio.live import models as models_module
from studio.store.library import BASE, Entry
from tests.library.conftest import TINY

pytestmark = pytest.mark.gui
FOUND = Entry(
    name="tiny", kind=BASE, folder=Path("/stick/tiny"), config=TINY, parameters=26_000, bytes=52_000, precision="bf16",
    source="/stick/tiny", licence="mit", tokenizer="bytes", warnings=("It is odd.",),
)  # fmt: skip


@pytest.fixture
def arrival(session: Any, look: Any, on_screen: Callable[..., None]) -> Arrival:
    card = Arrival(session, lambda: (1 << 40, 1 << 40, "this computer"), look)
    on_screen(card)
    return card


@pytest.fixture
def find(arrival: Arrival, scripted_run: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Arrival]:
    """`find(**values)`: looking finds the small model, with these values, or raises `error`."""

    def find(error: StudioError | None = None, **values: Any) -> Arrival:
        def preview(path: Path) -> Entry:
            if error is not None:
                raise error
            return replace(FOUND, folder=path, **values)

        monkeypatch.setattr(models_module, "PREVIEW", preview)
        arrival.open(Path("/stick/tiny"))
        scripted_run.until(lambda: not arrival.busy)
        return arrival

    return find


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """What the import was asked for."""
    asked: list[tuple[Path, str]] = []

    def adopt(path: Path, _project: Path, name: str) -> SimpleNamespace:
        asked.append((path, name))
        if name == "taken":
            raise StudioError("There is a model “taken” already.", "Choose another name.")
        return SimpleNamespace(name=name)

    monkeypatch.setattr(models_module, "ADOPT", adopt)
    return asked


def test_what_was_found_is_told_with_its_warnings_and_whether_it_fits(find: Callable[..., Arrival]) -> None:
    card = find()
    assert card.summary.text() == "GPT-2 · 26 k parameters · bf16"
    assert card.rows.texts()["Licence"] == "mit"
    assert set(card.fits.texts()) == {"Chat", "Train", "LoRA", "QLoRA"}
    assert card.notes.text() == "It is odd."
    assert card.import_button.text() == "Import 52 kB"
    assert not card.trouble.isVisible()


def test_the_name_is_ready_to_be_typed_over_and_enter_imports(
    find: Callable[..., Arrival], imports: list[tuple[Path, str]], scripted_run: Any, qtbot: QtBot
) -> None:
    card = find()
    added: list[Any] = []
    card.added.connect(added.append)
    assert card.name.selectedText() == "tiny"
    qtbot.keyClicks(card.name, "tale")
    qtbot.keyClick(card.name, Qt.Key.Key_Return)
    scripted_run.until(lambda: not card.busy)
    assert imports == [(Path("/stick/tiny"), "tale")]
    assert [model.name for model in added] == ["tale"]
    assert card.path is None


def test_an_empty_name_means_the_models_own(
    find: Callable[..., Arrival], imports: list[tuple[Path, str]], scripted_run: Any
) -> None:
    card = find()
    card.name.setText("   ")
    card.accept()
    scripted_run.until(lambda: not card.busy)
    assert [name for _, name in imports] == ["tiny"]


def test_a_refused_import_is_said_there_and_can_be_tried_under_another_name(
    find: Callable[..., Arrival], imports: list[tuple[Path, str]], scripted_run: Any
) -> None:
    card = find()
    for name in ("taken", "free"):
        card.name.setText(name)
        card.accept()
        scripted_run.until(lambda: not card.busy)
        assert card.trouble.isVisible() == (name == "taken")
    assert [name for _, name in imports] == ["taken", "free"]


def test_a_second_press_while_it_imports_asks_for_nothing_more(
    find: Callable[..., Arrival], imports: list[tuple[Path, str]], scripted_run: Any
) -> None:
    card = find()
    card.accept()
    card.accept()
    scripted_run.until(lambda: not card.busy)
    assert len(imports) == 1


def test_weights_that_do_not_fit_are_listed_a_kind_a_line_and_keep_the_import_shut(
    find: Callable[..., Arrival], imports: list[tuple[Path, str]]
) -> None:
    card = find(trouble="The weights do not fit.\nmissing: a, b\nunexpected: c\nGet it again.")
    assert card.trouble.text() == "The weights do not fit."
    assert card.hint.text().splitlines() == ["missing: a, b", "unexpected: c", "Get it again."]
    assert not card.import_button.isEnabled()
    card.accept()
    assert imports == []


def test_what_is_no_model_leaves_only_the_reason_and_the_next_one_takes_it_away(find: Callable[..., Arrival]) -> None:
    card = find(StudioError("“tiny” is not a model.", "It reads: GGUF."))
    assert (card.trouble.text(), card.hint.text()) == ("“tiny” is not a model.", "It reads: GGUF.")
    assert not card.name.isVisible()
    find()
    assert card.name.isVisible()
    assert not card.trouble.isVisible()
    assert not card.hint.isVisible()


def test_put_away_it_remembers_nothing(find: Callable[..., Arrival]) -> None:
    card = find()
    left: list[bool] = []
    card.left.connect(lambda: left.append(True))
    card.close_button.click()
    assert left == [True]
    assert (card.path, card.entry) == (None, None)
    card.accept()
    assert not card.busy
