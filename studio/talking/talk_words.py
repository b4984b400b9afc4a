"""What the page of conversations says in its quiet places. No Qt."""

from studio.core.language import tr
from studio.talking.templates import Template


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
