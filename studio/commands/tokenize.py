"""`main.py tokenize --tokenizer NAME TEXT`: see how a text falls into tokens."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.commands import DONE, Command, UsageError, say
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.tokenizers import Tokenizer


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which tokenizer, where its vocabulary comes from, and the text."""
    parser.add_argument("text", metavar="TEXT", help="the text to cut into tokens")
    parser.add_argument("--tokenizer", required=True, metavar="NAME", help="gpt2, characters, words or bytes")
    parser.add_argument("--ids", action="store_true", help="print only the ids, as a JSON list")
    parser.add_argument("--special", action="store_true", help="read spellings such as <|endoftext|> as their tokens")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--corpus", metavar="FILE", help="the text or folder that characters and words are taken from")
    source.add_argument("--project", metavar="DIR", help="use this project's tokenizer; else the project opened last")


def run(options: argparse.Namespace) -> int:
    """Print the ids, or one line for each token."""
    tokenizer = find_tokenizer(options.tokenizer, options.corpus, options.project)
    ids = tokenizer.encode(options.text, special=options.special)
    if options.ids:
        print(json.dumps(ids))
        return DONE
    width = len(str(max(ids, default=0)))
    for token in ids:
        print(f"{token:>{width}}  {visible(tokenizer.token_bytes(token))}")
    say(f"{len(ids):,} token{'' if len(ids) == 1 else 's'}; vocabulary {tokenizer.vocab_size:,}")
    return DONE


def find_tokenizer(name: str, corpus: str | None, project: str | None) -> "Tokenizer":
    """Build the named tokenizer: from the corpus, else the newest of that name that a project has saved."""
    from studio.tokenizers import chunked, make_tokenizer, tokenizer_kinds

    if not any(kind.name == name and kind.needs_text for kind in tokenizer_kinds()):
        return make_tokenizer(name)
    if corpus:
        return make_tokenizer(name, chunked(_read(Path(corpus).expanduser())))
    folder = project or _last_project()
    if not folder:
        raise UsageError(f"The tokenizer “{name}” comes from a text.", "Give --corpus FILE or --project DIR.")
    return _saved(name, Path(folder).expanduser())


def _read(path: Path) -> Iterator[str]:
    """The corpus as a stream; a guess at its encoding is told."""
    from studio.formats import format_for
    from studio.formats.plain_text import CERTAIN

    reader = format_for(path)
    facts = reader.describe(path)
    if set(facts.encoding.split(", ")) - CERTAIN:
        say(f"The encoding of “{path.name}”: {facts.why}")
    return reader.read(path, facts.encoding)


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
