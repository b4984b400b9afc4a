"""A model of classes as one page of plain PyTorch beside its weights: texts in, classes with probabilities out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.config import RunConfig
from studio.core.shelf import FAMILIES
from studio.exchange import Outgoing
from studio.exchange.script import run_alone, write_weights
from studio.layers.script_parts import harmless, joined, layers, network, numbers
from studio.objectives.classify import limit_of, pad_token
from studio.store.files import write_json
from studio.tokenizers.tokenizer_json import as_file

if TYPE_CHECKING:
    from torch import Tensor

HEAD = '''
"""{title}: {label}, {parameters:,} parameters, in plain PyTorch; it tells {count} classes apart. Written by Atelier.

    pip install torch safetensors{library}
    python model.py {example}      prints the classes, each with its probability

`model.safetensors` holds the weights{spelled}.
"""

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn{imported}

{numbers}
LONGEST = {longest}  # tokens of a text that are read
PAD_TO = {pad_to}  # tokens that a shorter text is filled up to
FILLING = {filling}  # the token that fills it up
CLASSES = [
{classes}
]
'''

ASK = '''
def prepared(ids):
    """The ids of a text as the model was taught to read them: cut at the end, and filled up."""
    ids = (list(ids) or [FILLING])[:LONGEST]
    return ids + [FILLING] * (PAD_TO - len(ids))


@torch.no_grad()
def classify(model, ids):
    """(probability, class) of every class, the likeliest first."""
    chances = model(torch.tensor([prepared(ids)]))[0].{chances}
    return sorted(zip(chances.tolist(), CLASSES), reverse=True)
'''
# What the head reads, by where it was taught to read; `padded` is the last place, filled up or not.
READS = {"last": "[:, -1]", "padded": "[:, -1]", "first": "[:, 0]", "mean": ".mean(dim=1)"}

ENCODE = '''
def encode(folder, text):
    """The token ids of a text."""
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.encode_special_tokens = True  # what only looks like a mark is text
    return {before}tokenizer.encode(text, add_special_tokens=False).ids
'''

MAIN = """
def main():
    parser = argparse.ArgumentParser(description="Tell the class of a text.")
    parser.add_argument({argument})
    options = parser.parse_args()
    folder = Path(__file__).resolve().parent
    model = load(folder)
    {asked}
        print(", ".join(f"{{name}} {{chance:.1%}}" for chance, name in classify(model, ids)))


if __name__ == "__main__":
    main()
"""
TEXTS = ('"texts", nargs="+", help="one or more texts, each in quotes"',
         "for ids in (encode(folder, text) for text in options.texts):")  # fmt: skip
IDS = ('"ids", type=int, nargs="+", help="the token ids of a text"', "for ids in [options.ids]:")

_DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import model, torch
torch.set_num_threads(1)
network = model.load(sys.argv[1])
with torch.no_grad():
    for row in json.load(sys.stdin):
        ids = model.encode(sys.argv[1], row) if isinstance(row, str) else row
        sys.stdout.buffer.write(network(torch.tensor([model.prepared(ids)]))[0].float().numpy().tobytes())
"""


def page(outgoing: Outgoing, config: RunConfig, spells: bool) -> str:
    """The whole `model.py`: `outgoing.config` is the shape, `config` how rows are read; `spells`: texts come in."""
    shape, said = outgoing.config, config.classify
    argument, asked = TEXTS if spells else IDS
    parts = [_head(outgoing, config, spells), *layers(shape)]
    chances = "sigmoid()  # each class by itself" if said.multi_label else "softmax(dim=-1)"
    about = "Token ids (1, time) of one text to a score for every class: (1, classes)."
    head = f"nn.Linear(WIDTH, len(CLASSES), bias={shape.outputs_bias})  # says classes instead of words"
    parts.append(network(shape, about, head, READS[said.read_at]) + ASK.format(chances=chances))
    if spells and outgoing.tokenizer is not None:
        before = list(getattr(outgoing.tokenizer, "prefix", ()))
        parts.append(ENCODE.format(before=f"{before} + " if before else ""))
    return joined([*parts, MAIN.format(argument=argument, asked=asked)])


def _head(outgoing: Outgoing, config: RunConfig, spells: bool) -> str:
    shape, labels, tokenizer = outgoing.config, config.classify.labels, outgoing.tokenizer
    padded = config.classify.read_at == "padded"
    family = FAMILIES.load(shape.family)
    return HEAD.format(
        title=harmless(outgoing.title), label=family.label, parameters=family.ledger(shape).total, count=len(labels),
        library=" tokenizers" if spells else "", example='"some text"' if spells else "1 2 3",
        spelled=", `tokenizer.json` cuts texts into tokens" if spells else "",
        imported="\nfrom tokenizers import Tokenizer" if spells else "",
        numbers=numbers(shape), longest=limit_of(config), pad_to=config.classify.pad_to if padded else 0,
        filling=pad_token(tokenizer) if tokenizer is not None else 0,
        classes="\n".join(f"    {label!r}," for label in labels),
    )  # fmt: skip


def write_folder(outgoing: Outgoing, config: RunConfig, folder: Path) -> bool:
    """Fill `folder` with the page, the weights and the tokenizer; whether it takes texts, or token ids only."""
    content = as_file(outgoing.tokenizer) if outgoing.tokenizer is not None else None
    write_weights(outgoing, folder)
    if content is not None:
        write_json(folder / "tokenizer.json", content)
    (folder / "model.py").write_text(page(outgoing, config, content is not None), "utf-8")
    return content is not None


def answer(folder: Path, rows: Sequence[str] | Sequence[Sequence[int]]) -> "Tensor":
    """Logits (rows, classes) that the page computes of texts, or of ids, in a process where Atelier is not at hand."""
    asked: Sequence[Any] = rows
    return run_alone(folder, _DRIVER, asked)
