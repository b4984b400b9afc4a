"""A few words as a model reads them, by the tokenizer and the shape of the draft."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.exercises.reading import MOST, read_folder, read_untrained
from studio.exercises.windows import open_stream
from studio.store.project import Project

pytestmark = pytest.mark.torch

MODEL = ModelConfig(context_length=16, emb_dim=8, n_layers=1, n_heads=2)


def config(tokenizer: str, text: str = "") -> RunConfig:
    return RunConfig(data=DataConfig(tokenizer=tokenizer, text=text), model=MODEL)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    source = tmp_path / "story.txt"
    source.write_text("the cat sat on the mat. " * 40, "utf-8")
    made = Project.create(tmp_path / "project")
    made.add_text([source], "story")
    return made


def test_a_vocabulary_that_is_learned_from_the_text_is_the_run_s(project: Project) -> None:
    own = config("characters", "story")
    learned = read_untrained(project, own, "the cat")
    stream = open_stream(project, project.text("story"), own)
    assert stream is not None
    assert stream.tokenizer is not None
    again = read_untrained(project, own, "the cat")  # now out of the tokens that were made
    assert learned.tokenizer.fingerprint == again.tokenizer.fingerprint == stream.tokenizer.fingerprint
    assert np.array_equal(learned.vectors.sums, again.vectors.sums)
    assert learned.vectors.rows == learned.tokenizer.vocab_size


def test_more_tokens_than_places_are_left_out_and_told(project: Project) -> None:
    found = read_untrained(project, config("bytes"), "x" * 40)
    assert found.cut
    assert len(found.vectors.ids) == 16
    wide = config("bytes").with_part(model=replace(MODEL, context_length=200))
    assert len(read_untrained(project, wide, "x" * 100).vectors.ids) == MOST
    assert not read_untrained(project, config("bytes"), "x").cut


def test_without_a_text_a_learned_vocabulary_is_refused(project: Project) -> None:
    with pytest.raises(StudioError, match="learns its vocabulary"):
        read_untrained(project, config("characters", "gone"), "the cat")
    with pytest.raises(StudioError, match="no token"):
        read_untrained(project, config("bytes"), "")


def test_a_model_without_a_tokenizer_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="without a tokenizer"):
        read_folder(tmp_path, "the cat")
