"""How texts are cut into words where they are compared word by word."""

import re

# Scripts without blanks between words: each of their characters counts as a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


def words_of(text: str) -> list[str]:
    """The words of a text without capitals and punctuation."""
    return _WORD.findall(text.casefold())
