"""The templates that can be chosen: Atelier's own, the person's, and the one that a model brings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import PROMPTS
from studio.gate.chat_templates import look_at
from studio.rows.model_prompt import NAME as MODEL
from studio.rows.written_prompt import written_prompt
from studio.store.models import find_model
from studio.store.own_prompts import OwnPrompt, delete_prompt, list_prompts, save_prompt

if TYPE_CHECKING:
    from studio.store.project import Project

STARTER = "[[{system}\n\n]]Question: {user}[[\n\nContext: {input}]]\n\nAnswer: {assistant}"
# Atelier's own in the words of the editor, so that a template of one's own can begin as one of them.
STARTERS = {
    "alpaca": "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n{user}[[\n\n### Input:\n{input}]]\n\n### Response:\n{assistant}",
    "chatml": "[[<|im_start|>system\n{system}<|im_end|>\n]]<|im_start|>user\n{user}<|im_end|>\n"
    "<|im_start|>assistant\n{assistant}<|im_end|>\n",
    "phi3": "[[<|system|>\n{system}<|end|>\n]]<|user|>\n{user}<|end|>\n<|assistant|>\n{assistant}<|end|>\n",
    "plain": "{user}{assistant}",
}


@dataclass(frozen=True)
class ModelTemplate:
    """What a model brings to be talked to with: its text, a sentence on it, and whether it can be used."""

    text: str
    why: str
    usable: bool


@dataclass(frozen=True)
class Templates:
    """All there are; `model` is None where the model that a run starts from brings none."""

    own: tuple[OwnPrompt, ...] = ()
    model: ModelTemplate | None = None

    def choices(self) -> list[tuple[str, str]]:
        """(name, words) of what can be chosen."""
        shelf = [(name, PROMPTS.load(name).label) for name in PROMPTS.names()]
        own = [(one.name, one.name) for one in self.own]
        brought = [(MODEL, tr("The model's own"))] if self.model is not None and self.model.usable else []
        return [*shelf, *own, *brought]

    def text_of(self, name: str) -> str:
        """What the editor begins with."""
        found = next((one.text for one in self.own if one.name == name), "")
        return found or STARTERS.get(name, STARTER)

    def about(self, name: str) -> str:
        """A sentence or two on a template."""
        if name in PROMPTS.names():
            return tr(PROMPTS.load(name).about)
        if name == MODEL:
            return self.model.why if self.model is not None else ""
        return tr("A template of your own. It is kept with the run and with every checkpoint.")


def templates_of(project: "Project", start_from: str) -> Templates:
    """Look in the project, and into the model that a run starts from; for a worker, it may start a process."""
    found = find_model(project.path, start_from) if start_from else None
    text = str(found.facts.get("chat_template") or "") if found is not None else ""
    model = None
    if text:
        verdict = look_at(text)
        model = ModelTemplate(text, verdict.why, not verdict.refused)
    return Templates(tuple(list_prompts(project.path)), model)


def kept(project: "Project", name: str, text: str) -> OwnPrompt:
    """Save a template; for a worker."""
    return save_prompt(project.path, name, text)


def dropped(project: "Project", name: str) -> OwnPrompt:
    """Delete a template; what comes back can be saved again. For a worker."""
    return delete_prompt(project.path, name)


def fault_of(text: str) -> str:
    """Why a template that a person types cannot be used yet, or nothing."""
    try:
        written_prompt("-", text)
    except StudioError as error:
        return f"{error.message} {error.hint}".strip()
    return ""
