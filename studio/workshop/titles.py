"""What each step of a network is called, which row of the ledger it belongs to, and what it does in a sentence."""

from studio.core.language import tr
from studio.core.outline import Node, Shape
from studio.parts.wording import count

# The colour of each part of the ledger, in its rows and in the drawing; the large parts have the calmer ones.
PART_SERIES = {
    "Token embedding": 0, "Position embedding": 5, "Segment embedding": 5, "Queries, keys, values": 2,
    "Attention output": 3, "Feed forward": 1, "Norms": 7, "Masked-word head": 4, "Output head": 6,
}  # fmt: skip
NORMS = ("LayerNorm", "RMSNorm")
_TITLES = {
    "embed_tokens": "Token embedding", "embed_positions": "Positions", "embed_segments": "Segments, added",
    "q_proj": "Queries", "k_proj": "Keys", "v_proj": "Values", "o_proj": "Output", "gate_proj": "Gate",
    "up_proj": "Widen", "down_proj": "Narrow", "dense": "Turn", "lm_head": "Output head",
}  # fmt: skip
_KINDS = {
    "Block": "Block", "Attention": "Attention", "FeedForward": "Feed forward", "GatedFeedForward": "Feed forward",
    "WordTransform": "Masked-word head", "LayerNorm": "Norm", "RMSNorm": "Norm", "add": "+", "mul": "×",
    "gelu": "GELU", "silu": "SiLU", "relu": "ReLU", "scale": "Scaled", "heads": "Heads", "merge": "Heads joined",
    "turn": "Turned", "scores": "Scores", "softmax": "Softmax", "mix": "Weighted values",
}  # fmt: skip
_PARTS = {
    "embed_tokens": "Token embedding", "embed_positions": "Position embedding", "embed_segments": "Segment embedding",
    "q_proj": "Queries, keys, values", "k_proj": "Queries, keys, values", "v_proj": "Queries, keys, values",
    "o_proj": "Attention output", "gate_proj": "Feed forward", "up_proj": "Feed forward", "down_proj": "Feed forward",
    "mlp": "Feed forward", "lm_head": "Output head", "dense": "Masked-word head",
}  # fmt: skip
_SENTENCES = {
    "embed_tokens": "Each id picks its row of this table.",
    "embed_positions": "Each place in the text has a row of its own.",
    "embed_segments": "Says which of several texts a token belongs to.",
    "q_proj": "What each token looks for.",
    "k_proj": "What each token offers to be found by.",
    "v_proj": "What each token hands on when it is found.",
    "o_proj": "Brings the heads' findings back into the model's width.",
    "gate_proj": "How much of each number may pass.",
    "up_proj": "More numbers, so that more patterns can be told apart.",
    "down_proj": "Back to the model's width.",
    "lm_head": "Compares the vector with every token: one logit for each.",
    "dense": "A last turn of each vector before it is compared with every token.",
    "Block": "Attention, then feed forward; each adds what it found to what it was given.",
    "Attention": "Every token gathers from the others what helps it.",
    "FeedForward": "Works on each token by itself.",
    "GatedFeedForward": "Works on each token by itself; a gate decides what passes.",
    "WordTransform": "Turns the last block's vector into what is compared with every token.",
    "LayerNorm": "Mean 0 and variance 1 for each token, then a learned weight and offset.",
    "RMSNorm": "One length for every token's vector, then a learned weight.",
    "add": "Adds what was found to what came in: the shortcut that lets gradients through.",
    "mul": "The gate, multiplied with what it lets pass.",
    "gelu": "Bends: small for what is negative, the number itself for what is large.",
    "silu": "Bends: a number times how positive it is.",
    "relu": "Bends: nothing for what is negative.",
    "scale": "Times the root of the width.",
    "heads": "The width is shared among the heads, which work side by side.",
    "merge": "The heads stand next to one another again.",
    "turn": "Turned by its place in the text, so that only distances count.",
    "scores": "Every query with every key, divided by the root of a head's width; what is hidden counts nothing.",
    "softmax": "Scores become shares that add up to 1.",
    "mix": "Each token's mixture of values, by these shares.",
}


def title_of(node: Node) -> str:
    """Its name on a box."""
    if node.name == "lm_head" and node.tied:
        return tr("Head, tied")
    return tr(_TITLES.get(node.name) or _KINDS.get(node.kind, node.kind))


def part_of(node: Node) -> str:
    """The row of the ledger in which its parameters are counted, or empty."""
    if node.name == "lm_head" and node.tied:
        return "Token embedding"
    if node.path.startswith("norm.") or node.kind == "WordTransform":  # a norm in there is counted with its head
        return "Masked-word head"
    return "Norms" if node.kind in NORMS else _PARTS.get(node.name, "")


def sentence_of(node: Node) -> str:
    """What it does."""
    return tr(_SENTENCES.get(node.name) or _SENTENCES.get(node.kind, ""))


def shape_text(shape: Shape, unknown: bool = False) -> str:
    """A shape as PyTorch writes it; with `unknown` its last number is not known yet."""
    words = [str(size) for size in shape]
    return f"({', '.join([*words[:-1], '?'] if unknown else words)})"


def figures_of(node: Node) -> str:
    """Parameters and shapes in one line: how many, from which matrix, what comes in and what goes out."""
    found = []
    if node.parameters:
        matrix = f" ({' × '.join(count(size) for size in node.weight)})" if len(node.weight) > 1 else ""
        found.append(tr("{count} parameters{matrix}", count=count(node.parameters), matrix=matrix))
    elif node.tied:
        found.append(tr("the token embedding's table"))
    if node.times > 1:
        found.append(tr("{count} of them", count=node.times))
    flow = " + ".join(shape_text(shape) for shape in node.into)
    return " · ".join([*found, f"{flow} → {shape_text(node.out)}"])
