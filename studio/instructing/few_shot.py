"""A prompt with examples in it, made of the rows of a dataset: what a model does that was never taught to answer."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.rows_seen import Source
from studio.prompts import Prompt, Turn
from studio.rows.conversations import RowFault, whole_turns
from studio.rows.written_prompt import written_prompt

QUESTION = "Question: {user}[[\nContext: {input}]]\nAnswer: {assistant}\n\n"
MOST = 16  # examples


@dataclass(frozen=True)
class Asked:
    """What prompt is wished: numbers of the rows that are shown with their answers, and of the one that is asked."""

    shots: tuple[int, ...]
    row: int
    layout: str = "question"  # or "template": the one of the draft


@dataclass(frozen=True)
class Built:
    """A prompt as text, how many tokens it takes of how many, what the row itself would have answered."""

    asked: Asked
    text: str
    tokens: int
    room: int
    wanted: str
    left_out: int = 0  # rows that have no answer, so that they cannot be examples


def drawn(rows: int, count: int, row: int, seed: int) -> tuple[int, ...]:
    """`count` different rows, none of them the one that is asked."""
    others = [number for number in random.Random(seed).sample(range(rows), min(rows, count + 1)) if number != row]
    return tuple(others[:count])


def build(source: Source, asked: Asked) -> Built:
    """Lay the examples and the question out; special tokens are left away, for a base model has not learned them."""
    rows = source.dataset.rows_at([*asked.shots, asked.row])
    turns: list[Turn] = []
    faults = 0
    for values in rows[:-1]:
        try:
            turns += _last_exchange(whole_turns(source.dataset.reading, values))
        except RowFault:
            faults += 1
    try:
        question = _last_exchange(whole_turns(source.dataset.reading, rows[-1]))
    except RowFault as fault:
        raise StudioError(tr("Row {row} cannot be asked: {why}.", row=f"{asked.row + 1:,}", why=fault.reason),
                          tr("Go on to another row.")) from fault  # fmt: skip
    prompt = written_prompt("-", QUESTION) if asked.layout == "question" else source.rules.prompt
    text = laid(prompt, [*turns, question[0]])
    tokens = len(source.rules.tokenizer.encode(text))
    return Built(asked, text, tokens, source.config.model.context_length, question[1].text, faults)


def laid(prompt: Prompt, turns: Sequence[Turn]) -> str:
    """The text of a conversation that ends where the answer begins, without trailing blanks and special tokens."""
    return "".join(piece.text for piece in prompt.segments(turns, True) if not piece.special).rstrip(" ")


def _last_exchange(turns: Sequence[Turn]) -> list[Turn]:
    """The last question with its answer."""
    last = max(place for place, turn in enumerate(turns) if turn.role == "assistant")
    return [turns[last - 1], turns[last]]
