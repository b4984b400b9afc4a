"""Weights of a loaded model in fewer bits, for chat on a CPU: which kinds pay here, the change, and what it costs."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.evaluate import at_rest, perplexity
from studio.engine.reader import Reader
from studio.engine.replay import TRIED
from studio.layers.attention import Attention
from studio.layers.decoder import Decoder
from studio.layers.half_linear import NarrowLinear, PackedHalfLinear
from studio.layers.int8_linear import Int8Linear
from studio.layers.int8_rows import Int8Rows
from studio.layers.nf4 import Nf4Linear
from studio.layers.side_by_side import lay_side_by_side
from studio.layers.token_loop import fits

Maker = Callable[[nn.Linear], nn.Module]

LOOPS = find_spec("llvmlite") is not None  # whether there is a compiler for loops of our own
# A kind is offered where one row goes at least so much faster than in fp32, and a prompt not much slower.
WORTH = 1.2
PROMPT_MAY_TAKE = 1.5
# The error of a product that a kind may have: 2⁻¹¹ and 2⁻⁸ of rounding, 7 bits of activations; more is a broken kernel.
ALLOWED = {"f16": 2e-3, "bf16": 1e-2, "int8": 3e-2}
KERNELS: dict[str, tuple[Maker, ...]] = {
    "f16": (PackedHalfLinear, partial(NarrowLinear, dtype=torch.float16)),
    "bf16": (partial(NarrowLinear, dtype=torch.bfloat16),),
    "int8": (Int8Rows if LOOPS else Int8Linear,),
}
# Below this many weights a model stays in the processor's cache, where the order of the weights changes nothing.
WORTH_TURNING = 50_000_000
_RATED = 16  # tokens whose reading is timed
_ROWS = 256  # tokens whose logits are held at once


@dataclass(frozen=True, slots=True)
class Converted:
    """How far a change of precision is: linear layers done, and how many there are."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on a sample: perplexity (None without a sample), tokens per second, bytes of the weights."""

    perplexity: float | None
    tokens_per_second: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Probe:
    """One kernel on this machine: seconds against fp32's for one row and for a prompt, and its error against fp32."""

    maker: Maker
    row: float
    prompt: float
    error: float


# --- what this machine does well ------------------------------------------------------------------------------------


def choices(device: str) -> tuple[str, ...]:
    """The precisions worth offering for chat: fp32, f16 or bf16 (the faster, where faster than fp32), int8."""
    if device != "cpu":
        return ("fp32",)
    found = {name: probe for name in KERNELS if (probe := best_kernel(name)) is not None}
    if "f16" in found and "bf16" in found:
        del found["f16" if found["bf16"].row < found["f16"].row else "bf16"]
    return ("fp32", *found)


@lru_cache(maxsize=8)
def best_kernel(precision: str) -> Probe | None:
    """The fastest kernel of a precision that is right and worth its while on this machine's CPU; measured once."""
    tried = [_probe(maker) for maker in KERNELS[precision]]
    right = [probe for probe in tried if probe is not None and probe.error <= ALLOWED[precision]]
    paying = [probe for probe in right if probe.row * WORTH <= 1 and probe.prompt <= PROMPT_MAY_TAKE]
    return min(paying, key=lambda probe: probe.row, default=None)


def _probe(maker: Maker) -> Probe | None:
    """Compare with `nn.Linear` on eight matrices, 38 MB together: more than most caches hold."""
    random = torch.Generator().manual_seed(0)
    plain = [_linear(torch.randn(1_536, 768, generator=random)) for _ in range(8)]
    rows = torch.randn(64, 768, generator=random)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            made = [maker(linear) for linear in plain]
            exact = plain[0](rows)
            error = float((made[0](rows) - exact).norm() / exact.norm())
            row = _seconds(made, rows[:1]) / _seconds(plain, rows[:1])
            prompt = _seconds(made[:1], rows) / _seconds(plain[:1], rows)
    except (AttributeError, ImportError, OSError, RuntimeError):  # torch has no such kernel, or llvmlite does not load
        return None
    finally:
        torch.set_num_threads(threads)
    return Probe(maker, row, prompt, error)


