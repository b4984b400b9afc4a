"""Which template a model is talked to with: the one it was taught with, else one that a person chooses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.language import tr
from studio.core.shelf import PROMPTS, resolve
from studio.prompts import Prompt
from studio.store.own_prompts import find_prompt, list_prompts

DEFAULT = "studio.engine.chat:default_prompt"
PLAIN, OWN = "plain", "model"


@dataclass(frozen=True)
class Template:
    """A prompt template, the name it is chosen by, and a sentence on whence it comes; `known`: the model says so."""

    prompt: Prompt
    name: str
    note: str
    known: bool


def choices(project: Path, brought: str = "") -> list[tuple[str, str]]:
    """(name, words) of everything that can be chosen; `brought` is the text of one that the model came with."""
    found = [(name, PROMPTS.load(name).label) for name in PROMPTS.names()]
    found += [(own.name, own.name) for own in list_prompts(project)]
    return found + ([(OWN, tr("The model's own"))] if brought else [])


def brought_by(model: Any) -> str:
    """The text of the chat template that an imported model came with; empty for none."""
    return str(getattr(model, "template_text", "")) if getattr(model, "template", "") == OWN else ""


def template_of(model: Any, project: Path, chosen: str = "") -> Template:
    """The `chosen` template, else the one that a run taught, else a guess with a sentence that says so."""
    name, brought = getattr(model, "template", ""), brought_by(model)
    taught = find_prompt(project, name, model.template_text) if name and not brought else None
    if chosen and (taught is None or chosen != taught.name):
        prompt = find_prompt(project, chosen, brought if chosen == OWN else "")
        return Template(prompt, chosen, _chosen_words(taught, chosen), False)
    if taught is not None:
        return Template(taught, taught.name, tr("The one that this model was taught with."), True)
    guess: Prompt = resolve(DEFAULT)(model)
    if guess.name != PLAIN:
        note = tr("The model's special tokens speak for this one; it does not say so itself.")
        note = tr("The template that came with the model equals this one.") if brought else note
        return Template(guess, guess.name, note, bool(brought))
    if brought:
        note = tr("This model brings a template of its own, which is used once you choose it. Until then: plain text.")
        return Template(guess, PLAIN, note, False)
    note = tr(
        "This model does not say how it was taught to talk, or was never taught. Plain text is used: it goes on right "
        "behind your words. Choose a template if you know better."
    )
    return Template(guess, PLAIN, note, False)


def _chosen_words(taught: Prompt | None, chosen: str) -> str:
    if chosen == OWN:
        return tr("The text that came with the model, rendered in a closed-off process.")
    if taught is None:
        return tr("Chosen by you; the model itself says nothing about it.")
    return tr("Chosen by you. The model was taught with “{name}”, and answers worse with another.", name=taught.label)
