"""What a run reads of a text: numbers.md, stage 2, and the very batches of the engine."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.schedule import windows_in
from studio.core.shelf import OBJECTIVES
from studio.exercises import windows as lesson
from studio.exercises.windows import NUMBERS, SENTENCE, documents, first_batch, open_stream, preset
from studio.store.corpus import END_OF_TEXT, Text, import_text
from studio.store.project import Project
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.torch

STORY = "The cat sat on the mat.\n\nThe dog lay by the door, and the cat went away.\n\nThe end.\n"


def saved(folder: Path, *texts: str, separator: str = "\n\n") -> tuple[Project, Text]:
    paths, project = [], Project.create(folder / "project")
    for number, words in enumerate(texts):
        path = folder / f"{number}.txt"
        path.write_text(words, "utf-8")
        paths.append(path)
    return project, import_text(project.path / "texts", paths, "story", separator=separator)


def with_windows(config: RunConfig, context: int, stride: int, batch: int) -> RunConfig:
    return config.with_part(
        model=replace(config.model, context_length=context), data=replace(config.data, stride=stride),
        training=replace(config.training, batch_size=batch),
    )  # fmt: skip


def config(context: int, stride: int = 0, batch: int = 2) -> RunConfig:
    return with_windows(OBJECTIVES.load("pretrain").default, context, stride, batch)


def reading(tokenizer: str, share: float = 0.1) -> RunConfig:
    return RunConfig(data=DataConfig(tokenizer=tokenizer, validation_share=share))


def test_the_book_s_rows_come_out_of_its_sentence() -> None:
    stream = preset(SENTENCE)
    assert stream.ids[:4].tolist() == [40, 367, 2885, 1464]
    assert stream.ids[50:54].tolist() == [290, 4920, 2241, 287]
    assert stream.ids[51:55].tolist() == [4920, 2241, 287, 257]
    assert stream.tokenizer is not None
    assert stream.tokenizer.decode([290, 4920, 2241, 287]) == " and established himself in"


def test_the_last_window_of_the_numbers_is_the_printed_one() -> None:
    found = lesson.windows(preset(NUMBERS).ids, 4, 4)
    assert found[-1, :-1].tolist() == [996, 997, 998, 999]
    assert found[-1, 1:].tolist() == [997, 998, 999, 1_000]


@pytest.mark.parametrize(
    ("tokens", "context", "stride"), [(5_145, 256, 128), (1_001, 4, 4), (5, 4, 1), (4, 4, 1), (9, 4, 3)]
)
def test_counting_windows_gives_what_the_formula_gives(tokens: int, context: int, stride: int) -> None:
    counted = len(lesson.windows(np.arange(tokens), context, stride))
    assert counted == max(0, math.ceil((tokens - context) / stride)) == windows_in(tokens, context, stride)


def test_the_shown_batch_is_the_one_the_loader_yields(tmp_path: Path) -> None:
    stream = open_stream(*saved(tmp_path, STORY * 4), reading("bytes"))
    assert stream is not None
    own = config(8, 3, 4)
    found = first_batch(stream, own, 5)
    wanted = OBJECTIVES.load("pretrain").batches(stream.ids, own, 4)
    assert np.array_equal(found.ids, wanted.batch(5))
    assert found.per_epoch == wanted.per_epoch == found.counted // 4
    assert found.counted == windows_in(len(stream.ids), 8, 3)
    for row, start in zip(found.ids, found.starts, strict=True):
        assert np.array_equal(row, stream.ids[start : start + 9])
        assert start % 3 == 0


def test_a_loader_that_hides_tokens_still_says_where_its_windows_begin() -> None:
    masked = OBJECTIVES.load("masked_words").default
    own = with_windows(masked.with_part(model=replace(masked.model, vocab_size=2_000)), 8, 8, 3)
    found = first_batch(preset(NUMBERS), own)
    assert len(found.starts) == 3
    assert (found.starts % 8 == 0).all()
    assert found.hides
    assert found.ids.shape == (3, 8)
    hidden = found.ids != preset(NUMBERS).ids[found.starts[:, None] + np.arange(8)]
    assert 0 < hidden.sum() < hidden.size


def test_too_short_a_text_is_refused_with_both_counts() -> None:
    with pytest.raises(StudioError, match="62 tokens; one window takes 257"):
        first_batch(preset(SENTENCE), config(256))


def test_the_stream_is_the_file_a_run_reads_and_large_texts_wait_to_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, text = saved(tmp_path, STORY)
    monkeypatch.setattr(lesson, "AT_ONCE", 10)
    assert open_stream(project, text, reading("bytes")) is None
    made = open_stream(project, text, reading("bytes"), asked=True)
    assert made is not None
    assert bytes(made.ids.astype(np.uint8)).decode() == STORY[: int(0.9 * text.characters)]
    again = open_stream(project, text, reading("bytes"))  # it lies there now
    assert again is not None
    assert again.end is None


def test_the_mark_between_documents_is_known_where_the_text_has_one(tmp_path: Path) -> None:
    project, text = saved(tmp_path, "One.", "Two words here.", separator=END_OF_TEXT)
    stream = open_stream(project, text, reading("gpt2", 0.0))
    assert stream is not None
    assert stream.end == 50_256
    assert int((stream.ids == 50_256).sum()) == 1
    assert documents(project, text, reading("gpt2")).lengths.tolist() == [2, 4]


def test_documents_are_measured_by_paragraphs_where_nothing_parts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, text = saved(tmp_path, STORY)
    found = documents(project, text, reading("bytes"))
    assert found.paragraphs
    assert found.whole
    assert found.lengths.tolist() == [23, 47, 8]
    monkeypatch.setattr(lesson, "MOST_DOCUMENTS", 2)
    some = documents(project, text, reading("bytes"))
    assert (some.lengths.tolist(), some.whole) == ([23, 47], False)
    with pytest.raises(StudioError, match="stopped"):
        documents(project, text, reading("bytes"), keep_going=lambda: False)


def test_an_unknown_preset_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no preset"):
        preset("poem")


def test_a_tokenizer_of_the_project_reads_the_text_as_it_will_read_it_for_a_run(tmp_path: Path) -> None:
    project, text = saved(tmp_path, STORY)
    own = make_tokenizer("characters", [STORY + "ß"])
    project.add_tokenizer(own, "mine")
    stream = open_stream(project, text, reading("mine"))
    assert stream is not None
    assert stream.tokenizer is not None
    assert stream.tokenizer.fingerprint == own.fingerprint
    with pytest.raises(StudioError):
        open_stream(project, text, reading("nobody's"))