def _linear(weight: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    linear.weight = nn.Parameter(weight, requires_grad=False)
    return linear


def _seconds(layers: Sequence[nn.Module], x: Tensor) -> float:
    """CPU seconds for one pass through all of `layers`, the best of three."""
    best = math.inf
    for _ in range(3):
        started = time.thread_time()
        for layer in layers:
            layer(x)
        best = min(best, time.thread_time() - started)
    return best


# --- the change -----------------------------------------------------------------------------------------------------


def convert(model: Decoder, precision: str, keep_going: Callable[[], bool]) -> Iterator[Converted]:
    """Exchange the linear layers of an fp32 model, its output head included; all at once when all are made.

    Asked to stop, the model stays as it was. Embeddings stay fp32: of them one row is read per token.
    """
    kernel = best_kernel(precision)
    if kernel is None:
        raise StudioError(
            tr("Weights in {name} would not be faster on this machine.", name=precision),
            tr("Choose one of: {names}.", names=", ".join(choices("cpu"))),
        )
    linears = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    made: dict[str, nn.Module] = {}
    for name, linear in linears.items():
        if not keep_going():
            raise StudioError(tr("The change was stopped."), tr("The model is as it was before."))
        with torch.no_grad():
            made[name] = kernel.maker(linear)
        yield Converted(len(made), len(linears))
    for name, module in made.items():
        place, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(place), leaf, module.eval())


def turn(model: Decoder) -> None:
    """Lay an fp32 model's matrices out input by input, as the product of one row with them reads memory fastest.

    Queries, keys and values come to lie side by side. Shapes, names and numbers stay; only the strides change. What our
    own loops read stays as it is: they are as fast along a row.
    """
    if LOOPS and fits(model):
        return
    linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if sum(linear.weight.numel() for linear in linears) < WORTH_TURNING or linears[0].weight.device.type != "cpu":
        return
    for block in model.layers:
        attention: Attention = block.self_attn  # type: ignore[assignment]
        together = (attention.q_proj, attention.k_proj, attention.v_proj)
        if all(type(linear) is nn.Linear and linear.weight.is_contiguous() for linear in together):
            lay_side_by_side(together)
    for linear in linears:
        if linear.weight.is_contiguous():
            linear.weight.data = linear.weight.data.t().contiguous().t()


def weight_bytes(model: nn.Module) -> int:
    """Memory of a model's weights in whatever form they are, each counted once."""
    return _bytes(model.parameters()) + sum(module.bytes for module in model.modules() if isinstance(module, KINDS))


def linear_bytes(model: nn.Module) -> int:
    """The part of them that every token has to read: the linear layers, the output head among them."""
    plain = {
        parameter for module in model.modules() if isinstance(module, nn.Linear) for parameter in module.parameters()
    }
    return _bytes(plain) + sum(module.bytes for module in model.modules() if isinstance(module, KINDS))


def _bytes(parameters: Iterable[Tensor]) -> int:
    return sum(parameter.numel() * parameter.element_size() for parameter in parameters)


KINDS = (Int8Linear, Int8Rows, PackedHalfLinear, NarrowLinear, Nf4Linear)


# --- what it costs --------------------------------------------------------------------------------------------------


def measure(model: Decoder, config: ModelConfig, ids: Sequence[int]) -> Quality:
    """Perplexity on `ids`, which say next to nothing below a hundred tokens, and the speed of reading one by one."""
    loss = sample_loss(model, config, ids) if len(ids) > 1 else None
    return Quality(
        perplexity(loss) if loss is not None else None, _rate(model, config, ids or [0]), weight_bytes(model)
    )


def sample_loss(model: Decoder, config: ModelConfig, ids: Sequence[int]) -> float:
    """Mean loss per token, the text cut into windows of the context's length."""
    size, total = config.context_length, 0.0
    with at_rest(model), torch.no_grad():
        for start in range(0, len(ids) - 1, size):
            window = torch.tensor(ids[start : start + size + 1])
            hidden = model.hidden(window[None, :-1])[0]  # (time, width)
            for first in range(0, len(hidden), _ROWS):
                logits = model.lm_head(hidden[first : first + _ROWS]).float()
                total += float(F.cross_entropy(logits, window[1:][first : first + _ROWS], reduction="sum"))
    return total / (len(ids) - 1)


def _rate(model: Decoder, config: ModelConfig, ids: Sequence[int]) -> float:
    """Tokens per second, by the clock, behind a short prompt and once the way of writing is settled."""
    reader = Reader(model, config)
    if reader.looping is not None:
        reader.looping.prepare()
    room = max(1, min(_RATED, config.context_length - 1 - TRIED))
    for place in range(1 + TRIED):
        reader.read([ids[place % len(ids)]])
    started = time.perf_counter()
    for place in range(room):
        reader.read([ids[place % len(ids)]])
    return room / max(1e-9, time.perf_counter() - started)
