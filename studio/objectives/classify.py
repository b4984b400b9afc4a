"""Classes: a model that can write learns to sort texts. Its head says classes instead of words, read at one place."""

import dataclasses
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from studio.core.config import ModelConfig, RunConfig, Sampling, TrainingConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.task_config import EVERYTHING
from studio.objectives import Ids, Objective, RowTask, Scored, Words
from studio.rows.labelled import Labelled, labelled
from studio.rows.splits import Numbers, Split
from studio.store.examples import Examples, KeepGoing, Progress, joined
from studio.store.row_order import RowOrder

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.layers.decoder import Decoder
    from studio.store.datasets import Dataset
    from studio.tokenizers import Tokenizer

WEIGHT, LENGTH, TRUTH = 0, 1, 2  # columns of a batch; the ids begin behind the truth
UNIT = 1_000_000  # a weight of 1
SHOWN = 8  # rows in a sample
_OFTEN = 256  # rows between two looks at whether to go on


class RowBatches:
    """Batches of whole rows: a row's weight, its tokens, its class (or a mark for each class), its ids, filled up."""

    def __init__(self, examples: Examples, config: RunConfig, size: int, side: str) -> None:
        self.order = RowOrder(examples.split.of(side), config, size, side)
        self._examples, self._pad_to = examples, config.classify.pad_to
        self._pad = pad_token(examples.tokenizer)

    @property
    def per_epoch(self) -> int:
        """Batches in one pass."""
        return self.order.per_epoch

    def batch(self, index: int) -> npt.NDArray[np.int64]:
        """int64 (rows, columns of the head's truth + 2 + time)."""
        return self.of(self.order.batch(index))

    def of(self, places: Numbers) -> npt.NDArray[np.int64]:
        """A batch of these rows."""
        examples = self._examples
        assert examples.targets is not None
        truth = examples.targets[places].astype(np.int64).reshape(len(places), -1)
        lengths = examples.lengths(places)
        rows = np.full((len(places), max(self._pad_to, int(lengths.max()))), self._pad, np.int64)
        for row, place in enumerate(places.tolist()):
            rows[row, : lengths[row]] = examples.of(place)
        weights = np.full(len(places), UNIT)
        if self.order.learns and "weights" in examples.facts:
            weights = np.round(np.asarray(examples.facts["weights"])[truth[:, 0]] * UNIT)
        return np.concatenate([weights[:, None].astype(np.int64), lengths[:, None], truth, rows], axis=1)


def pad_token(tokenizer: "Tokenizer") -> int:
    """What fills a row up: the end of a text, as in the book, where the tokenizer has one."""
    return tokenizer.end_of_text or 0


# --- rows to tokens ---------------------------------------------------------------------------------------------------


def read(
    dataset: "Dataset", tokenizer: "Tokenizer", config: RunConfig, progress: Progress, keep_going: KeepGoing
) -> Examples:
    """The rows of a dataset as tokens with their classes; the config gets the classes and the model's outputs."""
    _refuse_odd(config)
    found = labelled(dataset.stream(keep_going), dataset.reading, config, keep_going)
    rows = []
    for number, text in enumerate(found.texts):
        if number % _OFTEN == 0:
            progress(number, len(found.texts))
            if not keep_going():
                raise StudioError(tr("Cutting the rows into tokens was stopped."), tr("Nothing was changed."))
        rows.append(encoded(tokenizer, text))
    whole = np.asarray([len(row) for row in rows])
    split = Split(found.training(config), found.split.validation, found.split.test)
    config = settled(config, dataset.title, found, whole[split.training])
    limit = limit_of(config)
    ids, starts = joined([row[:limit] for row in rows])
    used = np.unique(np.concatenate([split.training, split.validation, split.test]))
    notes = (*found.notes, *told_cut(whole[used], limit), *_told_kept(np.minimum(whole, limit), split, config))
    return Examples(
        tokenizer, config, ids, starts, found.rows, split, targets=found.truth, notes=notes,
        facts={"weights": found.weights(config).tolist()} if config.classify.balance == "weights" else {},
    )  # fmt: skip


def encoded(tokenizer: "Tokenizer", text: str) -> list[int]:
    """A text's ids behind what the tokenizer puts before every text; never none."""
    return [*getattr(tokenizer, "prefix", ()), *tokenizer.encode(text)] or [pad_token(tokenizer)]


