"""The weights that a run begins with when they are another model's."""

from dataclasses import replace

from torch import nn

from studio.core.config import ModelConfig
from studio.engine.opening import own_sources, own_weights
from studio.engine.weights import empty_model, fill
from studio.layers.decoder import Decoder
from studio.store.checkpoints import verify
from studio.store.starts import Start


def begun_from(start: Start, config: ModelConfig, device: str) -> Decoder:
    """The network of `config` with the weights of `start` in fp32, in memory of its own.

    Where the run sees less at once than the model did, the first learned positions are kept.
    """
    verify(start.folder)
    model = empty_model(replace(config, context_length=start.config.model.context_length))
    fill(model, own_sources(model), own_weights(start.folder), device)
    if device == "cpu":
        for parameter in model.parameters():  # pages of a file are copied one by one when they are written to
            parameter.data = parameter.data.clone()
    if model.embed_positions is not None and config.context_length < start.config.model.context_length:
        rows = model.embed_positions.weight.data[: config.context_length].clone()
        model.embed_positions = nn.Embedding(rows.shape[0], rows.shape[1], _weight=rows)
    return model
