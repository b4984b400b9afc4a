"""Adapters on disk: whole or not at all, only on their base, and a base that training leaves bit for bit."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from studio.core.config import ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.engine import quantize
from studio.engine.adapters import CARD, WEIGHTS, base_of, export_peft, load_adapter, read_adapter, save_adapter
from studio.engine.device import Compute, choose
from studio.engine.loaded import LoadedModel
from studio.engine.quantize import Probe
from studio.exchange.peft_adapter import CONFIG
from studio.layers.int8_linear import Int8Linear
from studio.layers.lora import activate, adapter_names, add_lora, lora_layers, remove_lora, set_strength
from studio.layers.lora_linear import LoraShape
from studio.layers.nf4 import Nf4Linear, quantize_blocks
from tests.exchange.small_models import built, tiny

pytestmark = pytest.mark.torch
CONFIGURATION: ModelConfig = tiny("llama", tie_embeddings=False)
IDS = torch.arange(24).view(2, 12)
SHAPE = LoraShape(rank=4, alpha=6.0, dropout=0.1, convention="alpha/sqrt(rank)")


def model_of(seed: int = 3) -> Any:
    return built(CONFIGURATION, seed)


def logits(model: Any) -> Tensor:
    with torch.no_grad():
        found: Tensor = model(IDS)
    return found


def trained(model: Any, name: str = "prices", steps: int = 4, **options: Any) -> Any:
    """The model with an adapter after a few real steps."""
    add_lora(model, "all", SHAPE, name, **options)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=2e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(IDS).flatten(0, 1), IDS.flatten()).backward()
        optimizer.step()
    return model.eval()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "adapters" / "prices"
    save_adapter(trained(model_of()), "prices", folder, "Small Llama", {"data": "products"})
    return folder


# --- there and back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"whole": ["lm_head"]}])
def test_a_saved_adapter_answers_on_its_base_as_before(options: dict[str, Any], tmp_path: Path) -> None:
    model = trained(model_of(), **options)
    save_adapter(model, "prices", tmp_path / "a", "Small Llama", {"data": "products"})
    other = model_of()
    found = load_adapter(other, CONFIGURATION, tmp_path / "a", "the same, by another name")
    assert torch.equal(logits(other), logits(model))
    assert (found.name, found.base_said, found.facts) == ("prices", "Small Llama", {"data": "products"})
    assert found.weights.shape == SHAPE
    assert adapter_names(other) == ["prices"]


def test_only_the_adapter_is_in_the_folder_and_it_is_small(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {CARD, WEIGHTS, "manifest.json"}
    parameters = sum(tensor.numel() for tensor in load_file(saved / WEIGHTS).values())
    assert (saved / WEIGHTS).stat().st_size < 4 * parameters + 5_000
    assert not list(saved.parent.glob(".making-*"))


def test_the_frozen_base_is_bit_identical_after_training() -> None:
    model = model_of()
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    mark = base_of(model, "")
    trained(model)
    assert base_of(model, "") == mark
    remove_lora(model)
    after = dict(model.named_parameters())
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


def test_an_adapter_of_a_base_in_four_bits_lies_on_the_full_one_and_the_other_way_round(tmp_path: Path) -> None:
    small = model_of()
    quantize_blocks(small)
    codes = [module.codes.clone() for module in small.modules() if isinstance(module, Nf4Linear)]
    save_adapter(trained(small), "prices", tmp_path / "small", "in four bits")
    after = [module.codes for module in small.modules() if isinstance(module, Nf4Linear)]
    assert all(torch.equal(one, other) for one, other in zip(codes, after, strict=True))
    full = model_of()
    load_adapter(full, CONFIGURATION, tmp_path / "small", "full")
    remove_lora(full)
    save_adapter(trained(full), "prices", tmp_path / "full", "full")
    load_adapter(small, CONFIGURATION, tmp_path / "full", "in four bits", "second")
    assert adapter_names(small) == ["prices", "second"]


def test_a_model_in_four_bits_learns_one_batch_by_heart() -> None:
    torch.manual_seed(0)
    model = built(tiny("gpt2"))
    quantize_blocks(model)
    add_lora(model, ["all", "lm_head"], LoraShape(rank=8, alpha=16.0))
    ids = torch.randint(0, 256, (2, 17))
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=2e-2)
    for _ in range(40):
        loss = nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_pefts_folder_goes_out_and_comes_back(tmp_path: Path) -> None:
    model = trained(model_of())
    export_peft(model, CONFIGURATION, "prices", tmp_path / "out", "meta/llama")
    assert (tmp_path / "out" / CONFIG).is_file()
    other = model_of()
    found = load_adapter(other, CONFIGURATION, tmp_path / "out", "Small Llama")
    assert torch.allclose(logits(other), logits(model), atol=1e-5)
    assert found.name == "out"
    assert "meta/llama" in found.warnings[0]


def test_an_embedding_that_comes_along_must_be_the_bases_own(tmp_path: Path) -> None:
    model, other = trained(model_of()), model_of()
    export_peft(model, CONFIGURATION, "prices", tmp_path / "out", "")
    tensors = load_file(tmp_path / "out" / "adapter_model.safetensors")
    embedding = "base_model.model.model.embed_tokens.weight"
    save_file({**tensors, embedding: other.embed_tokens.weight.data}, tmp_path / "out" / "adapter_model.safetensors")
    load_adapter(other, CONFIGURATION, tmp_path / "out", "Small Llama")
    save_file({**tensors, embedding: torch.zeros(256, 64)}, tmp_path / "out" / "adapter_model.safetensors")
    with pytest.raises(StudioError, match=r"embed_tokens\.weight of its own"):
        load_adapter(model_of(), CONFIGURATION, tmp_path / "out", "Small Llama")


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["embed_tokens", "layers.1.mlp.down_proj", "norm"])
def test_another_base_is_refused_with_both_named(place: str, saved: Path) -> None:
    other = model_of()
    other.get_submodule(place).weight.data.mul_(1.001)
    with pytest.raises(StudioError, match=r"trained on “Small Llama”, not on “Llama two”"):
        load_adapter(other, CONFIGURATION, saved, "Llama two")
    assert not lora_layers(other)


def test_the_mark_is_the_same_with_adapters_and_in_16_bits_that_lose_nothing() -> None:
    model = model_of()
    for parameter in model.parameters():
        parameter.data = parameter.data.bfloat16().float()
    mark = base_of(model, "")
    add_lora(model, ["all", "lm_head"], SHAPE)
    assert base_of(model, "") == mark
    remove_lora(model)
    assert base_of(model.bfloat16(), "") == mark
    quantize_blocks(model)
    assert base_of(model, "").words == mark.words
    assert base_of(model, "").blocks == ""


def test_a_folder_that_is_there_is_not_overwritten(saved: Path) -> None:
    before = (saved / WEIGHTS).read_bytes()
    with pytest.raises(StudioError, match="there already"):
        save_adapter(trained(model_of(), steps=1), "prices", saved, "Small Llama")
    assert (saved / WEIGHTS).read_bytes() == before


def test_numbers_that_are_none_are_not_saved_and_leave_nothing(tmp_path: Path) -> None:
    model = trained(model_of(), steps=1)
    nn.init.constant_(next(iter(lora_layers(model).values())).named["prices"].A, float("nan"))  # type: ignore[arg-type]
    for write in (
        lambda: save_adapter(model, "prices", tmp_path / "a", ""),
        lambda: export_peft(model, CONFIGURATION, "prices", tmp_path / "a", ""),
    ):
        with pytest.raises(StudioError, match="no longer finite"):
            write()
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.engine.adapters.save_file", fail)
    with pytest.raises(StudioError, match="a"):
        save_adapter(trained(model_of(), steps=1), "prices", tmp_path / "a", "")
    assert not list(tmp_path.iterdir())


def spoil(folder: Path, **changes: Any) -> None:
    """Change the card and write a manifest that agrees, as a forger would."""
    from studio.store.checkpoints import _seal

    card = json.loads((folder / CARD).read_text("utf-8"))
    (folder / CARD).write_text(json.dumps({**card, **changes}), "utf-8")
    _seal(folder)


def test_a_card_of_version_1_still_finds_its_base_by_the_mark_of_that_time(tmp_path: Path) -> None:
    config, former = tiny("gpt2"), tmp_path / "former"
    save_adapter(trained(built(config)), "prices", former, "Small GPT-2")
    mark = base_of(built(config), "Small GPT-2", version=1)
    assert mark != base_of(built(config), "Small GPT-2")
    spoil(former, version=1, base=dataclasses.asdict(mark))
    model = built(config)
    load_adapter(model, config, former, "Small GPT-2")
    assert adapter_names(model) == ["prices"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shape": {"rank": 10**6, "alpha": 1, "dropout": 0, "convention": "alpha"}}, "rank of 1,000,000"),
        ({"shape": {"rank": 4, "alpha": "NaN", "dropout": 0, "convention": "alpha"}}, "alpha nan"),
        ({"shape": {"rank": 4, "alpha": 1, "dropout": 0, "convention": "__class__"}}, "damaged"),
        ({"shape": []}, "damaged"),
        ({"shape": {"rank": 5, "alpha": 1, "dropout": 0, "convention": "alpha"}}, "instead of 5"),
        ({"base": {"title": "x"}}, "damaged"),
        ({"base": None}, "damaged"),
        ({"version": 99}, "newer Atelier"),
        ({"version": "1"}, "damaged"),
        ({"facts": 7}, "damaged"),
    ],
)
def test_a_card_that_lies_is_refused_with_a_sentence(changes: dict[str, Any], told: str, saved: Path) -> None:
    spoil(saved, **changes)
    model = model_of()
    with pytest.raises(StudioError, match=told) as refused:
        load_adapter(model, CONFIGURATION, saved, "Small Llama")
    assert refused.value.hint
    assert not lora_layers(model)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-8]),
        lambda folder: (folder / WEIGHTS).unlink(),
        lambda folder: (folder / CARD).unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / CARD).write_text("[]"),
    ],
)
def test_a_damaged_folder_is_refused(harm: Callable[[Path], object], saved: Path) -> None:
    harm(saved)
    with pytest.raises(StudioError):
        read_adapter(saved, CONFIGURATION)


# --- on a model that writes -------------------------------------------------------------------------------------------


@pytest.fixture
def loaded() -> LoadedModel:
    config = RunConfig(model=CONFIGURATION)
    return LoadedModel(model_of(), config, None, Compute(**{**vars_of(choose(config.compute)), "precision": "fp32"}))


def vars_of(compute: Compute) -> dict[str, Any]:
    return {name: getattr(compute, name) for name in compute.__dataclass_fields__}


def scores(loaded: LoadedModel) -> list[float]:
    with loaded._reading() as reader:
        found: list[float] = reader.read_from([1, 2, 3], lambda: True).tolist()  # type: ignore[union-attr]
    return found


def test_an_adapter_is_laid_on_a_loaded_model_switched_and_scaled_live(loaded: LoadedModel, saved: Path) -> None:
    base, size = scores(loaded), loaded.bytes
    loaded.change(lambda model, config: load_adapter(model, config, saved, "Small Llama"))
    full = scores(loaded)
    assert full != base
    assert loaded.bytes > size
    loaded.change(lambda model, _: set_strength(model, 2.0))
    assert scores(loaded) not in (base, full)
    loaded.change(lambda model, _: activate(model, None))
    assert scores(loaded) == base


def test_adapters_stay_when_the_weights_are_held_in_other_numbers_and_back(
    loaded: LoadedModel, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "best_kernel", {"int8": Probe(Int8Linear, 0.5, 1.0, 0.0)}.get)
    monkeypatch.setattr(loaded, "_read_again", lambda keep_going: model_of())
    loaded.change(lambda model, config: load_adapter(model, config, saved, "Small Llama"))
    loaded.change(lambda model, _: set_strength(model, 1.5))
    full = scores(loaded)
    list(loaded.set_precision("int8"))
    assert loaded.change(lambda model, _: adapter_names(model)) == ["prices"]
    assert 0 < max(abs(one - other) for one, other in zip(scores(loaded), full, strict=True)) < 0.5
    list(loaded.set_precision("fp32"))
    assert scores(loaded) == full


def test_what_was_read_before_a_change_is_read_again_after_it(loaded: LoadedModel, saved: Path) -> None:
    with loaded._reading() as before:
        loaded.change(lambda model, config: load_adapter(model, config, saved, "Small Llama"))
    with loaded._reading() as after:
        assert after is not before
    with loaded._reading() as again:
        assert again is after
