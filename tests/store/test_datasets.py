"""Datasets: taken in row by row, kept in versions that remember their parents, never half there."""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.formats import Choices, Faults, Row, TableFacts
from studio.rows import Values
from studio.rows.kinds import Reading
from studio.store.dataset_import import import_dataset
from studio.store.datasets import Dataset, edited, next_version
from studio.store.project import Project

READING = Reading("labelled", {"text": "text", "label": "label"}, "Named so.")
ROWS: list[Values] = [{"label": "ham" if n % 2 else "spam", "text": f"Grüße, 🦊 {n}!"} for n in range(10)]


class TableOfRows:
    """What a reader hands over, from rows in memory."""

    def __init__(self, rows: list[Any], bytes_: int = 1_000) -> None:
        columns = tuple(dict.fromkeys(key for row in rows for key in row))
        why = ("JSON, one object a line.",)
        self.facts = TableFacts(
            format="json_lines", columns=columns, encoding="utf-8", delimiter="", header=False, why=why, bytes=bytes_,
            guessed=False,
        )  # fmt: skip
        self.faults = Faults()
        self.count = len(rows)
        self._rows = rows

    def rows(
        self, *, watch: Callable[[int], None] | None = None, keep_going: Callable[[], bool] | None = None
    ) -> Iterator[Row]:
        for number, values in enumerate(self._rows):
            if watch is not None:
                watch(100)
            yield Row(number, number + 1, values)

    def head(self, count: int = 100) -> list[Row]:
        return list(itertools.islice(self.rows(), count))

    def page(self, start: int, count: int) -> list[Row]:
        return list(self.rows())[start : start + count]

    def build_index(self, **_: Any) -> int:
        return self.count


def taken(project: Project, rows: list[Any] | None = None, name: str = "sms", **more: Any) -> Dataset:
    table = TableOfRows(ROWS if rows is None else rows)
    return import_dataset(project.path / "datasets", table, READING, name, sources=("/a/sms.jsonl",), **more)


def left_behind(project: Project) -> list[str]:
    return [entry.name for entry in (project.path / "datasets").glob(".*")]


def test_an_imported_table_is_version_one_with_everything_it_was_made_of(project: Project) -> None:
    dataset = taken(project)
    assert (dataset.title, dataset.rows, dataset.columns) == ("sms@1", 10, ("label", "text"))
    assert dataset.reading == READING
    assert (dataset.parent, dataset.steps, dataset.changed, dict(dataset.faults)) == (None, (), "", {})
    assert dataset.sources == ("/a/sms.jsonl",)
    assert dataset.why == dataset.notes == ("JSON, one object a line.",)
    raw = (dataset.folder / "rows.jsonl").read_bytes()
    assert (dataset.bytes, dataset.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert list(dataset.stream()) == ROWS
    assert project.dataset("sms") == dataclasses.replace(dataset, notes=())
    assert project.datasets() == project.dataset_versions("sms") == [project.dataset("sms@1")]
    assert left_behind(project) == []


def test_a_page_is_read_from_its_place_and_nothing_else_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = taken(project)
    assert dataset.page(3, 4) == ROWS[3:7]
    assert dataset.page(8, 100) == ROWS[8:]
    assert dataset.page(10, 5) == dataset.page(-1, 5) == dataset.page(2, 0) == []
    assert dataset.rows_at([7, 0, 7]) == [ROWS[7], ROWS[0], ROWS[7]]
    with pytest.raises(IndexError):
        dataset.rows_at([10])
    read: list[bytes] = []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda line: read.append(line) or loads(line))
    dataset.page(5, 2)
    assert len(read) == 2


def test_what_cannot_be_kept_is_counted_by_its_reason_and_the_rest_stays(project: Project) -> None:
    rows = [{"label": "x", "text": "a"}, {"text": float("nan")}, {"text": "\ud800"}, {"text": b"bytes"}, {"text": "b"}]
    dataset = taken(project, rows)
    assert list(dataset.stream()) == [{"label": "x", "text": "a"}, {"text": "b"}]
    assert sum(dataset.faults.values()) == 3
    assert dataset.notes[-1].startswith("3 rows left out (")
    assert project.dataset("sms").faults == dataset.faults


def test_columns_that_come_later_are_known_too(project: Project) -> None:
    rows = [{"text": "a"}, {"text": "b", "label": "x"}, {"extra": [1], "text": "c"}]
    table = TableOfRows(rows)
    table.facts = dataclasses.replace(table.facts, columns=("text",))
    dataset = import_dataset(project.path / "datasets", table, READING, "late")
    assert dataset.columns == ("text", "label", "extra")


def test_the_same_rows_twice_are_the_same_dataset_and_that_is_told(project: Project) -> None:
    first, second = taken(project), taken(project, name="again")
    assert (second.title, second.folder) == (first.title, first.folder)
    assert "which is here already" in second.notes[0]
    assert [item.name for item in project.datasets()] == ["sms"]


