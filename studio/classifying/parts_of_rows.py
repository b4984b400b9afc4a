"""One run on ever smaller parts of its rows: whether more rows would have helped."""

from collections.abc import Sequence
from dataclasses import replace

from studio.classifying.results import Beside, Results
from studio.classifying.results_book import ResultsBook
from studio.core.config import RunConfig
from studio.live.run_model import RunModel

SHARES = (0.5, 0.25, 0.125)


def smaller(config: RunConfig) -> list[tuple[float, RunConfig]]:
    """The same configuration on a half, a quarter and an eighth of the rows, with as many passes over them."""
    return [
        (share, config.with_part(classify=replace(config.classify, part=config.classify.part * share)))
        for share in SHARES
    ]


def siblings(run: RunModel, runs: Sequence[RunModel]) -> list[RunModel]:
    """Runs that differ from this one only in the part of the rows that they learned from, itself among them."""
    return [one for one in runs if _whole(one.config) == _whole(run.config)]


def points(book: ResultsBook, run: RunModel, split: str, beside: Beside) -> list[tuple[int, float]]:
    """(rows learned from, accuracy) of the siblings that are scored on this split."""
    every = beside.fractions[-1][0] / run.config.classify.part
    found = []
    for one in siblings(run, book.runs()):
        known = book.known(one, split)
        if isinstance(known, Results):
            found.append((round(every * one.config.classify.part), known.accuracy))
    return found


def _whole(config: RunConfig) -> RunConfig:
    return config.with_part(classify=replace(config.classify, part=1.0, labels=()))
