"""PEFT's files: both sides compute the same, fused layers come apart exactly, what is hostile is refused by name."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from studio.core.errors import StudioError
from studio.exchange import hugging_face
from studio.exchange.peft_adapter import CONFIG, EXCHANGE, WEIGHTS, open_folder, read_adapter, recognises, write_adapter
from studio.layers.adapter_weights import lay_adapter, lift_adapter
from studio.layers.lora import add_lora, lora_layers, merge
from studio.layers.lora_linear import Adapter, LoraShape, WholeLayer
from tests.exchange.small_models import model_of

pytestmark = [
    pytest.mark.torch,
    # PEFT asks transformers for a word that it has given up.
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning"),
]
IDS = torch.arange(2, 26).view(2, 12)
NAMES = ("gpt2", "llama", "qwen2", "qwen3")
GPT2_TARGETS = ["c_attn", "attn.c_proj", "c_fc", "mlp.c_proj"]
Saved = Callable[[str], Path]


@pytest.fixture(scope="module")
def peft() -> Any:
    return pytest.importorskip("peft")


def theirs_of(folder: Path) -> Any:
    """A fresh copy of what `transformers` loads from a folder."""
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()


def ours_of(folder: Path) -> tuple[Any, Any]:
    found = hugging_face.open_folder(folder)
    return model_of(found), found.config


def logits(model: Any) -> Tensor:
    with torch.no_grad():
        found = model(IDS)
    return found if isinstance(found, Tensor) else found.logits


def trained(model: nn.Module, name: str = "default") -> None:
    """Shake an adapter of ours as training would."""
    torch.manual_seed(5)
    for layer in lora_layers(model).values():
        adapter = layer.named[name]
        nn.init.normal_(adapter.B if isinstance(adapter, Adapter) else adapter.weight, std=0.2)


def saved_by_peft(peft: Any, base: Path, folder: Path, **options: Any) -> Tensor:
    """Make PEFT save an adapter on the model in `base`; returns what it computes with it."""
    model = peft.get_peft_model(theirs_of(base), peft.LoraConfig(task_type="CAUSAL_LM", **options))
    torch.manual_seed(6)
    for name, weight in model.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            nn.init.normal_(weight, std=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(folder)
    return logits(model.eval())


# --- both directions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_our_file_says_by_itself_what_is_added_to_whose_weight(name: str, saved_models: Saved, tmp_path: Path) -> None:
    """The quick one of the comparisons: PEFT's import alone takes seconds."""
    model, config = ours_of(saved_models(name))
    add_lora(model, ["all"], LoraShape(rank=4, alpha=6.0))
    trained(model)
    write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")
    said, tensors = json.loads((tmp_path / CONFIG).read_text()), load_file(tmp_path / WEIGHTS)
    theirs = theirs_of(saved_models(name))
    for place in {key.removeprefix("base_model.model.").rpartition(".lora_")[0] for key in tensors}:
        a, b = (tensors[f"base_model.model.{place}.lora_{letter}.weight"] for letter in "AB")
        weight = theirs.get_submodule(place).weight.data
        added = said["lora_alpha"] / said["r"] * (b @ a)
        weight += added.t() if said["fan_in_fan_out"] else added
    assert float((logits(theirs) - logits(model)).abs().max()) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "targets"),
    [(name, ["all"]) for name in NAMES]
    + [("gpt2", ["q_proj", "v_proj"]), ("gpt2", ["k_proj", "mlp.down_proj"]), ("llama", ["q_proj", "v_proj"])],
)
@pytest.mark.parametrize("convention", ["alpha/rank", "alpha/sqrt(rank)"])
def test_peft_computes_with_our_file_what_we_do(
    name: str, targets: list[str], convention: str, peft: Any, saved_models: Saved, tmp_path: Path
) -> None:
    model, config = ours_of(saved_models(name))
    add_lora(model, targets, LoraShape(rank=4, alpha=6.0, convention=convention))
    trained(model)
    write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")
    theirs = peft.PeftModel.from_pretrained(theirs_of(saved_models(name)), tmp_path)
    assert float((logits(theirs) - logits(model)).abs().max()) <= 1e-5
    assert json.loads((tmp_path / CONFIG).read_text())["fan_in_fan_out"] is (name == "gpt2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gpt2", {"target_modules": GPT2_TARGETS, "fan_in_fan_out": True, "r": 6, "lora_alpha": 9}),
        ("gpt2", {"target_modules": ["c_attn"], "fan_in_fan_out": True, "r": 4, "use_rslora": True}),
        *[(name, {"target_modules": "all-linear", "r": 4, "lora_alpha": 6, "lora_dropout": 0.1}) for name in NAMES[1:]],
        ("llama", {"target_modules": ["q_proj", "v_proj"], "modules_to_save": ["lm_head"]}),
        ("llama", {"target_modules": ["q_proj", "lm_head"], "r": 4}),
    ],
)
def test_we_compute_with_pefts_file_what_it_does(
    name: str, options: dict[str, Any], peft: Any, saved_models: Saved, tmp_path: Path
) -> None:
    expected = saved_by_peft(peft, saved_models(name), tmp_path, **options)
    model, config = ours_of(saved_models(name))
    before = logits(model)
    found = read_adapter(tmp_path, config)
    lay_adapter(model, found.weights, "theirs")
    assert float((logits(model) - expected).abs().max()) <= 1e-5
    assert float((before - expected).abs().max()) > 1e-2
    merge(model)
    assert float((logits(model) - expected).abs().max()) <= 2e-5


