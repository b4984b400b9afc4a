"""Rated answers: each verdict is a row of one dataset, whose former versions stay."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.prompts import Turn
from studio.rows.kinds import Reading
from studio.store.project import Project
from studio.store.rated_answers import NAME, add_rated

ASKED = (Turn("system", "Be brief."), Turn("user", "Where do foxes live?"))


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
