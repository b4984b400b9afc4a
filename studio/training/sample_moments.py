"""What a model wrote along the way, by the moment at which it did: one text, or an answer to each of its questions."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.events import SampleWritten


@dataclass(frozen=True)
class Moment:
    """All that was written at one step; `first` is the place of its first text among all of them."""

    step: int
    first: int
    samples: tuple[SampleWritten, ...]


def moments(samples: Sequence[SampleWritten]) -> list[Moment]:
    """Texts of one step are one moment, unless a question is asked again: then a person asked for it meanwhile."""
    found: list[Moment] = []
    for place, sample in enumerate(samples):
        last = found[-1] if found else None
        if last is None or last.step != sample.step or sample.prompt in {one.prompt for one in last.samples}:
            found.append(Moment(sample.step, place, (sample,)))
        else:
            found[-1] = Moment(last.step, last.first, (*last.samples, sample))
    return found


def before_of(samples: Sequence[SampleWritten], place: int) -> SampleWritten | None:
    """The newest earlier sample that went on from the same prompt, which alone can be compared with."""
    if not 0 <= place < len(samples):
        return None
    prompt = samples[place].prompt
    return next((one for one in reversed(samples[:place]) if one.prompt == prompt), None)
