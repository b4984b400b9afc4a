"""The weights that a run begins with when they are another model's, and those that it goes on from."""

from pathlib import Path

import torch
from torch import nn

from studio.core.config import ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import OBJECTIVES
from studio.engine.adapters import load_adapter
from studio.engine.checkpoint import Saved, load_model, read_state
from studio.engine.recording import drawing
from studio.engine.weights import empty_model, fill, own_sources, own_weights
from studio.layers.decoder import Decoder
from studio.layers.lora import HEAD, add_lora, merge
from studio.layers.lora_linear import LoraShape
from studio.layers.nf4 import await_codes, quantize_blocks
from studio.store.checkpoints import verify
from studio.store.starts import Start, find_start


def begun_from(start: Start, config: ModelConfig, device: str, seed: int = 0, four_bits: bool = False) -> Decoder:
    """The network of `config` with the weights of `start` in fp32, in memory of its own.

    With `four_bits` the matrices of its blocks are packed one by one while they are read.

    Where the run sees less at once than the model did, the first learned positions are kept; a head for other classes,
    or for classes instead of words, is a new one that follows from `seed`. An adapter of `start` is merged in.
    """
    own = start.config.model
    model = _whole(start, device, four_bits)
    if device == "cpu":
        for parameter in model.parameters():  # pages of a file are copied one by one when they are written to
            parameter.data = parameter.data.clone()
    if model.embed_positions is not None and config.context_length < own.context_length:
        rows = model.embed_positions.weight.data[: config.context_length].clone()
        model.embed_positions = nn.Embedding(rows.shape[0], rows.shape[1], _weight=rows)
    for module in model.modules():
        if hasattr(module, "drop_rate"):  # what the run asks for, not what the model was trained with
            module.drop_rate = config.drop_rate  # type: ignore[assignment]
    if config.outputs and (config.outputs, config.outputs_bias) != (own.outputs, own.outputs_bias):
        torch.manual_seed(seed)
        model.lm_head = nn.Linear(config.emb_dim, config.outputs, bias=config.outputs_bias).to(device)
    return model


def _whole(start: Start, device: str, four_bits: bool) -> Decoder:
    """A model by itself, as it lies there or with its adapter merged, which takes full numbers first."""
    if start.config.adapter.kind != "none":
        model = _adapted_again(start.folder, start.config, device)
        merge(model)
        model.requires_grad_(True)
        if four_bits:
            quantize_blocks(model)
        return model
    verify(start.folder)
    model = empty_model(start.config.model)
    if four_bits:
        await_codes(model)
    fill(model, own_sources(model), own_weights(start.folder), device)
    return model


def restored(folder: Path, device: str) -> tuple[Decoder, Saved]:
    """The model of a checkpoint on `device` as it was trained, and what the checkpoint says about itself.

    A checkpoint that holds only an adapter is laid on its base, which must still be there.
    """
    saved = read_state(folder)
    if saved.config.adapter.kind == "none":
        model, saved = load_model(folder, device)
        prepared(model, saved.config)
    else:
        model = _adapted_again(folder, saved.config, device, trained=True)
    return model, saved


def _adapted_again(folder: Path, config: RunConfig, device: str, trained: bool = False) -> Decoder:
    """The base with the adapter in a checkpoint laid on it; `trained` as its run set it up, else as plain weights."""
    start = base_of_adapter(folder, config)
    model = begun_from(start, config.model, device, config.compute.seed, config.adapter.kind == "qlora")
    if trained:
        prepared(model, config)
    load_adapter(model, config.model, folder, start.name)
    return model


def base_of_adapter(folder: Path, config: RunConfig) -> Start:
    """The model that the adapter in a checkpoint was trained on; a `StudioError` names it where it is gone."""
    project = folder.parents[3] if len(folder.parents) > 3 else folder.parent
    try:
        return find_start(project, config.start_from)
    except StudioError as error:
        raise StudioError(
            tr("“{run}” holds only an adapter, and its base “{base}” is not there any more.",
               run=folder.parents[1].name, base=config.start_from),
            tr("Bring the base back under its name. {reason}", reason=error.message),
        ) from error  # fmt: skip


def adapted(model: Decoder, config: RunConfig, name: str) -> None:
    """Lay the new adapter `name` of a run on its model, whose blocks are in 4 bits already where they are to be.

    A head of classes is trained whole unless it is a target.
    """
    wanted = config.adapter
    if wanted.kind == "none":
        return
    if not config.start_from:
        raise StudioError(
            tr("An adapter needs a model to lie on, and this run begins with random weights."),
            tr("Choose a model to start from, or train the weights themselves."),
        )
    shape = LoraShape(wanted.rank, wanted.alpha, wanted.dropout, wanted.convention)
    torch.manual_seed(config.compute.seed)
    whole = (HEAD,) if config.model.outputs and HEAD not in wanted.names else ()
    with drawing():
        add_lora(model, wanted.names, shape, name, whole)


def prepared(model: Decoder, config: RunConfig) -> None:
    """What the objective says about the network beyond its shape: what is frozen, who sees whom."""
    objective = OBJECTIVES.load(config.objective)
    if objective.prepare_model is not None:
        objective.prepare_model(model, config)
