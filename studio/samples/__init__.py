"""A shelf of datasets that come along: each module's constant `SAMPLE` makes its rows, the same ones for each seed."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from studio.core.errors import StudioError

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples" / "words"
Parts = Mapping[str, Sequence[str]]
_MARKED = re.compile(r"\[([^\[\]]*)\]|<([\w ]+)>|\{(\^?)(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Sample:
    """One item of the shelf: a dataset of `count` rows; `about` is one line on what it is good for.

    `kind` and `roles` (role to column) are those of `studio.rows.kinds`; `split_column` is "" where no column says
    which rows are for training, validation and test.
    """

    name: str
    label: str
    about: str
    kind: str
    roles: Mapping[str, str]
    rows: Callable[[int], Iterator[dict[str, Any]]]  # seed -> rows, one at a time
    seed: int = 1
    split_column: str = ""
    count: int = field(kw_only=True)


class Draw:
    """Chance that gives the same in every version of Python, and sentences that are put together by it."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # the one method whose numbers are promised

    def below(self, limit: int) -> int:
        """A whole number from 0 up to `limit`, which is never reached."""
        return int(self._random() * limit)

    def chance(self, share: float) -> bool:
        """True in this share of all cases."""
        return self._random() < share

    def one(self, options: Sequence[_Item]) -> _Item:
        """One of these."""
        return options[int(self._random() * len(options))]

    def some(self, options: Sequence[_Item], count: int) -> list[_Item]:
        """So many different ones of these, in any order."""
        rest = list(options)
        return [rest.pop(int(self._random() * len(rest))) for _ in range(count)]

    def shuffled(self, items: Sequence[_Item]) -> list[_Item]:
        """All of these in another order."""
        return self.some(items, len(items))

    def normal(self) -> float:
        """About the standard normal distribution: twelve even numbers added up."""
        return sum(self._random() for _ in range(12)) - 6.0

    def told(self, text: str, parts: Parts, values: Mapping[str, str] | None = None) -> str:
        """The text with [one|of|these] chosen, <a line of that part> and {values} put in, until nothing is left."""
        while "[" in text or "<" in text or "{" in text:
            filled = _MARKED.sub(lambda found: self._part(found, parts, values or {}), text)
            if filled == text:
                break
            text = filled
        return text

    def _part(self, found: re.Match[str], parts: Parts, values: Mapping[str, str]) -> str:
        choice, part, capital, value = found.groups()
        if choice is not None:
            options: list[str] = choice.split("|")
            return self.one(options)
        if part:
            return self.one(parts[part])
        return capitalized(values[value]) if capital else values[value]


def read_parts(name: str) -> dict[str, list[str]]:
    """What stands in `resources/samples/words/NAME.txt`: the lines below each `== part`."""
    try:
        text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    except OSError as error:
        sentence = f"“{FOLDER / name}.txt”, which belongs to Atelier, could not be read: {error.strerror or error}."
        raise StudioError(sentence, "Install Atelier again.") from error
    parts = {}
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        parts[title.strip()] = [line for line in body.split("\n") if line]
    return parts


def capitalized(text: str) -> str:
    """The first letter large, all others as they are."""
    return text[:1].upper() + text[1:]


def articled(text: str) -> str:
    """The text with "an" for "a" where a vowel follows."""
    return _ARTICLE.sub(r"\1n ", text)
