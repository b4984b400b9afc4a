"""What cannot be read in a project is named with its reason, and mended where the text is still there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store.corpus import Text
from studio.store.project import Project
from studio.store.unread import mend_text, unread_sources
from studio.tokenizers import END_OF_TEXT

TALE = f"One.\nTwo{END_OF_TEXT}é\nthree"


@pytest.fixture
def text(project: Project, tmp_path: Path) -> Text:
    (tmp_path / "tale.txt").write_text(TALE, "utf-8")
    return project.add_text([tmp_path / "tale.txt"])


def damaged(text: Text, content: str = "{") -> None:
    (text.folder / "text.json").write_text(content, "utf-8")


def test_a_whole_project_has_nothing_to_tell(project: Project, text: Text) -> None:
    (project.path / "texts" / ".making-1-a").mkdir()
    (project.path / "texts" / "no text of ours").mkdir()
    assert unread_sources(project.path) == []
    assert mend_text(text.folder).notes == text.notes[:0], "what is whole is left as it is"
    assert not list(text.folder.glob("*.bak"))


@pytest.mark.parametrize("damage", [
    lambda text: damaged(text),
    lambda text: damaged(text, "{}"),
    lambda text: (text.folder / "text.json").unlink(),
    lambda text: text.path.write_text(TALE + " and more", "utf-8"),
])  # fmt: skip
def test_a_damaged_text_is_named_and_can_be_described_anew(
    project: Project, text: Text, damage: Callable[[Text], None]
) -> None:
    damage(text)
    (found,) = unread_sources(project.path)
    assert (found.kind, found.name, found.mendable) == ("text", "tale", True)
    assert "“tale” cannot be read" in found.why
    assert "Describe it anew" in found.hint
    content = text.path.read_text("utf-8")
    mended = mend_text(text.folder)
    assert unread_sources(project.path) == []
    assert project.texts() == [mended]
    assert text.path.read_text("utf-8") == content
    assert (mended.characters, mended.lines, mended.bytes) == (len(content), 3, len(content.encode()))
    assert (mended.marks, mended.marked, mended.sources) == (1, False, ())
    if content == TALE:
        assert mended.sha256 == text.sha256


def test_the_former_description_is_kept(project: Project, text: Text) -> None:
    damaged(text, "what was there")
    mend_text(text.folder)
    assert (text.folder / "text.json.bak").read_text("utf-8") == "what was there"


def test_a_text_of_a_newer_atelier_is_left_as_it_is(project: Project, text: Text) -> None:
    description = json.dumps({"version": 99, "unheard_of": True})
    damaged(text, description)
    (found,) = unread_sources(project.path)
    assert not found.mendable
    assert "a newer Atelier wrote it" in found.why
    assert "Update Atelier" in found.hint
    with pytest.raises(StudioError, match="newer Atelier"):
        mend_text(text.folder)
    assert (text.folder / "text.json").read_text("utf-8") == description


@pytest.mark.parametrize(("content", "why"), [(b"\xff\xfe", "not UTF-8"), (b"", "Nothing is left")])
def test_what_is_no_text_any_more_is_refused_and_left(text: Text, content: bytes, why: str) -> None:
    damaged(text)
    text.path.write_bytes(content)
    with pytest.raises(StudioError, match=why):
        mend_text(text.folder)
    assert (text.folder / "text.json").read_text("utf-8") == "{"


def test_mending_that_is_called_off_changes_nothing(project: Project, text: Text) -> None:
    damaged(text)
    with pytest.raises(StudioError, match="stopped"):
        mend_text(text.folder, keep_going=lambda: False)
    assert (text.folder / "text.json").read_text("utf-8") == "{"


def test_a_text_whose_file_is_gone_is_named_and_cannot_be_mended(project: Project, text: Text) -> None:
    text.path.unlink()
    (found,) = unread_sources(project.path)
    assert not found.mendable
    assert "is gone" in found.why


def test_versions_of_a_dataset_that_cannot_be_read_are_named(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "sms.csv"
    path.write_text("label,text\nham,hello\nspam,win\n", "utf-8")
    dataset = project.add_dataset(path)
    whole = json.loads((dataset.folder / "dataset.json").read_text("utf-8"))
    (dataset.folder / "dataset.json").write_text(json.dumps({**whole, "version": 99}), "utf-8")
    (found,) = unread_sources(project.path)
    assert (found.kind, found.name, found.mendable) == ("dataset", "sms@1", False)
    assert "a newer Atelier wrote it" in found.why
    (dataset.folder / "dataset.json").write_text("[]", "utf-8")
    assert "its description is damaged" in unread_sources(project.path)[0].why
