"""Samples that come along become datasets like any import, once, and nothing of them stays when they are called off."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.core.shelf import SAMPLES
from studio.rows.kinds import missing, recognise
from studio.samples import Sample
from studio.store import sample_datasets
from studio.store.project import Project
from studio.store.sample_datasets import add_sample, sample_titles, samples, source_of


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Sample:
    """A shelf on which one small sample lies."""

    def rows(seed: int) -> Iterator[dict[str, Any]]:
        return (
            {"text": f"Note {number} of {seed}.", "label": "odd" if number % 2 else "even"} for number in range(900)
        )

    sample = Sample("notes", "Notes", "Small.", "labelled", {"text": "text", "label": "label"}, rows, seed=4, count=900)

    class Shelf:
        def load(self, name: str) -> Sample:
            return sample if name == "notes" else SAMPLES.load(name)

    monkeypatch.setattr(sample_datasets, "SAMPLES", Shelf())
    return sample


def test_a_sample_becomes_version_1_of_a_dataset(project: Project, small: Sample) -> None:
    told: list[tuple[int, int]] = []
    dataset = add_sample(project, "notes", lambda done, total: told.append((done, total)))
    assert (dataset.title, dataset.rows, dataset.columns) == ("notes@1", 900, ("text", "label"))
    assert dataset.reading.kind == "labelled"
    assert dict(dataset.reading.roles) == {"text": "text", "label": "label"}
    assert dataset.sources == ("Atelier's sample “Notes”",) == (source_of(small),)
    assert dataset.page(1, 1) == [{"text": "Note 1 of 4.", "label": "odd"}]
    assert told == [(0, 900), (256, 900), (512, 900), (768, 900)]
    assert project.dataset("notes") == dataset


def test_the_same_rows_are_not_added_twice(project: Project, small: Sample) -> None:
    first = add_sample(project, "notes")
    again = add_sample(project, "notes")
    assert again.folder == first.folder
    assert "here already" in again.notes[0]
    assert [dataset.title for dataset in project.datasets()] == ["notes@1"]
    assert sorted(place.name for place in (project.path / "datasets").iterdir()) == ["notes"]


def test_a_name_that_is_taken_by_other_rows_gets_a_number(project: Project, small: Sample) -> None:
    (project.path / "datasets" / "notes").mkdir(parents=True)
    assert add_sample(project, "notes").name not in ("notes", "")


@pytest.mark.parametrize("after", [0, 2])
def test_called_off_nothing_stays(project: Project, small: Sample, after: int) -> None:
    asked: list[bool] = []

    def keep_going() -> bool:
        asked.append(True)
        return len(asked) <= after

    with pytest.raises(StudioError, match="stopped"):
        add_sample(project, "notes", None, keep_going)
    assert project.datasets() == []
    assert list((project.path / "datasets").iterdir()) == []


def test_a_deleted_sample_comes_back_from_the_trash(project: Project, small: Sample) -> None:
    add_sample(project, "notes")
    trashed = project.delete_dataset("notes")
    assert project.datasets() == []
    trashed.restore()
    assert project.dataset("notes@1").rows == 900


def test_an_unknown_sample_is_refused_with_the_known_ones(project: Project) -> None:
    with pytest.raises(StudioError, match="no “mesages”") as refused:
        add_sample(project, "mesages")
    assert "messages" in refused.value.hint


def test_a_row_that_cannot_be_kept_leaves_nothing(project: Project, small: Sample, monkeypatch: Any) -> None:
    broken = dataclasses.replace(small, rows=lambda seed: iter([{"text": "ok"}, {"text": float("nan")}]))
    monkeypatch.setattr(sample_datasets.SAMPLES, "load", lambda name: broken)
    with pytest.raises(ValueError, match="JSON"):
        add_sample(project, "notes")
    assert list((project.path / "datasets").iterdir()) == []


def test_every_sample_has_a_title_and_is_read_as_it_says(project: Project) -> None:
    titles = sample_titles()
    assert list(titles) == ["instructions", "messages", "preferences", "prices", "topics"]
    assert len(set(titles.values())) == len(titles)
    for sample in samples():
        first = [row for row, _ in zip(sample.rows(1), range(40), strict=False)]
        found = recognise(list(first[0]), first)
        assert (found.kind, dict(found.roles)) == (sample.kind, dict(sample.roles)), sample.name
        assert not missing(found)


def test_what_is_written_are_the_rows_that_the_tests_know(project: Project) -> None:
    from tests.samples.test_preferences import SHA256

    dataset = add_sample(project, "preferences")
    assert dataset.sha256 == SHA256
    assert json.loads((dataset.folder / "dataset.json").read_text("utf-8"))["reading"]["kind"] == "preference"
