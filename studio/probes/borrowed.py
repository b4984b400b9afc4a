"""A text for models that came without one of their own."""

from pathlib import Path

from studio.live.session import Session


def borrowed_text(session: Session) -> Path | None:
    """The folder of the project's largest text, or None where there is none."""
    texts = session.project.texts() if session.project is not None else []
    return max(texts, key=lambda text: text.bytes).folder if texts else None
