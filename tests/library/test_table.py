"""Rows of the table of models, in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.library.fits import WAYS
from studio.library.table import columns, kind_words, origin_sentence, origin_words, rows_of, short_title, shown
from studio.store.library import BASE, CHECKPOINT, Entry
from tests.library.conftest import TINY

BASE_MODEL = Entry("tiny", BASE, Path("/p/models/tiny"), TINY, 26_000, 52_000, "bf16", source="C:\\get\\tiny.gguf",
                   sha256="ab" * 32)  # fmt: skip
SAVED = Entry("tale", CHECKPOINT, Path("/p/runs/tale/checkpoints/step-000020"), TINY, 0, 1_000, "fp32", run="tale",
              step=20, text="story", best=True)  # fmt: skip


def cell(entry: Entry, title: str, loaded: Path | None = None) -> str:
    row = rows_of([entry], loaded, 1 << 40, "this computer")[0]
    return next(column for column in columns() if column.title == title).words(row)


@pytest.mark.parametrize(
    ("best", "last", "words"),
    [(True, True, "best, last"), (True, False, "best"), (False, True, "last"), (False, False, "earlier")],
)
def test_a_checkpoint_says_which_one_of_its_run_it_is(best: bool, last: bool, words: str) -> None:
    assert kind_words(replace(SAVED, best=best, last=last)) == words
    assert kind_words(BASE_MODEL) == "base"


def test_folded_only_the_best_and_the_last_of_a_run_are_shown() -> None:
    middle, last = replace(SAVED, best=False, step=10), replace(SAVED, best=False, last=True, step=30)
    assert shown([BASE_MODEL, SAVED, middle, last], unfolded=False) == [BASE_MODEL, SAVED, last]
    assert shown([BASE_MODEL, SAVED, middle, last], unfolded=True) == [BASE_MODEL, SAVED, middle, last]


def test_where_it_comes_from_is_a_file_or_a_text_and_the_project_of_another() -> None:
    assert origin_words(BASE_MODEL) == "tiny.gguf"
    hub = replace(BASE_MODEL, source="https://huggingface.co/org/tiny/tree/0123abc")
    assert origin_words(hub) == "org/tiny"
    assert origin_words(replace(hub, project="Songs")) == "Songs · org/tiny"
    assert "huggingface.co/org/tiny/tree/0123abc" in origin_sentence(hub)
    assert origin_words(SAVED) == "learned story"
    assert origin_words(replace(SAVED, project="Songs")) == "Songs · story"
    assert origin_sentence(replace(SAVED, project="Songs")).endswith("in the project “Songs”")
    assert "C:\\get\\tiny.gguf" in origin_sentence(BASE_MODEL)


def test_the_step_is_not_what_a_narrow_cell_cuts_off() -> None:
    assert short_title(replace(SAVED, step=4_200)) == "tale · 4,200"
    assert short_title(BASE_MODEL) == "tiny"


def test_cells_read_as_a_person_writes() -> None:
    assert cell(BASE_MODEL, "Parameters") == "26 k"
    assert cell(SAVED, "Parameters") == "–"
    assert cell(BASE_MODEL, "Size") == "52 kB"
    assert cell(BASE_MODEL, "Family") == "GPT-2"
    assert cell(BASE_MODEL, "Hash") == "abababab"
    assert cell(SAVED, "Hash") == "–"


def test_a_mark_is_spoken_as_its_sentence() -> None:
    row = rows_of([BASE_MODEL], None, 1 << 40, "this computer")[0]
    marks = [column for column in columns() if column.said is not None]
    assert len(marks) == len(WAYS)
    assert [column.words(row) for column in marks] == ["●"] * 4
    assert all("free on this computer" in column.said(row) for column in marks if column.said is not None)


def test_the_one_in_memory_is_marked() -> None:
    rows = rows_of([BASE_MODEL, SAVED], SAVED.folder, 1 << 40, "it")
    assert [row.loaded for row in rows] == [False, True]
    assert len({row.key for row in rows}) == 2
