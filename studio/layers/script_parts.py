"""A page of plain PyTorch that rebuilds a model, as text: each part of a network that it has, as a few lines."""

from collections.abc import Sequence

from studio.core.config import ModelConfig
from studio.gate.names import visible

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
    """Every token looks at {whom} and takes a mixture of what they offer."""

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
{masked}
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
BACK_ONLY = """        hidden = torch.ones(time, time, dtype=torch.bool).triu(1)  # what comes later{window}
        weights = scores.masked_fill(hidden, float("-inf")).softmax(dim=-1)"""
BOTH_WAYS = "        weights = scores.softmax(dim=-1)"
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

BLOCK = '''
class Block(nn.Module):
    """One layer: what attention and the feed-forward part find is added to what flows through."""

    def __init__(self):
        super().__init__()
        self.input_layernorm = {norm}
        self.self_attn = Attention()
        self.post_attention_layernorm = {norm}
        self.mlp = FeedForward()

    def forward(self, x):
{flow}
'''
NORMS_BEFORE = """        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))"""
NORMS_AFTER = """        x = self.input_layernorm(x + self.self_attn(x))
        return self.post_attention_layernorm(x + self.mlp(x))"""
TRANSFORM = '''
class Transform(nn.Module):
    """A last turn of each vector before it is compared with the head."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(WIDTH, WIDTH)
        self.norm = {norm}

    def forward(self, x):
        return self.norm({bend})
'''

NETWORK = '''
class Model(nn.Module):
    """{about}"""

    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY, WIDTH){made}
        self.layers = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = {last}
        self.lm_head = {said}

    def forward(self, ids):
        x = self.embed_tokens(ids){scaled}{placed}{first}
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x){read})


def load(folder):
    """The model with its weights, ready to be asked."""
    weights = {{name: tensor.float() for name, tensor in load_file(Path(folder) / "model.safetensors").items()}}{twice}
    model = Model()
    model.load_state_dict(weights)
    return model.eval()

'''


def joined(parts: Sequence[str]) -> str:
    """Parts of a page as one text."""
    return "\n\n".join(part.strip("\n") + "\n" for part in parts)


def harmless(title: str) -> str:
    """A title that cannot end the words it stands in."""
    return visible(title, 60).replace("\\", "/").replace('"', "'")


def layers(config: ModelConfig) -> list[str]:
    """What a page's model is made of: norm, turning, attention, feed-forward part, block."""
    parts = []
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
    flow = NORMS_BEFORE if config.norm_place == "before" else NORMS_AFTER
    parts += [_attention(config), _feed_forward(config), BLOCK.format(norm=norm(config), flow=flow)]
    if config.word_head:
        bend = BENDS[config.activation].format(x="self.dense(x)")
        parts.append(TRANSFORM.format(norm=norm(config), bend=bend))
    return parts


def numbers(config: ModelConfig) -> str:
    """The sizes of the model as the page's constants."""
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


def network(config: ModelConfig, about: str, said: str, read: str = "", twice: str = "") -> str:
    """The whole of it and how it is loaded; `said` is its head, which reads all places, or what `read` takes of them.

    `twice` gives a weight the second name that the file leaves out.
    """
    return NETWORK.format(**ends(config), about=about, said=said, read=read, twice=twice)


def norm(config: ModelConfig, width: str = "WIDTH") -> str:
    """How the page makes a norm."""
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
        norms=NORMS.format(norm=norm(config, "HEAD_WIDTH")) if config.query_key_norm else "",
        prepared="".join(prepared),
        whom="those before it" if config.causal else "all others",
        masked=BACK_ONLY.format(window=WINDOWED if config.sliding_window else "") if config.causal else BOTH_WAYS,
    )


def _feed_forward(config: ModelConfig) -> str:
    gated = config.feed_forward == "gated"
    bend = BENDS[config.activation].format(x="self.gate_proj(x)" if gated else "self.up_proj(x)")
    return (GATED if gated else PLAIN).format(bias=config.feed_forward_bias, bend=bend)


def ends(config: ModelConfig) -> dict[str, str]:
    """The pieces of a page's model before its first block and behind its last."""
    learned, place = config.positions != "rotary", "\n        "
    made = ["self.embed_positions = nn.Embedding(CONTEXT, WIDTH)"] if learned else []
    first = []
    if config.segments:
        made.append(f"self.embed_segments = nn.Embedding({config.segments}, WIDTH)  # one text: only the first is read")
        first.append("x = x + self.embed_segments.weight[0]")
    if config.norm_place == "after":
        made.append(f"self.embed_norm = {norm(config)}")
        first.append("x = self.embed_norm(x)")
    last = norm(config) if config.norm_place == "before" else "nn.Identity()"
    return {
        "made": "".join(place + line for line in made),
        "placed": " + self.embed_positions(torch.arange(ids.shape[1]))" if learned else "",
        "scaled": " * math.sqrt(WIDTH)" if config.embedding_scale else "",
        "first": "".join(place + line for line in first),
        "last": "Transform()" if config.word_head else last,
    }
