"""Masked words (Devlin et al. 2019): some tokens of a window are hidden, and the model says which ones stood there."""

import dataclasses
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from studio.core.config import RunConfig, Sampling, TrainingConfig
from studio.core.language import tr
from studio.core.model_config import ModelConfig
from studio.families.bert import PRESETS
from studio.objectives import Ids, Objective, Scored, Words
from studio.objectives.pretrain import Windows

if TYPE_CHECKING:
    from torch import Tensor, nn

    from studio.layers.decoder import Decoder
    from studio.tokenizers import Tokenizer

SHARE = 0.15  # of a window's places are to be guessed
HIDDEN, RANDOM = 0.8, 0.1  # of those: so many show the mask token, so many another word, the rest what they are
MASK_NAMES = ("[MASK]", "<mask>", "<|mask|>")
NOTHING = -100  # the target of a place that is not to be guessed

Row = npt.NDArray[np.int64]


class MaskedWindows(Windows):
    """Windows of `context_length` tokens, each with a masking of its own that follows from (seed, epoch, window).

    The epoch follows from the step, so that a window is masked anew each time it comes back, and a resumed run goes on
    with the same masks. The first epoch's masks are those of every measurement.
    """

    def __init__(self, tokens: Ids, config: RunConfig, batch_size: int) -> None:
        super().__init__(tokens, config, batch_size)
        self.model = config.model

    def batch(self, index: int) -> Row:
        """Ids (batch, 2, context): what the model reads, and what stood there, -100 where nothing is asked."""
        epoch, place = divmod(index, self.per_epoch)
        chosen = self._epoch_order(epoch)[place * self.batch_size : (place + 1) * self.batch_size]
        windows = self._views[chosen * self.stride, :-1].astype(np.int64)
        return np.stack(
            [
                masked(window, self.model, np.random.default_rng((self.seed, epoch, int(number))))
                for window, number in zip(windows, chosen, strict=True)
            ]
        )


def mask_of(model: ModelConfig) -> int:
    """The id of the mask token: the one the config names, else the last one of the vocabulary."""
    return model.mask_token if model.mask_token >= 0 else model.vocab_size - 1


def masked(window: Row, model: ModelConfig, random: np.random.Generator) -> Row:
    """One window (time,) to inputs and targets (2, time): 15 % of the places, at least one, are asked for."""
    places = gaps(len(window), random)
    fate, mask = random.random(len(places)), mask_of(model)
    others = random.integers(0, max(1, model.vocab_size - 1), len(places))
    others += others >= mask  # every word but the mask token
    targets = np.full_like(window, NOTHING)
    targets[places] = window[places]
    shown = np.where(fate < HIDDEN, mask, np.where(fate < HIDDEN + RANDOM, others, window[places]))
    inputs = window.copy()
    inputs[places] = shown
    return np.stack([inputs, targets])


def gaps(length: int, random: np.random.Generator) -> Row:
    """Which places of a text are asked for, in order: a fixed share of them, as in BERT's own code."""
    return np.sort(random.choice(length, size=max(1, round(SHARE * length)), replace=False)).astype(np.int64)


def obstacle(model: ModelConfig) -> str:
    """Why a model is not made to fill gaps; it can be trained so all the same, to see what looking back alone finds."""
    if model.word_head:
        return ""
    return tr("This model only looks back, so it would fill a gap without seeing the words behind it.")


def ready(config: RunConfig, tokenizer: "Tokenizer") -> RunConfig:
    """Name the mask token: the model's, else the tokenizer's own, else one more id behind its vocabulary."""
    if config.model.mask_token >= 0:
        return config
    own = next((tokenizer.special[name] for name in MASK_NAMES if name in tokenizer.special), tokenizer.vocab_size)
    return config.with_part(model=dataclasses.replace(config.model, mask_token=own))


# --- what is optimized and measured ---------------------------------------------------------------------------------