@pytest.mark.slow
def test_a_whole_head_of_ours_is_a_saved_module_of_peft(peft: Any, saved_models: Saved, tmp_path: Path) -> None:
    model, config = ours_of(saved_models("llama"))
    add_lora(model, "q_proj", LoraShape(rank=4), whole=["lm_head"])
    trained(model)
    write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")
    theirs = peft.PeftModel.from_pretrained(theirs_of(saved_models("llama")), tmp_path)
    assert float((logits(theirs) - logits(model)).abs().max()) <= 1e-5


# --- GPT-2's fused layer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("targets", [["all"], ["q_proj", "v_proj"], ["k_proj"], ["q_proj", "k_proj", "v_proj"]])
def test_what_was_joined_comes_apart_bit_for_bit(targets: list[str], saved_models: Saved, tmp_path: Path) -> None:
    model, config = ours_of(saved_models("gpt2"))
    add_lora(model, targets, LoraShape(rank=4, alpha=6.0))
    trained(model)
    sent = lift_adapter(model, "default")
    write_adapter(sent, config, tmp_path, "base")
    back = read_adapter(tmp_path, config).weights
    assert back.shape.rank == 4
    assert back.shape.scale == pytest.approx(sent.shape.scale)
    assert back.thin.keys() == sent.thin.keys()
    for path, (a, b) in sent.thin.items():
        assert torch.equal(back.thin[path][0], a)
        assert torch.equal(back.thin[path][1], b)


def test_three_layers_become_one_of_three_times_the_rank_along_a_diagonal(saved_models: Saved, tmp_path: Path) -> None:
    model, config = ours_of(saved_models("gpt2"))
    add_lora(model, ["q_proj", "k_proj", "v_proj"], LoraShape(rank=4, alpha=6.0))
    trained(model)
    write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")
    said, tensors = json.loads((tmp_path / CONFIG).read_text()), load_file(tmp_path / WEIGHTS)
    assert (said["r"], said["lora_alpha"], said["target_modules"]) == (12, 18, ["c_attn"])
    b = tensors["base_model.model.transformer.h.0.attn.c_attn.lora_B.weight"]
    assert b.shape == (96, 12)
    assert all(b[32 * part : 32 * part + 32].any(0).nonzero()[:, 0].tolist() == list(range(4 * part, 4 * part + 4))
               for part in range(3))  # fmt: skip


