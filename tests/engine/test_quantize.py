"""Weights in fewer bits: what pays is probed, the change is whole or none, and its cost is measured."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from studio.core.channel import RunControl
from studio.core.config import ModelConfig, Sampling
from studio.core.errors import StudioError
from studio.engine import quantize
from studio.engine.loaded import LoadedModel, open_model
from studio.engine.quantize import Converted, Probe, Quality
from studio.families.gpt2 import build
from studio.layers.half_linear import NarrowLinear, PackedHalfLinear
from studio.layers.int8_linear import Int8Linear

pytestmark = pytest.mark.torch
TEXT = "the cat sat on the mat and the dog lay by the door "
SMALL = ModelConfig(vocab_size=64, context_length=32, n_layers=2, n_heads=2, emb_dim=32)


@pytest.fixture(autouse=True)
def everything_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice of a kernel is a measurement; what follows from it is not."""
    kernels = {"f16": PackedHalfLinear, "bf16": quantize.KERNELS["bf16"][0], "int8": Int8Linear}
    probes = {name: Probe(kernel, 0.5, 1.0, 0.0) for name, kernel in kernels.items()}
    monkeypatch.setattr(quantize, "best_kernel", probes.get)


@pytest.fixture
def loaded(play, config, project) -> LoadedModel:  # type: ignore[no-untyped-def]
    play(config)
    return open_model(project.run("run").checkpoints()[-1].folder)


def all_of(steps: Iterator[object]) -> list[object]:
    return list(steps)


@pytest.mark.parametrize(
    ("name", "kind"), [("f16", PackedHalfLinear), ("bf16", NarrowLinear), ("int8", Int8Linear)], ids=str
)
def test_every_linear_layer_and_the_head_are_exchanged(name: str, kind: type[nn.Module]) -> None:
    model = build(SMALL).eval()
    steps = list(quantize.convert(model, name, lambda: True))
    assert [step.done for step in steps] == list(range(1, 2 * 6 + 2))
    assert {step.total for step in steps} == {2 * 6 + 1}
    assert sum(isinstance(module, kind) for module in model.modules()) == 2 * 6 + 1
    assert not any(isinstance(module, nn.Linear) for module in model.modules())
    assert model.embed_tokens.weight.dtype == torch.float32


def test_a_change_that_is_stopped_leaves_the_model_as_it_was() -> None:
    model = build(SMALL).eval()
    answers = iter([True, True, False])
    with pytest.raises(StudioError, match="stopped"):
        list(quantize.convert(model, "int8", lambda: next(answers)))
    assert not any(isinstance(module, Int8Linear) for module in model.modules())


def test_a_precision_that_does_not_pay_is_refused_with_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "best_kernel", lambda _: None)
    with pytest.raises(StudioError, match="faster") as refused:
        list(quantize.convert(build(SMALL), "int8", lambda: True))
    assert "fp32" in refused.value.hint


def test_of_the_two_halves_the_faster_one_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    speed = {"f16": 0.6, "bf16": 0.4, "int8": 0.3}
    monkeypatch.setattr(quantize, "best_kernel", lambda name: Probe(Int8Linear, speed[name], 1.0, 0.0))
    assert quantize.choices("cpu") == ("fp32", "bf16", "int8")
    speed["bf16"] = 0.7
    assert quantize.choices("cpu") == ("fp32", "f16", "int8")
    assert quantize.choices("cuda") == ("fp32",)


@pytest.mark.parametrize("maker", [Int8Linear, PackedHalfLinear])
def test_the_probe_finds_the_kernels_right_and_a_wrong_one_wrong(maker) -> None:  # type: ignore[no-untyped-def]
    threads = torch.get_num_threads()
    probe = quantize._probe(maker)
    assert probe is not None
    name = "int8" if maker is Int8Linear else "f16"
    assert 0 < probe.error < quantize.ALLOWED[name]
    assert probe.row > 0
    assert torch.get_num_threads() == threads

    wrong = quantize._probe(lambda linear: nn.Sequential(maker(linear), nn.ReLU()))
    assert wrong is not None
    assert wrong.error > quantize.ALLOWED[name]


@pytest.mark.parametrize("error", [RuntimeError("no such operator"), OSError("no shared library"), ImportError()])
def test_a_kernel_that_this_machine_lacks_is_not_offered(error: Exception) -> None:
    def missing(linear: nn.Linear) -> nn.Module:
        raise error

    assert quantize._probe(missing) is None


