"""What the page of conversations says in its quiet places. No Qt."""

from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.parts.wording import count
from studio.talking.templates import Template

if TYPE_CHECKING:
    from studio.live.run_model import RunModel


def asking_words(model: str, columns: int, waiting: bool) -> str:
    """What stands in the composer before anything is typed."""
    if not model:
        return tr("Load a model to talk to it")
    if waiting:
        return tr("Loading the other model…")
    if columns > 1:
        return tr("Ask both models…") if columns == 2 else tr("Ask all {count} models…", count=columns)
    return tr("Ask {name}…", name=model)


def template_words(template: Template | None) -> str:
    """A remark for as long as the template is a guess or a choice."""
    if template is None or template.known:
        return ""
    return tr("Template: {name}, not told by the model", name=template.prompt.label)


def empty_words(loaded: bool, loading: str) -> tuple[str, str]:
    """What stands where there are no messages: a headline and why."""
    if loaded:
        why = tr(
            "Ask something below. Every message is kept with the project, and every answer can be coloured by how "
            "sure the model was of each token."
        )
        return tr("Nothing was said yet"), why
    headline = tr("Loading {name}…", name=loading) if loading else tr("No model is in memory")
    return headline, tr("A model answers once it is loaded. One that was taught with instructions answers best.")


def training_words(run: "RunModel", waiting: bool, talked_to: int) -> str:
    """How far a training is, and which of its steps one talks to (-1: none)."""
    names = {"name": run.name, "step": count(run.step), "steps": count(run.total_steps), "talked": count(talked_to)}
    if waiting:
        return tr("“{name}” stops after this step and is saved there…", **names)
    if run.state == "paused" and talked_to == run.step:
        return tr("“{name}” is paused at step {step} of {steps}. You talk to it as it is there.", **names)
    if run.state == "paused":
        return tr("“{name}” is paused at step {step} of {steps}.", **names)
    if talked_to >= 0:
        return tr("“{name}” is training, step {step} of {steps}. You talk to its step {talked}.", **names)
    return tr("“{name}” is training, step {step} of {steps}.", **names)
