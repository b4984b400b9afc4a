"""The child of `training`: reads what to learn and the text from its standard input, leaves the vocabulary in a file.

Learning runs inside `tokenizers`, which can neither be interrupted nor asked; a process of its own can be ended.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from studio.tokenizers.byte_pair import byte_of
from studio.tokenizers.tokenizer_json import BYTE_LEVEL, file_of
from studio.tokenizers.word_piece import INSIDE
from studio.tokenizers.word_piece import rules as word_piece_rules

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Engine

ALPHABET = sorted(byte_of())


def main() -> None:
    """Learn, and write the vocabulary or the reason why there is none."""
    stream = sys.stdin.buffer
    order = json.loads(next(_told(stream)))
    texts = _told(stream)
    learn = {"bpe": byte_pairs, "wordpiece": word_pieces, "unigram": unigrams}[order["kind"]]
    try:
        found = learn(texts, order["vocabulary"] - len(order["special"]), order["lower"])
    except Exception as error:  # the library's own sentences: the text is too small for what was asked
        found = {"error": f"This vocabulary cannot be learned from this text: {error}"}
    Path(order["result"]).write_text(json.dumps(found), "utf-8")


def _told(stream: IO[bytes]) -> Iterator[str]:
    """Strings, each after its length."""
    while head := stream.read(4):
        yield stream.read(int.from_bytes(head, "big")).decode("utf-8")


def byte_pairs(texts: Iterator[str], size: int, lower: bool) -> dict[str, Any]:
    """Tokens in the order in which they were learned; the bytes first."""
    from tokenizers import models, trainers

    engine = _engine(models.BPE(), BYTE_LEVEL, lower)
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=ALPHABET, show_progress=True, progress_format="json"
    )
    engine.train_from_iterator(texts, trainer)
    vocabulary = json.loads(engine.to_str())["model"]["vocab"]
    return {"tokens": sorted(vocabulary, key=vocabulary.__getitem__)}


def word_pieces(texts: Iterator[str], size: int, lower: bool) -> dict[str, Any]:
    """Every byte at the beginning of a word and inside of one, then the pieces in the order they were learned."""
    from tokenizers import models, trainers

    engine = _engine(models.BPE(continuing_subword_prefix=INSIDE), word_piece_rules(), lower)
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=ALPHABET, continuing_subword_prefix=INSIDE, show_progress=True,
        progress_format="json",
    )  # fmt: skip
    engine.train_from_iterator(texts, trainer)
    vocabulary = json.loads(engine.to_str())["model"]["vocab"]
    single = [*ALPHABET, *(INSIDE + mark for mark in ALPHABET)]
    learned = sorted(vocabulary.keys() - set(single), key=vocabulary.__getitem__)
    return {"tokens": (single + learned)[:size]}


def unigrams(texts: Iterator[str], size: int, lower: bool) -> dict[str, Any]:
    """Pieces, the likeliest first, with the logarithm of how likely each is."""
    from tokenizers import models, trainers

    engine = _engine(models.Unigram(), BYTE_LEVEL, lower)
    trainer = trainers.UnigramTrainer(vocab_size=size, initial_alphabet=ALPHABET, show_progress=True)
    engine.train_from_iterator(texts, trainer)
    pieces = json.loads(engine.to_str())["model"]["vocab"]
    return {"tokens": [piece for piece, _ in pieces], "scores": [score for _, score in pieces]}


def _engine(model: Any, rules: dict[str, Any], lower: bool) -> "Engine":
    """An empty tokenizer that cuts texts into words by these rules."""
    from tokenizers import Tokenizer as Engine
    from tokenizers import models

    empty = json.loads(Engine(models.BPE()).to_str())
    like = Engine.from_str(json.dumps(file_of(empty["model"], rules, BYTE_LEVEL, {}, lower)))
    engine = Engine(model)
    engine.pre_tokenizer = like.pre_tokenizer
    if lower:
        engine.normalizer = like.normalizer
    return engine


if __name__ == "__main__":
    main()
    os._exit(0)  # giving back all that was counted takes a while, and nobody needs it
