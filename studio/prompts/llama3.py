"""Llama 3's own form: a header of three tokens with the role, an empty line, the turn without blanks around it."""

from collections.abc import Sequence

from studio.prompts import Prompt, Segment, Turn, marked

BEGIN, OPEN, CLOSE, END = "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"


def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """An answer is learned with the token that ends its turn."""
    begin = [Segment(BEGIN, False, True)] if turns else []
    pieces = begin + marked(turns, _before, END, "", strip=True)
    return [*pieces, *_before("assistant")] if answering else pieces


def _before(role: str) -> list[Segment]:
    header = [Segment(OPEN, False, True), Segment(role, False), Segment(CLOSE, False, True)]
    return [*header, Segment("\n\n", False)]


PROMPT = Prompt(
    name="llama3",
    label="Llama 3",
    about="The form of Meta's Llama 3 models: the role in a header of special tokens, every turn ended by one.",
    segments=segments,
    specials=(BEGIN, OPEN, CLOSE, END),
    stops=(END, "<|end_of_text|>"),
)
