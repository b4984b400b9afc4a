"""Two models on one text as rows of a table and words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.maps.colours import number_text, signed_text
from studio.seeing.shown_text import ShownText
from studio.views.bars import percent_text
from studio.views.record_table import Column
from studio.widgets.hover_card import CardRow

if TYPE_CHECKING:
    from studio.insight.comparison import Comparison


@dataclass(frozen=True)
class Change:
    """One place of the text: what A and B find likeliest behind it, and how far apart they are."""

    place: int
    after: str
    a: str
    b: str
    divergence: float
    gain: float  # nats by which A is less surprised by the real next token


def changes(found: "Comparison", text: ShownText) -> list[Change]:
    """The places where the likeliest token is another one, the furthest apart first."""
    rows = [change_at(found, text, int(place)) for place in found.changed]
    return sorted(rows, key=lambda row: -row.divergence if row.divergence == row.divergence else 0.0)


def change_at(found: "Comparison", text: ShownText, place: int) -> Change:
    """One place, changed or not."""
    a, b = (
        f"{text.label(int(found.ids[side, place, 0]))} {percent_text(float(found.probabilities[side, place, 0]))}"
        for side in (0, 1)
    )
    return Change(place, text.ending(place), a, b, float(found.divergence[place]), float(found.gain[place]))


def remarks(found: "Comparison", text: ShownText, place: int) -> list[CardRow]:
    """What the card of one token says."""
    row = change_at(found, text, place)
    rows = [
        CardRow(tr("what comes after it")),
        CardRow(tr("A: {words}", words=row.a)),
        CardRow(tr("B: {words}", words=row.b)),
        CardRow(tr("KL(A ‖ B) {nats} nats", nats=number_text(row.divergence))),
    ]
    real = text.following[place]
    if real >= 0:
        words = tr("“{token}” had {a} and {b}", token=text.label(real), a=percent_text(float(found.chances[0, place])),
                   b=percent_text(float(found.chances[1, place])))  # fmt: skip
        rows.append(CardRow(words))
    return rows


def headline(found: "Comparison") -> str:
    """Both losses, how far the predictions are apart, how many likeliest tokens are others."""
    count = len(found.divergence)
    return tr(
        "loss A {a}, B {b} nats · KL(A ‖ B) {forth}, KL(B ‖ A) {back} nats on average · another likeliest token at "
        "{changed} of {count} places",
        a=number_text(found.loss(0)), b=number_text(found.loss(1)), forth=number_text(float(found.divergence.mean())),
        back=number_text(float(found.opposite.mean())), changed=f"{len(found.changed):,}", count=f"{count:,}",
    )  # fmt: skip


def columns_of() -> list[Column]:
    """The table of changed tokens."""
    return [
        Column(tr("after"), _place, _after, mono=True),
        Column("A", _a, width=112, mono=True),
        Column("B", _b, width=112, mono=True),
        Column("KL", _divergence, _divergence_words, align="right", width=64, tip=_divergence_tip),
        Column("A − B", _gain, _gain_words, align="right", width=72, tip=_gain_tip, spare=True),
    ]


def _place(row: Change) -> int:
    return row.place


def _after(row: Change) -> str:
    return row.after


def _a(row: Change) -> str:
    return row.a


def _b(row: Change) -> str:
    return row.b


def _divergence(row: Change) -> float:
    return row.divergence


def _divergence_words(row: Change) -> str:
    return f"{row.divergence:.3f}"


def _divergence_tip(_row: Change) -> str:
    return tr("KL(A ‖ B) in nats: how far B's expectation is from A's")


def _gain(row: Change) -> float:
    return row.gain


def _gain_words(row: Change) -> str:
    return signed_text(row.gain) if row.gain == row.gain else "–"


def _gain_tip(_row: Change) -> str:
    return tr("log p of the real next token in A minus that in B, in nats: above 0 A knew it better")
