"""What can be known about a run before it starts: tokens and vocabulary of its text, parameters, disk and speed."""

import dataclasses
import shutil
from typing import TYPE_CHECKING

import numpy as np

from studio.core.config import RunConfig
from studio.core.shelf import FAMILIES
from studio.training.plan import Facts

if TYPE_CHECKING:
    from studio.live.run_model import RunModel
    from studio.store.corpus import Text
    from studio.store.project import Project
    from studio.tokenizers import Tokenizer

_HEAD = 200_000  # characters that stand for the whole text until it is cut into tokens
_STEADY = 20  # newest steps whose middle is taken for a run's speed


def survey(project: "Project", config: RunConfig) -> Facts:
    """Facts for `config`, for a worker thread: exact where the text has been cut before, else from its beginning."""
    from studio.store.shards import find_shards
    from studio.store.starts import find_start, tokenizer_in

    data = config.data
    text = project.text(data.text)
    tokenizer: str | Tokenizer = ""
    if config.start_from:
        tokenizer = tokenizer_in(find_start(project.path, config.start_from).folder)
    else:
        tokenizer = project.tokenizer(data.tokenizer)
    shards = find_shards(text, tokenizer, data.validation_share, project.tokens_folder)
    if shards is not None:
        tokens, vocabulary = shards.training_tokens, shards.vocab_size
    else:
        tokens, vocabulary = _guess(text, tokenizer)
        tokens = int(tokens * (1 - data.validation_share))
    model = dataclasses.replace(config.model, vocab_size=config.model.vocab_size or vocabulary)
    return Facts(
        parameters=FAMILIES.load(model.family).ledger(model).total,
        vocab_size=model.vocab_size,
        training_tokens=tokens,
        exact=shards is not None,
        free_disk=shutil.disk_usage(project.path).free,
    )


def _guess(text: "Text", asked: "str | Tokenizer") -> tuple[int, int]:
    """Tokens of the whole text and size of the vocabulary, judged by its first characters."""
    from studio.tokenizers import make_tokenizer

    head = ""
    for piece in text.chunks(_HEAD):
        head = piece
        break
    tokenizer = make_tokenizer(asked, [head]) if isinstance(asked, str) else asked
    share = len(tokenizer.encode(head)) / max(1, len(head))
    return round(share * text.characters), tokenizer.vocab_size


def measured_speed(config: RunConfig, runs: "list[RunModel]") -> float:
    """Tokens per second of the newest run that computed the same thing here, or 0."""
    for run in reversed(runs):
        history = run.history.get("tokens_per_second")
        if history is not None and len(history) >= _STEADY and _same_work(config, run.config):
            return float(np.median(history.value[-_STEADY:]))
    return 0.0


def _same_work(one: RunConfig, other: RunConfig) -> bool:
    def work(config: RunConfig) -> tuple[object, ...]:
        compute = config.compute
        adapter = config.adapter if config.adapter.kind != "none" else None
        return config.objective, config.model, config.training.batch_size, config.data.tokenizer, adapter, (
            compute.device, compute.precision, compute.threads
        )  # fmt: skip

    return work(one) == work(other)
