"""Token ids on disk: the same as encoding both sides of the text whole, made once, whole or not there."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.formats import TextChoices
from studio.store import shards
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.project import Project
from studio.store.shards import find_shards, make_shards
from studio.store.token_count import count_tokens
from studio.tokenizers import Tokenizer, make_tokenizer
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer

STORY = "Once upon a time there was a fox, small and red.\nIt said: “Ünïcode, 日本!”  Twice.\n\n\tThe end… "


@pytest.fixture
def text(project: Project, tmp_path: Path) -> Text:
    source = tmp_path / "story.txt"
    source.write_text(STORY * 40, "utf-8")
    return project.add_text([source])


@pytest.mark.parametrize("name", ["gpt2", "characters", "words", "bytes"])
@pytest.mark.parametrize("share", [0.1, 0.0, 0.37])
def test_shards_hold_what_encoding_each_side_whole_gives(
    project: Project, text: Text, monkeypatch: pytest.MonkeyPatch, name: str, share: float
) -> None:
    monkeypatch.setattr(shards, "PIECE", 50)
    made = make_shards(text, name, share, project.tokens_folder)
    whole = STORY * 40
    cut = int((1 - share) * len(whole))
    tokenizer = make_tokenizer(name, [whole])
    assert made.training().tolist() == tokenizer.encode(whole[:cut])
    assert made.validation().tolist() == tokenizer.encode(whole[cut:])
    assert (len(made.training()), len(made.validation())) == (made.training_tokens, made.validation_tokens)
    assert made.vocab_size == tokenizer.vocab_size
    assert made.tokenizer.fingerprint == tokenizer.fingerprint
    assert made.dtype == "uint16"


def test_the_book_s_text_gives_the_book_s_number_of_tokens(project: Project, data_folder: Path) -> None:
    text = project.add_text([data_folder / "the-verdict.txt"])
    whole = make_shards(text, "gpt2", 0.0, project.tokens_folder)
    assert (whole.training_tokens, whole.validation_tokens) == (5_145, 0)
    made = make_shards(text, "gpt2", 0.1, project.tokens_folder)
    assert (made.training_tokens // 256, made.validation_tokens // 256) == (18, 2)  # 9 and 1 batches of two windows
    assert made.training().dtype == np.uint16


def test_shards_are_made_once_and_found_again(project: Project, text: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_shards(text, "bytes", 0.1, project.tokens_folder) is None
    made = make_shards(text, "bytes", 0.1, project.tokens_folder)
    monkeypatch.setattr(shards, "make_tokenizer", lambda *_: pytest.fail("made again"))
    again = make_shards(text, "bytes", 0.1, project.tokens_folder)
    assert again.folder == made.folder
    found = find_shards(text, "bytes", 0.1, project.tokens_folder)
    assert found is not None
    assert found.training_tokens == made.training_tokens
    assert find_shards(text, "bytes", 0.2, project.tokens_folder) is None


@pytest.mark.parametrize("name", ["train.bin", "validation.bin", "meta.json", "tokenizer.json"])
def test_shards_with_a_missing_or_shortened_file_are_made_again(project: Project, text: Text, name: str) -> None:
    made = make_shards(text, "characters", 0.1, project.tokens_folder)
    whole = (made.folder / name).read_bytes()
    for damage in (whole[:-5], b"", None):
        if damage is None:
            (made.folder / name).unlink()
        else:
            (made.folder / name).write_bytes(damage)
        assert find_shards(text, "characters", 0.1, project.tokens_folder) is None
        make_shards(text, "characters", 0.1, project.tokens_folder)
        assert (made.folder / name).read_bytes() == whole


def test_a_large_vocabulary_takes_four_bytes_a_token(
    project: Project, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Large(ByteTokenizer):
        vocab_size = 65_537

        def encode(self, text: str, *, special: bool = False) -> list[int]:
            return [65_536] * len(text)

    monkeypatch.setattr(shards, "make_tokenizer", lambda *_: Large())
    made = make_shards(text, "bytes", 0.5, project.tokens_folder)
    assert made.dtype == "uint32"
    assert set(made.training().tolist()) == {65_536}


def test_our_own_marks_between_files_are_tokens_and_a_text_s_spelling_is_not(project: Project, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(f"file {name}")
    (tmp_path / "spelled.txt").write_text(f"file{END_OF_TEXT}b")
    joined = project.add_text([tmp_path / "a.txt", tmp_path / "b.txt"], separator=END_OF_TEXT)
    spelled = project.add_text([tmp_path / "spelled.txt"])
    assert 50256 in make_shards(joined, "gpt2", 0.0, project.tokens_folder).training().tolist()
    assert 50256 not in make_shards(spelled, "gpt2", 0.0, project.tokens_folder).training().tolist()


def test_a_mark_in_a_file_is_a_token_only_where_a_person_has_said_so(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "stories.txt"
    source.write_text(f"Once.{END_OF_TEXT}Twice.", "utf-8")
    counts = []
    for choices in (TextChoices(), TextChoices(marks=True)):
        made = make_shards(project.add_text([source], choices=choices), "gpt2", 0.0, project.tokens_folder)
        counts.append(made.training().tolist().count(50_256))
    assert counts == [0, 1]


def test_a_long_text_is_shared_with_another_process_and_is_cut_at_the_same_character(
    project: Project, text: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "PIECE", 50)
    monkeypatch.setattr(shards, "processes_for", lambda tokenizer, characters: 1)
    made = make_shards(text, "characters", 0.37, project.tokens_folder)
    whole = STORY * 40
    cut, tokenizer = int(0.63 * len(whole)), make_tokenizer("characters", [whole])
    assert made.training().tolist() == tokenizer.encode(whole[:cut])
    assert made.validation().tolist() == tokenizer.encode(whole[cut:])


def test_what_a_document_spells_like_a_special_token_stays_text_on_disk(project: Project, tmp_path: Path) -> None:
    tokenizer = ExtendedTokenizer(ByteTokenizer(), [END_OF_TEXT, "</s>", "[MASK]", "<|im_start|>"])
    contents = ["HTML has <s> and </s>.", "BERT guesses [MASK]; <|im_start|> begins a turn."]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.txt").write_text(content)
    text = project.add_text([tmp_path / "0.txt", tmp_path / "1.txt"], separator=END_OF_TEXT)
    made = make_shards(text, tokenizer, 0.0, project.tokens_folder)
    assert made.training().tolist() == [*contents[0].encode(), 256, *contents[1].encode()]
    counted = count_tokens(text, tokenizer)
    assert (counted.tokens, counted.split(0.5)) == (made.training_tokens, _sides(text, tokenizer, 0.5))
    assert counted.occurrences[256:].tolist() == [1, 0, 0, 0]


def _sides(text: Text, tokenizer: Tokenizer, share: float) -> tuple[int, int]:
    """Tokens of both sides, each encoded by itself."""
    whole = text.path.read_text("utf-8")
    cut = int((1 - share) * len(whole))
    return len(tokenizer.encode_array(whole[:cut], marked=True)), len(tokenizer.encode_array(whole[cut:], marked=True))


def test_shards_of_a_marked_text_that_were_made_before_this_rule_are_not_taken_for_it(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a"), (tmp_path / "b.txt").write_text("b")
    text = project.add_text([tmp_path / "a.txt", tmp_path / "b.txt"], separator=END_OF_TEXT)
    before = hashlib.sha256(json.dumps([1, text.sha256, END_OF_TEXT, "gpt2", "0.1"]).encode()).hexdigest()[:20]
    assert shards.shards_key(text, "gpt2", 0.1) != before
    plain = replace(text, separator="")
    kept = hashlib.sha256(json.dumps([1, text.sha256, "", "gpt2", "0.1"]).encode()).hexdigest()[:20]
    assert shards.shards_key(plain, "gpt2", 0.1) == kept


@pytest.mark.parametrize(("name", "passes"), [("bytes", 1), ("characters", 2)])
def test_progress_counts_the_bytes_of_every_pass(project: Project, text: Text, name: str, passes: int) -> None:
    told: list[tuple[int, int]] = []
    make_shards(text, name, 0.1, project.tokens_folder, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (passes * text.bytes, passes * text.bytes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("name", ["characters", "gpt2"])
@pytest.mark.parametrize("after", [0, 1, 2, 20])
def test_a_cancelled_tokenizing_leaves_nothing(
    project: Project, text: Text, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    monkeypatch.setattr(shards, "PIECE", 100)
    threads = threading.active_count()
    answers = iter([True] * after + [False])
    with pytest.raises(StudioError, match="stopped"):
        make_shards(text, name, 0.1, project.tokens_folder, keep_going=lambda: next(answers))
    assert list(project.tokens_folder.iterdir()) == []
    assert threading.active_count() == threads


def test_a_full_disk_is_told_and_leaves_nothing(
    project: Project, text: Text, full_disk: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk()
    with pytest.raises(StudioError, match="The disk is full"):
        make_shards(text, "bytes", 0.1, project.tokens_folder)
    monkeypatch.undo()
    assert list(project.tokens_folder.iterdir()) == []


def test_a_kill_at_any_moment_leaves_whole_shards_or_none(project: Project, text: Text, kill_at: Any) -> None:
    expected = make_shards(text, "bytes", 0.1, project.path / "expected").training().tolist()
    for k in range(1, 60):
        with kill_at(k) as death:
            make_shards(text, "bytes", 0.1, project.tokens_folder)
        found = find_shards(text, "bytes", 0.1, project.tokens_folder)
        if found is not None:
            assert found.training().tolist() == expected
        if not death.came:
            break
    assert k > 10
    assert found is not None


def test_a_text_that_was_edited_after_its_import_is_refused(project: Project, text: Text) -> None:
    whole = text.path.read_text("utf-8")
    for edited in (whole + "more", whole[:-3], whole.replace("fox", "föx")):
        text.path.write_text(edited, "utf-8")
        with pytest.raises(StudioError, match="was changed after it was imported"):
            make_shards(text, "bytes", 0.1, project.tokens_folder)
    assert list(project.tokens_folder.iterdir()) == []


def _tokens_in_a_child(project: Project, text: Text) -> tuple[int, int]:
    """Peak memory, in bytes, that tokenizing adds to a process of its own, and that of the process beside it."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from studio.store.project import Project; from studio.store.shards import make_shards\n"
        "project = Project.open(Path(sys.argv[1])); text = project.text(sys.argv[2])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "make_shards(text, 'gpt2', 0.1, project.tokens_folder)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,"
        " resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(project.path), text.name], capture_output=True, text=True, check=True
    )
    own, beside = map(int, done.stdout.split())
    return own, beside


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux tells it")
def test_memory_does_not_grow_with_the_text(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "long.txt"
    source.write_text("The harbour was quiet, and 12 gulls sat on the wall.\n" * 1_100_000, "utf-8")
    own, beside = _tokens_in_a_child(project, project.add_text([source]))
    assert own + beside < 300_000_000