def settled(config: RunConfig, dataset: str, found: Labelled, lengths: npt.NDArray[np.int64]) -> RunConfig:
    """The config with what only the rows can say: their version, the classes, and how far rows are filled up."""
    classify, model = config.classify, config.model
    pad_to = classify.pad_to
    if classify.read_at == "padded" and not pad_to:  # as the book, to the longest row that is learned from
        pad_to = min(int(lengths.max()), limit_of(config))
    model = dataclasses.replace(model, outputs=len(found.labels), outputs_bias=classify.head_bias, tie_embeddings=False)
    return config.with_part(
        model=model, data=dataclasses.replace(config.data, dataset=dataset),
        classify=dataclasses.replace(classify, labels=found.labels, pad_to=pad_to),
    )  # fmt: skip


def limit_of(config: RunConfig) -> int:
    """Tokens of a row that are read at most."""
    classify, context = config.classify, config.model.context_length
    return min(context, classify.longest or context, classify.pad_to or context)


def _refuse_odd(config: RunConfig) -> None:
    model, classify = config.model, config.classify
    if classify.pad_to > model.context_length:
        raise StudioError(
            tr("Rows would be filled up to {tokens:,} tokens, but the model sees {context:,} at once.",
               tokens=classify.pad_to, context=model.context_length),
            tr("Fill them up to {context:,} or less, or to the longest of a batch (0).", context=model.context_length),
        )  # fmt: skip
    if not classify.causal_mask and model.sliding_window:
        raise StudioError(
            tr("This model looks back through a window of {window:,} tokens, so it cannot look both ways.",
               window=model.sliding_window),
            tr("Let it look back only, or choose a model without a window."),
        )  # fmt: skip
    if classify.trained_blocks > model.n_layers:
        raise StudioError(
            tr("The last {asked:,} blocks are to be trained, but the model has {blocks:,}.",
               asked=classify.trained_blocks, blocks=model.n_layers),
            tr("Train {blocks:,} of them, or everything (-1).", blocks=model.n_layers),
        )  # fmt: skip


def told_cut(lengths: npt.NDArray[np.int64], limit: int) -> list[str]:
    """How many rows are cut at `limit` tokens and how much of the text is lost; nothing where none is."""
    longer = lengths > limit
    if not longer.any():
        return []
    lost = float((lengths[longer] - limit).sum() / lengths.sum())
    if longer.all():
        return [tr("Every row is longer than the {limit:,} tokens that are read; {lost:.1%} of the text is not seen. "
                   "Choose a model with a longer context.", limit=limit, lost=lost)]  # fmt: skip
    return [tr("{rows:,} of {count:,} rows are longer than {limit:,} tokens and cut there; {lost:.1%} of the text is "
               "not seen.", rows=int(longer.sum()), count=len(lengths), limit=limit, lost=lost)]  # fmt: skip


def _told_kept(lengths: npt.NDArray[np.int64], split: Split, config: RunConfig) -> list[str]:
    """What the memory of frozen blocks will hold, where there will be one."""
    model, frozen = config.model, config.model.n_layers - config.classify.trained_blocks
    if config.classify.trained_blocks == EVERYTHING or not frozen or model.drop_rate or config.adapter.kind != "none":
        return []
    rows = np.unique(np.concatenate([split.training, split.validation]))
    tokens = len(rows) if frozen == model.n_layers else int(lengths[rows].sum())
    size = 4 * tokens * model.emb_dim / 1e6
    return [tr("What the {blocks:,} frozen blocks make of a row is kept in memory, {size:,.0f} MB or at most 537 MB, "
               "instead of computed in every epoch.", blocks=frozen, size=size)]  # fmt: skip


# --- what is trained --------------------------------------------------------------------------------------------------


def prepare_model(model: "nn.Module", config: RunConfig) -> None:
    """Freeze all but the head and the last blocks that are to learn, and say where the head reads."""
    from studio.layers.row_reader import RowReader

    network, classify = cast("Decoder", model), config.classify
    network.reader = RowReader(classify.read_at, classify.multi_label)
    if not classify.causal_mask:
        for block in network.layers:
            block.self_attn.causal = False  # type: ignore[union-attr]
    count = classify.trained_blocks
    network.requires_grad_(count == EVERYTHING)
    if count > 0:
        for part in (*list(network.layers)[-count:], network.norm):
            part.requires_grad_(True)
    network.lm_head.requires_grad_(True)


