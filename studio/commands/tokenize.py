"""`main.py tokenize --tokenizer NAME TEXT`: see how a text or a file falls into tokens."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.commands import DONE, Command, UsageError, say
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.tokenizers import Tokenizer


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which tokenizer, where its vocabulary comes from, and the text."""
    parser.add_argument("text", metavar="TEXT", nargs="?", help="the text to cut into tokens")
    parser.add_argument("--file", metavar="PATH", help="a file or folder of text in place of TEXT")
    parser.add_argument(
        "--tokenizer", required=True, metavar="FILE|NAME",
        help="gpt2, cl100k, o200k, characters, words, words_strict, bytes, the name of a project's own, or its file",
    )  # fmt: skip
    parser.add_argument("--ids", action="store_true", help="print only the ids, as a JSON list")
    parser.add_argument("--special", action="store_true", help="read spellings such as <|endoftext|> as their tokens")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--corpus", metavar="FILE", help="the text or folder that characters and words are taken from")
    source.add_argument("--project", metavar="DIR", help="use this project's tokenizer; else the project opened last")


def run(options: argparse.Namespace) -> int:
    """Print the ids, or one line for each token."""
    from studio.tokenizers import chunked

    if (options.text is None) == (options.file is None):
        raise UsageError("There is no text to cut, or there are two.", "Give TEXT or --file PATH.")
    tokenizer = find_tokenizer(options.tokenizer, options.corpus, options.project)
    text = [options.text] if options.file is None else chunked(_read(Path(options.file).expanduser()))
    pieces = (tokenizer.encode(piece, special=options.special) for piece in text)
    if options.ids:
        _print_ids(pieces)
        return DONE
    count = 0
    for ids in pieces:
        width = len(str(tokenizer.vocab_size - 1)) if options.file else len(str(max(ids, default=0)))
        sys.stdout.writelines(f"{token:>{width}}  {visible(tokenizer.token_bytes(token))}\n" for token in ids)
        count += len(ids)
    say(f"{count:,} token{'' if count == 1 else 's'}; vocabulary {tokenizer.vocab_size:,}")
    return DONE


def _print_ids(pieces: Iterable[list[int]]) -> None:
    """One JSON list, a piece of the text at a time."""
    first = True
    sys.stdout.write("[")
    for ids in filter(None, pieces):
        sys.stdout.write(("" if first else ", ") + json.dumps(ids)[1:-1])
        first = False
    sys.stdout.write("]\n")


def find_tokenizer(name: str, corpus: str | None, project: str | None) -> "Tokenizer":
    """Build the named tokenizer: a kind of the shelf, a file, or one that a project has made or saved.

    Kinds that learn from a text take the corpus, else the newest of that name that a project has saved.
    """
    from studio.store.own_tokenizers import kind_names
    from studio.tokenizers import chunked, make_tokenizer, tokenizer_kinds

    if name not in kind_names():
        return _of_ones_own(name, project)
    if not any(kind.name == name and kind.needs_text for kind in tokenizer_kinds()):
        return make_tokenizer(name)
    if corpus:
        return make_tokenizer(name, chunked(_read(Path(corpus).expanduser())))
    folder = project or _last_project()
    if not folder:
        raise UsageError(f"The tokenizer “{name}” comes from a text.", "Give --corpus FILE or --project DIR.")
    return _saved(name, Path(folder).expanduser())


def _of_ones_own(name: str, project: str | None) -> "Tokenizer":
    """One that a project keeps under this name, else the file or folder of that name."""
    from studio.store.project import Project
    from studio.tokenizers import make_tokenizer
    from studio.vocabularies.files import open_tokenizer

    folder, path = project or _last_project(), Path(name).expanduser()
    home = Project.open(Path(folder).expanduser()) if folder else None
    kept = {one.name: one for one in home.tokenizers()} if home is not None else {}
    if name in kept:
        return kept[name].load()
    if path.exists():
        return open_tokenizer(path)
    found = home.tokenizer(name) if home is not None else name  # which says what there is
    return make_tokenizer(found) if isinstance(found, str) else found


def _read(path: Path) -> Iterator[str]:
    """The corpus as a stream; a guess at its encoding is told."""
    from studio.commands.tokenizer import chunks_of

    return chunks_of(path)[0]


def _last_project() -> str:
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    return load_preferences(places().preferences, say).last_project


def _saved(name: str, project: Path) -> "Tokenizer":
    from studio.store.files import read_json
    from studio.store.project import Project
    from studio.tokenizers import tokenizer_from_json

    home = Project.open(project).path
    files = [*home.glob("tokens/*/tokenizer.json"), *home.glob("runs/*/tokenizer.json")]
    for file in sorted(files, key=lambda path: path.stat().st_mtime, reverse=True):
        tokenizer = tokenizer_from_json(read_json(file))
        if tokenizer.name == name:
            say(f"tokenizer: {file}")
            return tokenizer
    raise StudioError(
        f"The project in {home} has no tokenizer “{name}” yet.",
        "It appears with the first run that uses it; until then, give --corpus FILE.",
    )


def visible(spelled: bytes) -> str:
    """A token in quotes: blanks, line ends and parts of characters as escapes."""
    try:
        return json.dumps(spelled.decode(), ensure_ascii=False)
    except UnicodeDecodeError:
        return '"' + "".join(f"\\x{byte:02x}" for byte in spelled) + '"'


COMMAND = Command("tokenize", "show how a text falls into tokens", add_options, run)
