"""Numbers by completion: a text, an ending such as “Price is $”, and the model writes the number (loss on it alone)."""

import dataclasses
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig, Sampling, TrainingConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.objectives import Ids, Objective, Question, RowTask, Scored, Words
from studio.objectives.pretrain import obstacle
from studio.rows.numbered import KINDS, numbered
from studio.rows.splits import Numbers
from studio.store.examples import Examples, KeepGoing, Progress, joined
from studio.store.row_order import RowOrder

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.layers.decoder import Decoder
    from studio.store.datasets import Dataset
    from studio.tokenizers import Tokenizer

NOTHING, FILLED = -100, -101  # targets of a place that is not asked for, and of one that only fills its row up
ASKED = 3  # held-back rows in a sample
_OFTEN = 256
_ROOM = 16  # tokens that a number and its end may take


class NumberBatches:
    """Batches of whole rows: what the model reads, and the tokens of the number where it stands."""

    def __init__(self, examples: Examples, config: RunConfig, size: int, side: str) -> None:
        self._examples, self._order = examples, RowOrder(examples.split.of(side), config, size, side)

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return self._order.per_epoch

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """int64 (rows, 2, time): ids, and targets."""
        return self.of(self._order.batch(index))

    def of(self, places: Numbers) -> npt.NDArray[np.int64]:
        """A batch of these rows."""
        examples = self._examples
        lengths = examples.lengths(places) - 1
        rows = np.zeros((len(places), 2, int(lengths.max())), np.int64)
        rows[:, 1] = FILLED
        for row, place in enumerate(places.tolist()):
            ids, learned = examples.of(place).astype(np.int64), examples.learned_of(place)
            rows[row, 0, : lengths[row]] = ids[:-1]
            rows[row, 1, : lengths[row]] = np.where(learned[1:], ids[1:], NOTHING)
        return rows


# --- rows to tokens ---------------------------------------------------------------------------------------------------


def read(
    dataset: "Dataset", tokenizer: "Tokenizer", config: RunConfig, progress: Progress, keep_going: KeepGoing
) -> Examples:
    """The rows of a dataset as prompts with their numbers; a model that sees what it has to guess is refused."""
    if reason := obstacle(config.model):
        raise StudioError(reason, tr("Choose a model that looks back only, such as a GPT-2."))
    found = numbered(dataset.stream(keep_going), dataset.reading, config, keep_going)
    rows, learned, cut = [], [], 0
    for number, (text, value) in enumerate(zip(found.texts, found.values.tolist(), strict=True)):
        if number % _OFTEN == 0:
            progress(number, len(found.texts))
            if not keep_going():
                raise StudioError(tr("Cutting the rows into tokens was stopped."), tr("Nothing was changed."))
        asked, lost = asked_of(tokenizer, config, text)
        answer = answer_of(tokenizer, config, value)
        cut += lost > 0
        rows.append([*asked, *answer])
        learned.append(np.arange(len(asked) + len(answer)) >= len(asked))
    ids, starts = joined(rows)
    notes = [*found.notes]
    if cut:
        notes.append(tr("{rows:,} of {count:,} texts are cut before the ending.", rows=cut, count=len(rows)))
    pinned = config.with_part(data=dataclasses.replace(config.data, dataset=dataset.title))
    return Examples(
        tokenizer, pinned, ids, starts, found.rows, found.split, np.concatenate(learned), found.values,
        notes=tuple(notes),
    )  # fmt: skip


def asked_of(tokenizer: "Tokenizer", config: RunConfig, text: str) -> tuple[list[int], int]:
    """The prompt of a text, which is cut so that question, ending and number have room, and the tokens it lost."""
    regress = config.regress
    before = tokenizer.encode(f"{regress.question}\n\n") if regress.question else []
    behind = tokenizer.encode(f"\n\n{regress.ending}")
    before = [*getattr(tokenizer, "prefix", ()), *before]
    room = config.model.context_length - len(before) - len(behind) - _ROOM
    if room < 1:
        raise StudioError(
            tr("Question and ending take {tokens:,} tokens, and the model sees {context:,} at once.",
               tokens=len(before) + len(behind), context=config.model.context_length),
            tr("Make them shorter, or choose a model with a longer context."),
        )  # fmt: skip
    ids, most = tokenizer.encode(text), min(regress.longest, room)
    return [*before, *ids[:most], *behind], max(0, len(ids) - most)