def loss(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", int]:
    """Cross entropy summed over the places that are asked for, and how many there are."""
    from studio.layers.cross_entropy import summed_cross_entropy

    logits, asked = _guesses(model, batch)
    return summed_cross_entropy(logits, asked), len(asked)


def score(model: "nn.Module", batch: "Tensor") -> Scored:
    """The same, and at how many of the places the likeliest token is the right one."""
    from studio.layers.cross_entropy import summed_cross_entropy

    logits, asked = _guesses(model, batch)
    return Scored(summed_cross_entropy(logits, asked), len(asked), int((logits.argmax(-1) == asked).sum()))


def _guesses(model: "nn.Module", batch: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Logits (asked, vocabulary) and right ids (asked,); the large head is computed at those places only."""
    inputs, wanted = batch[:, 0], batch[:, 1]
    network, places = cast("Decoder", model), wanted != NOTHING
    return network.lm_head(network.hidden(inputs)[places]), wanted[places]


def targets(batch: "Tensor") -> int:
    """Places of a batch that are asked for."""
    return int((batch[:, 1] != NOTHING).sum())


# --- what a run shows -----------------------------------------------------------------------------------------------


def sample(model: "nn.Module", config: RunConfig, words: Words) -> tuple[str, int]:
    """A sentence with its gaps filled, and how many there were; always the same one, so that progress can be seen."""
    import torch

    ids = np.asarray(_sentence(config, words), dtype=np.int64)
    places = gaps(len(ids), np.random.default_rng(config.sampling.seed))
    inputs = ids.copy()
    inputs[places] = mask_of(config.model)
    network = cast("Decoder", model)
    with torch.no_grad():
        logits = network(torch.from_numpy(inputs)[None].to(network.embed_tokens.weight.device))[0]
    known = words.tokenizer.vocab_size  # the mask token has no spelling, so it is no answer
    guesses = logits[torch.from_numpy(places).to(logits.device), :known].argmax(-1).tolist()
    found = dict(zip(places.tolist(), guesses, strict=True))
    right = sum(ids[place] == guess for place, guess in found.items())
    legend = tr(
        "{right} of {gaps} gaps are right; where one is not, the right word stands behind the bar.",
        right=right, gaps=len(places),
    )  # fmt: skip
    return f"{shown(words.tokenizer, ids.tolist(), found)}\n\n{legend}", len(places)


def _sentence(config: RunConfig, words: Words) -> list[int]:
    """The prompt of the samples where there is one, else a sentence of the text that is held back."""
    tokenizer, most = words.tokenizer, config.model.context_length
    if config.sampling.prompt and (asked := tokenizer.encode(config.sampling.prompt)[:most]):
        return asked
    stream = words.validation() if words.validation_tokens else words.training()
    text = tokenizer.decode(stream[: 4 * most].tolist())
    return tokenizer.encode(first_sentence(text))[:most] or stream[:most].tolist()


def first_sentence(text: str, least: int = 40) -> str:
    """From behind the first full stop to another one at least `least` characters on; all of it where there is none."""
    ends = [place + 1 for place, letter in enumerate(text[:-1]) if letter in ".!?" and text[place + 1].isspace()]
    start = ends[0] if ends else 0
    end = next((end for end in ends if end - start >= least), len(text))
    return text[start:end].strip() or text


def shown(tokenizer: "Tokenizer", ids: list[int], guesses: dict[int, int]) -> str:
    """The text with each guess in brackets, [sat], and behind a bar what really stood there, [ran|sat]."""
    pieces, before = [], 0
    for place, guess in sorted(guesses.items()):
        pieces.append(_between(tokenizer, ids, before, place))
        right = _between(tokenizer, ids, place, place + 1)
        words = right.lstrip(" ") or right  # a blank before a word stands before its bracket
        blanks = right.removesuffix(words)
        if guess != ids[place]:
            wrong = tokenizer.decode([*ids[:place], guess])[len(tokenizer.decode(ids[:place])) :]
            words = f"{wrong.lstrip(' ') or wrong}|{words}"
        pieces.append(f"{blanks}[{words}]")
        before = place + 1
    return "".join([*pieces, _between(tokenizer, ids, before, len(ids))])


def _between(tokenizer: "Tokenizer", ids: list[int], first: int, last: int) -> str:
    """What these tokens add to the text before them."""
    return tokenizer.decode(ids[:last])[len(tokenizer.decode(ids[:first])) :]


OBJECTIVE = Objective(
    name="masked_words",
    label="Masked words",
    about="It fills hidden words from both sides. It learns to read, not to write on.",
    family="bert",
    obstacle=obstacle,
    default=RunConfig(
        objective="masked_words",
        model=PRESETS[0].config,
        training=TrainingConfig(steps=2_000, batch_size=32),
        sampling=Sampling(temperature=0.0),
    ),
    batches=MaskedWindows,
    loss=loss,
    targets=targets,
    ready=ready,
    score=score,
    sample=sample,
)
