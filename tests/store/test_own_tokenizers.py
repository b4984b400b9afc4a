"""A project's own tokenizers: kept by name, loaded as they were, never mistaken for a kind, deleted with a way back."""

import json
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store import own_tokenizers
from studio.store.own_tokenizers import kind_names
from studio.store.project import Project
from studio.tokenizers import END_OF_TEXT, Tokenizer, byte_pair
from studio.tokenizers.byte_pair import BytePairTokenizer


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "project")


def pairs(*tokens: bytes) -> BytePairTokenizer:
    return BytePairTokenizer([*byte_pair.make().tokens, *tokens], [END_OF_TEXT])


def test_what_was_kept_is_found_by_its_name_and_loaded_as_it_was(project: Project) -> None:
    kept = project.add_tokenizer(pairs(b"he"), "My pairs", "stories", "abc")
    assert project.tokenizers() == [kept]
    assert (kept.name, kept.kind, kept.label, kept.vocab_size) == ("My pairs", "byte_pair", "Own byte pairs", 258)
    assert (kept.source, kept.text_sha256, kept.about) == ("stories", "abc", "258 tokens, from “stories”.")
    found = project.tokenizer("My pairs")
    assert not isinstance(found, str)
    assert found.fingerprint == kept.fingerprint == pairs(b"he").fingerprint
    assert found.encode("he") == [256]


def test_a_kind_of_the_shelf_stays_a_name(project: Project) -> None:
    assert {project.tokenizer(name) for name in ("gpt2", "words", "cl100k")} == {"gpt2", "words", "cl100k"}
    assert "tokenizer_json" in kind_names()


@pytest.mark.parametrize(
    ("wanted", "name"), [("gpt2", "My gpt2"), ("Words", "My Words"), ("a/b", "a-b"), ("", "My tokenizer")]
)
def test_a_name_that_means_something_else_is_changed(project: Project, wanted: str, name: str) -> None:
    assert project.add_tokenizer(pairs(), wanted).name == name


def test_a_name_that_is_taken_gets_a_number(project: Project) -> None:
    assert [project.add_tokenizer(pairs(), "mine").name for _ in range(2)] == ["mine", "mine 2"]
    assert [one.name for one in project.tokenizers()] == ["mine", "mine 2"]


def test_an_unknown_name_lists_what_there_is(project: Project) -> None:
    project.add_tokenizer(pairs(), "mine")
    with pytest.raises(StudioError, match="no tokenizer called “other” in this project") as refused:
        project.tokenizer("other")
    assert "its own: “mine”" in refused.value.hint
    assert "gpt2" in refused.value.hint
    assert "byte_pair" not in refused.value.hint


def test_a_deleted_one_can_be_put_back(project: Project) -> None:
    project.add_tokenizer(pairs(), "mine")
    item = project.delete_tokenizer("mine")
    assert project.tokenizers() == []
    item.restore()
    assert [one.name for one in project.tokenizers()] == ["mine"]
    with pytest.raises(StudioError):
        project.delete_tokenizer("other")


def test_nothing_half_is_left_where_saving_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(own_tokenizers, "rename_folder", fail)
    with pytest.raises(StudioError, match="space"):
        project.add_tokenizer(pairs(), "mine")
    assert list((project.path / "tokenizers").iterdir()) == []


@pytest.mark.parametrize(
    "about",
    [
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "kind": "nobody", "vocabulary": 3}',
        '{"version": 1, "kind": "bytes"}',
        '{"version": 1, "kind": [], "vocabulary": 3}',
    ],
)
def test_a_damaged_description_hides_only_its_own(project: Project, about: str) -> None:
    whole, damaged = project.add_tokenizer(pairs(), "whole"), project.add_tokenizer(pairs(), "damaged")
    (damaged.folder / "about.json").write_text(about, "utf-8")
    assert project.tokenizers() == [whole]


def test_a_damaged_vocabulary_is_a_sentence_when_it_is_loaded(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = project.add_tokenizer(pairs(), "mine")
    saved = json.loads((kept.folder / "tokenizer.json").read_text("utf-8"))
    (kept.folder / "tokenizer.json").write_text(json.dumps({**saved, "tokens": ["a"]}), "utf-8")
    with pytest.raises(StudioError, match="damaged"):
        project.tokenizer("mine")
    monkeypatch.setattr(own_tokenizers, "_LARGEST", 10)
    with pytest.raises(StudioError, match="too large"):
        kept.load()


def test_what_a_killed_process_left_is_swept(project: Project) -> None:
    left = project.path / "tokenizers" / ".making-999999999-abc"
    left.mkdir(parents=True)
    assert project.tokenizers() == []
    project.lock().release()
    assert not left.exists()


def test_every_kind_can_be_kept(project: Project) -> None:
    from studio.core.shelf import TOKENIZERS

    for name in TOKENIZERS.names():
        kind = TOKENIZERS.load(name)
        made: Tokenizer = kind.make(["the cat"] if kind.needs_text else None)
        kept = project.add_tokenizer(made, f"my {kind.name}")
        assert (kept.kind, kept.load().fingerprint) == (kind.name, made.fingerprint)
