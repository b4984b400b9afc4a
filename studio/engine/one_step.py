"""One training step in slow motion: forward, loss, backward, optimise, with an adapter to throw away."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.config import AdapterConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.adapter_insight import place_of
from studio.engine.loaded import LoadedModel
from studio.engine.recording import drawing
from studio.layers.adapter_weights import lift_adapter
from studio.layers.decoder import Decoder
from studio.layers.half_linear import NarrowLinear
from studio.layers.lora import add_lora, linear_layers, lora_layers
from studio.layers.lora_linear import LoraLinear, LoraShape
from studio.layers.nf4 import Nf4Linear, quantize_blocks
from studio.layers.twin import twin

LONGEST = 96  # tokens of an example: each is shown with what was expected there
NAME = "one step"
STAGES = ("forward", "loss", "backward", "optimise")
_PASSES = (nn.Linear, NarrowLinear, Nf4Linear, LoraLinear)  # layers that a gradient goes through

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A text and what is learned of it: the answer behind it, or without one every token behind the first."""

    text: str
    answer: str = ""


@dataclass(frozen=True)
class Predicted:
    """What the model expects behind each token: arrays (time − 1,); `ids` are one longer, the text itself.

    `learned` says which places count in the loss. `chance` is that of the right token, `best` that of the likeliest.
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    guesses: tuple[int, ...]
    guess_texts: tuple[str, ...]
    learned: npt.NDArray[np.bool_]
    chance: Floats
    best: Floats

    @property
    def losses(self) -> Floats:
        """(time − 1,): −ln of the right token's chance, in nats."""
        with np.errstate(divide="ignore"):
            found: Floats = -np.log(self.chance)
        return found

    @property
    def loss(self) -> float:
        """Mean over the places that count."""
        return float(self.losses[self.learned].mean())


@dataclass(frozen=True)
class LayerStep:
    """Of one adapted layer: norms of the gradients of A and B, and of how far each moved (0 before that)."""

    path: str
    layer: int
    kind: str
    gradient_a: float
    gradient_b: float
    moved_a: float = 0.0
    moved_b: float = 0.0
    size_a: float = 0.0  # norms of A and B themselves, after the move
    size_b: float = 0.0


@dataclass(frozen=True)
class Stage:
    """One of the four stages of step `step`, counted from 1; `before` and `after` are the predictions around it.

    `base` is the checksum of all frozen weights, the same at every stage; `total` counts the tokens that were given.
    """

    name: str
    step: int
    before: Predicted
    layers: tuple[LayerStep, ...] = ()
    after: Predicted | None = None
    trained: int = 0
    frozen: int = 0
    base: int = 0
    total: int = 0


class Stepper:
    """Walks through training steps; `advance` computes the next stage and returns it. The model is only read."""

    def __init__(self, loaded: LoadedModel, example: Example, adapter: AdapterConfig, rate: float, seed: int) -> None:
        self._stages = self._walk(loaded, example, adapter, rate, seed)

    def advance(self) -> Stage:
        """The next of the four stages; after the last the first of another step."""
        return next(self._stages)

    def _walk(
        self, loaded: LoadedModel, example: Example, adapter: AdapterConfig, rate: float, seed: int
    ) -> Iterator[Stage]:
        ids, learned, total = read_example(loaded, example)
        model = loaded.change(lambda model, config: twin(model))
        frozen = adapted(model, adapter, seed)
        right = checksum(model)
        learning = [weight for weight in model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=0.0)
        count = sum(weight.numel() for weight in learning)
        stage = partial(Stage, trained=count, frozen=frozen, base=right, total=total)
        logits = _logits(model, ids)
        now, step = predicted(loaded, logits, ids, learned), 0
        while True:
            step += 1
            yield stage("forward", step, now)
            loss = F.cross_entropy(logits[:-1][learned], torch.tensor(ids[1:], device=logits.device)[learned])
            yield stage("loss", step, now)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            found = _gradients(model)
            yield stage("backward", step, now, found)
            held = {path: (a.clone(), b.clone()) for path, (a, b) in lift_adapter(model, NAME).thin.items()}
            optimizer.step()
            logits = _logits(model, ids)
            then = predicted(loaded, logits, ids, learned)
            if checksum(model) != right:
                raise StudioError(
                    tr("A frozen weight of the model was changed by the step."), tr("Load the model again.")
                )
            yield stage("optimise", step, now, _moved(model, found, held), then)
            now = then


