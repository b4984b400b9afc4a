"""The run's own text is found again as it was cut for the run, and what stands in for it says so."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.engine.material import batches_of
from studio.insight.own_text import BORROWED, HELD_BACK, TRAINED, ground, own_text
from studio.store.corpus import Text
from studio.store.files import write_json
from studio.store.shards import make_shards
from studio.tokenizers import make_tokenizer
from tests.insight.small_run import TEXT, elsewhere, small_run

pytestmark = pytest.mark.torch


def text_of(run) -> Text:
    return run.project.texts()[0]


def test_the_text_of_a_checkpoint_is_the_one_its_run_was_trained_on(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    trained, held = own_text(run), own_text(run, HELD_BACK)
    assert (trained.name, trained.part, held.part) == ("pets", TRAINED, HELD_BACK)
    assert np.array_equal(trained.ids, run.shards.training())
    assert np.array_equal(held.ids, run.shards.validation())
    assert run.tokenizer.decode(trained.ids[:20].tolist()) == TEXT[:20]


def test_a_text_named_by_its_path_is_found_under_its_files_name(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    data = dataclasses.replace(run.config.data, text=str(tmp_path / "pets.txt"))
    found = own_text(dataclasses.replace(run, config=run.config.with_part(data=data)))
    assert (found.name, found.part) == ("pets", TRAINED)


def test_too_little_held_back_falls_back_to_what_was_trained_on(tmp_path: Path) -> None:
    run = small_run(tmp_path, context=700)
    assert run.shards.validation_tokens < 700
    assert own_text(run, HELD_BACK).part == TRAINED


def test_a_model_from_elsewhere_borrows_a_text_and_says_so(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    stranger = elsewhere(run, tmp_path / "downloads" / "model")
    found = own_text(stranger, other=text_of(run).folder)
    assert found.part == BORROWED
    assert found.ids.tolist() == run.tokenizer.encode(TEXT)
    assert "never have seen" in found.sentence(10)
    assert ground(found, 2).batches[0].shape == (1, 17)
    with pytest.raises(StudioError, match="no text"):
        own_text(stranger)


def test_another_tokenizer_than_the_runs_cuts_the_text_anew(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    other = make_tokenizer("bytes")
    found = own_text(dataclasses.replace(run, tokenizer=other))
    assert found.part == BORROWED
    assert found.ids.tolist() == other.encode(TEXT)


@pytest.mark.parametrize("place", ["checkpoint", "run"])
def test_a_run_that_began_with_a_model_finds_its_text_as_that_models_tokenizer_cut_it(
    tmp_path: Path, place: str
) -> None:
    run = small_run(tmp_path)
    wide = make_tokenizer("characters", ["ABC" + TEXT])
    shards = make_shards(text_of(run), wide, 0.25, run.project.tokens_folder)
    folder = run.folder if place == "checkpoint" else run.folder.parents[1]
    folder.mkdir(parents=True)
    write_json(folder / "tokenizer.json", wide.to_json())
    config = dataclasses.replace(run.config, start_from="older@10")
    found = own_text(dataclasses.replace(run, config=config, tokenizer=wide))
    assert found.part == TRAINED
    assert np.array_equal(found.ids, shards.training())
    assert not np.array_equal(found.ids, run.shards.training())


def test_windows_lie_evenly_over_the_text_and_never_over_one_another(tmp_path: Path) -> None:
    text = own_text(small_run(tmp_path))
    starts = text.starts(16, 10)
    assert len(starts) == 10
    assert (starts[0], starts[-1] + 16) == (0, len(text.ids))
    assert min(np.diff(starts)) >= 16
    assert len(text.starts(16, 10**6)) == len(text.ids) // 16
    assert text.rows(16, 10)[3].tolist() == text.window(starts[3], 16)
    with pytest.raises(StudioError, match="shorter than one window"):
        text.starts(len(text.ids) + 1, 1)


def test_the_sample_is_stated_with_its_size(tmp_path: Path) -> None:
    text = own_text(small_run(tmp_path))
    assert text.sentence(1_234).startswith(f"1,234 of {len(text.ids):,} tokens of “pets”")


def test_the_ground_is_made_of_the_very_batches_a_run_measures_itself_on(tmp_path: Path) -> None:
    run = small_run(tmp_path)
    _, validation = batches_of(ground(own_text(run), 1).objective, run.shards, run.config)
    found = ground(own_text(run, HELD_BACK), 4)
    assert len(found.batches) == 4
    assert all(np.array_equal(batch, validation.batch(index)) for index, batch in enumerate(found.batches))
    assert str(4 * 3 * 16) in found.words
    assert len(ground(own_text(run), 10**6).batches) == len(run.shards.training()) // 16 // 3


def test_a_text_without_a_whole_window_is_no_ground(tmp_path: Path) -> None:
    run = small_run(tmp_path, context=5_000)
    with pytest.raises(StudioError, match="shorter than one window"):
        ground(own_text(run), 1)


@pytest.mark.parametrize("objective", ["instruct", "prefer"])
def test_a_model_taught_by_rows_is_measured_by_the_next_words_of_a_text(tmp_path: Path, objective: str) -> None:
    run = small_run(tmp_path)
    taught = dataclasses.replace(run, config=dataclasses.replace(run.config, objective=objective))
    found, wanted = (ground(own_text(one), 2) for one in (taught, run))
    assert found.objective.name == "pretrain"
    assert all(np.array_equal(one, other) for one, other in zip(found.batches, wanted.batches, strict=True))
