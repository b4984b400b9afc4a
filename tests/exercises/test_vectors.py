"""Token vectors: numbers.md, stage 3, and the rows of real models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.config import ModelConfig, RunConfig, config_to_json
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.exercises.vectors import added, book_table, compare, lookup, of_folder, of_model, of_untrained
from studio.store.files import write_json

pytestmark = pytest.mark.torch

SMALL = ModelConfig(vocab_size=40, context_length=8, emb_dim=12, n_layers=1, n_heads=2)
TURNING = replace(FAMILIES.load("llama").presets[0].config, vocab_size=40, context_length=8, n_layers=1, emb_dim=12,
                  n_heads=2, n_kv_heads=2, hidden_dim=16, head_width=6)  # fmt: skip


def test_the_book_s_table_has_the_printed_fourth_row() -> None:
    assert book_table()[3].tolist() == pytest.approx([-0.4015, 0.9666, -1.1481], abs=1e-4)
    torch.manual_seed(123)
    assert torch.equal(torch.nn.Embedding(6, 3).weight, book_table())


def test_a_lookup_equals_one_hot_times_the_matrix_to_the_bit() -> None:
    found = lookup((2, 3, 5, 1))
    assert found.same
    assert np.array_equal(found.taken, found.multiplied)
    assert np.array_equal(found.one_hot.argmax(axis=1), [2, 3, 5, 1])
    assert found.one_hot.sum() == 4
    assert found.taken[1].tolist() == pytest.approx([-0.4015, 0.9666, -1.1481], abs=1e-4)


def test_the_course_s_toy_sum_comes_out() -> None:
    assert added() == pytest.approx((0.6, 0.1, 0.0), abs=1e-4)


def test_shapes_are_those_of_the_book() -> None:
    config = ModelConfig(vocab_size=50_257, context_length=4, emb_dim=256, n_layers=1, n_heads=1, initialization="book")
    found = of_untrained(config, 123, [40, 367, 2885, 1464])
    assert (found.tokens.shape, found.sums.shape, found.rows) == ((4, 256), (4, 256), 50_257)
    assert found.places is not None
    assert found.places.shape == (4, 256)


def test_an_untrained_model_has_the_rows_a_run_begins_with() -> None:
    torch.manual_seed(7)
    model = FAMILIES.load("gpt2").build(SMALL)
    state = torch.get_rng_state()
    found = of_untrained(SMALL, 7, [3, 1, 3])
    assert torch.equal(torch.get_rng_state(), state)
    assert model.embed_positions is not None
    wanted = model.embed_tokens.weight[[3, 1, 3]] + model.embed_positions.weight[:3]
    assert np.array_equal(found.sums, wanted.detach().numpy())
    assert np.array_equal(found.tokens[0], found.tokens[2])


def test_a_model_that_turns_has_no_table_of_places() -> None:
    found = of_untrained(TURNING, 7, [3, 1])
    assert found.places is None
    assert np.array_equal(found.sums, found.tokens)


def test_a_checkpoint_gives_the_same_rows_as_its_model(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    model = FAMILIES.load("gpt2").build(SMALL)
    save_file({name: value.detach().contiguous() for name, value in model.named_parameters()},
              tmp_path / "model.safetensors")  # fmt: skip
    write_json(tmp_path / "state.json", {"config": config_to_json(RunConfig(model=SMALL))})
    found, wanted = of_folder(tmp_path, [5, 0]), of_model(model, SMALL, [5, 0])
    assert np.array_equal(found.sums, wanted.sums)
    assert found.rows == 40


def test_ids_and_places_that_do_not_exist_are_refused() -> None:
    with pytest.raises(StudioError, match="no row 6"):
        compare([6], book_table())
    with pytest.raises(StudioError, match="no token"):
        compare([], book_table())
    with pytest.raises(StudioError, match="8 places"):
        of_untrained(SMALL, 1, list(range(9)))
    with pytest.raises(StudioError, match="too long"):
        of_untrained(replace(SMALL, vocab_size=900_000, emb_dim=128), 1, [0])


def test_an_adapters_checkpoint_has_no_vectors_of_its_own_and_says_whose_they_are(tmp_path: Path) -> None:
    write_json(tmp_path / "state.json", {"config": config_to_json(RunConfig(model=SMALL))})
    (tmp_path / "adapter.safetensors").write_bytes(b"")
    with pytest.raises(StudioError, match="only an adapter"):
        of_folder(tmp_path, [5])