def begin(
    loaded: LoadedModel, text: str, answer: str, adapter: AdapterConfig, rate: float, seed: int = 123
) -> tuple[Stepper, Stage]:
    """A fresh adapter on the loaded model, and the first stage of its first step; both for a worker thread."""
    stepper = Stepper(loaded, Example(text, answer), adapter, rate, seed)
    return stepper, stepper.advance()


def read_example(loaded: LoadedModel, example: Example) -> tuple[list[int], Tensor, int]:
    """Ids, whether what follows each place but the last is learned, and how many tokens there were.

    A text that is too long loses its end, or where there is an answer its beginning; a single token is refused.
    """
    ids, most = loaded.encode(example.text), min(LONGEST, loaded.context_length)
    answer = loaded.tokenizer.encode(example.answer) if loaded.tokenizer is not None else []
    total = len(ids) + len(answer)
    ids = [*ids, *answer][-most:] if answer else ids[:most]
    if len(ids) < 2 or len(answer) >= most:
        raise StudioError(
            tr("Of this example nothing can be predicted."),
            tr("Type at least two tokens, with an answer of fewer than {most}.", most=most),
        )
    learned = torch.zeros(len(ids) - 1, dtype=torch.bool)
    learned[-len(answer) if answer else 0 :] = True
    return ids, learned, total


def adapted(model: Decoder, adapter: AdapterConfig, seed: int) -> int:
    """Lay the fresh adapter on a twin; returns the numbers that stay frozen."""
    layers = linear_layers(model).items()
    stopped = next((layer for _, layer in layers if not isinstance(layer, _PASSES)), None)
    if stopped is not None:
        raise StudioError(
            tr("In the precision that the model is held in, no gradient goes through its weights."),
            tr("Choose fp32 in the Model card of the Chat page, or load the model again."),
        )
    for path, layer in list(layers):  # adapters that lie there are not part of the example
        if isinstance(layer, LoraLinear):
            model.set_submodule(path, layer.base)
    frozen = sum(weight.numel() for weight in model.parameters())
    if adapter.kind == "qlora":
        quantize_blocks(model)
    shape = LoraShape(adapter.rank, adapter.alpha, 0.0, adapter.convention)
    with torch.random.fork_rng(devices=[]), drawing():
        torch.manual_seed(seed)
        add_lora(model, adapter.names, shape, NAME)
    return frozen


def checksum(model: nn.Module) -> int:
    """CRC-32 of every number of the base, in whatever form it is held."""
    found = 0
    own = [(name, weight) for name, weight in model.named_parameters() if ".adapters." not in name]
    for _, weight in [*own, *model.named_buffers()]:
        plain = weight.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
        found = zlib.crc32(plain.data, found)
    return found


def _logits(model: Decoder, ids: list[int]) -> Tensor:
    """(time, vocabulary) in 32 bits, with the way back."""
    found: Tensor = model(torch.tensor([ids], device=model.embed_tokens.weight.device))[0].float()
    return found


@torch.no_grad()
def predicted(loaded: LoadedModel, logits: Tensor, ids: list[int], learned: Tensor) -> Predicted:
    """What is expected behind each token but the last."""
    chances = logits[:-1].softmax(-1)
    best, guesses = chances.max(-1)
    right = chances.gather(-1, torch.tensor(ids[1:], device=logits.device)[:, None])[:, 0]
    text = loaded.tokenizer.token_text if loaded.tokenizer is not None else str
    guessed = guesses.tolist()
    return Predicted(
        tuple(ids), tuple(text(token) for token in ids), tuple(guessed), tuple(text(token) for token in guessed),
        learned.numpy(), right.double().cpu().numpy(), best.double().cpu().numpy(),
    )  # fmt: skip


def _gradients(model: nn.Module) -> tuple[LayerStep, ...]:
    found = []
    for path, layer in lora_layers(model).items():
        adapter = layer.named[NAME]
        norms = {
            name: float(weight.grad.norm()) for name, weight in adapter.named_parameters() if weight.grad is not None
        }
        found.append(LayerStep(path, *place_of(path), norms["A"], norms["B"]))
    return tuple(found)


def _moved(
    model: nn.Module, found: tuple[LayerStep, ...], held: dict[str, tuple[Tensor, Tensor]]
) -> tuple[LayerStep, ...]:
    now = lift_adapter(model, NAME).thin
    return tuple(
        LayerStep(
            one.path, one.layer, one.kind, one.gradient_a, one.gradient_b,
            *(float((after - before).norm()) for after, before in zip(now[one.path], held[one.path], strict=True)),
            *(float(weight.norm()) for weight in now[one.path]),
        )
        for one in found
    )  # fmt: skip
