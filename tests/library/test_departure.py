"""A model of classes on its way out: only forms with a place for them, checked row by row."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.library.departure import CLASSES_GO, Departure
from studio.store.library import CHECKPOINT, Entry
from tests.library.conftest import TINY
from tests.library.conftest import look as look
from tests.library.conftest import session as session

pytestmark = pytest.mark.gui
WRITES = Entry("tale", CHECKPOINT, Path("tale"), TINY, 0, 0, "fp32", run="tale", step=20)
SORTS = replace(WRITES, name="sorts", run="sorts", folder=Path("sorts"), config=replace(TINY, outputs=2))
asked: list[tuple[Any, ...]] = []


def written(folder: Path, target: Path, form: str, **_watching: Any) -> Any:
    """Stands for `studio.engine.classifier_export:export_classifier`."""
    asked.append((folder, target, form))
    return SimpleNamespace(path=target, bytes=1_000, rows=20, same=19, error=1e-6, notes=("It was folded.",))


@pytest.fixture
def card(session: Any, look: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Departure:
    monkeypatch.setattr("studio.live.models.EXPORT_CLASSES", "tests.library.test_departure:written")
    asked.clear()
    found = Departure(session, look)
    qtbot.addWidget(found)
    return found


def forms(card: Departure) -> list[str]:
    return [card.form.itemData(place) for place in range(card.form.count())]


def test_a_model_of_classes_is_offered_only_forms_that_have_a_place_for_them(card: Departure):
    card.open(WRITES)
    assert {"gguf", "hugging_face", "script"} <= set(forms(card))
    card.form.set_value("gguf")
    card.open(SORTS)
    assert forms(card) == list(CLASSES_GO)
    assert card.form.value() == "hugging_face"
    assert "model of classes" in card.about.text()
    assert not card.precision.isEnabled()


def test_its_check_says_how_many_rows_get_the_same_class(card: Departure, scripted_run: Any, tmp_path: Path):
    card.open(SORTS)
    card.form.set_value("script")
    card.form.changed.emit()
    card.set_folder(str(tmp_path))
    card.export()
    scripted_run.until(lambda: not card.checks.isHidden())
    assert asked == [(Path("sorts"), tmp_path / "sorts-20", "script")]
    assert card.checks.texts()["Same class"] == "19 of 20 rows"
    assert card.hint.text() == "It was folded."


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_keyboard_comes_back_to_the_button_unless_a_person_took_it_elsewhere(
    card: Departure, scripted_run: Any, qtbot: Any, tmp_path: Path, elsewhere: bool
):
    with qtbot.waitExposed(card):
        card.show()
    card.activateWindow()
    card.open(SORTS)
    card.set_folder(str(tmp_path))
    card.button.setFocus()
    qtbot.waitUntil(card.button.hasFocus)
    card.export()
    assert not card.button.hasFocus()
    if elsewhere:
        card.name.setFocus()
    scripted_run.until(lambda: not card.checks.isHidden())
    scripted_run.settle()
    assert (card.name if elsewhere else card.button).hasFocus()


def test_a_model_that_was_asked_for_elsewhere_opens_it_by_itself_and_only_once(card: Departure):
    card.wait_for(Path("sorts"))
    card.welcome(WRITES)
    assert card.entry is None
    card.welcome(SORTS)
    assert card.entry is SORTS
    card.leave()
    card.welcome(SORTS)
    assert card.entry is None


@pytest.mark.parametrize("undone", ["another was asked for", "put away", "another is exported"])
def test_a_wish_that_is_over_opens_nothing_later(card: Departure, undone: str):
    card.wait_for(Path("sorts"))
    if undone == "another was asked for":
        card.wait_for(None)
    elif undone == "put away":
        card.leave()
    else:
        card.open(WRITES)
        card.leave()
    card.welcome(SORTS)
    assert card.entry is None
