"""A checkpoint in memory, ready to write: what the Chat page and `generate` hold. Opaque above the Qt line."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.core.channel import RunControl
from studio.core.config import ComputeConfig, RunConfig, Sampling
from studio.core.errors import StudioError
from studio.engine.checkpoint import load_model
from studio.engine.device import Compute, choose
from studio.engine.generate import Reader, generate, stream_after
from studio.layers.decoder import Decoder
from studio.store.files import read_json
from studio.tokenizers import Tokenizer, tokenizer_from_json

# Below this many weights a second thread costs more in waking up than it saves: one token is one row.
WORTH_TWO_THREADS = 50_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """What one token adds to a text. `done` says on the last piece why the writing ended."""

    text: str
    id: int
    probability: float
    entropy: float  # bits
    tokens_per_second: float
    done: str = ""  # "length", "end", "stopped"


@dataclass(frozen=True, slots=True)
class Logits:
    """What the model expects after a prompt: raw scores for the whole vocabulary, no control applied."""

    ids: tuple[int, ...]
    logits: npt.NDArray[np.float32]  # (vocabulary,)


class LoadedModel:
    """A model with its tokenizer; plain attributes for the screen, methods for a worker thread."""

    def __init__(self, model: Decoder, config: RunConfig, tokenizer: Tokenizer | None, compute: Compute) -> None:
        self._model: Decoder | None = model
        self._config = config
        self._compute = compute
        self.tokenizer = tokenizer
        self.title = ""
        self.step = 0
        self.parameters = sum(parameter.numel() for parameter in model.parameters())
        self.bytes = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
        self.precision = "fp32"
        self.device = compute.device
        self.vocab_size = config.model.vocab_size
        self.context_length = config.model.context_length

    def encode(self, prompt: str) -> list[int]:
        """Ids of a prompt; an empty one starts from the end-of-text token."""
        if self.tokenizer is None:
            raise StudioError("This model came without a tokenizer.", "Give token ids with --prompt-ids.")
        ids = self.tokenizer.encode(prompt)
        if not ids and self.tokenizer.end_of_text is not None:
            return [self.tokenizer.end_of_text]
        if not ids:
            raise StudioError("There is nothing to go on from.", "Type a few words as a prompt.")
        return ids

    def ids(self, prompt: Sequence[int], sampling: Sampling, control: RunControl | None = None) -> Iterator[int]:
        """The ids the model writes after `prompt`, the end-of-text token included if it writes one."""
        control = control or RunControl()
        self._compute.apply()
        for chosen in generate(self._reader(), prompt, sampling, control.keep_going, self._ends()):
            yield chosen.id

    def complete(self, sampling: Sampling, control: RunControl | None = None) -> Iterator[Piece]:
        """The text after `sampling.prompt`, piece by piece, never half a character."""
        control = control or RunControl()
        prompt = self.encode(sampling.prompt)
        if self.tokenizer is None:
            return
        self._compute.apply()
        stream, ends = stream_after(self.tokenizer, prompt if sampling.prompt else []), self._ends()
        started, count = time.perf_counter(), 0
        for chosen in generate(self._reader(), prompt, sampling, control.keep_going, ends):
            count += 1
            rate = count / max(1e-9, time.perf_counter() - started)
            ended = chosen.id in ends
            done = "end" if ended else "length" if count == sampling.tokens else ""
            text = "" if ended else stream(chosen.id)
            yield Piece(
                text + (stream.flush() if done else ""), chosen.id, chosen.probability, chosen.entropy, rate, done
            )
            if done:
                return
        rate = count / max(1e-9, time.perf_counter() - started)
        yield Piece(stream.flush(), -1, 0.0, 0.0, rate, "stopped")

    def next_logits(self, prompt: str) -> Logits:
        """One forward pass over `prompt`; the bars under the sliders live on its result."""
        self._compute.apply()
        ids = self.encode(prompt)
        return Logits(tuple(ids), self._reader().read(ids))

    def unload(self) -> None:
        """Let go of the weights; what is being written ends with a sentence."""
        self._model = None

    def _reader(self) -> Reader:
        if self._model is None:
            raise StudioError("The model was unloaded.", "Load it again to go on.")
        return Reader(self._model, self._config.model)

    def _ends(self) -> list[int]:
        end = self.tokenizer.end_of_text if self.tokenizer is not None else None
        return [] if end is None else [end]


def open_model(folder: Path) -> LoadedModel:
    """Load the checkpoint in `folder` on the device its run would choose here, in fp32."""
    compute = replace(choose(ComputeConfig()), precision="fp32")
    model, saved = load_model(folder, compute.device)
    if sum(parameter.numel() for parameter in model.parameters()) < WORTH_TWO_THREADS:
        compute = replace(compute, threads=1)
    model.eval()
    path = folder / "tokenizer.json"
    tokenizer = tokenizer_from_json(read_json(path)) if path.exists() else None
    loaded = LoadedModel(model, saved.config, tokenizer, compute)
    loaded.step = saved.progress.step
    loaded.title = f"{folder.parent.parent.name} · step {saved.progress.step:,}"
    return loaded
