"""What the tiles of answers say: the few figures that they are first judged by."""

from studio.core.language import tr
from studio.instructing.answer_scores import Figure, Measured
from studio.parts.wording import NOT_MEASURED, count, percent, small_number
from studio.views.figure_tiles import Tile


def interval(figure: Figure) -> str:
    """95 % of the way it could have come out: 52–71 %."""
    return f"{100 * figure.low:.0f}–{100 * figure.high:.0f} %"


def tiles_of(found: Measured) -> list[Tile]:
    """Exact match beside what looking up reaches, nearness, surprise, and what is copied."""
    longest = max((row.shared or 0 for row in found.rows), default=0)
    copied = NOT_MEASURED if found.copied is None else count(found.copied)
    return [
        Tile(tr("Exactly right"), percent(found.exact.value),
             tr("{interval} · {count} rows", interval=interval(found.exact), count=count(len(found.rows))),
             tr("The share of answers that equal the wanted one, with its 95 % interval (Wilson).")),
        Tile(tr("Only looking up"), percent(found.found_exact), tr("token F1 {value}", value=f"{found.found_f1:.3f}"),
             tr("What is reached by repeating the answer of the training question that is most alike. A model that is "
                "not ahead of it has learned nothing that a search could not do.")),
        Tile(tr("Token F1"), f"{found.f1.value:.3f}",
             tr("{low}–{high} · ROUGE-L {rouge}", low=f"{found.f1.low:.2f}", high=f"{found.f1.high:.2f}",
                rouge=f"{found.rouge.value:.3f}"),
             tr("The balance of wanted words that are there and of words that are wanted, in any order; 1 is all. "
                "ROUGE-L asks for the same order: {low}–{high}. Intervals come from drawing the rows again 1,000 "
                "times (bootstrap).", low=f"{found.rouge.low:.2f}", high=f"{found.rouge.high:.2f}")),
        Tile(tr("Perplexity"), small_number(found.perplexity), tr("of the wanted answers"),
             tr("Among how many equally likely tokens the model hesitates when it is made to give the wanted answer.")),
        Tile(tr("Copied whole"), copied, tr("longest run {count} tokens", count=count(longest)),
             tr("Answers that stand word for word in the training rows, and the longest run of tokens that one shares "
                "with them. Short right answers are often there by chance.")),
    ]  # fmt: skip
