"""Phi-3's own form: a token that names the role, a line break, the turn, a token that ends it."""

from collections.abc import Sequence

from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn, marked

ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
END = "<|end|>"


def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """An answer is learned with the token that ends it; the end of text closes the whole conversation."""
    pieces = marked(turns, _before, END, "\n")
    return [*pieces, *_before("assistant")] if answering else [*pieces, Segment(END_OF_TEXT, False, True)]


def _before(role: str) -> list[Segment]:
    return [Segment(ROLES[role], False, True), Segment("\n", False)]


PROMPT = Prompt(
    name="phi3",
    label="Phi-3",
    about="Microsoft's short form: <|user|>, <|assistant|> and <|end|>, and nothing else. Where a tokenizer has no "
    "such tokens they are written out, as in the book's exercise.",
    segments=segments,
    specials=(*ROLES.values(), END, END_OF_TEXT),
    stops=(END, END_OF_TEXT),
)
