"""A classifier, or an adapter by itself, on its way out: written, read back, and compared on twenty rows."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.core.config import ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.engine.adapters import export_peft
from studio.engine.checkpoint import read_state
from studio.engine.classifier import checkpoint_of, refuse_other
from studio.engine.classifier_script import answer, write_folder
from studio.engine.export import compared, go_on, refuse_another_answer, refuse_taken
from studio.engine.opening import open_merged, open_weights
from studio.engine.weights import empty_model, fill
from studio.exchange import Outgoing
from studio.exchange.hugging_face import WEIGHTS, classifier_sources, write_classifier
from studio.families import Family
from studio.layers.decoder import Decoder
from studio.layers.lora import adapter_names
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


@dataclass(frozen=True)
class _Going:
    """A classifier on its way out: its whole network, how it was taught, and the rows that it is compared on."""

    title: str
    model: Decoder
    config: RunConfig
    tokenizer: Tokenizer
    texts: list[str]

    @property
    def rows(self) -> list[list[int]]:
        """The texts as the model reads them."""
        return [encoded(self.tokenizer, text)[: limit_of(self.config)] for text in self.texts]

    def outgoing(self, shape: ModelConfig) -> Outgoing:
        """Its weights as they are now, under this description."""
        weights = {name: weight.detach() for name, weight in self.model.named_parameters()}
        return Outgoing(self.title, shape, _InMemory(weights), self.tokenizer)


def export_classifier(
    folder: Path, target: Path, form: str = "hugging_face", keep_going: Callable[[], bool] = lambda: True
) -> ExportedClassifier:
    """Write a run that learned classes in one of `FORMS`; a copy that answers twenty rows otherwise is not kept."""
    checkpoint = checkpoint_of(folder)
    refuse_other(read_state(checkpoint).config, "classify", checkpoint)
    refuse_taken(target)
    if form not in FORMS:
        raise StudioError(
            tr("A model of classes is not written as “{form}”, which has no place for them.", form=form),
            tr("Choose one of: {names}.", names=", ".join(FORMS)),
        )
    go_on(keep_going)
    opened = open_merged(checkpoint, "cpu", keep_going)
    assert opened.tokenizer is not None
    go_on(keep_going)
    texts = _texts(checkpoint, opened.config)
    going = _Going(checkpoint.parents[1].name, opened.model.eval(), opened.config, opened.tokenizer, texts)
    before = _logits(going.model, going.rows, pad_token(going.tokenizer), opened.config.classify.pad_to)
    go_on(keep_going)
    temporary = target.parent / f".{target.name}.writing-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    needed = sum(weight.nbytes for weight in going.model.parameters()) + (1 << 24)
    with explained(f"The export “{target.name}”", target.parent, needed):
        target.parent.mkdir(parents=True, exist_ok=True)
        require_space(target.parent, needed, "the export")
        temporary.mkdir()
        try:
            theirs, notes = FORMS[form](going, temporary)
            refuse_another_answer(before, theirs)
            go_on(keep_going)
            size = sum(path.stat().st_size for path in temporary.iterdir())
            if target.is_dir():
                target.rmdir()
            rename_folder(temporary, target)
        finally:
            if temporary.exists():
                remove_folder(temporary)
    return ExportedClassifier(target, size, len(texts), *compared(before, theirs), notes)


def _as_folder(going: _Going, folder: Path) -> tuple[Tensor, tuple[str, ...]]:
    """What `transformers` loads; the logits that its files give, and what was changed on the way."""
    refuse_unlike(going.config)
    notes = fold_bias(going.model)
    shape = replace(going.config.model, outputs_bias=False, tie_embeddings=False)
    filling = pad_token(going.tokenizer)
    write_classifier(going.outgoing(shape), folder, _facts(going.config, filling))
    return _logits(_read_back(folder, replace(going.config, model=shape)), going.rows, filling), notes


def _as_script(going: _Going, folder: Path) -> tuple[Tensor, tuple[str, ...]]:
    """A page of plain PyTorch; the logits that it computes by itself, from the texts where it can cut them."""
    said, shape = going.config.classify, going.config.model
    shape = replace(shape, causal=shape.causal and said.causal_mask, tie_embeddings=False)
    if write_folder(going.outgoing(shape), going.config, folder):
        return answer(folder, going.texts), ()
    words = tr("The tokenizer “{name}” cannot be said outside of Atelier: the page takes token ids only.",
               name=going.tokenizer.name)  # fmt: skip
    return answer(folder, going.rows), (words,)


FORMS = {"hugging_face": _as_folder, "script": _as_script}


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


def _texts(checkpoint: Path, config: RunConfig) -> list[str]:
    """Twenty texts of the run's own dataset."""
    dataset = Project.open(checkpoint.parents[3]).find_dataset(config.data.dataset)
    texts = (text_of(dataset.reading, values) for values in dataset.page(0, 5 * ROWS))
    return [text for text in texts if text.strip()][:ROWS]


def _logits(model: Decoder, rows: list[list[int]], filling: int, pad_to: int = 0) -> Tensor:
    """(rows, classes), each read where the model reads; rows are filled up to `pad_to` at least."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.full((len(rows), max(pad_to, int(lengths.max()))), filling)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
    with torch.no_grad():
        return model.classes(ids, lengths)


def _read_back(folder: Path, config: RunConfig) -> Decoder:
    family: Family = FAMILIES.load(config.model.family)
    theirs = family.from_outside(family.to_outside(config.model))  # with the biases that it always has
    model = empty_model(replace(theirs, outputs=config.model.outputs, tie_embeddings=False))
    fill(model, classifier_sources(config.model), StoredWeights([folder / WEIGHTS]), "cpu")
    return model.eval()
