"""`main.py tokenizer train PATH` and `tokenizer compare PATH`: learn a vocabulary, hold vocabularies side by side."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from studio.commands import DONE, Command, UsageError, say

if TYPE_CHECKING:
    from studio.tokenizers import Tokenizer
    from studio.vocabularies.comparison import Comparison

_MOST = 4 << 20  # characters that are compared on


def add_options(parser: argparse.ArgumentParser) -> None:
    """Two commands in one: what to learn from and where to, or what to compare."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="train|compare", help="what to do")
    train = actions.add_parser("train", help="learn a vocabulary from a text or a table")
    train.add_argument("path", metavar="PATH", help="a file or folder of text, or a table whose texts are read")
    train.add_argument("--kind", default="bpe", metavar="KIND", help="bpe (byte pairs), wordpiece or unigram")
    train.add_argument("--vocabulary", type=int, default=8_192, metavar="N", help="tokens in all (8192)")
    train.add_argument(
        "--special", action="append", metavar="TOKEN", help="a special token, again for more; else <|endoftext|>"
    )
    train.add_argument("--lower", action="store_true", help="make capitals small")
    train.add_argument("--out", metavar="PATH", help="a new .json file, or a folder for the files of a form")
    train.add_argument("--form", default="atelier", metavar="FORM", help="atelier, gpt2 or tokenizer_json")
    train.add_argument("--project", metavar="DIR", help="keep it in this project, with --out or in its place")
    train.add_argument("--name", default="", metavar="NAME", help="what to call it there; else the name of the text")
    compare = actions.add_parser("compare", help="tokens, words, numbers, languages and speed, side by side")
    compare.add_argument("path", metavar="PATH", help="a file or folder of text, or a table whose texts are read")
    compare.add_argument(
        "--tokenizer", action="append", metavar="FILE|NAME", help="one to compare, again for more; else gpt2 and others"
    )
    compare.add_argument("--project", metavar="DIR", help="where names of one's own are looked up")
    compare.add_argument("--json", action="store_true", help="as one JSON value")


def run(options: argparse.Namespace) -> int:
    """Learn, or compare."""
    return _train(options) if options.action == "train" else _compare(options)


def _train(options: argparse.Namespace) -> int:
    from studio.tokenizers import END_OF_TEXT
    from studio.vocabularies.files import require_form
    from studio.vocabularies.training import Recipe, problem, train_tokenizer

    if not options.out and not options.project:
        raise UsageError("There is no place for the vocabulary.", "Give --out PATH or --project DIR.")
    recipe = Recipe(
        kind=options.kind, vocabulary=options.vocabulary, lower=options.lower,
        special=tuple(options.special or [END_OF_TEXT]),
    )  # fmt: skip
    if trouble := problem(recipe):
        raise UsageError(trouble)
    path = Path(options.path).expanduser()
    pieces, size = chunks_of(path)
    tokenizer = train_tokenizer(recipe, pieces, size, progress=_Percent())
    if options.out:
        require_form(tokenizer, options.form)
        _save(tokenizer, Path(options.out).expanduser(), options.form)
    if options.project:
        _keep(tokenizer, Path(options.project).expanduser(), options.name or path.stem, path.name)
    fewer = "; the text has no more to learn" if tokenizer.vocab_size < recipe.vocabulary else ""
    say(f"{tokenizer.vocab_size:,} tokens{fewer}")
    return DONE


def _save(tokenizer: "Tokenizer", out: Path, form: str) -> None:
    from studio.vocabularies.files import save_file, save_tokenizer

    written = [save_file(tokenizer, out, form)] if out.suffix == ".json" else save_tokenizer(tokenizer, out, form)
    for path in written:
        print(path)


def _keep(tokenizer: "Tokenizer", folder: Path, name: str, source: str) -> None:
    from studio.commands.run import open_or_create

    project = open_or_create(folder, may_create=True)
    lock = project.lock()
    try:
        print(project.add_tokenizer(tokenizer, name, source).folder)
    finally:
        lock.release()


class _Percent:
    """Says how far it is at every tenth."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if self._told < tenth < 10:
            self._told = tenth
            say(f"{10 * tenth} %")


def _compare(options: argparse.Namespace) -> int:
    from studio.commands.tokenize import find_tokenizer
    from studio.vocabularies.comparison import compare

    text = ""
    for piece in chunks_of(Path(options.path).expanduser())[0]:
        text += piece
        if len(text) >= _MOST:
            say(f"compared on the first {_MOST:,} characters")
            break
    names = options.tokenizer or ["gpt2", "cl100k", "o200k", "characters", "bytes"]
    tokenizers = {name: find_tokenizer(name, options.path, options.project) for name in names}
    found = compare(tokenizers, text[:_MOST])
    if options.json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        sys.stdout.writelines(f"{line}\n" for line in table(found))
    return DONE


def table(found: "list[Comparison]") -> Iterator[str]:
    """One column for each tokenizer, and after the figures the languages."""
    rows: list[tuple[str, Callable[[Comparison], str]]] = [
        ("vocabulary", lambda one: f"{one.vocabulary:,}"),
        ("tokens", lambda one: f"{one.tokens:,}"),
        ("characters per token", lambda one: f"{one.characters_per_token:.2f}"),
        ("bytes per token", lambda one: f"{one.bytes_per_token:.2f}"),
        ("unknown", lambda one: f"{one.unknown:.1%}"),
        ("words split", lambda one: f"{one.words_split:.1%}"),
        ("tokens per number", lambda one: _or_dash(one.digits)),
        ("numbers to 999", lambda one: _or_dash(one.digits_below_1000)),
        ("megabytes per second", lambda one: f"{one.megabytes_per_second:.1f}"),
    ]
    width = max(14, *(len(one.name) + 2 for one in found))
    yield " " * 22 + "".join(f"{one.name:>{width}}" for one in found)
    for label, figure in rows:
        yield f"{label:<22}" + "".join(f"{'–' if one.refusal else figure(one):>{width}}" for one in found)
    for language in found[0].by_language if found else ():
        counts = (one.by_language[language] for one in found)
        yield f"{language:<22}" + "".join(f"{'–' if count is None else count:>{width}}" for count in counts)
    for one in found:
        if one.refusal:
            yield f"{one.name}: {one.refusal}"


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def chunks_of(path: Path) -> tuple[Iterator[str], int]:
    """The text in a file or folder, or what a model would read of the rows of a table; and about how much it is."""
    from studio.formats import format_for, is_table, open_table
    from studio.formats.plain_text import CERTAIN
    from studio.rows.kinds import recognise, text_of

    if is_table(path):
        opened = open_table(path)
        reading = recognise(opened.facts.columns, [row.values for row in opened.head()])
        say(f"read as: {reading.kind}")
        return (f"{text_of(reading, row.values)}\n" for row in opened.rows()), opened.facts.bytes
    reader = format_for(path)
    facts = reader.describe(path)
    if set(facts.encoding.split(", ")) - CERTAIN:
        say(f"The encoding of “{path.name}”: {facts.why}")
    for sentence in facts.left_out:
        say(f"left out: {sentence}")
    return reader.read(path, facts.encoding), facts.bytes


COMMAND = Command("tokenizer", "learn a vocabulary from a text, or compare some of them", add_options, run)
