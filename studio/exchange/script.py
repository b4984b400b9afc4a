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
from studio.gate.names import visible

if TYPE_CHECKING:
    from torch import Tensor

    from studio.tokenizers import Tokenizer

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

RMS_NORM = '''
class RMSNorm(nn.Module):
    """Divide by the root of the mean square, then scale each number."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.{start}(width))

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON) * {weight}
'''

TURN = '''
def turn(x):
    """Rotary positions: pair the halves of a head and turn each pair by its place in the text."""
    pairs = torch.arange(0, HEAD_WIDTH, 2, dtype=torch.float32)
    speed = 1.0 / ROPE_BASE ** (pairs / HEAD_WIDTH){scaling}
    angle = torch.outer(torch.arange(x.shape[2], dtype=torch.float32), speed)  # (time, head width / 2)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()), dim=-1)
'''
LINEAR = " / ROPE_FACTOR"
LLAMA_3 = """
    turns = ROPE_ORIGINAL_CONTEXT * speed / (2 * math.pi)  # full turns within the context first trained on
    keep = ((turns - ROPE_LOW) / (ROPE_HIGH - ROPE_LOW)).clamp(0, 1)  # slow pairs are slowed further (Llama 3.1)
    speed = keep * speed + (1 - keep) * speed / ROPE_FACTOR"""

ATTENTION = '''
class Attention(nn.Module):
    """Every token looks at those before it and takes a mixture of what they offer."""

    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, HEADS * HEAD_WIDTH, bias={qkv_bias})
        self.k_proj = nn.Linear(WIDTH, KEY_VALUE_HEADS * HEAD_WIDTH, bias={qkv_bias})
        self.v_proj = nn.Linear(WIDTH, KEY_VALUE_HEADS * HEAD_WIDTH, bias={qkv_bias})
        self.o_proj = nn.Linear(HEADS * HEAD_WIDTH, WIDTH, bias={output_bias}){norms}

    def forward(self, x):
        batch, time, _ = x.shape
        q = self.q_proj(x).view(batch, time, HEADS, HEAD_WIDTH).transpose(1, 2)  # (batch, heads, time, head width)
        k = self.k_proj(x).view(batch, time, KEY_VALUE_HEADS, HEAD_WIDTH).transpose(1, 2)
        v = self.v_proj(x).view(batch, time, KEY_VALUE_HEADS, HEAD_WIDTH).transpose(1, 2){prepared}
        scores = q @ k.transpose(-2, -1) / math.sqrt(HEAD_WIDTH)  # (batch, heads, time, time)
        hidden = torch.ones(time, time, dtype=torch.bool).triu(1)  # what comes later{window}
        weights = scores.masked_fill(hidden, float("-inf")).softmax(dim=-1)
        return self.o_proj((weights @ v).transpose(1, 2).flatten(2))
'''
NORMS = """
        self.q_norm = {norm}
        self.k_norm = {norm}"""
NORMED = """
        q, k = self.q_norm(q), self.k_norm(k)"""
TURNED = """
        q, k = turn(q), turn(k)"""
GROUPED = """
        k = k.repeat_interleave(HEADS // KEY_VALUE_HEADS, dim=1)  # several query heads share one of keys and values
        v = v.repeat_interleave(HEADS // KEY_VALUE_HEADS, dim=1)"""
WINDOWED = """
        hidden |= torch.ones(time, time, dtype=torch.bool).tril(-WINDOW)  # what lies too far back"""

PLAIN = '''
class FeedForward(nn.Module):
    """Each token by itself: widen, bend, narrow."""

    def __init__(self):
        super().__init__()
        self.up_proj = nn.Linear(WIDTH, HIDDEN, bias={bias})
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias={bias})

    def forward(self, x):
        return self.down_proj({bend})
'''
GATED = '''
class FeedForward(nn.Module):
    """Each token by itself: widen, let a gate decide how much of each number passes, narrow."""

    def __init__(self):
        super().__init__()
        self.gate_proj = nn.Linear(WIDTH, HIDDEN, bias={bias})
        self.up_proj = nn.Linear(WIDTH, HIDDEN, bias={bias})
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias={bias})

    def forward(self, x):
        return self.down_proj({bend} * self.up_proj(x))
'''
BENDS = {
    "gelu_tanh": 'F.gelu({x}, approximate="tanh")', "gelu": "F.gelu({x})", "silu": "F.silu({x})", "relu": "F.relu({x})",
}  # fmt: skip

