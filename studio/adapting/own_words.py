"""Words to begin with that a model can read, whatever its vocabulary."""

from typing import Any

from studio.core.errors import StudioError

_TOKENS = 8  # of the vocabulary, where none of the words can be said


def own_words(loaded: Any, text: str) -> str:
    """`text` without the words that the vocabulary of a loaded model does not know; else its first few tokens."""
    tokenizer = loaded.tokenizer
    if tokenizer is None or _knows(tokenizer, text):
        return text
    kept = " ".join(word for word in text.split() if _knows(tokenizer, word))
    if kept and _knows(tokenizer, kept):
        return kept
    return str(tokenizer.decode(list(range(min(_TOKENS, tokenizer.vocab_size)))))


def _knows(tokenizer: Any, text: str) -> bool:
    try:
        return len(tokenizer.encode(text)) > 0
    except StudioError:
        return False