def answer_of(tokenizer: "Tokenizer", config: RunConfig, value: float) -> list[int]:
    """The number as the model learns to write it, and what ends it."""
    return [*tokenizer.encode(f"{value:.{config.regress.decimals}f}"), end_of(tokenizer)]


def end_of(tokenizer: "Tokenizer") -> int:
    """What stands behind a number: the end of the text, or of the line where the tokenizer has no token for it."""
    return tokenizer.end_of_text if tokenizer.end_of_text is not None else tokenizer.encode("\n")[-1]


# --- what is optimized and measured -----------------------------------------------------------------------------------


def score(model: "nn.Module", batch: "Tensor") -> Scored:
    """Cross entropy summed over the numbers' tokens, and how many of those were the likeliest."""
    from studio.layers.cross_entropy import summed_cross_entropy

    network, asked = cast("Decoder", model), batch[:, 1] >= 0
    logits, wanted = network.lm_head(network.hidden(batch[:, 0])[asked]), batch[:, 1][asked]
    return Scored(summed_cross_entropy(logits, wanted), len(wanted), int((logits.argmax(-1) == wanted).sum()))


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over the numbers' tokens, and how many there are."""
    found = score(model, batch)
    return found.loss, found.targets


def targets(batch: "Tensor") -> int:
    """Tokens of numbers in a batch."""
    return int((batch[:, 1] >= 0).sum())


def tokens(batch: "Tensor") -> int:
    """Tokens of a batch, without what fills rows up."""
    return int((batch[:, 1] != FILLED).sum())


def questions(config: RunConfig, words: Words) -> tuple[Question, ...]:
    """The first held-back rows, asked for their numbers; or the text that a person asks about."""
    examples = cast("Examples", words)
    if config.sampling.prompt:
        asked, _ = asked_of(examples.tokenizer, config, config.sampling.prompt)
        return (Question(config.sampling.prompt, tuple(asked), ("\n",)),)
    side = next((side for side in ("validation", "test", "training") if len(examples.split.of(side))), "training")
    found = []
    for place in examples.split.of(side)[:ASKED].tolist():
        ids = examples.of(place)[~examples.learned_of(place)].tolist()
        found.append(Question(examples.tokenizer.decode(ids), tuple(ids), ("\n",)))
    return tuple(found)


# --- the item ---------------------------------------------------------------------------------------------------------


def ready(config: RunConfig, tokenizer: "Tokenizer") -> RunConfig:
    """Nothing is asked of a tokenizer."""
    return config


def _no_windows(tokens: Ids, config: RunConfig, batch_size: int) -> NumberBatches:
    raise StudioError(
        tr("Numbers are learned from rows that have one, not from a plain text."),
        tr("Choose a dataset with a text and a number."),
    )


OBJECTIVE = Objective(
    name="regress",
    page="classify",
    label="A number",
    about="It completes a text with a number, such as the price of a product.",
    family="gpt2",
    obstacle=obstacle,
    default=RunConfig(
        objective="regress",
        training=TrainingConfig(
            epochs=3.0, batch_size=16, learning_rate=1e-3, warmup_steps=20, evaluate_every=50, evaluation_batches=20,
        ),
        sampling=Sampling(temperature=0.0, tokens=8),
    ),
    batches=_no_windows,
    loss=loss,
    targets=targets,
    ready=ready,
    score=score,
    questions=questions,
    rows=RowTask(tuple(KINDS), read, NumberBatches, tokens),
    along="studio.engine.number_scores:mean_error",
    sections=("regress",),
)  # fmt: skip