def parts(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
    """A batch taken apart: logits (rows, outputs), truth (rows,) or (rows, outputs), and weights (rows,)."""
    network = cast("Decoder", model)
    several = network.reader is not None and network.reader.several
    wide = network.lm_head.out_features if several else 1
    ids, lengths = batch[:, TRUTH + wide :], batch[:, LENGTH]
    truth = batch[:, TRUTH : TRUTH + wide]
    return network.classes(ids, lengths).float(), truth if several else truth[:, 0], batch[:, WEIGHT] / UNIT


def score(model: "nn.Module", batch: "Tensor") -> Scored:
    """Cross entropy summed over the rows, and how many got all of their classes right."""
    import torch.nn.functional as F

    logits, truth, weights = parts(model, batch)
    if truth.ndim == 2:  # each class by itself, their mean for each row
        each = F.binary_cross_entropy_with_logits(logits, truth.float(), reduction="none").mean(1)
        hits = ((logits > 0) == truth.bool()).all(1)
    else:
        each = F.cross_entropy(logits, truth, reduction="none")
        hits = logits.argmax(1) == truth
    return Scored((each * weights).sum(), len(batch), int(hits.sum()))


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over the rows, and how many there are."""
    found = score(model, batch)
    return found.loss, found.targets


def targets(batch: "Tensor") -> int:
    """Every row is one."""
    return len(batch)


def tokens(batch: "Tensor") -> int:
    """Tokens of a batch, without what fills rows up."""
    return int(batch[:, LENGTH].sum())


# --- what a run shows -------------------------------------------------------------------------------------------------


def sample(model: "nn.Module", config: RunConfig, words: Words) -> tuple[str, int]:
    """Held-back rows with the class that the model finds and its probability; or the text that a person asks about."""
    examples = cast("Examples", words)
    if config.sampling.prompt:
        row = encoded(examples.tokenizer, config.sampling.prompt)[: limit_of(config)]
        batch = np.asarray([[UNIT, len(row), *[0] * _wide(examples), *row]], np.int64)
        return _line(_chances(model, batch)[0], config, None, config.sampling.prompt), 1
    side = next((side for side in ("validation", "test", "training") if len(examples.split.of(side))), "training")
    batches = RowBatches(examples, config, SHOWN, side)
    places = batches.order.all[:SHOWN]
    assert examples.targets is not None
    lines = [
        _line(chances, config, examples.targets[place], examples.tokenizer.decode(examples.of(place).tolist()))
        for place, chances in zip(places.tolist(), _chances(model, batches.of(places)), strict=True)
    ]
    return "\n".join(lines), len(lines)


def _wide(examples: Examples) -> int:
    """Columns of the truth in a batch."""
    return 1 if examples.targets is None or examples.targets.ndim == 1 else int(examples.targets.shape[1])


def _chances(model: "nn.Module", batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Probabilities (rows, classes)."""
    import torch

    with torch.no_grad():
        logits, truth, _ = parts(model, torch.from_numpy(batch).to(next(model.parameters()).device))
        found = logits.sigmoid() if truth.ndim == 2 else logits.softmax(1)
        return found.double().cpu().numpy()


def _line(chances: npt.NDArray[np.float64], config: RunConfig, truth: npt.NDArray[np.int64] | None, text: str) -> str:
    """“spam 98 % · Free entry”, with a mark and the right class where the model is wrong."""
    labels, several = config.classify.labels, config.classify.multi_label
    guess = tuple(np.flatnonzero(chances > 0.5).tolist()) if several else (int(chances.argmax()),)
    named = ", ".join(f"{labels[place]} {chances[place]:.0%}" for place in guess) or tr("none")
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 80 else shown[:79].rstrip() + "…"
    if truth is None:
        return f"{named} · {shown}"
    right = tuple(np.flatnonzero(truth).tolist()) if several else (int(truth),)
    if guess == right:
        return f"✓ {named} · {shown}"
    wanted = ", ".join(labels[place] for place in right) or tr("none")
    return f"✗ {named}, {tr('really {label}', label=wanted)} · {shown}"


# --- the item ---------------------------------------------------------------------------------------------------------


def obstacle(model: ModelConfig) -> str:
    """Every model can learn to tell classes apart."""
    return ""


def ready(config: RunConfig, tokenizer: "Tokenizer") -> RunConfig:
    """Nothing is asked of a tokenizer."""
    return config


def _no_windows(tokens: Ids, config: RunConfig, batch_size: int) -> RowBatches:
    raise StudioError(
        tr("Classes are learned from rows with a label, not from a plain text."),
        tr("Choose a dataset with a text and a label column."),
    )


OBJECTIVE = Objective(
    name="classify",
    page="classify",
    label="Classes",
    about="It sorts texts into the classes that a table shows it.",
    family="gpt2",
    obstacle=obstacle,
    default=RunConfig(
        objective="classify",
        training=TrainingConfig(
            epochs=5.0, batch_size=8, learning_rate=1e-3, warmup_steps=20, evaluate_every=50, evaluation_batches=0,
            sample_every=100,
        ),
        sampling=Sampling(temperature=0.0),
    ),
    batches=_no_windows,
    loss=loss,
    targets=targets,
    ready=ready,
    score=score,
    sample=sample,
    rows=RowTask(("labelled",), read, RowBatches, tokens),
    prepare_model=prepare_model,
    sections=("classify",),
)  # fmt: skip
