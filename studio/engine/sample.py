"""What a run shows of itself along the way: texts that the model writes, or what else its objective shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from studio.core.config import Sampling
from studio.core.events import SampleWritten
from studio.engine.evaluate import at_rest
from studio.engine.pieces import continue_text, write
from studio.engine.prepare import Prepared
from studio.engine.reader import Reader
from studio.objectives import Question


def written(
    run: Prepared, step: int, sampling: Sampling, keep_going: Callable[[], bool], asked: bool
) -> Iterator[SampleWritten]:
    """Samples in the model's present state; each draws from its own random numbers. `asked`: by a person."""
    words = run.words
    if run.objective.sample is not None:
        with at_rest(run.model):
            text, tokens = run.objective.sample(run.model, run.config.with_part(sampling=sampling), words)
        # A prompt stands inside the text, and the likeliest token is taken.
        yield _told(replace(sampling, prompt="", temperature=0.0, top_k=0), step, asked, text, tokens)
        return
    if run.objective.questions is not None:
        questions = run.objective.questions(run.config.with_part(sampling=sampling), words)
        yield from _answers(run, step, sampling, keep_going, questions, asked)
        return
    reader = Reader(run.model, run.config.model)
    text, tokens = continue_text(reader, words.tokenizer, int(words.training()[0]), sampling, keep_going)
    yield _told(sampling, step, asked, text, tokens)


def canaries(run: Prepared, step: int, keep_going: Callable[[], bool]) -> Iterator[SampleWritten]:
    """What a checkpoint answers to the questions that are asked at every one of them."""
    if run.objective.questions is not None and run.config.instruct.canaries:
        questions = [one for one in run.objective.questions(run.config, run.words) if one.canary]
        yield from _answers(run, step, run.config.sampling, keep_going, questions, False)


def _answers(
    run: Prepared, step: int, sampling: Sampling, keep_going: Callable[[], bool], questions: Sequence[Question],
    asked: bool,
) -> Iterator[SampleWritten]:  # fmt: skip
    reader = Reader(run.model, run.config.model)
    for question in questions:
        if not keep_going():
            return
        text, tokens = _answer(run, reader, question, sampling, keep_going)
        yield _told(replace(sampling, prompt=question.shown), step, asked, text, tokens)


def _answer(
    run: Prepared, reader: Reader, question: Question, sampling: Sampling, keep_going: Callable[[], bool]
) -> tuple[str, int]:
    """What the model says to a question, up to where its template ends an answer, and how many tokens that took."""
    asked = replace(sampling, prompt=question.shown, samples=1, stop=(*sampling.stop, *question.stops))
    pieces = list(write(reader, run.words.tokenizer, question.ids, asked, keep_going))
    return "".join(piece.text for piece in pieces).strip(), sum(piece.id >= 0 for piece in pieces)


def _told(sampling: Sampling, step: int, asked: bool, text: str, tokens: int) -> SampleWritten:
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
