"""GPT-2 as published: counts, the book's numbers, equality with transformers."""

import dataclasses

import pytest
import torch

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.families.gpt2 import FAMILY, PRESETS, build, from_outside, ledger, sources, to_outside
from studio.layers.foreign_weights import collect, scatter

pytestmark = pytest.mark.torch

PUBLISHED = {  # untied and tied parameters, without and with query-key-value bias
    "GPT-2 small": (163_009_536, 124_412_160, 163_037_184, 124_439_808),
    "GPT-2 medium": (406_212_608, 354_749_440, 406_286_336, 354_823_168),
    "GPT-2 large": (838_220_800, 773_891_840, 838_359_040, 774_030_080),
    "GPT-2 XL": (1_637_792_000, 1_557_380_800, 1_638_022_400, 1_557_611_200),
}


def _preset(name: str) -> ModelConfig:
    return next(preset.config for preset in PRESETS if preset.name == name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_shape_has_exactly_the_published_number_of_parameters(name: str) -> None:
    counts = []
    for bias in (False, True):
        for tied in (False, True):
            config = dataclasses.replace(_preset(name), qkv_bias=bias, tie_embeddings=tied)
            with torch.device("meta"):
                real = sum(parameter.numel() for parameter in build(config).parameters())
            assert ledger(config).total == real
            counts.append(real)
    assert tuple(counts) == PUBLISHED[name]


def test_the_ledger_of_the_book_splits_as_the_book_says() -> None:
    counts = {part.name: part.count for part in ledger(_preset("GPT-2 small")).parts}
    assert counts["Token embedding"] == counts["Output head"] == 38_597_376
    assert counts["Position embedding"] == 786_432
    assert counts["Queries, keys, values"] + counts["Attention output"] == 12 * 2_360_064
    assert counts["Feed forward"] == 12 * 4_722_432
    assert counts["Norms"] == 12 * 3_072 + 1_536


def test_the_books_model_with_its_short_context_has_162_million_parameters() -> None:
    assert ledger(dataclasses.replace(_preset("GPT-2 small"), context_length=256)).total == 162_419_712


def test_the_shelf_offers_only_knobs_that_exist() -> None:
    assert set(FAMILY.knobs) <= {field.name for field in dataclasses.fields(ModelConfig)}


def _tiny(**changes: object) -> ModelConfig:
    shape = ModelConfig(vocab_size=61, context_length=16, emb_dim=24, n_layers=3, n_heads=4, qkv_bias=True)
    return dataclasses.replace(shape, **changes)  # type: ignore[arg-type]


def _shaken(config: ModelConfig) -> torch.nn.Module:
    """A model whose norms and biases are not at their defaults, which would hide mistakes."""
    torch.manual_seed(1)
    model = build(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.mark.parametrize("tied", [True, False])
def test_logits_equal_those_of_transformers_with_the_same_weights(tied: bool) -> None:
    transformers = pytest.importorskip("transformers")
    config = _tiny(tie_embeddings=tied)
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=61,
            n_positions=16,
            n_embd=24,
            n_layer=3,
            n_head=4,
            tie_word_embeddings=tied,
            bos_token_id=0,
            eos_token_id=0,
        )
    ).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    ours = build(config).eval()
    ours.load_state_dict(collect(sources(config), theirs.state_dict().__getitem__), strict=True)
    ids = torch.randint(0, 61, (2, 16))
    with torch.no_grad():
        assert torch.allclose(ours(ids), theirs(ids).logits, atol=1e-5, rtol=0)


def test_weights_come_back_from_their_outside_names_bit_for_bit() -> None:
    state, places = dict(_shaken(_tiny(tie_embeddings=False)).state_dict()), sources(_tiny())
    back = collect(places, scatter(state, places).__getitem__)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_transformers_loads_what_we_write_even_without_query_key_value_bias() -> None:
    transformers = pytest.importorskip("transformers")
    config = _tiny(qkv_bias=False, tie_embeddings=False)
    model, twin = _shaken(config), from_outside(to_outside(config))
    assert twin == dataclasses.replace(config, qkv_bias=True)
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=61,
            n_positions=16,
            n_embd=24,
            n_layer=3,
            n_head=4,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=0,
        )
    ).eval()
    theirs.load_state_dict(scatter(model.state_dict(), sources(twin)))
    ids = torch.randint(0, 61, (1, 9))
    with torch.no_grad():
        assert torch.allclose(model(ids), theirs(ids).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "odd", [{"activation_function": "relu"}, {"scale_attn_by_inverse_layer_idx": True}, {"scale_attn_weights": False}]
)
def test_a_gpt2_with_other_formulas_is_refused_by_what_is_odd_about_it(odd: dict[str, object]) -> None:
    with pytest.raises(StudioError) as refused:
        from_outside({**to_outside(_tiny()), **odd})
    assert str(next(iter(odd))).split("_")[0] in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "embedding", "output", "head"),
    [({}, 0.0323992, -0.0039871, 0.0323992),
     ({"initialization": "book", "tie_embeddings": False}, 0.3373702, -0.0322037, 0.1221748)],
)  # fmt: skip
def test_a_seed_gives_the_weights_that_it_gave_before_there_were_other_families(
    changes: dict[str, object], embedding: float, output: float, head: float
) -> None:
    torch.manual_seed(123)
    shape = ModelConfig(vocab_size=50, context_length=24, emb_dim=32, n_layers=2, n_heads=4)
    state = build(dataclasses.replace(shape, **changes)).state_dict()  # type: ignore[arg-type]
    names = ("embed_tokens.weight", "layers.0.self_attn.o_proj.weight", "lm_head.weight")
    assert [float(state[name][0, 0]) for name in names] == pytest.approx([embedding, output, head], abs=1e-6)
    norms = {"input_layernorm", "post_attention_layernorm"}
    assert [name for name in state if name.startswith("layers.0.") and name.endswith("bias")] == [
        f"layers.0.{name}.bias" for name in ("self_attn.o_proj", "mlp.up_proj", "mlp.down_proj", *sorted(norms))
    ]


def test_the_first_loss_is_near_the_logarithm_of_the_vocabulary() -> None:
    torch.manual_seed(0)
    model = build(_tiny(vocab_size=1_000, emb_dim=48)).eval()
    ids = torch.randint(0, 1_000, (8, 17))
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert abs(loss.item() - 6.9078) < 0.1


@pytest.mark.slow
def test_the_untrained_losses_of_the_books_chapter_5_come_out(data_folder) -> None:  # type: ignore[no-untyped-def]
    from studio.core.config import DataConfig, RunConfig
    from studio.engine.device import Compute
    from studio.engine.evaluate import mean_loss
    from studio.objectives.pretrain import OBJECTIVE, Windows
    from studio.tokenizers import make_tokenizer

    config = RunConfig(
        data=DataConfig(tokenizer="gpt2"), model=dataclasses.replace(_preset("GPT-2 small"), context_length=256)
    )
    text = (data_folder / "the-verdict.txt").read_text("utf-8")
    tokenizer = make_tokenizer("gpt2")
    assert len(tokenizer.encode(text)) == 5_145
    cut = int(0.9 * len(text))
    import numpy as np

    torch.manual_seed(123)
    model = build(config.model)
    losses = []
    for side, batches in ((text[:cut], 9), (text[cut:], 1)):
        windows = Windows(np.array(tokenizer.encode(side)), config, 2)
        assert windows.per_epoch == batches
        losses.append(mean_loss(model, windows, 0, OBJECTIVE, Compute("cpu", "fp32", 1, "highest")))
    assert losses == pytest.approx([10.98758, 10.98111], abs=1e-3)