def test_a_shared_a_stays_shared_and_an_untrained_file_stays_untrained(saved_models: Saved, tmp_path: Path) -> None:
    _, config = ours_of(saved_models("gpt2"))
    name = "base_model.model.transformer.h.1.attn.c_attn.lora_{}.weight"
    written(tmp_path, {name.format("A"): torch.randn(6, 32), name.format("B"): torch.zeros(96, 6)}, r=6)
    thin = read_adapter(tmp_path, config).weights.thin
    assert set(thin) == {f"layers.1.self_attn.{letter}_proj" for letter in "qkv"}
    assert all(a.shape == (6, 32) and not b.any() for a, b in thin.values())


def test_targets_are_named_as_shortly_as_they_mean_no_others(saved_models: Saved, tmp_path: Path) -> None:
    for targets, expected in (
        (["o_proj"], ["attn.c_proj"]),
        (["o_proj", "down_proj"], ["c_proj"]),
        (["layers.1.mlp.up_proj"], ["1.mlp.c_fc"]),
    ):
        model, config = ours_of(saved_models("gpt2"))
        add_lora(model, targets, LoraShape(rank=2))
        write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")
        assert json.loads((tmp_path / CONFIG).read_text())["target_modules"] == expected


def test_only_the_output_head_goes_out_whole(saved_models: Saved, tmp_path: Path) -> None:
    model, config = ours_of(saved_models("gpt2"))
    add_lora(model, "q_proj", LoraShape(rank=2), whole=["layers.0.mlp.up_proj"])
    assert isinstance(lora_layers(model)["layers.0.mlp.up_proj"].named["default"], WholeLayer)
    with pytest.raises(StudioError, match=r"layers\.0\.mlp\.up_proj"):
        write_adapter(lift_adapter(model, "default"), config, tmp_path, "base")


# --- refused ----------------------------------------------------------------------------------------------------------


def written(folder: Path, tensors: dict[str, Tensor] | None = None, **changes: Any) -> Path:
    """A small adapter folder for the tiny Llama, with anything in its description changed."""
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
    said = {"peft_type": "LORA", "target_modules": ["q_proj"], "r": 4, "lora_alpha": 8, **changes}
    (folder / CONFIG).write_text(json.dumps(said), "utf-8")
    own = {name.format("A"): torch.ones(4, 32), name.format("B"): torch.ones(32, 4)}
    save_file(own if tensors is None else tensors, folder / WEIGHTS)
    return folder


@pytest.fixture
def config(saved_models: Saved) -> Any:
    return hugging_face.open_folder(saved_models("llama")).config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("use_dora", True), ("rank_pattern", {"q_proj": 8}), ("alpha_pattern", {"q_proj": 8}),
        ("layers_to_transform", [0]), ("lora_bias", True), ("modules_to_save", ["embed_tokens"]),
        ("modules_to_save", ["lm_head", "score"]), ("peft_type", "IA3"), ("peft_type", None), ("peft_type", {"a": 1}),
        ("r", 10**6), ("r", 0), ("r", -4), ("r", "8"), ("r", True), ("r", 4.0),
        ("target_modules", "(a+)+$"), ("target_modules", ".*"),
        ("lora_alpha", 0), ("lora_alpha", -1), ("lora_alpha", "8"), ("lora_alpha", [8]),
        ("lora_dropout", 1.0), ("lora_dropout", "0"), ("bias", "all"), ("use_rslora", "yes"),
        ("init_lora_weights", "pissa"), ("init_lora_weights", ["gaussian"]), ("task_type", "SEQ_CLS"),
        ("trainable_token_indices", [1]), ("layer_replication", [[0, 1]]), ("modules_to_save", "lm_head"),
    ],
)  # fmt: skip
def test_what_is_not_computed_here_is_refused_by_name(name: str, value: Any, tmp_path: Path, config: Any) -> None:
    with pytest.raises(StudioError, match=f"{name} = ") as refused:
        read_adapter(written(tmp_path, **{name: value}), config)
    assert refused.value.hint


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 400])
def test_numbers_that_are_none_are_refused_before_anything_is_read(number: str, tmp_path: Path, config: Any) -> None:
    written(tmp_path)
    text = (tmp_path / CONFIG).read_text().replace('"lora_alpha": 8', f'"lora_alpha": {number}')
    (tmp_path / CONFIG).write_text(text, "utf-8")
    with pytest.raises(StudioError, match=CONFIG):
        read_adapter(tmp_path, config)


