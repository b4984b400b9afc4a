"""Learning a vocabulary from a text: byte pairs, WordPiece or Unigram, in a child process that can be called off."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

from studio.core.errors import StudioError
from studio.core.text_stream import chunked, without_halves
from studio.tokenizers import END_OF_TEXT, Tokenizer, byte_pair, split_special
from studio.tokenizers.byte_pair import BytePairTokenizer, bytes_of
from studio.tokenizers.unigram import UnigramTokenizer
from studio.tokenizers.word_piece import WordPieceTokenizer
from studio.vocabularies.child_progress import READ, WHOLE, progress_of

KINDS = ("bpe", "wordpiece", "unigram")
LABELS = {"bpe": "Byte pairs", "wordpiece": "WordPiece", "unigram": "Unigram"}
LARGEST = 500_000
_ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 1 << 18  # characters that are cut into pieces at once
_PIECE = 1 << 12  # characters told to the child at a time: it reads 256 of them before it counts
_CUT = re.compile(r"(?<=\S)(?=[ \n]\S)")  # before a single blank, where every kind begins a new word
_LOOK = 0.02  # seconds between two looks at a child that computes

Progress = Callable[[int, int], None]
KeepGoing = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to learn: the kind, the size of the vocabulary with bytes and special tokens in it, capitals or not."""

    kind: str = "bpe"
    vocabulary: int = 8_192
    special: tuple[str, ...] = (END_OF_TEXT,)
    lower: bool = False


def smallest(recipe: Recipe) -> int:
    """The fewest tokens this kind can have: every byte (in WordPiece also inside a word) and the special tokens."""
    return (512 if recipe.kind == "wordpiece" else 256) + len(recipe.special)


def problem(recipe: Recipe) -> str:
    """Why a recipe cannot be followed, as a sentence; empty when it can."""
    if recipe.kind not in KINDS:
        return f"There is no kind of vocabulary called “{recipe.kind}”. Choose one of: {', '.join(KINDS)}."
    if not smallest(recipe) <= recipe.vocabulary <= LARGEST:
        return f"A vocabulary of this kind has {smallest(recipe):,} to {LARGEST:,} tokens, not {recipe.vocabulary:,}."
    if len(set(recipe.special)) != len(recipe.special) or any(not one.strip() for one in recipe.special):
        return "Every special token needs a spelling of its own."
    return ""


def train_tokenizer(
    recipe: Recipe,
    chunks: Iterable[str],
    characters: int = 0,
    *,
    progress: Progress | None = None,
    keep_going: KeepGoing | None = None,
) -> Tokenizer:
    """Learn a vocabulary from a text that comes in pieces; `characters` says how long it is, where that is known.

    Spellings of the special tokens inside the text are not learned from. Called off, it ends within a second.
    `progress` counts up to `WHOLE`; a total of 0 means that nobody knows how far it is.
    """
    if trouble := problem(recipe):
        raise StudioError(trouble)
    with tempfile.TemporaryDirectory(prefix="atelier-vocabulary-") as name:
        child = _Child(Path(name), recipe, progress, keep_going)
        with child:
            child.tell(chunks, characters)
            if recipe.kind == "bpe":
                byte_pair.make()  # loads tiktoken while the child computes
            learned = child.answer()
    return _tokenizer(recipe, learned)


def _tokenizer(recipe: Recipe, learned: dict[str, Any]) -> Tokenizer:
    tokens: list[str] = learned["tokens"]
    if recipe.kind == "bpe":
        spelled = [bytes_of(token) or b"" for token in tokens]
        return BytePairTokenizer(spelled, recipe.special, recipe.lower)
    if recipe.kind == "wordpiece":
        return WordPieceTokenizer(tokens, recipe.special, recipe.lower)
    return UnigramTokenizer(tokens, learned["scores"], recipe.special, recipe.lower)


class _Child:
    """The process that learns; it is ended on leaving, whatever happened."""

    def __init__(self, folder: Path, recipe: Recipe, progress: Progress | None, keep_going: KeepGoing | None) -> None:
        self._recipe = recipe
        self._result = folder / "result.json"
        self._progress = progress
        self._keep_going = keep_going
        self._said = progress_of(recipe.kind, folder)
        self._newest = 0
        environment = os.environ | {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "TERM": "xterm"}
        own: dict[str, Any] = {}
        if sys.platform == "win32":
            own = {"creationflags": subprocess.CREATE_NO_WINDOW}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "studio.vocabularies.training_child"], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=self._said.handle(), env=environment, cwd=folder, **own,
        )  # fmt: skip
        self._said.begun()

    def __enter__(self) -> "_Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait()
        self._said.close()

    def tell(self, chunks: Iterable[str], characters: int) -> None:
        """Hand the text over, cut where no word is cut."""
        stdin = self._process.stdin
        assert stdin is not None
        order = {**asdict(self._recipe), "result": str(self._result)}
        read = 0
        try:
            _send(stdin, json.dumps(order))
            for piece in _pieces(self._asked(chunks)):
                self._ask()
                read += len(piece)
                for part in split_special(without_halves(piece), self._recipe.special):
                    if part not in self._recipe.special:
                        _send(stdin, part)
                self._said.newest()
                self._tell(min(READ, READ * read // characters) if characters else 0, WHOLE if characters else 0)
            stdin.close()
        except (BrokenPipeError, ConnectionError, OSError):
            self._failed()
        if not read:
            raise StudioError("There is no text to learn a vocabulary from.", "Choose a text that is not empty.")

    def answer(self) -> dict[str, Any]:
        """Wait for what it has learned."""
        if self._recipe.kind == "unigram":
            self._tell(0, 0)  # its search for pieces says nothing until it ends
        while self._process.poll() is None:
            self._ask()
            if (newest := self._said.newest()) is not None:
                self._newest = max(self._newest, newest)
                self._tell(self._newest, WHOLE)
            time.sleep(_LOOK)
        if self._process.returncode or not self._result.is_file():
            self._failed()
        found: dict[str, Any] = json.loads(self._result.read_text("utf-8"))
        if "error" in found:
            raise StudioError(found["error"], "Choose more text, or a smaller vocabulary.")
        self._tell(WHOLE, WHOLE)
        return found

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(done, total)

    def _ask(self) -> None:
        if self._keep_going is not None and not self._keep_going():
            raise StudioError("Learning the vocabulary was stopped before it was finished.", "Nothing was changed.")

    def _asked(self, chunks: Iterable[str]) -> Iterator[str]:
        for chunk in chunks:
            self._ask()
            yield chunk

    def _failed(self) -> NoReturn:
        raise StudioError(
            "The process that learns the vocabulary ended without an answer.",
            "The text may need more memory than there is: take a part of it, then try again.",
        )


def _pieces(chunks: Iterable[str]) -> Iterator[str]:
    """A text in pieces of about `_PIECE` characters, none of which ends inside a word."""
    for chunk in chunked(chunks, _CHUNK):
        start = 0
        while start < len(chunk):
            cut = _CUT.search(chunk, start + _PIECE)
            end = cut.start() if cut is not None else len(chunk)
            yield chunk[start:end]
            start = end


def _send(stream: IO[bytes], text: str) -> None:
    raw = text.encode("utf-8")
    stream.write(len(raw).to_bytes(4, "big") + raw)
