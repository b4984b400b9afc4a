"""No marks at all: the answer goes on right behind what was asked, as a base model writes on."""

from collections.abc import Sequence

from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn


def segments(turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """Prompt and completion letter by letter, a system text above them; every answer ends with the end of text."""
    pieces: list[Segment] = []
    for turn in turns:
        learned = turn.role == "assistant"
        pieces.append(Segment(turn.whole + ("\n\n" if turn.role == "system" else ""), learned))
        if learned:
            pieces.append(Segment(END_OF_TEXT, True, True))
    return pieces


PROMPT = Prompt(
    name="plain",
    label="Plain",
    about="The answer follows right behind the prompt, with nothing between them. It suits prompts with completions, "
    "and models that were never taught to answer.",
    segments=segments,
    specials=(END_OF_TEXT,),
    stops=(END_OF_TEXT,),
)
