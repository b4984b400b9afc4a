"""The first part of a masked-word head: it turns the last block's output into what is compared with every token."""

from torch import Tensor, nn

from studio.core.config import ModelConfig
from studio.layers.feed_forward import ACTIVATIONS
from studio.layers.norms import norm_for


class WordTransform(nn.Module):
    """norm(bend(W·x + b)), as in BERT (Devlin et al. 2019): (…, width) in and out."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.emb_dim, config.emb_dim)
        self.bend = ACTIVATIONS[config.activation]
        self.norm = norm_for(config)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.bend(self.dense(x)))
        return out
