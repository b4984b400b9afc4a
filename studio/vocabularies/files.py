"""Files of tokenizers, in and out: Atelier's own, GPT-2's pair of files, the book's, and `tokenizer.json`.

What comes from outside goes through `studio.gate.tokenizer_files` before anything is made of it.
"""

import json
import os
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.gate.model_folders import read_table
from studio.gate.names import visible
from studio.gate.tokenizer_files import Limits, check_tokenizer
from studio.tokenizers import END_OF_TEXT, Tokenizer, tokenizer_from_json
from studio.tokenizers.book_pairs import BookTokenizer, Merge
from studio.tokenizers.byte_pair import BytePairTokenizer, RankedTokenizer, bytes_of
from studio.tokenizers.gpt2 import Gpt2Tokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file, fits_a_file, pairs_in, pairs_of, read_tokenizer
from studio.vocabularies.older_files import PIECES, WORDS, read_sentence_pieces, read_word_pieces

_LIMITS = Limits()


@dataclass(frozen=True)
class Form:
    """A way to write a tokenizer down, and the names of its files."""

    name: str
    label: str
    files: tuple[str, ...]
    about: str


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("atelier", "Atelier's own", ("tokenizer.json",), "Every tokenizer, exactly as it is here."),
        Form(
            "gpt2", "GPT-2's pair of files", ("vocab.bpe", "encoder.json"),
            "Byte pairs as OpenAI published them; most tools for byte pairs read it.",
        ),
        Form(
            "tokenizer_json", "tokenizer.json", ("tokenizer.json",),
            "The form of the library tokenizers: Transformers and many others read it.",
        ),
        Form(
            "book", "The book's pair of files", ("vocab.json", "bpe_merges.txt"),
            "Byte pairs as the bonus of the book's chapter 2 saves them.",
        ),
    )
}  # fmt: skip


def forms_of(tokenizer: Tokenizer) -> tuple[str, ...]:
    """The forms that say this tokenizer exactly."""
    fits = {
        "atelier": True,
        "gpt2": _pairs(tokenizer) is not None,
        "tokenizer_json": fits_a_file(tokenizer),
        "book": isinstance(tokenizer, BookTokenizer),
    }
    return tuple(name for name in FORMS if fits[name])


# --- out --------------------------------------------------------------------------------------------------------------


def save_tokenizer(tokenizer: Tokenizer, folder: Path, form: str, *, replace: bool = False) -> tuple[Path, ...]:
    """Write a tokenizer into a folder; files that are there already are a `StudioError` unless `replace` is set."""
    require_form(tokenizer, form)
    written = _rendered(tokenizer, form)
    return _write_all({folder / name: written[name] for name in FORMS[form].files}, replace)


def save_file(tokenizer: Tokenizer, path: Path, form: str = "atelier", *, replace: bool = False) -> Path:
    """The same for a form of one file, under a name of one's own."""
    require_form(tokenizer, form)
    if len(FORMS[form].files) > 1:
        raise StudioError(f"The form “{FORMS[form].label}” is several files.", "Name a folder instead of a file.")
    [text] = _rendered(tokenizer, form).values()
    return _write_all({path: text}, replace)[0]


def require_form(tokenizer: Tokenizer, form: str) -> None:
    """A `StudioError` where a form cannot say this tokenizer."""
    if form not in forms_of(tokenizer):
        label = FORMS[form].label if form in FORMS else form
        fitting = ", ".join(FORMS[name].label for name in forms_of(tokenizer))
        raise StudioError(f"The form “{label}” cannot say this tokenizer.", f"Choose one of: {fitting}.")


