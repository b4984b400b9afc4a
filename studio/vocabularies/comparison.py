"""Tokenizers side by side on one text: how many tokens, what becomes of words, numbers and languages, how fast."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.core.text_stream import chunked
from studio.tokenizers import Tokenizer
from studio.tokenizers.byte_pair import RankedTokenizer
from studio.vocabularies.languages import SENTENCES

_PIECE = 1 << 16  # characters encoded in one call
_MEASURED = 0.1  # seconds of computing after which a speed is believed
_MOST_WORDS = 20_000  # different words that are looked at, the most frequent first
_UNKNOWN = ("<|unk|>", "<unk>", "[UNK]")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What one tokenizer makes of the text. Where it cannot say the text, `refusal` tells why and all counts are 0."""

    name: str
    vocabulary: int
    refusal: str = ""
    tokens: int = 0
    characters_per_token: float = 0.0
    bytes_per_token: float = 0.0
    unknown: float = 0.0  # share of them that only say that a word is not in the vocabulary
    used: int = 0  # different tokens of the vocabulary that come in the text
    words_split: float = 0.0  # share of the words of letters that are more than one token
    digits: float | None = None  # tokens for a number in the text; None where there is none
    digits_below_1000: float | None = None  # tokens for a number from 0 to 999, each standing alone
    megabytes_per_second: float = 0.0  # of UTF-8, on one core of this machine
    by_language: Mapping[str, int | None]  # tokens for the same sentence; None where it cannot be said


def compare(
    tokenizers: Mapping[str, Tokenizer],
    text: str,
    *,
    languages: Mapping[str, str] = SENTENCES,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> list[Comparison]:
    """Measure each of the tokenizers, in their order; for a worker thread. An empty text is a `StudioError`."""
    if not text:
        raise StudioError("There is no text to compare on.", "Choose a text that is not empty.")
    found = []
    for number, (name, tokenizer) in enumerate(tokenizers.items()):
        if progress is not None:
            progress(number, len(tokenizers))
        found.append(_measured(name, tokenizer, text, languages, keep_going or (lambda: True)))
    return found


def _measured(
    name: str, tokenizer: Tokenizer, text: str, languages: Mapping[str, str], keep_going: KeepGoing
) -> Comparison:
    by_language = {language: _count(tokenizer, sentence) for language, sentence in languages.items()}
    size = len(text.encode("utf-8", "replace"))
    try:
        ids, seconds = _encoded(tokenizer, text, keep_going)
        words = words_split(tokenizer, text, keep_going)
    except StudioError as error:
        if not keep_going():
            raise
        return Comparison(
            name=name, vocabulary=tokenizer.vocab_size, refusal=str(error), by_language=by_language
        )  # fmt: skip
    tokens = sum(ids.values())
    return Comparison(
        name=name,
        vocabulary=tokenizer.vocab_size,
        tokens=tokens,
        characters_per_token=len(text) / max(1, tokens),
        bytes_per_token=size / max(1, tokens),
        unknown=ids[_unknown(tokenizer)] / max(1, tokens),
        used=len(ids),
        words_split=words,
        digits=_per_number(tokenizer, Counter(_NUMBER.findall(text))),
        digits_below_1000=_per_number(tokenizer, Counter(map(str, range(1000)))),
        megabytes_per_second=size / 1e6 / max(seconds, 1e-9),
        by_language=by_language,
    )


def _encoded(tokenizer: Tokenizer, text: str, keep_going: KeepGoing) -> tuple[Counter[int], float]:
    """How often each token comes, and the seconds of computing for the whole text."""
    ids: Counter[int] = Counter()
    spent, rounds = 0.0, 0
    pieces = list(chunked([text], _PIECE))
    if isinstance(tokenizer, RankedTokenizer):
        tokenizer.encoding  # noqa: B018 - built before the clock runs, and what every run encodes with
    while spent < _MEASURED:
        for piece in pieces:
            if not keep_going():
                raise StudioError("The comparison was stopped before it was finished.", "Nothing was changed.")
            start = time.thread_time()
            found = tokenizer.encode(piece)
            spent += time.thread_time() - start
            if not rounds:
                ids.update(found)
        rounds += 1
        if rounds >= 1000:
            break
    return ids, spent / rounds


def words_split(tokenizer: Tokenizer, text: str, keep_going: KeepGoing = lambda: True) -> float:
    """The share of the words of letters in `text` that fall into more than one token, as they stand after a blank."""
    counts = Counter(_WORD.findall(text)).most_common(_MOST_WORDS)
    split = 0
    for number, (word, count) in enumerate(counts):
        if not number % 512 and not keep_going():
            raise StudioError("The comparison was stopped before it was finished.", "Nothing was changed.")
        split += count * _splits(tokenizer, word)
    return split / max(1, sum(count for _, count in counts))


def _splits(tokenizer: Tokenizer, word: str) -> bool:
    """Whether a border between tokens lies inside the word; the blank before it may be a token of its own."""
    try:
        ids = tokenizer.encode(f" {word}")
    except StudioError:  # a vocabulary without a blank
        ids = tokenizer.encode(word)
    spelled = [token for token in ids if tokenizer.token_bytes(token) != b" "]
    return len(spelled) > 1


def _per_number(tokenizer: Tokenizer, numbers: Counter[str]) -> float | None:
    total = tokens = 0
    for number, count in numbers.most_common(_MOST_WORDS):
        made = _count(tokenizer, number)
        if made is not None:
            total, tokens = total + count, tokens + count * made
    return tokens / total if total else None


def _count(tokenizer: Tokenizer, text: str) -> int | None:
    """Tokens of a text; None where the vocabulary cannot say it."""
    try:
        ids = tokenizer.encode(text)
    except StudioError:
        return None
    return None if _unknown(tokenizer) in ids else len(ids)


def _unknown(tokenizer: Tokenizer) -> int:
    """The id of the token for what is not in the vocabulary, or -1."""
    return next((tokenizer.special[spelling] for spelling in _UNKNOWN if spelling in tokenizer.special), -1)