def test_another_dataset_of_the_same_name_gets_a_number(project: Project) -> None:
    names = [taken(project, [{"label": "x", "text": f"row {number}"}]).name for number in range(3)]
    assert names == ["sms", "sms 2", "sms 3"]
    assert taken(project, ROWS, name="../up").folder.is_relative_to(project.path / "datasets")


def test_a_table_without_rows_is_refused(project: Project) -> None:
    with pytest.raises(StudioError, match="no rows"):
        taken(project, [])
    assert project.datasets() == []
    assert left_behind(project) == []


def test_a_role_on_a_column_that_the_table_does_not_have_is_refused_and_leaves_nothing(project: Project) -> None:
    with pytest.raises(StudioError, match="no column named “label”"):
        taken(project, [{"text": "one"}])
    assert project.datasets() == []
    assert left_behind(project) == []


def test_an_import_tells_its_way_and_leaves_nothing_when_it_is_stopped(project: Project) -> None:
    told: list[tuple[int, int]] = []
    taken(project, progress=lambda done, total: told.append((done, total)))
    assert told[0] == (100, 1_000)
    assert told[-1] == (1_000, 1_000)
    wanted = iter([True, True, False])
    with pytest.raises(StudioError, match="stopped"):
        taken(project, [{"text": str(n)} for n in range(9)], name="x", keep_going=lambda: next(wanted))
    assert [item.name for item in project.datasets()] == ["sms"]
    assert left_behind(project) == []


def test_a_full_disk_leaves_nothing_and_says_so(project: Project, full_disk: Callable[[], None]) -> None:
    full_disk()
    with pytest.raises(StudioError, match="disk is full"):
        taken(project)
    assert project.datasets() == []


def test_the_next_version_remembers_its_parent_and_the_old_one_stays(project: Project) -> None:
    first = taken(project)
    step = {"step": "filter", "expression": 'label == "ham"'}
    hams = [row for row in ROWS if row["label"] == "ham"]
    second = next_version(first, hams, "Only ham.", steps=[step])
    assert (second.title, second.parent, second.changed, second.steps) == ("sms@2", 1, "Only ham.", (step,))
    assert (second.rows, second.sources, second.why) == (5, first.sources, first.why)
    assert project.dataset("sms") == project.dataset("sms@2") == second
    assert list(project.dataset("sms@1").stream()) == ROWS
    third = next_version(project.dataset("sms@1"), ROWS[:3], "The first three.")
    assert (third.version, third.parent) == (3, 1)
    assert [item.version for item in project.dataset_versions("sms")] == [1, 2, 3]
    assert [item.version for item in project.datasets()] == [3]


def test_a_version_that_changes_nothing_or_keeps_nothing_is_refused(project: Project) -> None:
    first = taken(project)
    with pytest.raises(StudioError, match="as it is"):
        next_version(first, first.stream(), "Nothing.")
    with pytest.raises(StudioError, match="No row would be left"):
        next_version(first, [], "All gone.")
    assert [item.version for item in project.dataset_versions("sms")] == [1]
    assert left_behind(project) == []


def test_edited_rows_are_relabelled_rewritten_and_deleted_in_the_next_version(project: Project) -> None:
    first = taken(project)
    second = edited(first, {0: {**ROWS[0], "label": "ham"}, 3: {"label": "ham", "text": "New"}, 9: None})
    assert second.changed == "2 rows changed, 1 row deleted."
    expected = [{**ROWS[0], "label": "ham"}, *ROWS[1:3], {"label": "ham", "text": "New"}, *ROWS[4:9]]
    assert list(second.stream()) == expected
    assert second.parent == 1


def test_other_roles_are_a_version_of_their_own(project: Project) -> None:
    first = taken(project)
    second = edited(first, {}, reading=Reading("text", {"text": "text"}, "Chosen by you."))
    assert (second.sha256, second.reading.kind) == (first.sha256, "text")
    assert second.changed == "Other roles of the columns."


def test_an_edit_that_no_file_can_hold_is_refused_by_its_row(project: Project) -> None:
    with pytest.raises(StudioError, match="Row 4 holds"):
        edited(taken(project), {4: {"text": "\udfff"}})


def test_a_column_that_no_row_has_any_more_is_gone(project: Project) -> None:
    second = next_version(taken(project), ({"text": row["text"]} for row in ROWS), "No labels.")
    assert second.columns == ("text",)


def test_making_a_version_can_be_stopped(project: Project) -> None:
    first = taken(project)
    with pytest.raises(StudioError, match="stopped"):
        next_version(first, ROWS[:5], "Half.", keep_going=lambda: False)
    assert [item.version for item in project.dataset_versions("sms")] == [1]
    assert left_behind(project) == []


