"""A text on trial: what a tokenizer makes of it, whether it comes back the same, and each token's particulars."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.parts.wording import count
from studio.store.token_count import TokenCount
from studio.tokenizers import Tokenizer
from studio.tokenizers.words import UNKNOWN
from studio.views.record_table import Column, RecordTable
from studio.views.token_text import Token, spelled_bytes, visible, visible_text
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

MOST_SHOWN = 100_000  # tokens drawn; all of them are counted
_COMMON = 200  # rows of the table of common tokens
_SNIPPET = 12
_WORDS = 28  # characters of a long token in a card's head


@dataclass(frozen=True)
class Trial:
    """The tokens of a text and what became of it; `problem` is why the tokenizer could not say it."""

    text: str
    tokens: tuple[Token, ...] = ()
    count: int = 0
    unknown: int = 0
    decoded: str = ""
    problem: StudioError | None = None

    @property
    def same(self) -> bool:
        """Whether the tokens decode to the text they were made of."""
        return self.problem is None and self.decoded == self.text


def try_text(tokenizer: Tokenizer, text: str, special: bool) -> Trial:
    """Encode, decode and spell out; refusals become part of the answer. Long texts belong on a worker."""
    try:
        ids = tokenizer.encode(text, special=special)
    except StudioError as error:
        return Trial(text, problem=error)
    unknown = tokenizer.special.get(UNKNOWN)
    tokens = tuple(spell(tokenizer, ids[:MOST_SHOWN]))
    decoded = tokenizer.decode(ids)
    return Trial(text, tokens, len(ids), 0 if unknown is None else ids.count(unknown), decoded)


def spell(tokenizer: Tokenizer, ids: list[int]) -> list[Token]:
    """Ids with their texts and bytes; every different one is asked for once."""
    special = set(tokenizer.special.values())
    known = {
        token: Token(tokenizer.token_text(token), token, tokenizer.token_bytes(token), token in special)
        for token in set(ids)
    }
    return [known[token] for token in ids]


def first_difference(text: str, decoded: str) -> tuple[int, str, str]:
    """Where two texts part (characters), and a few visible characters of both from there."""
    pairs = enumerate(zip(text, decoded, strict=False))
    place = next((at for at, (one, other) in pairs if one != other), min(len(text), len(decoded)))
    end = place + _SNIPPET
    return place, visible_text(text[place:end]), visible_text(decoded[place:end])


class TrialLine(QWidget):
    """The figures of a trial in one line, and whether the text survives the way there and back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures, self.verdict = Label("", "quiet", wrap=True), Label("", "good", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.figures)
        column.addWidget(self.verdict)

    def set_trial(self, trial: Trial, has_unknown: bool) -> None:
        """Show a trial; `has_unknown` says that the tokenizer has a token for words it does not know."""
        self.figures.setText(" · ".join(_figures(trial, has_unknown)))
        self.verdict.set_role("good" if trial.same else "warning")
        self.verdict.setText(str(trial.problem) if trial.problem is not None else _verdict(trial))
        self.verdict.setVisible(bool(trial.text))


def _figures(trial: Trial, has_unknown: bool) -> list[str]:
    """Tokens, characters, bytes, and what one token holds."""
    size = count(len(trial.text.encode("utf-8", "replace")))
    found = [tr("{count} characters", count=count(len(trial.text))), tr("{count} bytes", count=size)]
    if trial.problem is None:
        found.insert(0, tr("1 token") if trial.count == 1 else tr("{count} tokens", count=count(trial.count)))
    if trial.count:
        found.append(tr("{ratio} characters a token", ratio=f"{len(trial.text) / trial.count:.2f}"))
    if has_unknown and trial.problem is None:
        found.append(tr("{count} unknown words", count=count(trial.unknown)))
    return found


def _verdict(trial: Trial) -> str:
    if trial.same:
        return tr("Decodes to the same text.")
    place, before, after = first_difference(trial.text, trial.decoded)
    return tr(
        "Decodes to another text: from character {place} on, “{before}” has become “{after}”.",
        place=count(place + 1), before=before, after=after,
    )  # fmt: skip


class TokenCard(Card):
    """One token: its id, its bytes, and how often the project's text has it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Token"), look, parent)
        self.text = Label("", "mono")
        self.header.addWidget(self.text)
        self.rows = FactRows()
        self.why = Label(tr("Choose a token to see its id, its bytes and how often it comes."), "small", wrap=True)
        self.body.addWidget(self.rows)
        self.body.addWidget(self.why)
        self.set_token(None, None)

    def set_token(self, token: Token | None, counted: TokenCount | None) -> None:
        """Show a token; None shows what would stand here."""
        for widget in (self.text, self.rows):
            widget.setVisible(token is not None)
        self.why.setVisible(token is None)
        self.set_note(tr("special") if token is not None and token.special else "")
        if token is None:
            return
        words = visible(token)
        self.text.setText(words if len(words) <= _WORDS else words[: _WORDS - 1] + "…")
        self.text.setAccessibleName(tr("The token: {words}", words=words))
        size = len(token.data) or len(token.text.encode("utf-8", "replace"))
        rows = [FactRow(tr("Id"), count(token.id)), FactRow(_length(size), spelled_bytes(token), tr("In hexadecimal."))]
        if counted is not None and counted.text is not None and token.id < len(counted.occurrences):
            rows.append(_times(token, counted, counted.text.name))
        self.rows.set_rows(rows)


def _length(size: int) -> str:
    return tr("1 byte") if size == 1 else tr("{count} bytes", count=size)


def _times(token: Token, counted: TokenCount, name: str) -> FactRow:
    """How often the text has it, and among how many tokens it comes once."""
    times, read = int(counted.occurrences[token.id]), int(counted.occurrences.sum())
    apart = read / times if times else 0.0
    every = count(round(apart)) if apart >= 10 else f"{apart:.1f}"
    often = tr("{times} · one in {count}", times=count(times), count=every) if times else tr("never")
    return FactRow(tr("In “{name}”", name=name), often, "" if counted.exact else tr("In its beginning."))


@dataclass(frozen=True)
class CommonToken:
    """A row of the table of common tokens."""

    token: Token
    times: int


def common_tokens(counted: TokenCount) -> list[CommonToken]:
    """The tokens that come most often, the commonest first."""
    used = np.flatnonzero(counted.occurrences)
    order = np.argsort(-counted.occurrences[used], kind="stable")[:_COMMON]
    ids: list[int] = used[order].tolist()
    return [CommonToken(token, int(counted.occurrences[token.id])) for token in spell(counted.tokenizer, ids)]


def common_table(look: Look) -> RecordTable:
    """A table for these rows."""
    columns = [
        Column(tr("Token"), lambda row: row.token.text, lambda row: visible(row.token), mono=True),
        Column(tr("Id"), lambda row: row.token.id, lambda row: count(row.token.id), "right", 64,
               role=lambda row: "text_quiet"),
        Column(tr("Times"), lambda row: row.times, lambda row: count(row.times), "right", 84),
    ]  # fmt: skip
    table = RecordTable(columns, look, key=lambda row: row.token.id)
    table.setAccessibleName(tr("Most common tokens of the text"))
    return table