MODEL = '''
class Block(nn.Module):
    """One layer: what attention and the feed-forward part find is added to what flows through."""

    def __init__(self):
        super().__init__()
        self.input_layernorm = {norm}
        self.self_attn = Attention()
        self.post_attention_layernorm = {norm}
        self.mlp = FeedForward()

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    """Token ids (batch, time) to a score for every token that could come next: (batch, time, vocabulary)."""

    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY, WIDTH){positions}
        self.layers = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = {norm}
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False){tied}

    def forward(self, ids):
        x = self.embed_tokens(ids){scaled}{placed}
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x))


def load(folder):
    """The model with its weights, ready to write."""
    weights = {{name: tensor.float() for name, tensor in load_file(Path(folder) / "model.safetensors").items()}}{head}
    model = Model()
    model.load_state_dict(weights)
    return model.eval()


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
    config, tokenizer = outgoing.config, outgoing.tokenizer
    parts = [_head(outgoing)]
    if config.norm == "rms":
        offset = config.norm_offset
        parts.append(
            RMS_NORM.format(
                start="zeros" if offset else "ones", weight="(1 + self.weight)" if offset else "self.weight"
            )
        )
    if config.positions == "rotary":
        scaling = {"linear": LINEAR, "llama3": LLAMA_3}.get(config.rope_scaling, "")
        parts.append(TURN.format(scaling=scaling))
    parts += [_attention(config), _feed_forward(config), _model(config, tokenizer)]
    parts.append(MAIN.format(text=TEXT if tokenizer is not None else ""))
    return "\n\n".join(part.strip("\n") + "\n" for part in parts)


def _head(outgoing: Outgoing) -> str:
    config, tokenizer, family = outgoing.config, outgoing.tokenizer, FAMILIES.load(outgoing.config.family)
    return HEAD.format(
        title=visible(outgoing.title, 60).replace("\\", "/").replace('"', "'"),
        label=family.label,
        parameters=family.ledger(config).total,
        example=" ".join(map(str, _example(tokenizer, config.vocab_size))),
        spelled="" if tokenizer is None else ", `tokens.json` spells every token id",
        numbers=_numbers(config),
    )


def _example(tokenizer: "Tokenizer | None", vocab_size: int) -> list[int]:
    """Ids to try it with."""
    try:
        ids = tokenizer.encode("Once upon a time") if tokenizer is not None else []
    except StudioError:
        ids = []
    return ids[:8] or [min(place, vocab_size - 1) for place in (1, 2, 3)]


def _numbers(config: ModelConfig) -> str:
    rows: list[tuple[str, float, str]] = [
        ("VOCABULARY", config.vocab_size, "different tokens"),
        ("CONTEXT", config.context_length, "tokens the model sees at once"),
        ("WIDTH", config.emb_dim, "numbers that stand for one token"),
        ("LAYERS", config.n_layers, "blocks on one another"),
        ("HEADS", config.n_heads, "attention heads in each"),
        ("KEY_VALUE_HEADS", config.kv_heads, "of them with keys and values of their own"),
        ("HEAD_WIDTH", config.head_dim, "numbers in a head"),
        ("HIDDEN", config.feed_forward_dim, "width inside the feed-forward part"),
        ("EPSILON", config.norm_eps, "keeps norms from dividing by zero"),
    ]
    if config.positions == "rotary":
        rows.append(("ROPE_BASE", config.rope_base, "how slowly the slowest pair turns"))
    if config.positions == "rotary" and config.rope_scaling != "none":
        rows.append(("ROPE_FACTOR", config.rope_factor, "how much longer the context became"))
    if config.positions == "rotary" and config.rope_scaling == "llama3":
        rows += [
            ("ROPE_LOW", config.rope_low_frequency, "turns below which a pair is slowed fully"),
            ("ROPE_HIGH", config.rope_high_frequency, "turns above which it is left alone"),
            ("ROPE_ORIGINAL_CONTEXT", config.rope_original_context, "tokens first trained on"),
        ]
    if config.sliding_window:
        rows.append(("WINDOW", config.sliding_window, "tokens that attention looks back, its own included"))
    return "\n".join(f"{name} = {value!r}  # {words}" for name, value, words in rows)


def _norm(config: ModelConfig, width: str = "WIDTH") -> str:
    return f"RMSNorm({width})" if config.norm == "rms" else f"nn.LayerNorm({width}, eps=EPSILON)"


def _attention(config: ModelConfig) -> str:
    prepared = [
        NORMED if config.query_key_norm else "",
        TURNED if config.positions == "rotary" else "",
        GROUPED if config.kv_heads != config.n_heads else "",
    ]
    return ATTENTION.format(
        qkv_bias=config.qkv_bias,
        output_bias=config.output_bias,
        norms=NORMS.format(norm=_norm(config, "HEAD_WIDTH")) if config.query_key_norm else "",
        prepared="".join(prepared),
        window=WINDOWED if config.sliding_window else "",
    )


def _feed_forward(config: ModelConfig) -> str:
    gated = config.feed_forward == "gated"
    bend = BENDS[config.activation].format(x="self.gate_proj(x)" if gated else "self.up_proj(x)")
    return (GATED if gated else PLAIN).format(bias=config.feed_forward_bias, bend=bend)


def _model(config: ModelConfig, tokenizer: "Tokenizer | None") -> str:
    learned, tied = config.positions != "rotary", config.tie_embeddings
    end = tokenizer.end_of_text if tokenizer is not None else None
    return MODEL.format(
        norm=_norm(config),
        positions="\n        self.embed_positions = nn.Embedding(CONTEXT, WIDTH)" if learned else "",
        placed=" + self.embed_positions(torch.arange(ids.shape[1]))" if learned else "",
        scaled=" * math.sqrt(WIDTH)" if config.embedding_scale else "",
        tied="\n        self.lm_head.weight = self.embed_tokens.weight  # one table reads and writes" if tied else "",
        head='\n    weights["lm_head.weight"] = weights["embed_tokens.weight"]' if tied else "",
        end="" if end is None else f"\n        if ids[-1] == {end}:  # the end of the text\n            break",
    )


def write_folder(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
    """Fill `folder` with `model.py`, the weights as they are stored, and how every token is spelled."""
    from studio.layers.stored_weights import ELEMENTS, element_of, raw_bytes
    from studio.store.tensor_file import Entry, in_order, write_tensors

    if wanted := options.get("precision"):
        raise StudioError(f"A script is written with the weights as they are, not in “{wanted}”.", "Leave it out.")
    if not outgoing.config.causal or outgoing.config.word_head:
        raise StudioError("A model built like BERT is not written as a script.", "Export a Hugging Face folder.")
    shapes = outgoing.tensors.shapes()
    entries = in_order(Entry(name, element_of(outgoing.tensors, name), tuple(shapes[name])) for name in shapes)
    data = (raw_bytes(outgoing.tensors.read(entry.name).to(ELEMENTS[entry.dtype])) for entry in entries)
    write_tensors(folder / "model.safetensors", entries, data, {"format": "pt"})
    (folder / "model.py").write_text(page(outgoing), "utf-8")
    if (tokenizer := outgoing.tokenizer) is not None:
        spelled = [spelling(tokenizer, token) for token in range(tokenizer.vocab_size)]
        (folder / "tokens.json").write_text(json.dumps(spelled, ensure_ascii=False), "utf-8")


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
    import torch

    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", _DRIVER, str(folder.resolve())],
            input=json.dumps(prompts).encode(), capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StudioError("The script that was written did not answer in time.", "Nothing was kept.") from error
    if done.returncode or not done.stdout:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no answer"]
        raise StudioError(
            f"The script that was written does not run: {reason[0]}", "Nothing was kept; please report it."
        )
    return torch.frombuffer(bytearray(done.stdout), dtype=torch.float32).view(len(prompts), -1)


EXCHANGE = Exchange(
    name="script",
    label="PyTorch script",
    about="One page of plain PyTorch, the weights and the spelling of the tokens; nothing else is needed.",
    recognises=lambda path: False,
    write=write_folder,
    answer=answer,
)