def test_turning_changes_strides_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "WORTH_TURNING", 1)
    monkeypatch.setattr(quantize, "LOOPS", False)  # theirs lie as they came
    model = build(SMALL).eval()
    ids = torch.randint(0, 64, (1, 9))
    before, names = model(ids).detach(), {name: tuple(p.shape) for name, p in model.named_parameters()}
    quantize.turn(model)
    assert model.layers[0].mlp.up_proj.weight.stride() == (1, 128)
    assert model.lm_head.weight.stride() == (1, 64)
    assert model.lm_head.weight is model.embed_tokens.weight
    attention = model.layers[0].self_attn
    assert attention.q_proj.weight.stride() == attention.v_proj.weight.stride() == (1, 96)
    assert attention.joint.products((attention.q_proj, attention.k_proj, attention.v_proj), torch.ones(1, 32))
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == names
    torch.testing.assert_close(model(ids), before, rtol=1e-5, atol=1e-6)


def test_a_small_model_is_not_turned() -> None:
    model = build(SMALL)
    quantize.turn(model)
    assert model.layers[0].mlp.up_proj.weight.is_contiguous()


def test_the_loss_of_a_sample_is_the_mean_over_its_windows() -> None:
    torch.manual_seed(0)
    model = build(SMALL).eval()
    ids = torch.randint(0, 64, (70,)).tolist()
    total = 0.0
    for start in (0, 32, 64):
        window = torch.tensor(ids[start : start + 33])
        with torch.no_grad():
            logits = model(window[None, :-1])[0]
        total += float(nn.functional.cross_entropy(logits, window[1:], reduction="sum"))
    assert quantize.sample_loss(model, SMALL, ids) == pytest.approx(total / 69, rel=1e-5)


def test_bytes_follow_the_weights() -> None:
    model = build(SMALL).eval()
    linears, total = quantize.linear_bytes(model), quantize.weight_bytes(model)
    assert total == 4 * sum(parameter.numel() for parameter in model.parameters())
    list(quantize.convert(model, "f16", lambda: True))
    assert quantize.linear_bytes(model) < 0.55 * linears
    assert quantize.weight_bytes(model) == quantize.linear_bytes(model) + 4 * sum(p.numel() for p in model.parameters())


def test_a_loaded_model_tells_progress_and_what_the_change_costs(loaded: LoadedModel) -> None:
    told = all_of(loaded.set_precision("int8", sample=TEXT))
    assert isinstance(told[0], Quality)
    assert isinstance(told[-1], Quality)
    assert all(isinstance(step, Converted) for step in told[1:-1])
    assert told[-1].perplexity == pytest.approx(told[0].perplexity, rel=0.05)
    assert told[-1].perplexity != told[0].perplexity
    assert told[-1].tokens_per_second > 0
    assert (loaded.precision, loaded.bytes) == ("int8", told[-1].bytes)


def test_back_in_fp32_it_writes_what_it_wrote(loaded: LoadedModel) -> None:
    sampling = Sampling(prompt="the ", tokens=8, temperature=0.0)
    before = list(loaded.ids(loaded.encode("the "), sampling))
    logits = loaded.next_logits("the ")
    all_of(loaded.set_precision("int8"))
    changed = loaded.next_logits("the ")
    all_of(loaded.set_precision("f16"))
    assert loaded.precision == "f16"
    all_of(loaded.set_precision("fp32"))
    assert list(loaded.ids(loaded.encode("the "), sampling)) == before
    assert logits is not None
    assert changed is not None
    assert not (logits.logits == changed.logits).all()


def test_a_stopped_change_keeps_the_precision(loaded: LoadedModel) -> None:
    control = RunControl()
    steps = loaded.set_precision("int8", control)
    next(steps)
    control.stop()
    with pytest.raises(StudioError, match="stopped"):
        next(steps)
    assert loaded.precision == "fp32"
    assert loaded.next_logits("the") is not None


def test_a_model_without_a_file_cannot_go_back(loaded: LoadedModel) -> None:
    all_of(loaded.set_precision("int8"))
    loaded.path = None
    with pytest.raises(StudioError, match="in memory"):
        all_of(loaded.set_precision("fp32"))
    assert loaded.precision == "int8"


def test_an_unloaded_model_cannot_be_changed(loaded: LoadedModel) -> None:
    loaded.unload()
    with pytest.raises(StudioError, match="unloaded"):
        all_of(loaded.set_precision("int8"))
