"""Tokens of a text at any split, equal to what training will write, without writing anything."""

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.store.corpus import END_OF_TEXT
from studio.store.project import Project
from studio.store.shards import make_shards
from studio.store.token_count import PIECE, count_tokens

SENTENCE = "Mira went to the harbour, looked at the ships and said: naïve gulls — déjà vu!\n"
KINDS = ("characters", "words", "bytes", "gpt2")


@pytest.fixture
def project(tmp_path):
    return Project.create(tmp_path / "project")


@pytest.fixture
def long_text(project, tmp_path):
    """Several pieces long, with letters of more than one byte."""
    source = tmp_path / "long.txt"
    lines = [f"{number}. {SENTENCE}" for number in range(3 * PIECE // len(SENTENCE))]
    source.write_text("".join(lines), "utf-8")
    return project.add_text([source])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 0.5])
def test_a_split_has_exactly_the_tokens_that_training_will_read(project, long_text, kind, share):
    counted = count_tokens(long_text, kind)
    shards = make_shards(long_text, kind, share, project.tokens_folder)
    assert counted.split(share) == (shards.training_tokens, shards.validation_tokens)
    assert counted.vocab_size == shards.vocab_size
    assert counted.tokenizer.fingerprint == shards.tokenizer.fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_every_token_is_counted_where_it_comes(long_text, kind):
    counted = count_tokens(long_text, kind)
    ids = counted.tokenizer.encode(long_text.path.read_text("utf-8"))
    assert counted.tokens == len(ids)
    assert np.array_equal(counted.occurrences, np.bincount(ids, minlength=counted.vocab_size))
    assert counted.used == len(set(ids))
    assert counted.exact


def test_the_cut_is_shown_by_the_characters_around_it(long_text):
    whole = long_text.path.read_text("utf-8")
    cut = int(0.9 * len(whole))
    before, after = count_tokens(long_text, "characters").around(0.1, 20)
    assert (before, after) == (whole[cut - 20 : cut], whole[cut : cut + 20])


def test_our_own_marks_between_files_are_one_token_each(project, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.txt").write_text(f"The text number {name}.", "utf-8")
    text = project.add_text([tmp_path / "one.txt", tmp_path / "two.txt"], separator=END_OF_TEXT)
    counted = count_tokens(text, "gpt2")
    assert counted.occurrences[50_256] == 1
    assert counted.split(0.0) == (counted.tokens, 0)


def test_of_a_huge_text_only_the_beginning_is_read_and_the_rest_projected(long_text):
    counted = count_tokens(long_text, "bytes", limit=PIECE)
    assert not counted.exact
    assert counted.occurrences.sum() < counted.tokens
    assert counted.tokens == pytest.approx(long_text.bytes, rel=0.02)
    assert sum(counted.split(0.25)) == counted.tokens
    assert counted.around(0.25) == ("", "")


def test_without_a_text_there_is_still_a_tokenizer_where_it_needs_none():
    counted = count_tokens(None, "gpt2")
    assert (counted.vocab_size, counted.tokens, counted.split(0.1)) == (50_257, 0, (0, 0))
    with pytest.raises(StudioError, match="learns its vocabulary from a text"):
        count_tokens(None, "characters")


def test_progress_is_told_in_characters_and_counting_can_be_stopped(long_text):
    told = []
    count_tokens(long_text, "bytes", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (long_text.characters, long_text.characters)
    assert len(told) > 2
    with pytest.raises(StudioError, match="stopped before it was finished"):
        count_tokens(long_text, "bytes", keep_going=lambda: False)


def test_nothing_is_written(project, long_text):
    before = sorted(project.path.rglob("*"))
    count_tokens(long_text, "words").split(0.2)
    assert sorted(project.path.rglob("*")) == before