@pytest.mark.parametrize(
    "base", ["../../../etc/passwd", "https://evil.example/model", "\\\\host\\share\\model", "file:///etc", "x" * 5_000]
)
def test_the_base_that_a_file_names_is_shown_and_never_looked_up(base: str, tmp_path: Path, config: Any) -> None:
    found = read_adapter(written(tmp_path, base_model_name_or_path=base), config)
    assert len(found.base) <= 81
    assert found.warnings == ()
    with pytest.raises(StudioError, match="not a model"):
        open_folder(tmp_path)


def test_code_that_a_file_asks_for_is_told_of_and_not_run(tmp_path: Path, config: Any) -> None:
    folder = written(tmp_path, tokenizer_kwargs={"trust_remote_code": True}, auto_mapping={"base": "evil"}, other=7)
    assert "trust_remote_code" in read_adapter(folder, config).warnings[0]


def q(letter: str, layer: int = 0) -> str:
    return f"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_{letter}.weight"


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({q("A"): torch.ones(4, 31), q("B"): torch.ones(32, 4)}, "4 × 31 instead of 4 × 32"),
        ({q("A"): torch.ones(8, 32), q("B"): torch.ones(32, 8)}, "8 × 32 instead of 4 × 32"),
        ({q("A"): torch.ones(4, 32), q("B"): torch.ones(4)}, "lora_B"),
        ({q("A"): torch.ones(4, 32)}, "lora_B.weight” is missing"),
        ({q("B"): torch.ones(32, 4)}, "lora_A.weight” is missing"),
        ({q("A", 9): torch.ones(4, 32), q("B", 9): torch.ones(32, 4)}, "no place"),
        ({"../../evil": torch.ones(4)}, "no place"),
        ({"base_model.model.lm_head.bias": torch.ones(300)}, "missing"),
        ({}, "no matrices"),
    ],
)
def test_tensors_that_do_not_fit_the_base_are_refused_by_name(
    tensors: dict[str, Tensor], told: str, tmp_path: Path, config: Any
) -> None:
    with pytest.raises(StudioError, match=told):
        read_adapter(written(tmp_path, tensors), config)


def test_numbers_that_are_none_among_the_weights_are_refused_and_nothing_is_laid_on(
    tmp_path: Path, saved_models: Saved
) -> None:
    model, config = ours_of(saved_models("llama"))
    tensors = {q("A"): torch.full((4, 32), float("nan")), q("B"): torch.ones(32, 4)}
    found = read_adapter(written(tmp_path, tensors), config)
    with pytest.raises(StudioError, match="no numbers"):
        lay_adapter(model, found.weights, "evil")
    assert not lora_layers(model)


def test_a_pickle_and_an_empty_folder_are_refused(tmp_path: Path, config: Any) -> None:
    written(tmp_path)
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(StudioError, match=WEIGHTS):
        read_adapter(tmp_path, config)
    (tmp_path / "adapter_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(StudioError, match="pickle"):
        read_adapter(tmp_path, config)
    (tmp_path / CONFIG).unlink()
    with pytest.raises(StudioError, match="peft_type"):
        read_adapter(tmp_path, config)


def test_an_adapter_is_recognised_and_by_itself_it_is_no_model(tmp_path: Path) -> None:
    assert not recognises(tmp_path)
    written(tmp_path, base_model_name_or_path="meta/llama")
    assert recognises(tmp_path)
    with pytest.raises(StudioError, match="not a model") as refused:
        EXCHANGE.open(tmp_path)  # type: ignore[misc]
    assert "meta/llama" in refused.value.hint
