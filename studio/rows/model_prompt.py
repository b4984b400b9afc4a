"""The prompt of a model that brings its own chat template.

It is Atelier's own where the template is one of those, else made of the words that the template was found to write,
else what it writes in a limited child for each conversation.
"""

from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.gate.chat_templates import look_at, render_template
from studio.gate.template_patterns import THOUGHT_ENDS, Conversation, Pattern, pieces_of
from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn
from studio.rows.written_prompt import SPECIAL, literal

NAME = "model"
_MOST_WRITTEN = 8_000_000  # characters that a template which has to run writes for one conversation
_MARKS = 100  # of them around a turn
_HINT = "Choose one of Atelier's own templates instead."
# What a turn spells like a special token reaches the template disguised: its first mark is one that nobody writes.
_DISGUISE = {"<": "\U000f5a01", "[": "\U000f5a02"}
_PLAIN = str.maketrans({mark: plain for plain, mark in _DISGUISE.items()})


def model_prompt(text: str) -> Prompt:
    """The prompt that a template stands for; one that must not be used is a `StudioError`. It may start a process."""
    verdict = look_at(text)
    if verdict.refused:
        raise StudioError(verdict.why, _HINT)
    if verdict.name is not None:
        known: Prompt = PROMPTS.load(verdict.name)
        return known
    pattern = verdict.pattern
    segments = partial(_by_pattern, pattern) if pattern is not None else partial(_by_running, text)
    words = "".join(_words(pattern)) if pattern is not None else text
    behind = [piece for piece in SPECIAL.findall(verdict.behind)[:1] if piece != END_OF_TEXT]
    specials = dict.fromkeys([*SPECIAL.findall(words), *behind, END_OF_TEXT])
    return Prompt(NAME, "The model's own", verdict.why, segments, tuple(specials), (*behind, END_OF_TEXT))


def _words(pattern: Pattern) -> list[str]:
    return [pattern.begin, *(pattern.system or ()), pattern.answer, pattern.silence, pattern.between, pattern.end]


def _by_pattern(pattern: Pattern, turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """The words that were found, around turns that the template never sees."""
    said = tuple((turn.role, turn.whole) for turn in turns)
    segments: list[Segment] = []
    for piece in pieces_of(pattern, Conversation(said, answering)):
        if piece.kind in ("system", "user", "assistant"):
            segments.append(Segment(piece.text, piece.kind == "assistant"))
        elif piece.kind == "behind":
            segments += _ended(literal(piece.text))
        else:
            segments += [Segment(part.text, piece.kind == "silence", part.special) for part in literal(piece.text)]
    return segments


def _ended(pieces: list[Segment]) -> list[Segment]:
    """What stands behind an answer; as far as the first special token it is learned with it."""
    last = next((place for place, piece in enumerate(pieces) if piece.special), -1)
    return [Segment(piece.text, place <= last, piece.special) for place, piece in enumerate(pieces)]


# --- templates that have to run ---------------------------------------------------------------------------------------


def _by_running(template: str, turns: Sequence[Turn], answering: bool) -> list[Segment]:
    """What the template writes; an answer begins where it would ask for one, which is found by asking."""
    said = [(turn.role, _disguised(turn.whole)) for turn in turns]
    answers = [place for place, (role, _) in enumerate(said) if role == "assistant"]
    if len(answers) * sum(len(text) + _MARKS for _, text in said) > _MOST_WRITTEN:
        _refuse("it would have to write this long conversation anew for each of its many answers")
    asked = [Conversation(tuple(said), answering)]
    asked += [Conversation(tuple(said[:place]), answering=True) for place in answers]
    written = render_template(template, asked)
    texts = [text for text in written if isinstance(text, str)]
    for fault in written:
        if isinstance(fault, StudioError):
            raise fault
    whole, *beginnings = texts
    ends = _ends(whole, [text.strip() for _, text in said])
    pieces: list[Segment] = []
    done = 0
    for place, beginning in zip(answers, beginnings, strict=True):
        if not whole.startswith(beginning):
            _refuse("what it writes before an answer is not what it asks with, so nobody can tell what to learn")
        following = ends[place + 1][0] if place + 1 < len(ends) else len(whole)
        mark = SPECIAL.search(whole, ends[place][1], following)
        end = mark.end() if mark else ends[place][1]
        pieces += literal(whole[done : len(beginning)])
        pieces += [Segment(piece.text, True, piece.special) for piece in literal(whole[len(beginning) : end])]
        done = end
    pieces += literal(whole[done:])
    return [Segment(piece.text.translate(_PLAIN), piece.learned, piece.special) for piece in pieces]


def _ends(whole: str, said: Sequence[str]) -> list[tuple[int, int]]:
    """Where each turn begins and ends in what was written; a template that changes one is refused.

    Only the thoughts of an answer may be missing: many models are not shown their earlier ones.
    """
    found, done = [], 0
    for told in said:
        text = told if told in whole[done:] else told.rpartition(THOUGHT_ENDS)[2].strip()
        begin = whole.find(text, done)
        if begin < 0:
            _refuse("it changes what is said in this conversation, or leaves some of it out")
        done = begin + len(text)
        found.append((begin, done))
    return found


def _disguised(text: str) -> str:
    return SPECIAL.sub(lambda found: _DISGUISE[found[0][0]] + found[0][1:], text)


def _refuse(reason: str) -> NoReturn:
    raise StudioError(f"The chat template of this model cannot be used: {reason}.", _HINT)
