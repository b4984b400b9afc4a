"""The text that a scene has read, as the views of this page need it: words, ids, and what follows each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.core.language import tr
from studio.parts.wording import count
from studio.views.token_text import token_label, visible_text


@dataclass(frozen=True)
class ShownText:
    """`tokens` and `ids` of the window; `causal` models expect the next token, others the token itself."""

    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    tokenizer: Any
    causal: bool

    @property
    def following(self) -> tuple[int, ...]:
        """The id that each place should expect; −1 where nobody knows."""
        return (*self.ids[1:], -1) if self.causal else self.ids

    @property
    def below(self) -> Sequence[str]:
        """The words that really came next; nothing for a model that sees all at once."""
        return (*self.tokens[1:], "") if self.causal else ()

    def label(self, token: int) -> str:
        """A token of the vocabulary as it reads, blanks visible."""
        return visible_text(token_label(self.tokenizer, token))

    def ending(self, row: int, count: int = 4) -> str:
        """The last few tokens up to a place as they stand in the text, blanks visible."""
        start = max(0, row + 1 - count)
        ids = list(self.ids[start : row + 1])
        words = self.tokenizer.decode(ids) if self.tokenizer is not None else " ".join(self.tokens[start : row + 1])
        return ("…" if start else "") + visible_text(words)

    def place(self, row: int | None) -> int:
        """A place of the text: the one asked for, else the last one that something follows."""
        last = len(self.tokens) - 1
        return min(max(row, 0), last) if row is not None else max(0, last - (1 if self.causal else 0))

    def place_words(self, row: int) -> str:
        """A place in words: after “·cat” @4 of 17 tokens."""
        word = visible_text(self.tokens[row]) if self.tokens else ""
        words = (
            tr("after “{token}” @{place} of {total} tokens")
            if self.causal
            else tr("at “{token}” @{place} of {total} tokens")
        )
        return words.format(token=word, place=count(row), total=count(len(self.tokens)))


def text_of(scene: Any) -> ShownText:
    """The text of an engine's `Scene`."""
    return ShownText(scene.tokens, tuple(scene.capture.ids), scene.tokenizer, scene.config.model.causal)