def _write_all(written: Mapping[Path, str], replace: bool) -> tuple[Path, ...]:
    paths = tuple(written)
    folder = paths[0].parent
    taken = [path.name for path in paths if path.exists()]
    if taken and not replace:
        raise StudioError(f"“{folder}” has a file “{taken[0]}” already.", "Choose another place.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in written.items():
            _write(path, text)
    except OSError as error:
        raise StudioError(f"The tokenizer could not be written to “{folder}”: {error.strerror}.") from error
    return paths


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        temporary.write_text(text, "utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rendered(tokenizer: Tokenizer, form: str) -> dict[str, str]:
    if form == "atelier":
        return {"tokenizer.json": _json(tokenizer.to_json())}
    if form == "tokenizer_json":
        return {"tokenizer.json": _json(as_file(tokenizer))}
    if form == "book" and isinstance(tokenizer, BookTokenizer):
        vocabulary = {str(number): token for number, token in enumerate(tokenizer.tokens)}
        merges = [{"pair": [left, right], "new_id": new} for left, right, new in tokenizer.merges]
        return {"vocab.json": _json(vocabulary), "bpe_merges.txt": _json(merges)}
    vocabulary_of_pairs, merges_of_pairs = _pairs(tokenizer) or ({}, [])
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges_of_pairs)]
    encoder = {**vocabulary_of_pairs, **tokenizer.special}
    return {"vocab.bpe": "\n".join(lines) + "\n", "encoder.json": json.dumps(encoder)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _pairs(tokenizer: Tokenizer) -> tuple[dict[str, int], list[list[str]]] | None:
    """Vocabulary and merges of byte pairs whose words are GPT-2's; None for any other tokenizer."""
    ours = isinstance(tokenizer, BytePairTokenizer) and not tokenizer.lower
    if not (ours or isinstance(tokenizer, Gpt2Tokenizer)) or not isinstance(tokenizer, RankedTokenizer):
        return None
    return pairs_in(tokenizer)


# --- in ---------------------------------------------------------------------------------------------------------------


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in a file or in a folder, whatever its form is; anything else is a `StudioError`.

    A folder is looked through for the files of every form. Of a pair of files either one may be named.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    asked = None if path.is_dir() else path.name
    if asked is not None and not path.is_file():
        raise StudioError(f"There is no file “{path}”.", "Choose a file of a tokenizer, or a folder that holds one.")
    for first, second, read in _READERS:
        names = {first, second} - {""}
        if (asked is None or asked in names) and all((folder / name).is_file() for name in names):
            return read(folder / first, folder / second)
    if asked is not None and asked.endswith(".json"):
        return _single(path, path)
    raise StudioError(
        f"“{visible(path.name)}” holds no tokenizer that Atelier reads.",
        "It reads tokenizer.json, vocab.bpe with encoder.json, vocab.json with merges.txt or bpe_merges.txt, "
        "tokenizer.model and vocab.txt.",
    )


def _single(path: Path, _: Path) -> Tokenizer:
    """A file of Atelier's own, or one of the library `tokenizers`."""
    data = _read_json(path)
    if isinstance(data, Mapping) and "model" not in data:
        return tokenizer_from_json(data)
    return simplest(read_tokenizer(path))


def _two_of_gpt2(merges: Path, vocabulary: Path) -> Tokenizer:
    """`vocab.bpe` and `encoder.json`, or `merges.txt` and `vocab.json`, as other programs call the same."""
    lines = [line.rstrip("\r") for line in _read(merges).split("\n")]
    lines = [line for place, line in enumerate(lines) if line and (place or not line.startswith("#version"))]
    numbers = _read_json(vocabulary)
    content = {
        "added_tokens": [], "model": {"vocab": numbers, "merges": [line.split(" ") for line in lines]},
        "pre_tokenizer": _BYTES, "decoder": _BYTES,
    }  # fmt: skip
    checked = check_tokenizer(content)
    made = {line.replace(" ", "") for line in lines}
    special = [token for token in sorted(numbers, key=numbers.__getitem__) if len(token) > 1 and token not in made]
    checked["added_tokens"] = [{"id": numbers[token], "content": token, **_FLAGS} for token in special]
    found = byte_pairs_of(checked)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "tokenizer.json")
        file.write_text(json.dumps(checked), "utf-8")
        return read_tokenizer(file)


_BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def _two_of_the_book(merges: Path, vocabulary: Path) -> Tokenizer:
    numbers, rows = _read_json(vocabulary), _read_json(merges)
    try:
        tokens = {int(number): token for number, token in numbers.items()}
        made: list[Merge] = [(*map(_number, row["pair"]), _number(row["new_id"])) for row in rows]  # type: ignore[misc]
        whole = sorted(tokens) == list(range(len(tokens))) and all(len(merge) == 3 for merge in made)
    except (AttributeError, KeyError, TypeError, ValueError):
        whole = False
    if not whole or not all(isinstance(token, str) and token for token in tokens.values()):
        raise StudioError(
            "“vocab.json” and “bpe_merges.txt” are not what the book's tokenizer saves, or are damaged.",
            "Save them again with the program that made them.",
        )
    joined = {new for _, _, new in made}
    special = [token for number, token in sorted(tokens.items()) if len(token) > 1 and number not in joined]
    return BookTokenizer([tokens[number] for number in range(len(tokens))], made, special)


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


_READERS = (
    ("vocab.bpe", "encoder.json", _two_of_gpt2),
    ("bpe_merges.txt", "vocab.json", _two_of_the_book),
    ("tokenizer.json", "", _single),
    ("merges.txt", "vocab.json", _two_of_gpt2),
    (PIECES, "", lambda path, _: read_sentence_pieces(path, *_beside(path))),
    (WORDS, "", lambda path, _: read_word_pieces(path, _beside(path)[0])),
)


def _beside(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the files around a list of pieces say: its settings, and tokens that were added to it."""
    return read_table(path.parent, "tokenizer_config.json"), read_table(path.parent, "added_tokens.json")


def simplest(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer without the library `tokenizers`, where it is byte pairs that tiktoken runs faster."""
    found = byte_pairs_of(tokenizer.content) if isinstance(tokenizer, JsonTokenizer) and not tokenizer.prefix else None
    return tokenizer if found is None else found


def byte_pairs_of(content: Mapping[str, Any]) -> RankedTokenizer | None:
    """Byte pairs with GPT-2's words, numbered in the order of their merges, special tokens last; None for others."""
    model, normalizer = content["model"], content.get("normalizer")
    rules = {**(content.get("pre_tokenizer") or {}), "trim_offsets": True}
    lower = normalizer == {"type": "Lowercase"}
    writes = (content.get("decoder") or {}).get("type")
    if model.get("type", "BPE") != "BPE" or rules != _BYTES or writes != "ByteLevel":
        return None
    if not (normalizer is None or lower):
        return None
    special = {entry["content"]: entry["id"] for entry in content.get("added_tokens") or () if entry.get("special")}
    if len(special) != len(content.get("added_tokens") or ()) or content.get("post_processor") not in (None, _BYTES):
        return None
    numbers = {token: number for token, number in model["vocab"].items() if token not in special}
    ordered = sorted(numbers, key=numbers.__getitem__)
    if sorted([*numbers.values(), *special.values()]) != list(range(len(numbers) + len(special))):
        return None
    if sorted(special.values()) != list(range(len(numbers), len(numbers) + len(special))):
        return None
    made = ["".join(merge.split(" ") if isinstance(merge, str) else merge) for merge in model["merges"]]
    spelled = [bytes_of(token) for token in ordered]
    if ordered[len(ordered) - len(made) :] != made or None in spelled or len(ordered) - len(made) != 256:
        return None
    names = sorted(special, key=special.__getitem__)
    found = BytePairTokenizer([one for one in spelled if one is not None], names, lower)
    if found.special == {END_OF_TEXT: 50_256} and not lower and Gpt2Tokenizer().ranks() == found.ranks():
        return Gpt2Tokenizer()
    pieces = [merge.split(" ") if isinstance(merge, str) else list(merge) for merge in model["merges"]]
    return found if pairs_of(found.ranks())[1] == pieces else None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LIMITS.file_bytes:
            raise StudioError(f"“{visible(path.name)}” is too large for a tokenizer.", "Choose another file.")
        return path.read_text("utf-8")
    except OSError as error:
        raise StudioError(f"“{visible(path.name)}” could not be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise StudioError(f"“{visible(path.name)}” is damaged: it is not text.", "Get the file again.") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read(path))
    except (ValueError, RecursionError, MemoryError) as error:
        raise StudioError(
            f"“{visible(path.name)}” is damaged: it is not the JSON it should be.", "Get the file again."
        ) from error