def test_an_unknown_dataset_is_named_with_those_that_there_are(project: Project) -> None:
    taken(project)
    for title in ("ham", "sms@7", "../sms", "sms/v1", ""):
        with pytest.raises(StudioError, match="no dataset") as refused:
            project.dataset(title)
        assert "“sms@1”" in refused.value.hint


def test_a_name_with_an_at_sign_is_still_found(project: Project) -> None:
    dataset = taken(project, name="me@2")
    assert project.dataset("me@2").folder == project.dataset("me@2@1").folder == dataset.folder


def test_a_damaged_version_is_left_out_and_the_others_stay(project: Project) -> None:
    first = taken(project)
    second = next_version(first, ROWS[:5], "Fewer.")
    with open(second.folder / "rows.jsonl", "ab") as file:
        file.write(b"{")
    assert project.datasets() == [project.dataset("sms@1")]
    (first.folder / "dataset.json").write_text("{")
    assert project.datasets() == []


def test_a_newer_description_is_not_misread(project: Project) -> None:
    first = taken(project)
    data = json.loads((first.folder / "dataset.json").read_text("utf-8"))
    (first.folder / "dataset.json").write_text(json.dumps({**data, "version": 99}))
    assert project.datasets() == []


def test_a_damaged_row_is_named(project: Project) -> None:
    first = taken(project)
    raw = (first.folder / "rows.jsonl").read_bytes()
    (first.folder / "rows.jsonl").write_bytes(raw.replace(b'"spam"', b"!spam!", 2).replace(b"!spam!", b'"spam"', 1))
    with pytest.raises(StudioError, match="Row 2 of “sms”, version 1 is damaged"):
        list(first.stream())
    assert first.page(0, 1) == ROWS[:1]


def test_a_deleted_dataset_goes_to_the_trash_with_all_versions_and_comes_back(project: Project) -> None:
    next_version(taken(project), ROWS[:5], "Fewer.")
    item = project.delete_dataset("sms")
    assert project.datasets() == []
    item.restore()
    assert [found.version for found in project.dataset_versions("sms")] == [1, 2]


@pytest.mark.parametrize("at", range(1, 40, 3))
def test_a_kill_at_any_moment_leaves_whole_versions_only(
    project: Project, kill_at: Callable[[int], Any], at: int
) -> None:
    first = taken(project, ROWS[:4])
    with kill_at(at) as death:
        next_version(first, ROWS[:2], "Fewer.")
    versions = project.dataset_versions("sms")
    assert [item.version for item in versions] == [1, 2] or (death.came and [item.version for item in versions] == [1])
    assert all(len(list(item.stream())) == item.rows for item in versions)


def test_a_table_file_becomes_a_dataset_and_what_it_could_not_read_is_told(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "sms.v1.jsonl"
    path.write_text('{"text": "a", "label": 1}\n{"text": NaN}\n{"text": "b", "label": 0}\n{"cut', "utf-8")
    dataset = project.add_dataset(path)
    assert (dataset.name, dataset.rows, dataset.sources) == ("sms", 2, (str(path),))
    assert (dataset.reading.kind, dict(dataset.reading.roles)) == ("labelled", {"text": "text", "label": "label"})
    assert sum(dataset.faults.values()) == 2
    assert "2 rows left out" in dataset.notes[-1]


def test_choices_and_roles_of_a_person_count(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one;two\n1;2\n", "utf-8")
    reading = Reading("text", {"text": "column 2"}, "You chose it.")
    dataset = project.add_dataset(path, Choices(delimiter=";", header=False), reading, name="mine")
    assert (dataset.name, dataset.rows, dataset.reading) == ("mine", 2, reading)
    assert dataset.columns == ("column 1", "column 2")


def test_a_file_that_is_no_table_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Just words.")
    with pytest.raises(StudioError):
        project.add_dataset(tmp_path / "a.txt")
    assert project.datasets() == []


def test_the_files_of_the_course_become_datasets(project: Project, data_folder: Path) -> None:
    sms = project.add_dataset(data_folder / "SMSSpamCollection.tsv")
    assert (sms.rows, sms.reading.kind, dict(sms.faults)) == (5_572, "labelled", {})
    alpaca = project.add_dataset(data_folder / "instruction-data.json")
    assert (alpaca.rows, alpaca.columns) == (1_100, ("instruction", "input", "output"))
    preference = project.add_dataset(data_folder / "instruction-data-with-preference.json")
    assert preference.reading.kind == "preference"
    assert [item.name for item in project.datasets()] == [alpaca.name, preference.name, sms.name]


def test_rows_that_go_on_bringing_columns_are_left_out_by_this_reason(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "wide.jsonl"
    path.write_text("".join(f'{{"text": "hello", "k{number}": 1}}\n' for number in range(1_005)), "utf-8")
    dataset = project.add_dataset(path)
    assert (len(dataset.columns), dataset.rows) == (1_000, 999)
    assert "6 rows left out (brings a column beyond the 1,000 that are kept: 6)." in dataset.notes
