"""What the tiles of a classifier say: the few figures that a result is first judged by."""

import math

from studio.classifying.results import Beside, Calibrated, Results
from studio.core.language import tr
from studio.parts.wording import NOT_MEASURED, percent
from studio.views.figure_tiles import Tile


def figure(value: float) -> str:
    """A score from 0 to 1 with three decimals."""
    return NOT_MEASURED if math.isnan(value) else f"{value:.3f}"


def split_word(split: str) -> str:
    """A split as it stands in a title."""
    return {"validation": tr("validation"), "test": tr("test"), "training": tr("training")}.get(split, split)


def tiles_of(found: Results, beside: Beside | None = None) -> list[Tile]:
    """Accuracy, macro F1, areas and calibration of one result."""
    run, (low, high) = found.run, found.interval
    rows = tr("{count} {split} rows", count=f"{len(run.rows):,}", split=split_word(run.split))
    if run.sample:
        rows = tr("a sample of {rows}", rows=rows)
    note = f"{100 * low:.1f}–{100 * high:.1f}" + (" %" if beside is None else "")
    if beside is not None:
        note += tr(" · TF-IDF {tfidf} · majority {majority}", tfidf=f"{100 * beside.tfidf:.1f}",
                   majority=f"{100 * beside.majority:.0f}")  # fmt: skip
    name = tr("All classes right, {rows}") if run.several else tr("Accuracy, {rows}")
    area, precise = found.areas
    over = "" if len(run.labels) == 2 and not run.several else tr("mean over the classes · ")
    return [
        Tile(name.format(rows=rows), percent(found.accuracy), note,
             tr("The share of rows whose class was guessed, with its 95 % interval (Wilson).")),
        Tile(tr("Macro F1"), figure(found.averages.macro[2]), _f1_note(found),
             tr("The mean over all classes of F1, the balance of precision and recall; small classes count as much as "
                "large ones.")),
        Tile(tr("ROC AUC"), figure(area), over + tr("PR AUC {value}", value=figure(precise)),
             tr("How likely a row of the class gets a higher probability than one that is not of it.")),
        Tile(tr("Calibration error"), figure(_stated(found).error), _calibration_note(found),
             tr("How far stated probabilities lie from how often they come true; 0 is honest. Temperature scaling "
                "divides the logits by one number that is fitted on the validation rows.")),
    ]  # fmt: skip


def _stated(found: Results) -> Calibrated:
    """The error after the temperature, unless that was fitted on the very rows that are judged."""
    return found.raw if found.fitted_on == found.run.split else found.cooled


def _f1_note(found: Results) -> str:
    each = list(zip(found.run.labels, found.per_class.f1, strict=True))
    if len(each) == 2:
        return " · ".join(f"{label} {value:.3f}" for label, value in each)
    label, value = min(each, key=lambda pair: pair[1])
    return tr("lowest {label} {value}", label=label, value=f"{value:.3f}")


def _calibration_note(found: Results) -> str:
    if found.run.several:
        return tr("over all classes")
    if not found.fitted_on:
        return tr("no temperature can be learned here")
    heat = f"{found.temperature:.2f}"
    if found.fitted_on == found.run.split:
        return tr("{after} at temperature {heat}, fitted here", after=figure(found.cooled.error), heat=heat)
    return tr("after temperature {heat} · {before} before", heat=heat, before=figure(found.raw.error))
