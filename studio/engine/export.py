"""A model on its way out: written, read back, and compared on twenty prompts before it gets its name."""

import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.core.shelf import EXCHANGES
from studio.engine.adopt import look
from studio.engine.checkpoint import read_state
from studio.engine.opening import open_merged, open_weights, saved_tokenizer
from studio.engine.rounding import round_as_stored
from studio.engine.weights import empty_model, expected_shapes, fill, own_weights, refuse_misfits
from studio.exchange import Exchange, Found, Outgoing
from studio.gate.names import visible
from studio.layers.decoder import Decoder
from studio.layers.foreign_weights import share_of
from studio.layers.lora import adapter_names, merge
from studio.store.checkpoints import check_sizes
from studio.store.disk import explained, require_space
from studio.store.files import read_json, remove_folder, rename_folder, sync_file, sync_folder
from studio.store.models import CARD
from studio.tokenizers import Tokenizer

PROMPTS = 20
LONGEST = 32  # tokens of a prompt
EXACT = 1e-4  # how far logits may lie from those of the same rounded weights, as a share of their own spread


@dataclass(frozen=True)
class Exported:
    """What lies at `path` now, and how it compares with the model as it was: what rounding costs, and nothing else.

    `same` of the prompts go on with the same token.
    """

    path: Path
    bytes: int
    prompts: int
    same: int
    error: float  # largest difference of a logit, as a share of the logits' spread
    notes: tuple[str, ...] = ()


def export(
    model: Path,
    format: str,
    target: Path,
    options: Mapping[str, Any] | None = None,
    keep_going: Callable[[], bool] = lambda: True,
) -> Exported:
    """Write the checkpoint or model in folder `model` as `target`; a copy that does not answer alike leaves nothing."""
    exchange: Exchange = EXCHANGES.load(format)
    if exchange.write is None:
        raise StudioError(f"A {exchange.label} is only read, not written.", "Choose another format.")
    refuse_taken(target)
    outgoing = _outgoing(model)
    needed = outgoing.tensors.bytes() + (1 << 24)
    with explained(f"The export “{target.name}”", target.parent, needed):
        target.parent.mkdir(parents=True, exist_ok=True)
        require_space(target.parent, needed, "the export")
        temporary = target.parent / f".{target.name}.writing-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        temporary.mkdir()
        try:
            go_on(keep_going)
            exchange.write(outgoing, temporary, options or {})
            go_on(keep_going)
            compared = _compare(exchange, model, temporary, outgoing)
            go_on(keep_going)
            size = sum(path.stat().st_size for path in temporary.iterdir())
            _commit(temporary, target)
        finally:
            if temporary.exists():
                remove_folder(temporary)
    return Exported(target, size, PROMPTS, *compared)


def refuse_taken(target: Path) -> None:
    """Nothing that is there is written over."""
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise StudioError(f"“{target}” is there already.", "Choose a new name or an empty folder; nothing was changed.")


def _outgoing(model: Path) -> Outgoing:
    """The model with its facts."""
    if not (model / "state.json").is_file():
        found = look(model)
        facts = _public({**found.facts, "title": found.title})
        return Outgoing(found.title, found.config, _Ours(found), found.tokenizer, facts)
    check_sizes(model)
    saved = read_state(model)
    if saved.config.adapter.kind != "none":
        return _merged(model)
    card = read_json(model / CARD) if (model / CARD).is_file() else {}
    title = model.name if card else model.parent.parent.name
    facts = _public(dict(card.get("facts") or {}))
    return Outgoing(title, saved.config.model, own_weights(model), saved_tokenizer(model), facts)


def _merged(checkpoint: Path) -> Outgoing:
    """A checkpoint that holds only an adapter, as the whole model that it makes of its base."""
    opened = open_merged(checkpoint, "cpu")
    tied = opened.model.lm_head.weight is opened.model.embed_tokens.weight
    config = replace(opened.config.model, tie_embeddings=tied)  # an adapted head is one of its own now
    return Outgoing(checkpoint.parent.parent.name, config, _InMemory(opened.model), opened.tokenizer)


class _InMemory:
    """The weights of a model in memory under their own names."""

    def __init__(self, model: Decoder) -> None:
        self._weights = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Our names and shapes."""
        return {name: tuple(weight.shape) for name, weight in self._weights.items()}

    def read(self, name: str) -> Tensor:
        """One of them."""
        return self._weights[name]

    def bytes(self) -> int:
        """What all of them take."""
        return sum(weight.nbytes for weight in self._weights.values())


class _Ours:
    """A foreign model's weights under our names, read as they are asked for."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._expected = expected_shapes(empty_model(found.config))
        refuse_misfits(self._expected, found.sources, found.tensors)

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Our names and shapes."""
        return self._expected

    def read(self, name: str) -> Tensor:
        """One tensor of ours."""
        source = self._found.sources[name]
        return share_of(self._found.tensors.read(source.name), source)

    def bytes(self) -> int:
        """What they take in the foreign file."""
        return self._found.tensors.bytes()


def _public(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without the places of this person's disk: only the name a foreign model came with goes out."""
    named = {"origin_name": visible(str(facts["title"]))} if facts.get("title") else {}
    return {name: value for name, value in facts.items() if name not in ("origin", "warnings", "title")} | named


