"""A classifier, or an adapter by itself, on its way out: written, read back, and compared on twenty rows."""

import os
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.engine.adapters import export_peft
from studio.engine.checkpoint import read_state
from studio.engine.classifier import checkpoint_of, refuse_other
from studio.engine.export import compared, refuse_another_answer, refuse_taken
from studio.engine.opening import open_merged, open_weights
from studio.engine.weights import empty_model, fill
from studio.exchange import Outgoing
from studio.exchange.hugging_face import WEIGHTS, classifier_sources, write_classifier
from studio.families import Family
from studio.layers.decoder import Decoder
from studio.layers.lora import adapter_names
from studio.layers.row_reader import RowReader
from studio.layers.stored_weights import StoredWeights
from studio.objectives.classify import encoded, limit_of, pad_token
from studio.rows.kinds import text_of
from studio.store.disk import explained, require_space
from studio.store.files import remove_folder, rename_folder
from studio.store.project import Project
from studio.tokenizers import Tokenizer

ROWS = 20


@dataclass(frozen=True)
class ExportedClassifier:
    """What lies at `path`, and how it compares on `rows` rows: with the same class, and the largest difference."""

    path: Path
    bytes: int
    rows: int
    same: int
    error: float  # of a logit, as a share of the logits' spread
    notes: tuple[str, ...] = ()


def export_classifier(folder: Path, target: Path) -> ExportedClassifier:
    """Write a run that learned classes as a folder that `transformers` loads; a copy that answers otherwise is none."""
    checkpoint = checkpoint_of(folder)
    refuse_other(read_state(checkpoint).config, "classify", checkpoint)
    refuse_taken(target)
    opened = open_merged(checkpoint, "cpu")
    model, config = opened.model.eval(), opened.config
    refuse_unlike(config)
    assert opened.tokenizer is not None
    rows, filling = _rows(checkpoint, config, opened.tokenizer), pad_token(opened.tokenizer)
    before = _logits(model, rows, filling)
    notes = fold_bias(model)
    shape = replace(config.model, outputs_bias=False, tie_embeddings=False)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    outgoing = Outgoing(checkpoint.parents[1].name, shape, _InMemory(weights), opened.tokenizer)
    temporary = target.parent / f".{target.name}.writing-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    needed = outgoing.tensors.bytes() + (1 << 24)
    with explained(f"The export “{target.name}”", target.parent, needed):
        target.parent.mkdir(parents=True, exist_ok=True)
        require_space(target.parent, needed, "the export")
        temporary.mkdir()
        try:
            write_classifier(outgoing, temporary, _facts(config, filling))
            theirs = _logits(_read_back(temporary, replace(config, model=shape)), rows, filling)
            refuse_another_answer(before, theirs)
            size = sum(path.stat().st_size for path in temporary.iterdir())
            if target.is_dir():
                target.rmdir()
            rename_folder(temporary, target)
        finally:
            if temporary.exists():
                remove_folder(temporary)
    return ExportedClassifier(target, size, len(rows), *compared(before, theirs), notes)


def export_adapter(folder: Path, target: Path) -> Path:
    """Write the adapter of a checkpoint as a folder that `peft` loads onto the same base."""
    checkpoint = checkpoint_of(folder)
    opened = open_weights(checkpoint, "cpu")
    names = adapter_names(opened.model)
    if not names:
        raise StudioError(
            tr("“{name}” has no adapter; its weights themselves were trained.", name=checkpoint.parents[1].name),
            tr("Export the whole model instead, for example as hugging_face."),
        )
    export_peft(opened.model, opened.config.model, names[0], target, opened.config.start_from)
    return target


# --- what can be said outside -----------------------------------------------------------------------------------------


def refuse_unlike(config: RunConfig) -> None:
    """Refuse what `transformers` would compute otherwise: it reads the last token of a text that looks back only."""
    said = config.classify
    if said.read_at != "last":
        raise StudioError(
            tr("This classifier reads at “{place}”; a Hugging Face folder reads the last token of a text.",
               place=said.read_at),
            tr("Train one that reads at “last” to take it elsewhere."),
        )  # fmt: skip
    if not (said.causal_mask and config.model.causal):
        raise StudioError(
            tr("This classifier looks both ways; a Hugging Face folder of its kind looks back only."),
            tr("Train one that looks back only to take it elsewhere."),
        )


def fold_bias(model: Decoder) -> tuple[str, ...]:
    """Move the head's bias b into the norm before it: W(x + W⁺b) = Wx + b, as W has no fewer columns than rows.

    An RMSNorm has no offset to move it to, and is refused.
    """
    bias: Tensor | None = model.lm_head.bias
    if bias is None:
        return ()
    if not isinstance(model.norm, nn.LayerNorm):
        raise StudioError(
            tr("The head has a bias, which a Hugging Face folder has no place for, and an RMSNorm cannot take it in."),
            tr("Train one without a bias in the head to take it elsewhere."),
        )
    with torch.no_grad():
        shift = torch.linalg.pinv(model.lm_head.weight.double()) @ bias.double()
        model.norm.bias.add_(shift.to(model.norm.bias.dtype))
    model.lm_head.register_parameter("bias", None)
    return (tr("The bias of the head was moved into the offset of the norm before it."),)


def _facts(config: RunConfig, filling: int) -> dict[str, Any]:
    labels = config.classify.labels
    return {
        "num_labels": len(labels), "pad_token_id": filling,
        "id2label": {str(number): label for number, label in enumerate(labels)},
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": f"{'multi' if config.classify.multi_label else 'single'}_label_classification",
    }  # fmt: skip


class _InMemory:
    """The weights of a model in memory under their own names."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self._weights = weights

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Our names and shapes."""
        return {name: tuple(weight.shape) for name, weight in self._weights.items()}

    def read(self, name: str) -> Tensor:
        """One of them."""
        return self._weights[name]

    def bytes(self) -> int:
        """What all of them take."""
        return sum(weight.nbytes for weight in self._weights.values())


# --- compared ---------------------------------------------------------------------------------------------------------


def _rows(checkpoint: Path, config: RunConfig, tokenizer: Tokenizer) -> list[list[int]]:
    """Twenty rows of the run's own dataset as tokens."""
    dataset = Project.open(checkpoint.parents[3]).find_dataset(config.data.dataset)
    texts = [
        text for text in (text_of(dataset.reading, values) for values in dataset.page(0, 5 * ROWS)) if text.strip()
    ]
    return [encoded(tokenizer, text)[: limit_of(config)] for text in texts[:ROWS]]


def _logits(model: Decoder, rows: list[list[int]], filling: int) -> Tensor:
    """(rows, classes) at the last token of each."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), int(lengths.max())), filling)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
    with torch.no_grad():
        said: Tensor = model.lm_head(RowReader().read(model, model.embedded(ids), lengths, 0))
    return said


def _read_back(folder: Path, config: RunConfig) -> Decoder:
    family: Family = FAMILIES.load(config.model.family)
    theirs = family.from_outside(family.to_outside(config.model))  # with the biases that it always has
    model = empty_model(replace(theirs, outputs=config.model.outputs, tie_embeddings=False))
    fill(model, classifier_sources(config.model), StoredWeights([folder / WEIGHTS]), "cpu")
    return model.eval()
