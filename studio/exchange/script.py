"""A model as one page of plain PyTorch beside its weights: to see that nothing is hidden, and to start from."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.exchange import Exchange, Outgoing
from studio.layers.script_parts import harmless, joined, layers, network, numbers

if TYPE_CHECKING:
    from torch import Tensor

    from studio.tokenizers import Tokenizer

_TIED = "\n        self.lm_head.weight = self.embed_tokens.weight  # one table reads and writes"
SECONDS = 600.0  # after which a script that is tried counts as broken

HEAD = '''
"""{title}: {label}, {parameters:,} parameters, in plain PyTorch. Written by Atelier.

    pip install torch safetensors
    python model.py {example} --tokens 40      goes on from these token ids

`model.safetensors` holds the weights{spelled}.
"""

import argparse
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

{numbers}
'''

WRITE = '''
@torch.no_grad()
def generate(model, ids, tokens, temperature=0.0):
    """Append one token after the other; temperature 0 takes the likeliest, above 0 draws by chance."""
    ids = list(ids)
    for _ in range(tokens):
        scores = model(torch.tensor([ids[-CONTEXT:]]))[0, -1]
        if temperature == 0:
            ids.append(int(scores.argmax()))
        else:
            ids.append(int(torch.multinomial((scores / temperature).softmax(dim=-1), 1))){end}
    return ids
'''

MAIN = """
def main():
    parser = argparse.ArgumentParser(description="Let the model write.")
    parser.add_argument("ids", type=int, nargs="+", help="token ids to go on from")
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--temperature", type=float, default=0.0)
    options = parser.parse_args()
    folder = Path(__file__).resolve().parent
    ids = generate(load(folder), options.ids, options.tokens, options.temperature)
    print(json.dumps(ids)){text}


if __name__ == "__main__":
    main()
"""
TEXT = """
    pieces = json.loads((folder / "tokens.json").read_text("utf-8"))  # one character stands for one byte
    print("".join(pieces[token] for token in ids).encode("latin-1").decode("utf-8", "replace"))"""


def page(outgoing: Outgoing) -> str:
    """The whole `model.py` for this model, with only the parts that it has."""
    tokenizer = outgoing.tokenizer
    main = MAIN.format(text=TEXT if tokenizer is not None else "")
    return joined([_head(outgoing), *layers(outgoing.config), _model(outgoing.config, tokenizer), main])


def _head(outgoing: Outgoing) -> str:
    config, tokenizer, family = outgoing.config, outgoing.tokenizer, FAMILIES.load(outgoing.config.family)
    return HEAD.format(
        title=harmless(outgoing.title),
        label=family.label,
        parameters=family.ledger(config).total,
        example=" ".join(map(str, _example(tokenizer, config.vocab_size))),
        spelled="" if tokenizer is None else ", `tokens.json` spells every token id",
        numbers=numbers(config),
    )


def _example(tokenizer: "Tokenizer | None", vocab_size: int) -> list[int]:
    """Ids to try it with."""
    try:
        ids = tokenizer.encode("Once upon a time") if tokenizer is not None else []
    except StudioError:
        ids = []
    return ids[:8] or [min(place, vocab_size - 1) for place in (1, 2, 3)]


def _model(config: ModelConfig, tokenizer: "Tokenizer | None") -> str:
    tied = config.tie_embeddings
    end = tokenizer.end_of_text if tokenizer is not None else None
    said = "nn.Linear(WIDTH, VOCABULARY, bias=False)"
    made = network(
        config,
        about="Token ids (batch, time) to a score for every token that could come next: (batch, time, vocabulary).",
        said=f"{said}{_TIED}" if tied else said,
        twice='\n    weights["lm_head.weight"] = weights["embed_tokens.weight"]' if tied else "",
    )
    stops = "" if end is None else f"\n        if ids[-1] == {end}:  # the end of the text\n            break"
    return made + WRITE.format(end=stops)


def write_folder(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
    """Fill `folder` with `model.py`, the weights as they are stored, and how every token is spelled."""
    if wanted := options.get("precision"):
        raise StudioError(f"A script is written with the weights as they are, not in “{wanted}”.", "Leave it out.")
    if not outgoing.config.causal or outgoing.config.word_head:
        raise StudioError("A model built like BERT is not written as a script.", "Export a Hugging Face folder.")
    write_weights(outgoing, folder)
    (folder / "model.py").write_text(page(outgoing), "utf-8")
    if (tokenizer := outgoing.tokenizer) is not None:
        spelled = [spelling(tokenizer, token) for token in range(tokenizer.vocab_size)]
        (folder / "tokens.json").write_text(json.dumps(spelled, ensure_ascii=False), "utf-8")


def write_weights(outgoing: Outgoing, folder: Path) -> None:
    """Put the weights as they are stored beside the page."""
    from studio.layers.stored_weights import ELEMENTS, element_of, raw_bytes
    from studio.store.tensor_file import Entry, in_order, write_tensors

    shapes = outgoing.tensors.shapes()
    entries = in_order(Entry(name, element_of(outgoing.tensors, name), tuple(shapes[name])) for name in shapes)
    data = (raw_bytes(outgoing.tensors.read(entry.name).to(ELEMENTS[entry.dtype])) for entry in entries)
    write_tensors(folder / "model.safetensors", entries, data, {"format": "pt"})


def spelling(tokenizer: "Tokenizer", token: int) -> str:
    """What a token adds to a text, a character for each byte."""
    spell = getattr(tokenizer, "spell", None)
    raw: bytes = spell(token, False) if spell is not None else tokenizer.token_bytes(token)
    return raw.decode("latin-1")


_DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import model, torch
torch.set_num_threads(1)
network = model.load(sys.argv[1])
with torch.no_grad():
    for prompt in json.load(sys.stdin):
        sys.stdout.buffer.write(network(torch.tensor([prompt]))[0, -1].float().numpy().tobytes())
"""


def answer(folder: Path, prompts: Sequence[Sequence[int]]) -> "Tensor":
    """What the written script computes in a process of its own, where nothing of Atelier is at hand."""
    return run_alone(folder, _DRIVER, prompts)


def run_alone(folder: Path, driver: str, asked: Sequence[Any]) -> "Tensor":
    """fp32 (asked, …) that `driver` prints, row by row, about what it reads as JSON; it gets the folder's path."""
    import torch

    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", driver, str(folder.resolve())],
            input=json.dumps(asked).encode(), capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StudioError("The script that was written did not answer in time.", "Nothing was kept.") from error
    if done.returncode or not done.stdout:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no answer"]
        raise StudioError(
            f"The script that was written does not run: {reason[0]}", "Nothing was kept; please report it."
        )
    return torch.frombuffer(bytearray(done.stdout), dtype=torch.float32).view(len(asked), -1)


EXCHANGE = Exchange(
    name="script",
    label="PyTorch script",
    about="One page of plain PyTorch, the weights and the spelling of the tokens; nothing else is needed.",
    recognises=lambda path: False,
    write=write_folder,
    answer=answer,
)
