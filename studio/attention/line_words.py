"""What is said of lines: how many are drawn and what is not, and what a token gives or gets by each head."""

import numpy as np

from studio.attention.head_chips import COLOURS, sign_of
from studio.attention.lines import Lines
from studio.attention.map_source import MapSource
from studio.core.language import tr
from studio.views.bars import percent_text
from studio.views.token_text import visible_text
from studio.widgets.hover_card import CardRow


def share_text(share: float) -> str:
    """A share of the attention; NaN where a weight is no number."""
    return percent_text(share) if np.isfinite(share) else "NaN"


def note_of(lines: Lines, least: float) -> list[str]:
    """How many lines are drawn, and how much of the attention, or of what differs in it, is not."""
    parts = [tr("{count} lines", count=f"{len(lines):,}")]
    if lines.left_out:
        parts.append(tr("{count} weaker ones left out", count=f"{lines.left_out:,}"))
    hidden = float(lines.hidden.mean())
    if not lines.signed:
        words = tr("{share} of all attention is not drawn; the number at each token is its own share")
        return [*parts, words.format(share=share_text(hidden))]
    both = float((lines.drawn + lines.hidden).mean())
    if not lines.most and not both:
        return [tr("No weight of this layer differs")]
    if not len(lines):
        parts = [tr("No difference of these heads reaches {least}; the largest of the layer is {most}",
                    least=f"{least:.2f}", most=f"{lines.most:.1e}")]  # fmt: skip
    parts.append(
        tr("{all} of all attention goes elsewhere (half of Σ |difference|), {share} in lines that are not drawn; "
           "the number at each token is its own share", all=share_text(both), share=share_text(hidden))
    )  # fmt: skip
    return parts


def rows_of(source: MapSource, layer: int, lines: Lines | None, heads: tuple[int, ...], at: tuple[str, int]
            ) -> list[CardRow]:  # fmt: skip
    """What the token `at` gives ("row") or gets ("column") most, head by head; of a difference both sides of it."""
    weights, minus = source.sides(layer)
    side, place = at
    rows = []
    for head in heads:
        own = weights[head, place] if side == "row" else weights[head, :, place]
        less = None if minus is None else minus[head, place] if side == "row" else minus[head, :, place]
        values = own if less is None else own - less
        best = int(np.argmax(np.nan_to_num(np.abs(values), nan=-1.0)))
        token = f"'{visible_text(source.scene.tokens[best])}'@{best}"
        note = tr("to {token}", token=token) if side == "row" else tr("from {token}", token=token)
        if less is not None:
            note = f"{tr('head {head}', head=head)} {note}"
        if side == "row" and lines is not None and head in lines.heads:
            hidden = float(lines.hidden[lines.heads.index(head), place])
            note += " · " + tr("{share} hidden", share=share_text(hidden))
        about = "≈ " if source.rounded else ""
        if less is None:
            rows.append(CardRow(f"{about}{values[best]:.3f}", note, head % COLOURS))
        else:
            first, second = source.sides_names
            apart = float(values[best])
            words = f"{about}{apart:+.3f} ({first} {own[best]:.3f}, {second} {less[best]:.3f})"
            rows.append(CardRow(words, note, sign_of(apart) if abs(apart) > 0 else None))
    return rows


def strongest_words(source: MapSource, layer: int, shown: Lines, row: int) -> str:
    """Whom a token looks at most, or where two models differ most about it; nothing where no line leads from it."""
    mine = np.flatnonzero(shown.row == row)
    if not len(mine):
        return ""
    best = int(mine[-1])
    column, head, tokens = int(shown.column[best]), int(shown.head[best]), source.scene.tokens
    names = {"token": visible_text(tokens[row]), "target": visible_text(tokens[column]), "row": row, "column": column}
    if not shown.signed:
        return tr("'{token}'@{row} looks most at '{target}'@{column}: {weight} by head {head}.",
                  weight=f"{shown.weight[best]:.4f}", head=head, **names)  # fmt: skip
    weights, minus = source.sides(layer)
    assert minus is not None
    first, second = source.sides_names
    return tr(
        "From '{token}'@{row} to '{target}'@{column} they differ most: {value} by head {head} "
        "({first} {own}, {second} {less}).", value=source.value_text(float(shown.weight[best])), head=head,
        first=first, second=second, own=f"{weights[head, row, column]:.4f}", less=f"{minus[head, row, column]:.4f}",
        **names,
    )  # fmt: skip