def _compare(exchange: Exchange, model: Path, folder: Path, outgoing: Outgoing) -> tuple[int, float, tuple[str, ...]]:
    """Same next tokens, largest error and notes.

    A copy must answer as the model does once its weights are rounded the same way: then rounding explains all there is
    between the two, and nothing else is let through.
    """
    prompts = prompts_for(outgoing.config.vocab_size, outgoing.config.context_length)
    opened = open_weights(model, "cpu").model
    ours = last_logits(opened, prompts)
    notes = _merge(opened)
    expected = last_logits(opened, prompts) if notes else ours
    refuse_another_answer(ours, expected)
    if exchange.open is not None:
        found = exchange.open(_single_file(folder) or folder)
        notes += _tokenizer_notes(outgoing.tokenizer, found.tokenizer, prompts)
        refuse_misfits(expected_shapes(opened), found.sources, found.tensors)
        round_as_stored(opened, found)
        expected = last_logits(opened, prompts)
        del opened
        theirs = last_logits(_read_back(found), prompts)
    elif exchange.answer is not None:
        theirs = exchange.answer(folder, prompts)
    else:
        raise StudioError(f"A {exchange.label} cannot be read back, so it was not kept.", "Choose another format.")
    refuse_another_answer(expected, theirs)
    same, error = compared(ours, theirs)
    if same < PROMPTS and error > EXACT:
        notes += (
            f"After {PROMPTS - same} of {PROMPTS} prompts it goes on with another token than before: "
            "that is what the rounding of its numbers costs this model. The copy itself is right.",
        )
    return same, error, notes


def _merge(opened: Decoder) -> tuple[str, ...]:
    """Give an adapted model plain weights that compute the same; the sentence that tells it, where it was one."""
    names = adapter_names(opened)
    merge(opened)
    return tuple(f"The adapter “{name}” was merged into its base: the copy is a whole model." for name in names)


def _read_back(found: Found) -> Decoder:
    model = empty_model(found.config)
    fill(model, found.sources, found.tensors, "cpu")
    for parameter in model.parameters():  # laid out like the model it is compared with, so that sums round alike
        parameter.data = parameter.data.contiguous()
    return model.eval()


def prompts_for(vocab_size: int, context_length: int) -> list[list[int]]:
    """Twenty prompts of random ids, from one token up to a few dozen; the same ones every time."""
    random = np.random.default_rng(PROMPTS)
    most = min(LONGEST, context_length)
    lengths = [1 + (number * (most - 1)) // (PROMPTS - 1) for number in range(PROMPTS)]
    return [random.integers(0, vocab_size, length).tolist() for length in lengths]


def last_logits(model: Decoder, prompts: Sequence[Sequence[int]]) -> Tensor:
    """What the model expects after each prompt: (prompts, vocabulary) in fp32."""
    model.eval()
    with torch.no_grad():
        rows = [model(torch.tensor([list(prompt)]), last_only=True)[0, -1].float() for prompt in prompts]
    return torch.stack(rows)


def refuse_another_answer(expected: Tensor, theirs: Tensor) -> None:
    """Refuse logits (prompts, vocabulary) that are not those of the same weights."""
    if expected.shape != theirs.shape:
        raise _differs(f"it answers {tuple(theirs.shape)} numbers instead of {tuple(expected.shape)}")
    _, error = compared(expected, theirs)
    if not error <= EXACT:
        raise _differs(f"its numbers differ by {error:.2g} times their spread")


def compared(ours: Tensor, theirs: Tensor) -> tuple[int, float]:
    """How many next tokens agree, and the largest error as a share of the logits' spread."""
    spread = ours.std(dim=-1, keepdim=True).clamp_min(1e-6)
    error = ((theirs - ours).abs() / spread).max().item()
    return int((ours.argmax(-1) == theirs.argmax(-1)).sum()), error


def _tokenizer_notes(
    ours: Tokenizer | None, theirs: Tokenizer | None, prompts: Sequence[Sequence[int]]
) -> tuple[str, ...]:
    """Both must read the same text alike; one that the format cannot express is told."""
    if ours is None:
        return ()
    if theirs is None:
        return (
            f"The tokenizer “{ours.name}” cannot be said in this format: the copy reads and writes token ids only.",
        )
    for prompt in prompts:
        text = ours.decode([token for token in prompt if token < ours.vocab_size])
        if _ids(ours, text) not in (None, _ids(theirs, text)):
            raise _differs("its tokenizer cuts a text into other tokens")
    return ()


def _ids(tokenizer: Tokenizer, text: str) -> list[int] | None:
    """None where the vocabulary cannot say the text, as with half a character."""
    try:
        return tokenizer.encode(text)
    except StudioError:
        return None


def _differs(reason: str) -> StudioError:
    return StudioError(
        f"The export was read back and does not answer like the model: {reason}.",
        "Nothing was kept. Try another precision or format; if it stays so, please report it.",
    )


def go_on(keep_going: Callable[[], bool]) -> None:
    """A `StudioError` when nobody wants the export any more."""
    if not keep_going():
        raise StudioError("The export was stopped.", "Nothing of it was kept.")


def _single_file(folder: Path) -> Path | None:
    """The one file of a format that is one file."""
    files = list(folder.iterdir())
    return files[0] if len(files) == 1 else None


def _commit(temporary: Path, target: Path) -> None:
    """Give the written folder, or its one file where `target` is named like it, the name that was asked for."""
    for path in temporary.iterdir():
        sync_file(path)
    sync_folder(temporary)
    single = _single_file(temporary)
    if single is not None and single.suffix == target.suffix and target.suffix:
        os.rename(single, target)
    else:
        if target.is_dir():
            target.rmdir()  # it is empty, and Windows renames over no folder
        rename_folder(temporary, target)
    sync_folder(target.parent)
