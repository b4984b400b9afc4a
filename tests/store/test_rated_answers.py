"""Rated answers: each verdict is noted at once, and all are settled together as rows of the next version."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.prompts import Turn
from studio.rows.kinds import Reading
from studio.store.datasets import Dataset, edited
from studio.store.project import Project
from studio.store.rated_answers import JOURNAL, NAME, has_noted, note_rated, settle_rated
from studio.store.unread import unread_sources

ASKED = (Turn("system", "Be brief."), Turn("user", "Where do foxes live?"))


def add_rated(project: Project, turns: Sequence[Turn], answer: str, rating: int) -> Dataset:
    """A verdict that is settled at once."""
    note_rated(project, turns, answer, rating)
    settled = settle_rated(project)
    assert settled is not None
    return settled


def test_the_first_rating_makes_the_dataset(project: Project) -> None:
    dataset = add_rated(project, ASKED, "In dens.", 1)
    assert (dataset.title, dataset.rows, dataset.reading.kind) == (f"{NAME}@1", 1, "messages")
    assert dataset.page(0, 1) == [
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Where do foxes live?"},
                {"role": "assistant", "content": "In dens."},
            ],
            "rating": 1,
        }
    ]
    assert project.dataset(NAME).title == dataset.title


def test_each_further_answer_is_a_row_of_the_next_version(project: Project) -> None:
    first = add_rated(project, ASKED, "In dens.", 1)
    second = add_rated(project, ASKED, "On trees.", -1)
    assert (second.title, second.rows, second.parent) == (f"{NAME}@2", 2, 1)
    assert second.changed == "One answer added: not liked."
    assert [row["rating"] for row in second.stream()] == [1, -1]
    assert first.rows == len(first.page(0, 9)) == 1


def test_the_same_answer_is_rated_anew_and_not_twice(project: Project) -> None:
    add_rated(project, ASKED, "In dens.", 1)
    add_rated(project, ASKED, "On trees.", -1)
    changed = add_rated(project, ASKED, "In dens.", -1)
    assert [row["rating"] for row in changed.stream()] == [-1, -1]
    assert changed.changed == "One answer rated anew: not liked."
    assert add_rated(project, ASKED, "In dens.", -1).title == changed.title


def test_a_row_that_is_rated_anew_keeps_what_a_person_has_added_to_it(project: Project) -> None:
    dataset = add_rated(project, ASKED, "In dens.", 1)
    row = dataset.page(0, 1)[0]
    edited(dataset, {0: {**row, "topic": "animals"}})
    assert add_rated(project, ASKED, "In dens.", 1).version == 2, "that is no change"
    assert add_rated(project, ASKED, "In dens.", -1).page(0, 1) == [{**row, "topic": "animals", "rating": -1}]


def test_where_no_version_can_be_read_any_more_the_next_one_lies_beside_them(project: Project) -> None:
    for number in (1, 2):
        dataset = add_rated(project, ASKED, f"Answer {number}.", 1)
    for place in dataset.folder.parent.iterdir():
        (place / "dataset.json").write_text("{", "utf-8")
    found = add_rated(project, ASKED, "In dens.", 1)
    assert (found.title, found.rows, found.parent) == (f"{NAME}@3", 1, None)
    assert not has_noted(project)
    assert len(unread_sources(project.path)) == 2


def test_text_that_is_no_text_for_a_file_is_made_one(project: Project) -> None:
    dataset = add_rated(project, (Turn("user", "a\ud800", "given\x00"),), "b\udfff", 1)
    turns = dataset.page(0, 1)[0]["messages"]
    assert [turn["content"] for turn in turns] == ["a\ufffd\ngiven\x00", "b\ufffd"]


@pytest.mark.parametrize(
    ("turns", "answer", "rating"), [(ASKED, "x", 0), (ASKED, "  ", 1), (ASKED[:1], "x", 1), ((), "x", 1)]
)
def test_what_is_no_rated_answer_is_refused(
    project: Project, turns: tuple[Turn, ...], answer: str, rating: int
) -> None:
    with pytest.raises(StudioError):
        add_rated(project, turns, answer, rating)
    assert project.datasets() == []


def test_a_dataset_of_that_name_with_other_rows_is_left_alone(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a"}\n', "utf-8")
    project.add_dataset(path, None, Reading("text", {"text": "text"}), name=NAME)
    with pytest.raises(StudioError, match="another kind"):
        add_rated(project, ASKED, "In dens.", 1)
    assert project.dataset(NAME).rows == 1


def test_many_verdicts_are_one_version_and_say_how_many_they_are(project: Project) -> None:
    add_rated(project, ASKED, "In dens.", 1)
    for number in range(3):
        note_rated(project, ASKED, f"Answer {number}.", 1)
    note_rated(project, ASKED, "Answer 2.", -1)
    note_rated(project, ASKED, "In dens.", -1)
    assert project.dataset(NAME).version == 1
    settled = settle_rated(project)
    assert settled is not None
    assert (settled.version, settled.rows) == (2, 4)
    assert settled.changed == "3 answers added, one answer rated anew: not liked."
    assert [row["rating"] for row in settled.stream()] == [-1, 1, 1, -1]
    assert settle_rated(project) is None
    assert project.dataset(NAME).version == 2


def test_a_kill_between_two_verdicts_loses_none_and_one_while_settling_makes_none_twice(
    project: Project, kill_at: Any
) -> None:
    note_rated(project, ASKED, "In dens.", 1)
    with open(project.path / JOURNAL, "ab") as file:
        file.write(b'{"messages": [{"role": "us')  # killed in the middle of a line
    note_rated(project, ASKED, "On trees.", -1)
    for k in range(1, 50):
        with kill_at(k) as death:
            settle_rated(project)
        if not death.came:
            break
    assert k > 5
    assert not has_noted(project)
    (dataset,) = project.datasets()
    assert dataset.version == 1
    assert [row["rating"] for row in dataset.stream()] == [1, -1]


def test_what_is_no_verdict_in_the_journal_is_passed_over(project: Project) -> None:
    lines = ["[]", "{}", '{"messages": [], "rating": 5}', '{"messages": [3], "rating": 1}', "\xff", '{"rating": [1]}']
    (project.path / JOURNAL).write_text("\n".join(lines) + "\n", "utf-8")
    note_rated(project, ASKED, "In dens.", 1)
    settled = settle_rated(project)
    assert settled is not None
    assert settled.rows == 1


def test_a_disk_that_is_full_keeps_no_half_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    note_rated(project, ASKED, "In dens.", 1)
    before = (project.path / JOURNAL).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StudioError, match="rated answer"):
            note_rated(project, ASKED, "On trees.", 1)
    assert (project.path / JOURNAL).read_bytes() == before
