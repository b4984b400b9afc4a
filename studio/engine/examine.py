"""Whether a device computes what it should: a small fixed model, held against float64 on the CPU.

Every check takes the code that real runs use (the family's network, the objective's loss, the optimizer) and states
its tolerance. Nothing that torch keeps for the whole process is touched, for a run may be going on beside it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.config import ModelConfig, TrainingConfig
from studio.core.language import tr
from studio.engine.accelerators import devices as present_devices
from studio.engine.accelerators import kind_of
from studio.engine.device import has_fast_bf16
from studio.engine.optimize import optimizer_for
from studio.engine.quantize import LOOPS
from studio.engine.recording import recorded
from studio.engine.replay import Step
from studio.engine.weights import empty_model
from studio.layers.key_value_cache import KeyValueCache
from studio.layers.token_loop import TokenLoop
from studio.objectives.pretrain import loss

SHAPE = ModelConfig(
    vocab_size=257, context_length=64, emb_dim=64, n_layers=2, n_heads=4, tie_embeddings=False, hidden_dim=256
)
TRAINING = TrainingConfig(learning_rate=1e-3, weight_decay=0.1)
WINDOWS = 4
EPSILON = 1e-8  # torch's own in AdamW
HEAD = (64, 256, 50_257)  # tokens, width, vocabulary
STACK = (20, 50_000, 25)  # matrices, rows, columns: the shape of pytorch issue 193487


@dataclass(frozen=True)
class Row:
    """One check on one device. `verdict` is "good", "wrong", "failed" (`note` says how) or "not tried".

    `error` is the largest difference from float64, divided by the largest right value (AdamW's step: by the
    learning rate); None when nothing came out.
    """

    device: str
    what: str
    error: float | None
    tolerance: float
    verdict: str
    note: str = ""


@dataclass(frozen=True)
class Truth:
    """Weights in float32, ids (windows, context + 1), and what float64 on the CPU makes of them."""

    weights: Mapping[str, Tensor]
    ids: Tensor
    logits: Tensor  # (windows, context, vocabulary)
    loss: float  # mean over all targets
    gradients: Mapping[str, Tensor]
    stepped: Mapping[str, Tensor]
    loss_after: float


@dataclass(frozen=True)
class Check:
    """What is compared, how far it may be off, and the comparison; `only_…`: where that is used."""

    what: str
    tolerance: float
    error: Callable[[str], float]
    only_fast_bf16: bool = False
    only_kind: str = ""  # "cpu" or "cuda"


def examine(
    devices: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep_going: Callable[[], bool] | None = None,
) -> Iterator[dict[str, Any]]:
    """A `Row` as a dictionary for every check on every device; after a failure the rest of a device is not tried."""
    work = [(device, check) for device in devices or present_devices() for check in checks_for(device)]
    failed: set[str] = set()
    for done, (device, check) in enumerate(work):
        if keep_going is not None and not keep_going():
            return
        if progress is not None:
            progress(done, len(work))
        row = _not_tried(device, check) if device in failed else judge(device, check)
        if row.verdict == "failed":
            failed.add(device)
        yield asdict(row)
    if progress is not None:
        progress(len(work), len(work))


def checks_for(device: str) -> list[Check]:
    """All checks that a device must pass: bf16 only where runs would choose it, ways of writing where they are used."""
    kind = kind_of(device)
    fast = (kind == "cpu" or torch.cuda.is_available()) and has_fast_bf16(kind)
    fitting = [check for check in CHECKS if (fast or not check.only_fast_bf16) and check.only_kind in ("", kind)]
    return [check for check in fitting if LOOPS or check.error is not _looped]


def judge(device: str, check: Check) -> Row:
    """Do one check; whatever a driver or a kernel raises becomes a row."""
    try:
        error = check.error(device)
    except Exception as trouble:  # a device can fail in any way, and that is what is asked here
        note = str(trouble).strip().partition("\n")[0][:200] or type(trouble).__name__
        return Row(device, tr(check.what), None, check.tolerance, "failed", note)
    return Row(device, tr(check.what), error, check.tolerance, "good" if error <= check.tolerance else "wrong")


def _not_tried(device: str, check: Check) -> Row:
    return Row(
        device, tr(check.what), None, check.tolerance, "not tried", tr("An earlier check of this device failed.")
    )


# --- the right values -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def truth() -> Truth:
    """Float64 on the CPU: autograd for the gradients, the formula of AdamW's first step for the rest."""
    random = torch.Generator().manual_seed(20)
    weights = _weights(random)
    ids = torch.randint(SHAPE.vocab_size, (WINDOWS, SHAPE.context_length + 1), generator=random)
    model = network(weights, "cpu", torch.float64)
    logits = model(ids[:, :-1])
    mean = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    torch.autograd.backward(mean)
    gradients = {name: _gradient(parameter) for name, parameter in model.named_parameters()}
    stepped = {name: adamw_step(weights[name].double(), gradients[name]) for name in weights}
    after = network(stepped, "cpu", torch.float64)
    with torch.no_grad():
        mean_after = F.cross_entropy(after(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    return Truth(weights, ids, logits.detach(), float(mean.detach()), gradients, stepped, float(mean_after))


def adamw_step(weight: Tensor, gradient: Tensor) -> Tensor:
    """AdamW's first step: both moments, corrected for their start, are the gradient and its square."""
    decay = TRAINING.learning_rate * TRAINING.weight_decay if weight.dim() >= 2 else 0.0
    return weight * (1 - decay) - TRAINING.learning_rate * gradient / (gradient.abs() + EPSILON)


def network(weights: Mapping[str, Tensor], device: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The small model with these weights on a device; torch's global randomness is not asked."""
    model = empty_model(SHAPE)
    values = {name: value.to(device=device, dtype=dtype, copy=True) for name, value in weights.items()}
    model.load_state_dict(values, assign=True)
    return model


def _weights(random: torch.Generator) -> dict[str, Tensor]:
    """Nothing is zero and nothing is one, so that no part of the network can be left out unnoticed."""
    shapes = empty_model(SHAPE).state_dict()
    return {
        name: 0.1 * torch.randn(value.shape, generator=random)
        + (1.0 if "norm" in name and name.endswith("weight") else 0.0)
        for name, value in shapes.items()
    }


# --- the checks -----------------------------------------------------------------------------------------------------


def off(found: Tensor, right: Tensor) -> float:
    """Largest difference over the largest right value; whatever is not finite counts as infinitely far off."""
    difference = (found.detach().cpu().double() - right).abs().max()
    return float(difference / right.abs().max()) if bool(torch.isfinite(difference)) else float("inf")


def _forward(device: str) -> float:
    right = truth()
    with torch.no_grad():
        return off(network(right.weights, device)(right.ids[:, :-1].to(device)), right.logits)


def _loss(device: str) -> float:
    right = truth()
    with torch.no_grad():
        total, count = loss(network(right.weights, device), right.ids.to(device))
    return off(total / count, torch.tensor(right.loss, dtype=torch.float64))


def _backward(device: str) -> float:
    model = _with_gradients(device, torch.float32)
    return max(off(_gradient(parameter), truth().gradients[name]) for name, parameter in model.named_parameters())


def _step(device: str) -> float:
    """The optimizer alone: it is given the right gradients. Differences are measured in learning rates."""
    right = truth()
    model = network(right.weights, device)
    for name, parameter in model.named_parameters():
        parameter.grad = right.gradients[name].to(torch.float32).to(device)
    optimizer_for(model, TRAINING).step()
    found = {name: parameter.detach().cpu().double() for name, parameter in model.named_parameters()}
    worst = torch.stack([(found[name] - right.stepped[name]).abs().max() for name in found]).max()
    return float(worst) / TRAINING.learning_rate if bool(torch.isfinite(worst)) else float("inf")


def _whole_step(device: str) -> float:
    """Forward, backward, the step and forward again, all by the device."""
    right = truth()
    model = _with_gradients(device, torch.float32)
    optimizer_for(model, TRAINING).step()
    with torch.no_grad():
        total, count = loss(model, right.ids.to(device))
    return off(total / count, torch.tensor(right.loss_after, dtype=torch.float64))


def _large_head(device: str) -> float:
    """A real vocabulary: more columns than 16 bits count, where kernels have gone wrong before."""
    tokens, width, vocabulary = HEAD
    random = torch.Generator().manual_seed(21)
    x, head = torch.randn(tokens, width, generator=random), torch.randn(vocabulary, width, generator=random)
    return off(F.linear(x.to(device), head.to(device)), x.double() @ head.double().T)


def _transposed(device: str) -> float:
    """Transposed products after large tensors came and went, which is when an allocator's mistake shows."""
    random = torch.Generator().manual_seed(22)
    stack = torch.randn(STACK, generator=random)
    there = stack.to(device)
    there.transpose(1, 2) @ (there * 2)
    one = there[-1].clone()
    del there
    return off(one.T @ one, stack[-1].double().T @ stack[-1].double())


def _replayed(device: str) -> float:
    """The last token of a window by a recorded graph, behind the others in the ordinary way."""
    right = truth()
    model: Any = network(right.weights, device).eval()
    cache = KeyValueCache(SHAPE, model.embed_tokens.weight)
    ids = right.ids[:1, : SHAPE.context_length]
    with torch.no_grad():
        model(ids[:, :-1].to(device), cache)
    card = torch.device(device).index if kind_of(device) == "cuda" else None
    with torch.cuda.device(-1 if card is None else card):  # what is recorded is the card at hand; −1: whichever it is
        played = Step(model, cache, recorded)(ids[0, -1:].tolist(), cache.length)
    return off(torch.from_numpy(played), right.logits[:1, -1])


def _looped(_device: str) -> float:
    """The same by loops that are compiled for this processor, on two threads."""
    from studio.loops.decode import program

    right = truth()
    model: Any = network(right.weights, "cpu").eval()
    cache = KeyValueCache(SHAPE, model.embed_tokens.weight.detach())
    ids = right.ids[:1, : SHAPE.context_length]
    with torch.no_grad():
        model(ids[:, :-1], cache)
    loop = TokenLoop(model, SHAPE, program(SHAPE, False), threads=2)
    try:
        return off(torch.from_numpy(loop.read(int(ids[0, -1]), cache)), right.logits[0, -1])
    finally:
        loop.close()


def _forward_bf16(device: str) -> float:
    right = truth()
    with torch.no_grad(), torch.autocast(kind_of(device), dtype=torch.bfloat16):
        return off(network(right.weights, device)(right.ids[:, :-1].to(device)).float(), right.logits)


def _backward_bf16(device: str) -> float:
    model = _with_gradients(device, torch.bfloat16)
    return max(off(_gradient(parameter), truth().gradients[name]) for name, parameter in model.named_parameters())


def _with_gradients(device: str, dtype: torch.dtype) -> nn.Module:
    """The small model after one backward pass of the mean loss."""
    right = truth()
    model = network(right.weights, device)
    with torch.autocast(kind_of(device), dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        total, count = loss(model, right.ids.to(device))
    torch.autograd.backward(total / count)
    return model


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        raise RuntimeError(tr("A parameter was given no gradient."))
    return parameter.grad.detach()


CHECKS = (
    Check("Forward: logits", 2e-5, _forward),
    Check("Forward: loss", 2e-6, _loss),
    Check("Backward: gradients", 1e-4, _backward),
    Check("One step of AdamW", 1e-3, _step),
    Check("Loss after a whole step", 2e-6, _whole_step),
    Check("Output head with 50,257 tokens", 2e-5, _large_head),
    Check("Products of transposed matrices", 2e-5, _transposed),
    Check("Forward in bf16", 5e-2, _forward_bf16, True),
    Check("Backward in bf16", 1e-1, _backward_bf16, True),
    Check("A token by compiled loops", 2e-5, _looped, only_kind="cpu"),
    Check("A token by a CUDA graph", 2e-5, _replayed, only_kind="cuda"),  # last: what fails ends a device's checks
)
