"""Rows of a dataset that one page wants another one to show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowsAsked:
    """`numbers` of the rows of `dataset` (NAME@VERSION), and what they have in common."""

    dataset: str
    words: str
    numbers: tuple[int, ...]
