"""What is known of a dataset, and its versions with what changed between them."""

from dataclasses import replace
from typing import Any

import pytest

from studio.store.datasets import Dataset, edited
from studio.store.unsaved_rows import Step, keep_step
from studio.tables.version_card import DatasetFacts, VersionCard, faults_words, version_lines

pytestmark = pytest.mark.gui


@pytest.fixture
def versions(dataset: Dataset) -> list[Dataset]:
    second = edited(dataset, {0: None, 1: None})
    third = edited(dataset, {5: {"label": "ham", "text": "x"}})
    return [dataset, second, third]


def test_each_version_tells_its_rows_and_what_changed(versions: list[Dataset]) -> None:
    lines = version_lines(versions)
    assert [line.version for line in lines] == [3, 2, 1]
    assert [line.head for line in lines] == ["40 rows", "38 rows (−2)", "40 rows"]
    assert [line.changed for line in lines] == [
        "From version 1. 1 row changed.", "2 rows deleted.", "As it was imported."
    ]  # fmt: skip


def test_a_version_with_unsaved_changes_says_so(versions: list[Dataset]) -> None:
    keep_step(versions[1], Step({3: None}))
    assert version_lines(versions)[1].changed == "Not saved: 1 row deleted. 2 rows deleted."
    keep_step(versions[1], Step(moves=-1))
    assert version_lines(versions)[1].changed == "2 rows deleted."


def test_a_version_is_opened_by_a_click(versions: list[Dataset], look: Any, show: Any) -> None:
    card, opened = VersionCard(look), []
    card.opened.connect(opened.append)
    card.set_versions(versions, 3)
    show(card)
    assert card.buttons[3].isChecked()
    card.buttons[1].click()
    assert opened == [1]
    assert "2 rows deleted" in card.buttons[2].accessibleName()
    card.set_versions(versions[:1], 1)
    assert not card.isVisible()


def test_facts_say_kind_roles_and_where_it_came_from(dataset: Dataset, look: Any, show: Any) -> None:
    card = DatasetFacts(look)
    card.set_dataset(dataset)
    show(card)
    facts = card.rows.texts()
    assert facts["Rows"] == "40"
    assert facts["Kind"] == "Text and label"
    assert facts["Roles"] == "complete"
    assert card.source.text().endswith("letters.csv")
    assert not card.faults.isVisible()
    lacking = replace(dataset, reading=replace(dataset.reading, roles={"text": "text"}), faults={"too short": 3})
    card.set_dataset(lacking)
    assert card.rows.texts()["Roles"] == "missing: Label"
    assert "3 lines were left out when it was read: too short (3)." in card.faults.text()


def test_many_reasons_are_shortened() -> None:
    words = faults_words({f"reason {number}": 1 for number in range(9)})
    assert words.startswith("9 lines")
    assert words.endswith("and 3 more reasons.")
    assert faults_words({}) == ""
