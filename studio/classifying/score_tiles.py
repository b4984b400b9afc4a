"""The few figures that a result is first judged by, large, with what belongs to each in small print."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.results import Beside, Calibrated, Results
from studio.core.language import tr
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look


@dataclass(frozen=True)
class Tile:
    """What one tile says; `tip` explains the figure."""

    title: str
    value: str
    note: str
    tip: str = ""


class ScoreTile(QFrame):
    """A card with one figure."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.title, self.value, self.note = ElidedLabel("", "small"), Label("", "title"), ElidedLabel("", "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        for label in (self.title, self.value, self.note):
            column.addWidget(label)

    def show_tile(self, tile: Tile) -> None:
        """Say this."""
        self.title.setText(tile.title)
        self.value.setText(tile.value)
        self.note.setText(tile.note)
        self.setToolTip("\n\n".join(part for part in (tile.note, tile.tip) if part))
        self.setAccessibleName(f"{tile.title}: {tile.value}. {tile.note}")
        self.setAccessibleDescription(tile.tip)


class ScoreTiles(QWidget):
    """A row of tiles of equal width."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._brief = look, False
        self.tiles: list[ScoreTile] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)

    def set_brief(self, brief: bool) -> None:
        """Without the small print, which its tooltip and its accessible name still hold."""
        self._brief = brief
        for tile in self.tiles:
            tile.note.setVisible(not brief)

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these from left to right."""
        while len(self.tiles) < len(tiles):
            self.tiles.append(ScoreTile(self._look))
            self.tiles[-1].note.setVisible(not self._brief)
            self._row.addWidget(self.tiles[-1], 1)
        for place, shown in enumerate(self.tiles):
            shown.setVisible(place < len(tiles))
            if place < len(tiles):
                shown.show_tile(tiles[place])


def percent(share: float) -> str:
    """A measured share with one decimal."""
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def figure(value: float) -> str:
    """A score from 0 to 1 with three decimals."""
    return "–" if math.isnan(value) else f"{value:.3f}"


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
