"""ChatML, the form of OpenAI's first chat models and of Qwen's: the role behind a mark, the turn up to another one."""

from collections.abc import Sequence

from studio.prompts import Prompt, Segment, Turn, marked

START, END = "<|im_start|>", "<|im_end|>"


def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """An answer is learned with the mark that ends it, without the line break behind."""
    pieces = marked(turns, _before, END, "\n")
    return [*pieces, *_before("assistant")] if answering else pieces


def _before(role: str) -> list[Segment]:
    return [Segment(START, False, True), Segment(f"{role}\n", False)]


PROMPT = Prompt(
    name="chatml",
    label="ChatML",
    about="Every turn stands between two special tokens, with its role in the first line. Qwen and many others use it.",
    segments=segments,
    specials=(START, END),
    stops=(END,),
)
