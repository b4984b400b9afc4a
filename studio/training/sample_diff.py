"""What is new in a text that a model wrote against the one it wrote before: stretches of whole words."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\w+|[^\w\s]")
_LONGEST = 4_000  # words of each text that are compared: the comparison takes the product of both
_SHARED = 0.15  # of the words must be in both, or nearly everything would be marked and nothing said


@dataclass(frozen=True)
class Changes:
    """Stretches (start, length) of the newer text in characters, and how many of its words they hold."""

    stretches: tuple[tuple[int, int], ...]
    changed: int
    words: int

    @property
    def unlike(self) -> bool:
        """Whether the texts share so little that there is nothing to compare."""
        return self.words > 0 and self.changed > (1 - _SHARED) * self.words


def changes(before: str, after: str) -> Changes:
    """Compare two texts word by word; spaces and line ends do not count."""
    old = [match.group() for match in _WORDS.finditer(before)][:_LONGEST]
    places = list(_WORDS.finditer(after))[:_LONGEST]
    new = [match.group() for match in places]
    stretches, changed = [], 0
    for kind, _, _, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind in ("replace", "insert"):
            start = places[first].start()
            stretches.append((start, places[last - 1].end() - start))
            changed += last - first
    return Changes(tuple(stretches), changed, len(new))
