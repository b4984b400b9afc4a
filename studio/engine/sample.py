"""What a run shows of itself along the way: a text that the model writes, or what else its objective shows."""

from collections.abc import Callable
from dataclasses import replace

from studio.core.config import Sampling
from studio.core.events import SampleWritten
from studio.engine.evaluate import at_rest
from studio.engine.pieces import continue_text
from studio.engine.prepare import Prepared
from studio.engine.reader import Reader


def written(run: Prepared, step: int, sampling: Sampling, keep_going: Callable[[], bool], asked: bool) -> SampleWritten:
    """A sample in the model's present state; it draws from its own random numbers. `asked`: by a person."""
    shards = run.shards
    if run.objective.sample is not None:
        with at_rest(run.model):
            text, tokens = run.objective.sample(run.model, run.config.with_part(sampling=sampling), shards)
        # A prompt stands inside the text, and the likeliest token is taken.
        sampling = replace(sampling, prompt="", temperature=0.0, top_k=0)
    else:
        reader = Reader(run.model, run.config.model)
        text, tokens = continue_text(reader, shards.tokenizer, int(shards.training()[0]), sampling, keep_going)
    return SampleWritten(
        step=step,
        prompt=sampling.prompt,
        text=text,
        tokens=tokens,
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        seed=sampling.seed,
        asked=asked,
    )
