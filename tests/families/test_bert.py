"""BERT computes what `transformers` computes, sees both ways, and keeps what its files hold beside the network."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.shelf import EXCHANGES
from studio.engine.export import last_logits
from studio.engine.opening import open_weights
from studio.families.bert import FAMILY, PRESETS
from studio.layers.foreign_weights import collect, scatter
from tests.families.conftest import shaken, tiny
from tests.families.test_presets import _counted, _product

pytestmark = pytest.mark.torch

SHAPES: dict[str, dict[str, Any]] = {
    "as published": {},
    "untied": {"tie_embeddings": False, "segments": 1},
    "looking back only": {"causal": True},
    "narrow inside": {"hidden_dim": 40, "activation": "gelu_tanh", "segments": 3, "norm_eps": 1e-5},
}
EVERY = pytest.mark.parametrize("name", SHAPES)


@pytest.fixture(autouse=True)
def no_progress_bars() -> None:
    """They would leave a thread behind."""
    pytest.importorskip("transformers").utils.logging.disable_progress_bar()


def _tiny(name: str, **changes: Any) -> ModelConfig:
    size = {"vocab_size": 61, "context_length": 96, "emb_dim": 24, "n_layers": 3, "n_heads": 4}
    return dataclasses.replace(PRESETS[0].config, **{**size, **SHAPES[name], **changes})


def _theirs(config: ModelConfig) -> Any:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    read = transformers.BertConfig(**FAMILY.to_outside(config), attn_implementation="eager")
    model = (transformers.BertLMHeadModel if config.causal else transformers.BertForMaskedLM)(read).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model


def _pair(config: ModelConfig) -> tuple[Any, Any]:
    """Their network and ours with their weights."""
    theirs, ours = _theirs(config), FAMILY.build(config).eval()
    ours.load_state_dict(collect(FAMILY.sources(config), theirs.state_dict().__getitem__), strict=True)
    return theirs, ours


@EVERY
@torch.no_grad()
def test_logits_equal_those_of_transformers_with_the_same_weights(name: str) -> None:
    theirs, ours = _pair(_tiny(name))
    ids = torch.randint(0, 61, (2, 60))
    wanted = theirs(ids).logits
    assert wanted.std() > 0.1
    torch.testing.assert_close(ours(ids), wanted, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_precision_that_lets_products_round_writes_attention_out_and_still_sees_both_ways() -> None:
    theirs, ours = _pair(_tiny("as published"))
    ids = torch.randint(0, 61, (2, 60))
    torch.set_float32_matmul_precision("medium")
    torch.testing.assert_close(ours(ids), theirs(ids).logits, atol=0.1, rtol=0)


@torch.no_grad()
def test_observed_queries_and_keys_give_the_attention_weights_of_transformers() -> None:
    theirs, ours = _pair(_tiny("as published"))
    ids, seen = torch.randint(0, 61, (1, 20)), []
    before = ours(ids)
    for block in ours.layers:
        block.self_attn.observe = lambda _, q, k: seen.append((q @ k.transpose(2, 3) / q.shape[3] ** 0.5).softmax(-1))
    assert torch.equal(ours(ids), before)
    for found, wanted in zip(seen, theirs(ids, output_attentions=True).attentions, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
        assert found.triu(1).sum() > 1.0  # much of it looks ahead


@torch.no_grad()
def test_a_later_token_changes_every_earlier_output_of_an_encoder_and_none_of_the_decoder_beside_it() -> None:
    ids = torch.randint(0, 61, (1, 30))
    changed = ids.clone()
    changed[0, 29] = (ids[0, 29] + 1) % 61
    encoder, decoder = shaken(_tiny("as published")), shaken(tiny("gpt2"))
    assert bool((encoder(ids) != encoder(changed))[:, :29].any(-1).all())
    assert torch.equal(decoder(ids)[:, :29], decoder(changed)[:, :29])


@torch.no_grad()
def test_only_the_place_of_the_norms_and_the_mask_differ_when_the_flags_are_turned_one_by_one() -> None:
    from studio.layers.assembly import decoder

    config = _tiny("as published")
    ids = torch.randint(0, 61, (1, 12))
    for changes in ({"causal": True}, {"norm_place": "before"}, {"word_head": False}, {"segments": 0}):
        other = dataclasses.replace(config, **changes)
        torch.manual_seed(3)
        model = decoder(other)
        assert sum(weight.numel() for weight in model.parameters()) == FAMILY.ledger(other).total
        assert bool(torch.isfinite(model(ids)).all())


@EVERY
def test_the_ledger_is_the_real_count_and_every_formula_says_its_row(name: str) -> None:
    config = _tiny(name)
    ledger = FAMILY.ledger(config)
    assert ledger.total == _counted(config)
    for part in ledger.parts:
        assert _product(part.formula) == part.count, part


# --- files ------------------------------------------------------------------------------------------------------------


@EVERY
def test_a_shape_comes_back_from_the_file_we_write_and_from_the_one_transformers_writes(name: str) -> None:
    config = _tiny(name)
    assert problems(config) == []
    assert FAMILY.from_outside(json.loads(json.dumps(FAMILY.to_outside(config)))) == config
    rewritten = json.loads(_theirs(config).config.to_json_string(use_diff=False))
    assert FAMILY.from_outside(rewritten) == config


def test_the_mask_token_of_a_model_stands_in_its_file() -> None:
    config = _tiny("as published", mask_token=60)
    assert FAMILY.from_outside(FAMILY.to_outside(config)).mask_token == 60
    assert "mask_token_id" not in FAMILY.to_outside(_tiny("as published"))


def _written(config: ModelConfig, folder: Path) -> Any:
    """Saved as `save_pretrained` does: what shares its numbers once, under the name it is tied to."""
    from safetensors.torch import save_model

    theirs = _theirs(config)
    folder.mkdir(exist_ok=True)
    theirs.config.save_pretrained(folder)
    save_model(theirs, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return theirs


@EVERY
@torch.no_grad()
def test_a_folder_that_transformers_wrote_opens_and_answers_alike(name: str, tmp_path: Path) -> None:
    theirs = _written(_tiny(name), tmp_path)
    ids = torch.randint(0, 61, (1, 20))
    opened = open_weights(tmp_path, "cpu")
    torch.testing.assert_close(opened.model.eval()(ids), theirs(ids).logits, atol=1e-5, rtol=0)


@torch.no_grad()
def test_a_file_in_the_words_of_the_first_bert_with_its_sentence_pair_head_opens_too(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    theirs = _written(_tiny("as published"), tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in load_file(path).items()
    }
    tensors |= {
        "bert.pooler.dense.weight": torch.ones(24, 24), "bert.pooler.dense.bias": torch.ones(24),
        "cls.seq_relationship.weight": torch.ones(2, 24), "cls.seq_relationship.bias": torch.ones(2),
        "cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"].clone(),
        "bert.embeddings.position_ids": torch.arange(96)[None],
    }  # fmt: skip
    save_file(tensors, path)
    ids = torch.randint(0, 61, (1, 20))
    torch.testing.assert_close(open_weights(tmp_path, "cpu").model.eval()(ids), theirs(ids).logits, atol=1e-5, rtol=0)


def test_a_bare_encoder_without_its_masked_word_head_is_refused_by_name(tmp_path: Path) -> None:
    _written(_tiny("as published"), tmp_path)
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    save_file({name: tensor for name, tensor in load_file(path).items() if not name.startswith("cls.")}, path)
    with pytest.raises(StudioError, match="transform"):
        open_weights(tmp_path, "cpu")


@EVERY
@torch.no_grad()
def test_what_we_export_loads_in_transformers_and_answers_alike(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An untied head has one bias, where `transformers` makes room for a second that it does not use, and says so."""
    transformers = pytest.importorskip("transformers")
    from studio.engine.export import export

    _written(_tiny(name), tmp_path / "in")
    done = export(tmp_path / "in", "hugging_face", tmp_path / "out")
    assert (done.same, done.error) == (20, 0.0)
    auto = "AutoModelForCausalLM" if SHAPES[name].get("causal") else "AutoModelForMaskedLM"
    theirs = getattr(transformers, auto).from_pretrained(tmp_path / "out").eval()
    prompt = [5, 7, 11, 13]
    ours = last_logits(open_weights(tmp_path / "out", "cpu").model, [prompt])[0]
    torch.testing.assert_close(ours, theirs(torch.tensor([prompt])).logits[0, -1], atol=1e-5, rtol=0)
    missing = [line for line in caplog.text.splitlines() if "MISSING |" in line]
    assert [line.split()[0] for line in missing] == (["cls.predictions.bias"] if name == "untied" else [])
    assert auto in (tmp_path / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(("format", "reason"), [("gguf", "bert"), ("script", "BERT")])
def test_formats_that_only_know_models_that_write_refuse_an_encoder(format: str, reason: str, tmp_path: Path) -> None:
    from studio.engine.export import export

    _written(_tiny("as published"), tmp_path / "in")
    with pytest.raises(StudioError, match=reason) as refused:
        export(tmp_path / "in", format, tmp_path / "out")
    assert "Hugging Face" in refused.value.hint
    assert EXCHANGES.load(format).write is not None
    assert not (tmp_path / "out").exists()


def test_weights_go_out_and_back_bit_for_bit() -> None:
    config = _tiny("as published")
    ours, sources = shaken(config).state_dict(), FAMILY.sources(config)
    back = collect(sources, scatter(ours, sources).__getitem__)
    assert all(torch.equal(back[key], ours[key]) for key in ours)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"position_embedding_type": "relative_key"}, "relative_key"), ({"is_decoder": "perhaps"}, "is_decoder"),
     ({"hidden_act": "mish"}, "mish"), ({"hidden_act": ["gelu"]}, "gelu"), ({"num_attention_heads": 5}, "heads"),
     ({"mask_token_id": 61}, "mask token"), ({"hidden_size": "wide"}, "emb_dim")],
)  # fmt: skip
def test_a_file_that_asks_for_what_cannot_be_computed_is_refused_by_name(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        FAMILY.from_outside({**FAMILY.to_outside(_tiny("as published")), **change})


def test_a_bert_with_its_norms_elsewhere_is_not_built_and_one_without_segments_not_exported() -> None:
    with pytest.raises(StudioError, match="cannot have"):
        FAMILY.build(_tiny("as published", norm_place="before"))
    with pytest.raises(StudioError, match="segment"):
        FAMILY.to_outside(_tiny("as published", segments=0))


def test_a_window_that_looks_back_does_not_go_with_looking_both_ways() -> None:
    assert [problem.field for problem in problems(_tiny("as published", sliding_window=8))] == ["sliding_window"]
