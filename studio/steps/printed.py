"""What the course prints of the example that is shown, beside what was computed."""

from typing import TYPE_CHECKING

import numpy as np

from studio.core.language import tr
from studio.steps.stages import Stage

if TYPE_CHECKING:
    from studio.insight.attention import Walk
    from studio.insight.course import Example, Printed


def agrees(walk: "Walk", printed: "Printed") -> bool:
    """Whether what was computed is what was printed, in the last printed decimal."""
    found = getattr(walk, printed.stage)[printed.row, printed.column : printed.column + len(printed.numbers)]
    return bool(np.abs(found - printed.numbers).max() <= 10.0**-printed.places)


def printed_words(example: "Example | None", walk: "Walk", stage: Stage | None, edited: bool) -> str:
    """One line for the matrices of a station; empty for a model's head."""
    if example is None or stage is None:
        return ""
    if edited:
        return tr("These vectors are yours: the course's numbers no longer apply. Reset brings them back.")
    shown = {term.key for term in stage.terms}
    lines = [_line(example, walk, one) for one in example.printed if one.stage in shown]
    return " ".join([*lines, example.note if stage.result == "output" else ""]).strip()


def _line(example: "Example", walk: "Walk", printed: "Printed") -> str:
    numbers = "  ".join(f"{number:.{printed.places}f}" for number in printed.numbers).replace("-", "−")
    word = example.words[printed.row]
    if agrees(walk, printed):
        return tr("Printed in the course for “{word}”: {numbers} ✓", word=word, numbers=numbers)
    return tr("Printed in the course for “{word}”: {numbers}; computed here otherwise.", word=word, numbers=numbers)
