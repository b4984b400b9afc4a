"""Stanford's Alpaca, in the words of the book's chapter 7: a preamble, then headings, no special token but the end."""

from collections.abc import Sequence

from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn

PREAMBLE = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
INSTRUCTION, INPUT, RESPONSE = "\n\n### Instruction:\n", "\n\n### Input:\n", "\n\n### Response:\n"


def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """A system text takes the place of the preamble; every answer ends with the end of text, and is learned with it."""
    preamble = next((turn.text for turn in turns if turn.role == "system"), PREAMBLE)
    pieces = [Segment(preamble, False)]
    for turn in turns:
        if turn.role == "user":
            given = INPUT + turn.given if turn.given else ""
            pieces.append(Segment(INSTRUCTION + turn.text + given, False))
        elif turn.role == "assistant":
            pieces += [Segment(RESPONSE, False), Segment(turn.whole, True), Segment(END_OF_TEXT, True, True)]
    return [*pieces, Segment(RESPONSE, False)] if answering else pieces


PROMPT = Prompt(
    name="alpaca",
    label="Alpaca",
    about="Headings for the instruction, its input and the response, under a sentence that says what is wanted. "
    "It needs no special tokens, so it suits GPT-2 and every small model.",
    segments=segments,
    specials=(END_OF_TEXT,),
    stops=(END_OF_TEXT, INSTRUCTION.strip()),
)
