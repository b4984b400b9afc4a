"""The chat template that a model brings: tried in a limited child, understood by what it writes, used without running.

A template is a small program. Atelier lets it write a few test conversations in a process that can do nothing else,
and from then on puts the words that it found around the turns itself. So it never sees what a person writes.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.core.errors import StudioError
from studio.gate.sandbox import Limits, run_limited
from studio.gate.template_patterns import (
    BEGIN,
    END,
    Conversation,
    Pattern,
    around,
    behind_answer,
    known_as,
    pattern_of,
    probes,
)

LONGEST = 65_536  # characters of a template
_CHILD = Limits(seconds=15, memory=256 << 20, output=16 << 20, libraries=("jinja2.sandbox", "jinja2.ext"))
_TARGET = "studio.gate.template_child:write_out"
_REFUSED, _HINT = "The chat template of this model is not used", "Choose one of Atelier's own templates instead."


@dataclass(frozen=True)
class Verdict:
    """What is known of a template: the name of Atelier's own that it equals, else its pattern, else why it must run.

    A template that is `refused` is only ever shown. `behind` is what follows an answer.
    """

    name: str | None
    pattern: Pattern | None
    why: str
    refused: bool = False
    behind: str = ""


def recognised(text: str) -> str | None:
    """The name of Atelier's own template that this one equals, or None; call it on a worker, it may start a process."""
    return look_at(text).name


@lru_cache(maxsize=32)
def look_at(text: str) -> Verdict:
    """Try a template on test conversations and say what it is; never raises for what stands in it."""
    asked = [one for told in probes() for one in told]
    try:
        answers = render_template(text, asked)
    except StudioError as error:
        return Verdict(None, None, error.message, refused=True)
    written = [answer if isinstance(answer, str) else None for answer in answers]
    third = len(asked) // 3
    pattern = pattern_of(written[:third], written[third : 2 * third], written[2 * third :])
    if pattern is None and (fault := _unfit(asked[: 2 * third], answers[: 2 * third])):
        return Verdict(None, None, fault, refused=True)
    tried = f"It was tried on {len(asked)} conversations in a limited process."
    if pattern is None:
        why = f"{tried} What it writes depends on more than who speaks, so it has to run there for each conversation."
        return Verdict(None, None, why, behind=behind_answer(written))
    name = known_as(pattern)
    if name is None:
        why = f"{tried} Atelier puts the words that it found around every turn itself; the template does not run again."
    else:
        why = f"{tried} It writes all of them as Atelier's own template does, which is used in its place."
    return Verdict(name, pattern, why, behind=pattern.end)


def render_template(text: str, asked: Sequence[Conversation]) -> list[str | StudioError]:
    """What a template writes for each conversation, in a limited child; what it says against one stands in its place.

    A template that asks for more than words between turns, or does not come to an end, is a `StudioError`.
    """
    if len(text) > LONGEST:
        raise StudioError(f"{_REFUSED}: it has {len(text):,} characters; at most {LONGEST:,} are read.", _HINT)
    told = [
        {"messages": [{"role": role, "content": content} for role, content in one.turns], "answering": one.answering}
        for one in asked
    ]
    arguments = {"template": text, "asked": told, "marks": {"bos_token": BEGIN, "eos_token": END}}
    with tempfile.TemporaryDirectory() as folder:
        try:
            run_limited(_TARGET, arguments, Path(folder), _CHILD)
            written = json.loads((Path(folder) / "texts.json").read_text("utf-8"))
        except StudioError as error:
            if error.message.startswith(_REFUSED):
                raise
            words = f"{_REFUSED}: it needs more time or memory than any template has to."
            raise StudioError(words, _HINT) from error
        except (OSError, ValueError) as error:
            raise StudioError(f"{_REFUSED}: it left nothing that can be read.", _HINT) from error
    return [one["text"] if "text" in one else StudioError(f"{_REFUSED}: {one['error']}.", _HINT) for one in written]


def _unfit(asked: Sequence[Conversation], answers: Sequence[str | StudioError]) -> str:
    """Why no conversation should be given to a template, or nothing."""
    texts = [(one, text) for one, text in zip(asked, answers, strict=True) if isinstance(text, str)]
    if not texts:
        return next(answer.message for answer in answers if isinstance(answer, StudioError))
    if any(around(text, [said.strip() for _, said in one.turns]) is None for one, text in texts):
        return f"{_REFUSED}: it changes what is said, or leaves some of it out."
    return ""
