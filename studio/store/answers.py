"""What a model answered to rows it had not learned from: one JSON line for each, beside its run."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from studio.core.errors import StudioError
from studio.core.text_stream import without_halves
from studio.store.disk import explained
from studio.store.files import sync_file, write_atomically, write_json

VERSION = 1
FOLDER = "answers"


@dataclass(frozen=True)
class Answer:
    """One row: what was asked, what about, what was wanted, and what the model said.

    `loss` is the mean negative log-likelihood of the wanted answer's tokens, `wanted_tokens` of them; `ended` says why
    the writing did, as in `Piece.done`, or why there was none.
    """

    row: int
    asked: str
    given: str
    wanted: str
    answered: str
    tokens: int
    seconds: float
    loss: float
    wanted_tokens: int
    ended: str = ""
    skill: str = ""


@dataclass(frozen=True)
class Answers:
    """A file of answers, as far as it was written; `complete` when no row is missing."""

    path: Path
    dataset: str
    split: str
    title: str
    answers: tuple[Answer, ...]
    complete: bool


def answers_path(checkpoint: Path, dataset: str, split: str, mark: str, of_base: bool = False) -> Path:
    """Where the answers of a checkpoint lie, or those of the model it began as; `mark`: how they were drawn."""
    name = f"{beginning(checkpoint, of_base)}{dataset.replace('@', '-v')}-{split}-{mark}.jsonl"
    return checkpoint.parents[1] / FOLDER / name


def beginning(checkpoint: Path, of_base: bool = False) -> str:
    """How the names of all files of its answers begin."""
    return f"{'base-' if of_base else ''}{checkpoint.name}-"


def read_answers(path: Path) -> Answers | None:
    """What lies there; a line that was cut off by a crash is left out. None without a usable head."""
    try:
        lines = path.read_text("utf-8").split("\n")
        head = json.loads(lines[0])
        dataset, split, title = (str(head[name]) for name in ("dataset", "split", "title"))
        newer, rows = head["version"] > VERSION, int(head["rows"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if newer:
        return None
    found = {answer.row: answer for line in lines[1:] if (answer := _read(line)) is not None}
    return Answers(path, dataset, split, title, tuple(found.values()), len(found) == rows)


def list_answers(run: Path) -> list[Answers]:
    """All of a run's, by name."""
    paths = sorted((run / FOLDER).glob("*.jsonl")) if (run / FOLDER).is_dir() else []
    return [found for path in paths if (found := read_answers(path)) is not None]


class AnswerWriter:
    """Appends answers to a file that can be read at every moment."""

    def __init__(self, target: IO[str]) -> None:
        self._target = target

    def write(self, answer: Answer) -> None:
        """One line, with the system at once: only a power failure can take it back."""
        self._target.write(_line(answer))
        self._target.flush()


@contextmanager
def writing_answers(path: Path, head: dict[str, Any]) -> Iterator[AnswerWriter]:
    """Go on with the file, or begin it; `head` says dataset, split, title and how many rows there will be."""
    with explained("The answers", path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        known = read_answers(path)
        if known is None and _newer(path):
            raise StudioError(f"“{path.name}” was written by a newer Atelier.", "Update Atelier, or move it away.")
        lines = [_line(answer) for answer in known.answers] if known is not None else []
        write_atomically(path, json.dumps({"version": VERSION, **head}) + "\n" + "".join(lines))
        with open(path, "a", encoding="utf-8", newline="\n") as target:
            yield AnswerWriter(target)
        sync_file(path)


def export_answers(found: Answers, out: Path) -> None:
    """The book's file: a JSON list of records with instruction, input, output and model_response."""
    if out.exists():
        raise StudioError(f"“{out}” is there already.", "Choose a new name.")
    names = {"instruction": "asked", "input": "given", "output": "wanted", "model_response": "answered"}
    rows = [{name: without_halves(getattr(one, ours)) for name, ours in names.items()} for one in found.answers]
    write_json(out, rows)


def _newer(path: Path) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            return bool(json.loads(file.readline())["version"] > VERSION)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _line(answer: Answer) -> str:
    """In ASCII, so that no letter of an answer is a line end or a half character."""
    return json.dumps(dataclasses.asdict(answer)) + "\n"


def _read(line: str) -> Answer | None:
    """None unless every field is there and of its kind."""
    try:
        answer = Answer(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    kinds: dict[str, Any] = {
        one.name: (int, float) if one.type is float else one.type for one in dataclasses.fields(Answer)
    }
    return answer if all(isinstance(getattr(answer, name), kind) for name, kind in kinds.items()) else None
