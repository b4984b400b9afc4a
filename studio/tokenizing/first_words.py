"""What the views begin with: the text in use, and the words of it that are tried while nothing was typed."""

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.store.corpus import Text

GREETING = "Once upon a time, in a naïve little café, somebody tokenized 1,234 words."
_HEAD = 560  # characters of the project's text


def text_in_use(session: Session) -> Text | None:
    """The draft's text, else the first one of the project."""
    texts = session.project.texts() if session.project is not None else []
    return next((text for text in texts if text.name == session.draft.data.text), texts[0] if texts else None)


def first_words(text: Text | None) -> str:
    """The first lines of a text, up to the end of a word; without one a sentence of ours."""
    try:
        head = next(text.chunks(_HEAD), "") if text is not None else tr(GREETING)
    except (OSError, UnicodeDecodeError, StudioError):
        return tr(GREETING)
    return head if len(head) < _HEAD else head[: head.rfind(" ")].rstrip() if " " in head else head
