"""From a config to a network: every family is put together here, out of the same parts."""

import math

from torch import nn

from studio.core.config import ModelConfig
from studio.layers.attention import Attention
from studio.layers.decoder import Block, Decoder, Start
from studio.layers.feed_forward import FeedForward, GatedFeedForward
from studio.layers.norms import norm_for
from studio.layers.rotary import Rotary
from studio.layers.word_head import WordTransform


def decoder(config: ModelConfig) -> Decoder:
    """A fresh network; its weights follow `config.initialization` and torch's global seed.

    The parts are made in the order of the book's `GPTModel`, so that the same seed gives the book's weights.
    """
    feed_forward = GatedFeedForward if config.feed_forward == "gated" else FeedForward
    rotary = Rotary(config) if config.positions == "rotary" else None
    after = config.norm_place == "after"

    def block(layer: int) -> Block:
        attention = Attention(config, layer, rotary)
        return Block(attention, feed_forward(config), (norm_for(config), norm_for(config)), after)

    tokens = nn.Embedding(config.vocab_size, config.emb_dim)
    positions = None if rotary else nn.Embedding(config.context_length, config.emb_dim)
    segments = nn.Embedding(config.segments, config.emb_dim) if config.segments else None
    layers = [block(layer) for layer in range(config.n_layers)]
    says = (config.outputs, config.outputs_bias) if config.outputs else (config.vocab_size, config.word_head)
    head = nn.Linear(config.emb_dim, says[0], bias=says[1])
    scale = math.sqrt(config.emb_dim) if config.embedding_scale else 1.0
    start = Start(tokens, positions, segments, norm_for(config) if after else None, scale)
    model = Decoder(start, layers, (_end(config), head))
    if config.tie_embeddings:
        head.weight = tokens.weight
    if config.initialization == "gpt2":
        _initialize(model, config)
    return model


def _end(config: ModelConfig) -> nn.Module:
    """What stands between the last block and the head."""
    if config.word_head:
        return WordTransform(config)
    return norm_for(config) if config.norm_place == "before" else nn.Identity()


def _initialize(model: Decoder, config: ModelConfig) -> None:
    """Normal weights of 0.02; those that write into the residual stream are smaller the deeper the model is."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            writes = name.endswith(("o_proj", "down_proj"))
            nn.init.normal_(module.weight, std=0.02 / math.sqrt(2 * config.n_layers) if writes else 0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
