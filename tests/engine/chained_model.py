"""A model that says letter after letter what it was told to, and one that only listens."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import torch

from studio.core.config import ComputeConfig, ModelConfig, RunConfig, Sampling
from studio.engine.device import choose
from studio.engine.loaded import LoadedModel
from studio.families.gpt2 import build
from studio.tokenizers import END_OF_TEXT, Tokenizer, make_tokenizer
from studio.tokenizers.extended import ExtendedTokenizer

MARKS = (END_OF_TEXT, "<|im_start|>", "<|im_end|>")
TOKENIZER = ExtendedTokenizer(make_tokenizer("bytes", []), MARKS)  # type: ignore[arg-type]


def chained(said: str, end: str = END_OF_TEXT, context: int = 256) -> LoadedModel:
    """Behind each letter of `said` it finds the next one certain, and behind the last one the special token `end`."""
    ids = [*TOKENIZER.encode(said), TOKENIZER.special[end]]
    size = TOKENIZER.vocab_size
    shape = ModelConfig(
        vocab_size=size, context_length=context, emb_dim=size, n_layers=1, n_heads=1, tie_embeddings=False,
        hidden_dim=1,
    )  # fmt: skip
    model = build(shape).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(float("norm" in name and name.endswith("weight")))
        model.embed_tokens.weight.copy_(10 * torch.eye(size))
        model.lm_head.weight[ids[1:], ids[:-1]] = 10.0
    return LoadedModel(model, RunConfig(model=shape), TOKENIZER, choose(ComputeConfig(device="cpu", threads=1)))


class Listener:
    """Stands in for a loaded model: keeps what it was to answer, and says nothing."""

    def __init__(self, context: int = 256, tokenizer: Tokenizer | None = TOKENIZER, **more: Any) -> None:
        self.tokenizer, self.context_length = tokenizer, context
        self.template, self.template_text = "", ""
        self.config: Any = SimpleNamespace(objective="pretrain")
        vars(self).update(more)
        self.ids: list[int] = []
        self.sampling = Sampling()
        self.ends: list[int] = []

    def answer(self, ids: Sequence[int], sampling: Sampling, ends: Sequence[int], control: object) -> Iterator[Any]:
        self.ids, self.sampling, self.ends = list(ids), sampling, list(ends)
        return iter(())

    @property
    def heard(self) -> str:
        assert self.tokenizer is not None
        return self.tokenizer.decode(self.ids)
