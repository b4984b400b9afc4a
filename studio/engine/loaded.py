"""A checkpoint in memory, ready to write: what the Chat page and `generate` hold. Opaque above the Qt line."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from studio.core.config import ComputeConfig, ModelConfig, RunConfig, Sampling
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.engine.adapters import load_adapter, read_adapter
from studio.engine.device import Compute, choose
from studio.engine.generate import generate
from studio.engine.last_opened import forget
from studio.engine.opening import Opened, open_weights
from studio.engine.pieces import Piece, tokens, write
from studio.engine.quantize import Converted, Quality, choices, convert, measure, turn, weight_bytes
from studio.engine.reader import Reader
from studio.layers.adapter_weights import move_adapters
from studio.layers.decoder import Decoder
from studio.layers.key_value_cache import no_writer
from studio.layers.lora import activate, adapter_names, lora_layers, remove_lora, set_strength
from studio.tokenizers import Tokenizer

# Below this many weights a second thread costs more in waking up than it saves: one token is one row.
WORTH_TWO_THREADS = 50_000_000
TAUGHT = ("instruct", "prefer")  # objectives whose runs say by which template their models answer
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Logits:
    """What the model expects after a prompt: raw scores for the whole vocabulary, no control applied."""

    ids: tuple[int, ...]
    logits: npt.NDArray[np.float32]  # (vocabulary,)


class Asked(Protocol):
    """Whoever is asked before every token whether to write on."""

    def keep_going(self) -> bool:
        """False once the writing should end."""


class LoadedModel:
    """A model with its tokenizer; plain attributes for the screen, methods for a worker thread."""

    def __init__(self, model: Decoder, config: RunConfig, tokenizer: Tokenizer | None, compute: Compute) -> None:
        self._model: Decoder | None = model
        self._config = config
        self._compute = compute
        self._lock = threading.Lock()
        self._idle: Reader | None = None  # keeps what it has read, for the next turn
        self._turned = False
        self._changes = 0  # how often the network was changed in place
        self.path: Path | None = None  # where the weights lie, to read them again
        self.tokenizer = tokenizer
        self.title = ""
        self.template, self.template_text = "", ""  # how it was taught to answer, where that is known
        self.step = 0
        self.ends: tuple[int, ...] = ()  # further ids after which the model has nothing more to say
        self.parameters = sum(parameter.numel() for parameter in model.parameters())
        self.bytes = weight_bytes(model)
        self.precision = "fp32"
        self.device = compute.device
        self.vocab_size = config.model.vocab_size
        self.shape = config.model
        self.context_length = config.model.context_length

    @property
    def config(self) -> RunConfig:
        """How it was trained, as far as its files say."""
        return self._config

    def encode(self, prompt: str) -> list[int]:
        """Ids of a prompt; an empty one starts from the end-of-text token."""
        if self.tokenizer is None:
            raise StudioError("This model came without a tokenizer.", "Give token ids with --prompt-ids.")
        ids = [*getattr(self.tokenizer, "prefix", ()), *self.tokenizer.encode(prompt)]
        if not ids and self.tokenizer.end_of_text is not None:
            return [self.tokenizer.end_of_text]
        if not ids:
            raise StudioError("There is nothing to go on from.", "Type a few words as a prompt.")
        return ids

    def ids(self, prompt: Sequence[int], sampling: Sampling, control: Asked | None = None) -> Iterator[int]:
        """The ids the model writes after `prompt`, the end-of-text token included if it writes one."""
        if sampling.stop or sampling.beams > 1 or sampling.samples > 1:
            yield from self.all_ids(prompt, replace(sampling, samples=1), control)[0]
            return
        self._compute.apply()
        with self._reading() as reader:
            for chosen in generate(reader, prompt, sampling, self._going(control), self._ends()):
                yield chosen.id

    def all_ids(self, prompt: Sequence[int], sampling: Sampling, control: Asked | None = None) -> list[list[int]]:
        """The same for every text that `sampling` asks for, when all are written."""
        texts: list[list[int]] = [[] for _ in range(sampling.samples)]
        if sampling.stop and self.tokenizer is None:
            raise StudioError("Without its tokenizer this model cannot look for stop strings.", "Leave them out.")
        self._compute.apply()
        with self._reading() as reader:
            if self.tokenizer is not None:
                asked = replace(sampling, prompt=self.tokenizer.decode(prompt))
                for piece in write(reader, self.tokenizer, prompt, asked, self._going(control)):
                    texts[piece.sample] += [piece.id] if piece.id >= 0 else []
            else:
                for number, chosen in tokens(reader, prompt, sampling, self._going(control), (), set()):
                    texts[number].append(chosen.id)
        return texts

    def complete(self, sampling: Sampling, control: Asked | None = None) -> Iterator[Piece]:
        """The text after `sampling.prompt`, piece by piece, never half a character; several take turns."""
        prompt = self.encode(sampling.prompt)
        if self.tokenizer is None:
            return
        self._compute.apply()
        with self._reading() as reader:
            yield from write(reader, self.tokenizer, prompt, sampling, self._going(control))

    def answer(
        self, ids: Sequence[int], sampling: Sampling, ends: Sequence[int] = (), control: Asked | None = None
    ) -> Iterator[Piece]:
        """The text after ids that were laid out already, piece by piece, up to one of `ends` or a stop string."""
        if self.tokenizer is None:
            raise StudioError("This model came without a tokenizer.", "It can only be given token ids.")
        self._compute.apply()
        asked = replace(sampling, prompt=sampling.prompt or "…", samples=1)  # it stands behind something
        with self._reading() as reader:
            yield from write(reader, self.tokenizer, ids, asked, self._going(control), [*self._ends(), *ends])

    @torch.no_grad()
    def scores(self, ids: npt.NDArray[np.int64], places: npt.NDArray[np.int64]) -> Tensor:
        """Logits (places, vocabulary) for what follows each of these places of a text."""
        model = self._present()
        self._compute.apply()
        hidden = model.hidden(torch.from_numpy(ids)[None].to(self.device))[0]
        logits: Tensor = model.lm_head(hidden[torch.from_numpy(places).to(self.device)])
        return logits.float()

    def next_logits(self, prompt: str, keep_going: Callable[[], bool] = lambda: True) -> Logits | None:
        """What comes after `prompt`, for the bars under the sliders; None when asked to stop before it was read."""
        self._compute.apply()
        ids = self.encode(prompt)
        with self._reading() as reader:
            logits = reader.read_from(ids, keep_going)
        return Logits(tuple(ids), logits) if logits is not None else None

    def precisions(self) -> tuple[str, ...]:
        """The forms of the weights worth choosing here; the first call measures for a second."""
        return choices(self.device)

    def set_precision(self, name: str, control: Asked | None = None, sample: str = "") -> Iterator[Converted | Quality]:
        """Hold the weights as `name`, one of `precisions()`: how far it is, and quality before and after on a `sample`.

        Back to fp32, and from one form to another, the weights are read again. Stopped, everything stays as it was.
        """
        going, ids = self._going(control), self.encode(sample) if sample else []
        self._compute.apply()
        model = self._present()
        if sample:
            yield measure(model, self._config.model, ids)
        if self.precision != "fp32":
            adapted, model = model, self._read_again(going)
            remove_lora(model)  # that of a checkpoint, which may have been changed or taken off meanwhile
            move_adapters(adapted, model)
        if name != "fp32":
            yield from convert(model, name, going)
        with self._lock:
            if self._model is None:
                return
            self._model, self._idle, self._turned = model, None, name != "fp32"
        self.precision, self.bytes = name, weight_bytes(model)
        if sample:
            yield measure(model, self._config.model, ids)

    def change(self, act: Callable[[Decoder, ModelConfig], Result]) -> Result:
        """Change the network in place, as laying an adapter on does; what was read with it before is forgotten.

        An adapter's strength may also be set while a text is being written: from the next token on it counts.
        """
        model = self._present()
        with self._lock:
            result = act(model, self._config.model)
            self._changes, self._idle = self._changes + 1, None
        self.bytes = weight_bytes(model)
        return result

    def adapters(self) -> tuple[str, ...]:
        """The adapters that lie on the model, in the order they came."""
        return tuple(adapter_names(self._present()))

    @property
    def adapter(self) -> str | None:
        """The one that counts, or None for the base alone."""
        layers = lora_layers(self._present()).values()
        return next((layer.active for layer in layers if layer.active is not None), None)

    @property
    def strength(self) -> float:
        """How much it counts: 0 is the base, 1 what was trained."""
        return next((layer.strength for layer in lora_layers(self._present()).values()), 1.0)

    def use(self, name: str | None, strength: float = 1.0) -> None:
        """Let the adapter `name`, or with None the base alone, count from the next token on."""

        def act(model: Decoder, _: ModelConfig) -> None:
            set_strength(model, strength)
            activate(model, name)

        self.change(act)

    def lay(self, folder: Path) -> str:
        """Lay the adapter in `folder` on, ours or PEFT's, and use it; the name it got. Another base's is refused."""

        def act(model: Decoder, config: ModelConfig) -> str:
            known, wanted = adapter_names(model), read_adapter(folder, config).name
            name = next(one for one in (wanted, *(f"{wanted} {n}" for n in range(2, 99))) if one not in known)
            load_adapter(model, config, folder, self.title, name)
            return name

        return self.change(act)

    def _read_again(self, keep_going: Callable[[], bool]) -> Decoder:
        if self.path is None:
            raise StudioError("The weights were changed in memory.", "Load the model again to have them in fp32.")
        model = open_weights(self.path, self.device, keep_going).model
        if not keep_going():
            raise StudioError(tr("The change was stopped."), tr("The model is as it was before."))
        model.eval()
        return model

    def _present(self) -> Decoder:
        if self._model is None:
            raise StudioError("The model was unloaded.", "Load it again to go on.")
        return self._model

    def unload(self) -> None:
        """Let go of the weights; what is being written ends after the token it is at."""
        self._model = None
        self._idle = None

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        """The reader that was used last, with everything it has read; a new one while another thread has it."""
        model = self._present()
        with self._lock:
            if not self._turned:
                turn(model)
                self._turned = True
            reader, self._idle = self._idle or Reader(model, self._config.model), None
            changes = self._changes
        try:
            yield reader
        finally:
            with self._lock:
                same = self._model is reader.model and self._changes == changes
                self._idle = reader if same else None

    def _going(self, control: Asked | None) -> Callable[[], bool]:
        """Whether to write on: nobody has said stop, and the model was not unloaded."""
        return lambda: self._model is not None and (control is None or control.keep_going())

    def _ends(self) -> list[int]:
        end = self.tokenizer.end_of_text if self.tokenizer is not None else None
        return [*([] if end is None else [end]), *self.ends]


def open_model(folder: Path, keep_going: Callable[[], bool] = lambda: True) -> LoadedModel:
    """Load a checkpoint, a model of a project or somebody else's model on the best device here, in fp32."""
    forget()
    compute = replace(choose(ComputeConfig()), precision="fp32")
    opened = open_weights(folder, compute.device, keep_going)
    if sum(parameter.numel() for parameter in opened.model.parameters()) < WORTH_TWO_THREADS:
        compute = replace(compute, threads=1)
    if not (opened.config.model.causal and OBJECTIVES.load(opened.config.objective).writes):
        raise no_writer()
    opened.model.eval()
    loaded = LoadedModel(opened.model, opened.config, opened.tokenizer, compute)
    loaded.step, loaded.title, loaded.ends = opened.step, opened.title, opened.ends
    loaded.path = folder
    loaded.template, loaded.template_text = _template(opened)
    return loaded


def _template(opened: Opened) -> tuple[str, str]:
    """The prompt template that a run taught, else the one that came with somebody else's model; name and text."""
    if opened.config.objective in TAUGHT:
        return opened.config.instruct.template, opened.config.instruct.template_text
    brought = opened.facts.get("chat_template")
    return ("model", brought) if isinstance(brought, str) and brought else ("", "")
