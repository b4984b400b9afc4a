"""Following instructions: the loss of the next token where somebody answers, over rows that a template lays out."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, cast

from studio.core.config import AdapterConfig, DataConfig, RunConfig, Sampling, TrainingConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.objectives import Ids, Objective, Question, RowTask, Scored, Words
from studio.objectives.pretrain import obstacle
from studio.prompts import Turn
from studio.rows.conversing import Conversations, asked, conversations
from studio.rows.rendering import RenderRules, letters_of, render
from studio.store.answer_batches import NOTHING, PADDING, PackedRows, PaddedRows
from studio.store.examples import Examples, KeepGoing, Progress
from studio.store.own_prompts import find_prompt, prompt_text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.layers.decoder import Decoder
    from studio.store.datasets import Dataset
    from studio.tokenizers import Tokenizer

QUESTIONS = 3  # held-back rows that are answered along the way
KINDS = ("alpaca", "completion", "messages", "sharegpt", "preference")


# --- rows -------------------------------------------------------------------------------------------------------------


def read(
    dataset: "Dataset", tokenizer: "Tokenizer", config: RunConfig, progress: Progress, keep_going: KeepGoing
) -> Examples:
    """Every row that has an answer as tokens; the template's text is kept in the config, so that the run owns it."""
    refuse_reader(config)
    config = settled(dataset, config)
    rules = rules_of(config, tokenizer)
    found = conversations(
        dataset.stream(keep_going), dataset.reading, rules, config,
        (lambda done: progress(done, max(done, dataset.rows)), keep_going),
    )  # fmt: skip
    return examples_of(dataset, found, tokenizer, config)


def examples_of(dataset: "Dataset", found: Conversations, tokenizer: "Tokenizer", config: RunConfig) -> Examples:
    """The conversations with the first held-back questions, which the model is asked along the way."""
    held = found.split.validation if len(found.split.validation) else found.split.training
    numbers = list(dict.fromkeys(found.rows[held].tolist()))[:QUESTIONS]
    turns = [asked(dataset.reading, values) for values in dataset.rows_at(numbers)]
    return Examples(
        tokenizer, config, found.ids, found.starts, found.rows, found.split, found.learned,
        facts={"questions": turns}, notes=found.notes,
    )  # fmt: skip


def settled(dataset: "Dataset", config: RunConfig) -> RunConfig:
    """The config with the text of a template of one's own in it."""
    chosen = config.instruct
    if chosen.template_text:
        return config
    text = prompt_text(dataset.folder.parents[2], chosen.template)
    return config.with_part(instruct=dataclasses.replace(chosen, template_text=text))


def rules_of(config: RunConfig, tokenizer: "Tokenizer") -> RenderRules:
    """How this run, and whoever talks to its model, turns conversations into tokens."""
    chosen = config.instruct
    prompt = find_prompt(Path(), chosen.template, chosen.template_text)
    longest = min(chosen.longest or config.model.context_length, config.model.context_length)
    return RenderRules(prompt, tokenizer, chosen.learn, longest, pairs=config.objective == "prefer")


def around(dataset: "Dataset", config: RunConfig) -> str:
    """What the template writes around the rows."""
    chosen = settled(dataset, config).instruct
    return letters_of(find_prompt(Path(), chosen.template, chosen.template_text))


def refuse_reader(config: RunConfig) -> None:
    """Refuse a model that cannot write, because it looks both ways or says classes."""
    if reason := obstacle(config.model):
        raise StudioError(reason, tr("Choose a model that looks back only, such as a GPT-2."))
    if config.model.outputs:
        raise StudioError(
            tr("The model it starts from tells classes apart; it has no head for words any more."),
            tr("Start from the model that the classifier was made of."),
        )


def batches(examples: Examples, config: RunConfig, size: int, side: str) -> PaddedRows | PackedRows:
    """Rows filled up, or whole conversations packed into rows of what the model reads at once."""
    if config.instruct.batching == "pack":
        return PackedRows(examples, config, size, side)
    return PaddedRows(examples, config, size, side)


# --- what is optimized and measured -----------------------------------------------------------------------------------


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over the tokens that are learned, and how many there are."""
    from studio.layers.cross_entropy import summed_cross_entropy

    logits, wanted = _said(model, batch)
    return summed_cross_entropy(logits, wanted), len(wanted)


def score(model: "nn.Module", batch: "Tensor") -> Scored:
    """The same, and how many of them were the likeliest."""
    from studio.layers.cross_entropy import summed_cross_entropy

    logits, wanted = _said(model, batch)
    return Scored(summed_cross_entropy(logits, wanted), len(wanted), int((logits.argmax(-1) == wanted).sum()))


def _said(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Logits (learned, vocabulary) and right ids (learned,); the large head is computed at those places only.

    A third row of a batch numbers the conversations that are packed into one row.
    """
    network, inputs, wanted = cast("Decoder", model), batch[:, 0].clamp(min=0), batch[:, 1]
    texts = batch[:, 2] if batch.shape[1] > 2 else None
    places = wanted != NOTHING
    return network.lm_head(network.hidden(inputs, texts=texts)[places]), wanted[places]


def targets(batch: "Tensor") -> int:
    """Tokens of a batch that are learned."""
    return int((batch[:, 1] != NOTHING).sum())


def tokens(batch: "Tensor") -> int:
    """Tokens of a batch that are read."""
    return int((batch[:, 0] != PADDING).sum())


# --- what a run shows -------------------------------------------------------------------------------------------------


def questions(config: RunConfig, words: Words) -> tuple[Question, ...]:
    """The prompt where there is one, the first held-back rows, and the canaries."""
    assert isinstance(words, Examples)
    rules = rules_of(config, words.tokenizer)
    own = [(Turn("user", text),) for text in (config.sampling.prompt,) if text]
    canaries = [(Turn("user", text),) for text in config.instruct.canaries if text]
    conversations = [turns for turns in (*own, *canaries, *words.facts.get("questions", ())) if turns]
    return tuple(
        Question(
            turns[-1].whole,
            tuple(render(rules.prompt, turns, rules.tokenizer, answering=True).ids.tolist()),
            rules.prompt.stops,
            canary=turns in canaries,
        )
        for turns in conversations
    )


def ready(config: RunConfig, tokenizer: "Tokenizer") -> RunConfig:
    """Rows say all that is needed."""
    return config


def no_windows(tokens: Ids, config: RunConfig, size: int) -> PaddedRows:
    """A text has no rows."""
    raise StudioError(tr("This is learned from the rows of a dataset, not from a text."))


OBJECTIVE = Objective(
    name="instruct",
    page="instruct",
    label="Answers",
    about="It learns to answer what is asked, from rows of questions with their answers.",
    family="gpt2",
    obstacle=obstacle,
    default=RunConfig(
        objective="instruct",
        data=DataConfig(validation_share=0.05, test_share=0.1, split="in_order"),
        adapter=AdapterConfig(),
        training=TrainingConfig(
            steps=1_000, epochs=2.0, batch_size=8, learning_rate=5e-5, minimum_learning_rate=5e-6, warmup_steps=20,
            evaluate_every=50, evaluation_batches=10, sample_every=100, save_every=100,
        ),
        sampling=Sampling(tokens=64, temperature=0.0),
    ),
    batches=no_windows,
    loss=loss,
    targets=targets,
    ready=ready,
    score=score,
    questions=questions,
    rows=RowTask(KINDS, read, batches, tokens, around),
    sections=("instruct",),
)  # fmt: skip
