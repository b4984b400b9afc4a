"""What needs no language model, on the same rows: the most frequent class, words counted, a constant."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studio.classifying.numbers import NumberBaseline, NumberRun
from studio.classifying.results import Beside
from studio.classifying.scored import ScoredRun
from studio.core.config import RunConfig
from studio.core.language import tr
from studio.rows.labelled import labelled
from studio.rows.numbered import numbered
from studio.scores.baseline import constant, majority, tfidf_classifier, tfidf_regressor
from studio.scores.learning_curve import rows_of, share_points

if TYPE_CHECKING:
    from studio.store.project import Project

KeepGoing = Callable[[], bool]


def beside_of(
    project: "Project", config: RunConfig, run: ScoredRun, *,
    progress: Callable[[int, int], None] | None = None, keep_going: KeepGoing | None = None,
) -> Beside:  # fmt: skip
    """Learn from the rows that the run learned from, halving by halving, and guess the rows that it guessed."""
    dataset = project.dataset(config.data.dataset)
    known = labelled(dataset.stream(keep_going), dataset.reading, config, keep_going)
    places = known.training(config)
    order = {label: place for place, label in enumerate(known.labels)}
    columns = [order[label] for label in run.labels]  # the run's classes, in case their order is another
    texts, truth = run.texts(run.rows.tolist()), run.truth
    drawn = np.random.default_rng(config.compute.seed).permutation(places)
    shares, found = share_points(len(drawn)), []
    for done, share in enumerate(shares):
        part = drawn[: rows_of(share, len(drawn))]
        learned = [known.texts[place] for place in part]
        guessed = tfidf_classifier(learned, known.truth[part], texts, len(known.labels))[:, columns]
        right = (guessed >= 0.5).astype(bool) == truth if run.several else guessed.argmax(1) == truth
        right = right.all(1) if run.several else right
        found.append((len(part), float(right.mean())))
        if progress is not None:
            progress(done + 1, len(shares))
        if keep_going is not None and not keep_going():
            break
    usual = _majority(known.truth[places], columns, run)
    return Beside(usual, found[-1][1], len(known.split.test), tuple(found))


def _majority(labels: npt.NDArray[Any], columns: list[int], run: ScoredRun) -> float:
    if run.several:
        usual = labels.mean(0)[columns] >= 0.5
        return float((run.truth == usual).all(1).mean())
    return float((run.truth == columns.index(majority(labels).label)).mean())


def beside_numbers(
    project: "Project", config: RunConfig, run: NumberRun, *, keep_going: KeepGoing | None = None
) -> tuple[NumberBaseline, ...]:
    """The mean of the training rows' numbers, and counted words with linear regression."""
    dataset = project.dataset(config.data.dataset)
    known = numbered(dataset.stream(keep_going), dataset.reading, config, keep_going)
    places = known.split.training
    texts, values = [known.texts[place] for place in places], known.values[places]
    asked = run.texts(run.rows.tolist())
    mean = np.full(len(run.truth), constant(values))
    words = tfidf_regressor(texts, values, asked)
    found = ((tr("TF-IDF"), words), (tr("constant"), mean))
    return tuple(NumberBaseline(name, float(np.abs(guess - run.truth).mean())) for name, guess in found)
