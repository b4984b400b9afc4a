"""What the merge view shows of each step: the boxes, the pairs that stand there, and a sentence about the choice."""

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.parts.wording import count
from studio.tokenizers import Tokenizer
from studio.tokenizing.merge_canvas import Frame
from studio.views.token_text import Token, visible

if TYPE_CHECKING:
    from studio.vocabularies.merge_replay import Pair, Replay, Step

MERGES = 200  # most that are learned from one sentence
_BYTES = 256


@dataclass(frozen=True)
class PairRow:
    """Two neighbours: how often they stand there, and the token they become (None: no merge joins them)."""

    left: Token
    right: Token
    times: int
    becomes: int | None = None
    chosen: bool = False

    @property
    def words(self) -> str:
        """Both pieces as they are shown."""
        return f"{visible(self.left)} + {visible(self.right)}"


@dataclass(frozen=True)
class Moment:
    """One step of a replay."""

    frame: Frame
    pairs: tuple[PairRow, ...]
    heading: str
    sentence: str
    made: tuple[Token, ...] = ()  # what the merges so far have made, each once


@dataclass(frozen=True, eq=False)
class Story:
    """A whole replay; `tokenizer` is whose merges they are, None where they were learned from the sentence."""

    moments: tuple[Moment, ...]
    tokenizer: Tokenizer | None = None

    @property
    def learns(self) -> bool:
        """Whether the merges come from the sentence itself."""
        return self.tokenizer is None


def learn_story(text: str) -> Story:
    """Merges learned from a sentence until no pair stands there twice. For a worker thread."""
    from studio.vocabularies.merge_replay import learn

    replay = learn(text, MERGES)
    repeated = takewhile(lambda step: step.merged is None or step.merged.count > 1, replay.steps)
    return Story(_moments(replay, list(repeated)))


def read_story(tokenizer: Tokenizer, text: str) -> Story:
    """A tokenizer's merges applied to a sentence. For a worker thread."""
    from studio.vocabularies.merge_replay import replay

    found = replay(tokenizer, text)
    return Story(_moments(found, list(found.steps)), tokenizer)


def _moments(replay: "Replay", steps: "list[Step]") -> tuple[Moment, ...]:
    if not steps[0].ids:
        return ()
    following = [*steps[1:], None]
    made: dict[int, Token] = {}
    moments = []
    for number, (step, after) in enumerate(zip(steps, following, strict=True)):
        if step.merged is not None:
            made.setdefault(step.made, _token(replay, step.made))
        moments.append(_moment(replay, number, step, after, tuple(made.values())))
    return tuple(moments)


def _moment(replay: "Replay", number: int, step: "Step", after: "Step | None", made: tuple[Token, ...]) -> Moment:
    frame = Frame(
        tuple(_token(replay, token) for token in step.ids),
        frozenset(step.places),
        frozenset(place + earlier for earlier, place in enumerate(after.places)) if after is not None else frozenset(),
        step.words,
    )
    rows = tuple(_row(replay, pair, after) for pair in step.pairs)
    return Moment(frame, rows, _heading(replay, number, step), _sentence(replay, step, after), made)


def _token(replay: "Replay", token: int) -> Token:
    data = replay.spelling(token)
    return Token(data.decode("utf-8", "replace"), token, data)


def _row(replay: "Replay", pair: "Pair", after: "Step | None") -> PairRow:
    merged = after.merged if after is not None else None
    chosen = merged is not None and (pair.left, pair.right) == (merged.left, merged.right)
    becomes = after.made if after is not None and chosen else pair.rank
    left, right = _token(replay, pair.left), _token(replay, pair.right)
    return PairRow(left, right, pair.count, becomes if becomes >= 0 else None, chosen)


def _heading(replay: "Replay", number: int, step: "Step") -> str:
    if step.merged is None:
        return tr("It begins with {count} bytes", count=count(len(step.ids)))
    left, right = (visible(_token(replay, token)) for token in (step.merged.left, step.merged.right))
    made = visible(_token(replay, step.made))
    return tr("Merge {number}: {left} + {right} is now {made}, token {id}", number=number, left=left, right=right,
              made=made, id=count(step.made))  # fmt: skip


def _sentence(replay: "Replay", step: "Step", after: "Step | None") -> str:
    pieces = tr("1 piece") if len(step.ids) == 1 else tr("{count} pieces", count=count(len(step.ids)))
    if after is None or after.merged is None:
        end = tr("No pair stands here twice any more.") if replay.learned else tr("No merge is left for what is here.")
        return f"{pieces}. {end}"
    chosen = after.merged
    pair = f"{visible(_token(replay, chosen.left))} + {visible(_token(replay, chosen.right))}"
    if replay.learned:
        return tr("{pieces}. Next: {pair}, which stands here {times} times.", pieces=pieces, pair=pair,
                  times=count(chosen.count))  # fmt: skip
    return tr("{pieces}. Next: {pair}, which was merge {number} of the training.", pieces=pieces, pair=pair,
              number=count(chosen.rank - _BYTES + 1))  # fmt: skip
