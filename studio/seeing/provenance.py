"""Where the numbers on a page come from, in one line: model, checksum, tokens, format, agreement, and how old."""

import math
from typing import Any

from studio.core.language import tr
from studio.live.looking import Looking
from studio.live.selection import Selection
from studio.parts.wording import count


def provenance(looking: Looking, selection: Selection, scrubs: bool, compares: bool) -> str:
    """The whole line; `scrubs` says that the view draws the film's snapshot where there is one, `compares` that it
    draws the difference of two models.
    """
    scene, other = looking.shown
    if scene is None:
        return ""
    if looking.snapshot is not None and scrubs:
        return " · ".join(part for part in (*snapshot_words(looking), place_words(selection)) if part)
    names = source_words(scene)
    if other is not None:
        names = f"{names} − {source_words(other)}" if compares else tr("A alone: {name}", name=names)
    parts = [names, window_words(scene), place_words(selection), scene.precision, error_words(scene)]
    parts.append(age_words(looking, scene))
    if looking.film.step is not None:
        parts.append(tr("exact, not of step {step}", step=count(looking.film.step)))
    return " · ".join(part for part in parts if part)


def snapshot_words(looking: Looking) -> tuple[str, str]:
    """What a moment of the film is and is not, and the tokens that it looks at."""
    run = looking.subject.run if looking.subject is not None else ""
    step, held = count(looking.film.step or 0), looking.moments[1]
    if held is None:
        words = tr("{run} · step {step} · ≈ a snapshot in 8 bit", run=run, step=step)
    else:
        words = tr("{run} · step {step} − step {held} · ≈ snapshots in 8 bit", run=run, step=step,
                   held=count(held.step))  # fmt: skip
    return words, tr("{count} tokens", count=count(len(looking.film.snapshot.ids)))


def source_words(scene: Any) -> str:
    """Model and the first letters of its checksum."""
    return f"{scene.title} · {scene.checksum[:8]}" if scene.checksum else str(scene.title)


def window_words(scene: Any) -> str:
    """How many tokens are read, or which of them."""
    window = scene.capture.window
    if window.whole:
        return tr("{count} tokens", count=count(scene.time))
    first, last = count(window.start + 1), count(window.end)
    return tr("tokens {first} to {last} of {total}", first=first, last=last, total=count(window.total))


def place_words(selection: Selection) -> str:
    """Layer and head, as far as they are chosen."""
    layer, head = selection.value("layer"), selection.value("head")
    words = [tr("layer {number}", number=layer)] if layer is not None else []
    return " ".join([*words, tr("head {number}", number=head)] if head is not None else words)


def error_words(scene: Any) -> str:
    """How closely the maps explain what the network computed."""
    if math.isnan(scene.error):
        return tr("A·V ≠ z: the model holds values that are no numbers")
    if scene.error == 0.0:
        return tr("A·V = z exactly")
    sign = "=" if scene.exact else "≠"
    return tr("A·V {sign} z within {error}", sign=sign, error=f"{scene.error:.1e}")


def age_words(looking: Looking, scene: Any) -> str:
    """How far the run has gone since; nothing for a run at rest."""
    run = looking.run
    if run is None or not run.living:
        return ""
    behind = run.step - scene.step
    return tr("live") if behind <= 0 else tr("{count} steps old", count=count(behind))
