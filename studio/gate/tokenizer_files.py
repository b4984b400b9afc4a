"""A foreign `tokenizer.json`, judged part by part before the library that would run it sees it.

The library ends the process or hangs on files that lie (merges that lead nowhere, ids out of range, patterns that
backtrack for ever), so only parts that are known are let through, with values that are known to be harmless.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from studio.core.errors import StudioError
from studio.gate.names import visible


@dataclass(frozen=True)
class Limits:
    """What a tokenizer may ask of us at most."""

    file_bytes: int = 48 << 20
    tokens: int = 1_000_000
    added: int = 20_000
    token_characters: int = 2_000
    parts: int = 16
    groups: int = 1_200_000  # tables and lists, of which each merge may be one
    entries: int = 2_000_000  # whatever a comma stands behind


_LIMITS = Limits()
_PRINTED = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
_BYTES = frozenset(map(chr, (*_PRINTED, *range(0x100, 0x100 + 256 - len(_PRINTED)))))  # GPT-2's marks of all bytes
_ENDINGS = r"'s|'t|'re|'ve|'m|'ll|'d"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_O200K = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+"
_O200K_CAPITALS = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"
_SLASH = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = frozenset(
    (
        rf"{_ENDINGS}| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|\s+(?!\S)|\s+",  # GPT-2
        rf"(?i:{_ENDINGS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}{_REST}",  # Llama 3, cl100k
        rf"(?i:{_ENDINGS})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{_REST}",  # Qwen 2 and 3
        rf"{_O200K}|{_O200K_CAPITALS}|\p{{N}}{_SLASH}",  # Mistral's Tekken
        rf"{_O200K}(?i:{_ENDINGS})?|{_O200K_CAPITALS}(?i:{_ENDINGS})?|\p{{N}}{{1,3}}{_SLASH}",  # o200k
        r"\p{N}{1,3}", r"\p{N}", r"\s+", r"[\r\n]", r"\d", r" ?\p{L}+", r" {2,}", r"\A +| +\z", r"(?<!▁)▁+\z",
    )
)  # fmt: skip


def read_tokenizer_file(path: Path) -> dict[str, Any]:
    """The content of a `tokenizer.json` after every part of it was found harmless; a `StudioError` says what is not."""
    try:
        if path.stat().st_size > _LIMITS.file_bytes:
            _refuse(f"it has {path.stat().st_size:,} bytes; at most {_LIMITS.file_bytes:,} are read")
        raw = path.read_bytes()
        if raw.count(b"[") + raw.count(b"{") > _LIMITS.groups or raw.count(b",") > _LIMITS.entries:
            _refuse("it lists more than any tokenizer has")
        data = json.loads(raw)
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _refusal("it is not the JSON it should be") from error
    return check_tokenizer(data)


def check_tokenizer(data: Any) -> dict[str, Any]:
    """The same for content that is in memory already; cutting and padding rules are left out of the result."""
    if not isinstance(data, Mapping):
        _refuse("it is not a table")
    model = data.get("model")
    kind = model.get("type", "BPE") if isinstance(model, Mapping) else None
    if not isinstance(model, Mapping) or not isinstance(kind, str) or kind not in _MODELS:
        _refuse(f"it is of the kind “{_shown(kind)}”; Atelier reads BPE, WordPiece and Unigram")
    vocabulary = _scored(model.get("vocab")) if kind == "Unigram" else _vocabulary(model.get("vocab"))
    _MODELS[kind](model, vocabulary)
    if kind != "BPE" and not _is_known_whole(model, vocabulary, data.get("pre_tokenizer")):
        _refuse("it has neither a token for what is unknown nor one for every byte")
    added = _added(data.get("added_tokens") or [], vocabulary)
    known = {**vocabulary, **added}
    for place, kinds in (("normalizer", NORMALIZERS), ("pre_tokenizer", PRE_TOKENIZERS), ("decoder", DECODERS)):
        _check_part(data.get(place), kinds, place)
    _check_post(data.get("post_processor"), known)
    parts = {name: data.get(name) for name in ("normalizer", "pre_tokenizer", "post_processor", "decoder")}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": data.get("added_tokens") or [],
        **parts, "model": {**model, "type": kind},
    }  # fmt: skip


def _vocabulary(found: Any) -> dict[str, int]:
    if not isinstance(found, dict) or not found:
        _refuse("it has no vocabulary")
    if len(found) > _LIMITS.tokens:
        _refuse(f"its vocabulary has {len(found):,} entries; at most {_LIMITS.tokens:,} are read")
    sound = set(map(type, found.values())) == {int} and 0 <= min(found.values()) <= max(found.values()) < _LIMITS.tokens
    if not sound or max(map(len, found)) > _LIMITS.token_characters:
        for token, number in found.items():
            if not _is_id(number) or len(token) > _LIMITS.token_characters:
                _refuse(f"the token “{_shown(token)}” has the id {_shown(number)}")
    if len(set(found.values())) != len(found):
        _refuse("two tokens of its vocabulary have the same id")
    return found


def _scored(found: Any) -> dict[str, int]:
    """Unigram's list of pieces with their scores; the place in it is the id."""
    if not isinstance(found, list) or not 0 < len(found) <= _LIMITS.tokens:
        _refuse("its vocabulary is missing or too long")
    longest = _LIMITS.token_characters
    for entry in found:
        piece, score = entry if type(entry) is list and len(entry) == 2 else (None, None)
        if type(piece) is not str or not 0 < len(piece) <= longest:
            _refuse(f"the piece “{_shown(piece)}” of its vocabulary is damaged")
        if type(score) not in (float, int) or not -1e6 <= score <= 1e6:  # type: ignore[operator]
            _refuse(f"the piece “{_shown(piece)}” has the score {_shown(score)}")
    vocabulary = {piece: number for number, (piece, _) in enumerate(found)}
    if len(vocabulary) != len(found):
        _refuse("a piece stands in its vocabulary twice")
    return vocabulary


def _check_unigram(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> None:
    unknown = model.get("unk_id")
    if unknown is not None and not (type(unknown) is int and 0 <= unknown < len(vocabulary)):
        _refuse(f"its token for what is unknown, {_shown(unknown)}, is not in its vocabulary")
    if not _flag(model.get("byte_fallback", False)):
        _refuse("its rule for bytes is damaged")


def _check_word_piece(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> None:
    inside, longest = model.get("continuing_subword_prefix", "##"), model.get("max_input_chars_per_word", 100)
    if not _short(inside) or type(longest) is not int or not 0 < longest <= 1_000:
        _refuse("its rules for pieces inside of words are damaged")
    if not isinstance(model.get("unk_token", ""), str):
        _refuse("its token for what is unknown is damaged")


def _is_known_whole(model: Mapping[str, Any], vocabulary: Mapping[str, int], words: Any) -> bool:
    """Whether every text can be said: with a token for what is unknown, or with one for every byte of a word."""
    if model["type"] == "Unigram":
        unknown, needed = model.get("unk_id") is not None, set(_BYTES)
    else:
        unknown = model.get("unk_token", "[UNK]") in vocabulary
        inside = model.get("continuing_subword_prefix", "##")
        needed = {*_BYTES, *(inside + mark for mark in _BYTES)}
    parts = words.get("pretokenizers", []) if isinstance(words, dict) and words.get("type") == "Sequence" else [words]
    kinds = [one.get("type") for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []
    return unknown or ("ByteLevel" in kinds and needed <= vocabulary.keys())


def _check_model(model: Mapping[str, Any], vocabulary: Mapping[str, int]) -> None:
    unknown = model.get("unk_token")
    if unknown is not None and unknown not in vocabulary:
        _refuse(f"its token for what is unknown, “{_shown(unknown)}”, is not in its vocabulary")
    for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(name):
            _refuse(f"it uses “{name}”, which Atelier does not read")
    merges = model.get("merges")
    if not isinstance(merges, list) or len(merges) > _LIMITS.tokens:
        _refuse("its list of merges is missing or too long")
    merge = _astray(merges, vocabulary)
    if merge is not None:
        _refuse(f"its merge “{_shown(merge[0])}” leads to a token that is not in its vocabulary")


def _astray(merges: list[Any], vocabulary: Mapping[str, int]) -> tuple[Any] | None:
    """The first merge that is no pair of tokens which form a token; all are tried together first, which is faster."""
    merge: Any = None
    if set(map(type, merges)) == {tuple} and set(map(len, merges)) == {2}:
        halves, whole = chain.from_iterable(merges), map("".join, merges)
        if all(map(vocabulary.__contains__, halves)) and all(map(vocabulary.__contains__, whole)):
            return None
    try:
        for merge in merges:
            left, right = merge.split(" ") if isinstance(merge, str) else merge
            if (
                type(merge) is dict
                or left not in vocabulary
                or right not in vocabulary
                or left + right not in vocabulary
            ):
                return (merge,)
    except (TypeError, ValueError):
        return (merge,)
    return None


def _added(found: Any, vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Spelling to id of the tokens that are cut out of a text before anything else."""
    if not isinstance(found, list) or len(found) > _LIMITS.added:
        _refuse("its list of added tokens is damaged or too long")
    added: dict[str, int] = {}
    owners = dict(zip(vocabulary.values(), vocabulary, strict=True))
    for entry in found:
        content = entry.get("content") if isinstance(entry, dict) else None
        if not isinstance(content, str) or not 0 < len(content) <= _LIMITS.token_characters:
            _refuse("one of its added tokens is empty, too long or damaged")
        number = entry.get("id")
        if (
            not _is_id(number)
            or owners.setdefault(number, content) != content
            or vocabulary.get(content, number) != number
        ):
            _refuse(f"the added token “{_shown(content)}” has the id {_shown(number)}, which cannot be")
        added[content] = number
    return added


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LIMITS.tokens


# --- the parts it is made of ------------------------------------------------------------------------------------------

Check = Callable[[Any], bool]


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _short(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 32


def _one_mark(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1


def _few(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 8


def _pattern(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) != 1:
        return False
    return (_short(value.get("String")) and value["String"] != "") or value.get("Regex") in PATTERNS


def _word(*allowed: str) -> Check:
    return lambda value: value in allowed


_BEHAVIOUR = _word("Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous")
_BYTE_LEVEL: Mapping[str, Check] = {"add_prefix_space": _flag, "trim_offsets": _flag, "use_regex": _flag}
_METASPACE: Mapping[str, Check] = {
    "replacement": _one_mark, "prepend_scheme": _word("always", "first", "never"), "split": _flag,
    "add_prefix_space": _flag, "str_rep": _one_mark,
}  # fmt: skip
_REPLACE: Mapping[str, Check] = {"pattern": _pattern, "content": _short}
NORMALIZERS: Mapping[str, Mapping[str, Check]] = {
    "NFC": {}, "NFD": {}, "NFKC": {}, "NFKD": {}, "Lowercase": {}, "Prepend": {"prepend": _short}, "Replace": _REPLACE,
    "BertNormalizer": {
        "clean_text": _flag, "handle_chinese_chars": _flag, "lowercase": _flag,
        "strip_accents": lambda value: value is None or _flag(value),
    },
}  # fmt: skip
PRE_TOKENIZERS: Mapping[str, Mapping[str, Check]] = {
    "ByteLevel": _BYTE_LEVEL, "Metaspace": _METASPACE, "Whitespace": {}, "WhitespaceSplit": {},
    "Digits": {"individual_digits": _flag}, "BertPreTokenizer": {}, "Punctuation": {"behavior": _BEHAVIOUR},
    "FixedLength": {"length": lambda value: type(value) is int and 8 <= value <= 1_000},
    "Split": {"pattern": _pattern, "behavior": _BEHAVIOUR, "invert": _flag},
}  # fmt: skip
DECODERS: Mapping[str, Mapping[str, Check]] = {
    "ByteLevel": _BYTE_LEVEL, "Metaspace": _METASPACE, "Replace": _REPLACE, "ByteFallback": {}, "Fuse": {},
    "Strip": {"content": _one_mark, "start": _few, "stop": _few},
    "WordPiece": {"prefix": _short, "cleanup": _flag},
}  # fmt: skip
_LISTS = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders"}


def _check_part(part: Any, kinds: Mapping[str, Mapping[str, Check]], place: str) -> None:
    """A part is absent, one of the known kinds, or a short flat list of them."""
    if part is None:
        return
    if isinstance(part, dict) and part.get("type") == "Sequence":
        parts = part.get(_LISTS[place])
        if not isinstance(parts, list) or len(parts) > _LIMITS.parts:
            _refuse(f"its {_spoken(place)} has too many parts")
        for single in parts:
            _check_single(single, kinds, place)
    else:
        _check_single(part, kinds, place)


def _check_single(part: Any, kinds: Mapping[str, Mapping[str, Check]], place: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        _refuse(f"its {_spoken(place)} “{_shown(kind)}” is not one that Atelier knows")
    for name, value in part.items():
        check = kinds[kind].get(name)
        if name != "type" and (check is None or not check(value)):
            _refuse(f"its {_spoken(place)} {kind} has {name} = “{_shown(value)}”, which is not allowed")


def _check_post(part: Any, known: Mapping[str, int]) -> None:
    """What is put around a text: nothing, or special tokens that exist under the ids it says."""
    parts: list[Any] = [part]
    if isinstance(part, dict) and part.get("type") == "Sequence":
        inner = part.get("processors")
        parts = inner if isinstance(inner, list) else []
    if len(parts) > _LIMITS.parts:
        _refuse("its post-processor has too many parts")
    for single in parts:
        kind = single.get("type") if isinstance(single, dict) else None
        if kind == "TemplateProcessing":
            _check_template(single, known)
        elif kind == "ByteLevel":
            _check_single(single, {"ByteLevel": _BYTE_LEVEL}, "post-processor")
        elif single is not None:
            _refuse(f"its post-processor “{_shown(kind)}” is not one that Atelier knows")


def _check_template(part: Mapping[str, Any], known: Mapping[str, int]) -> None:
    special, pieces = part.get("special_tokens"), [part.get("single"), part.get("pair")]
    good = isinstance(special, dict) and all(isinstance(piece, list) and len(piece) <= 64 for piece in pieces)
    if not good or len(special) > 64:  # type: ignore[arg-type]
        _refuse("its template of special tokens is damaged")
    for name, entry in special.items():  # type: ignore[union-attr]
        ids, tokens = (entry.get("ids"), entry.get("tokens")) if isinstance(entry, dict) else (None, None)
        spelled = isinstance(tokens, list) and tokens and all(isinstance(token, str) for token in tokens)
        if not spelled or ids != [known.get(token) for token in tokens]:  # type: ignore[union-attr]
            _refuse(f"its template names the special token “{_shown(name)}”, which does not exist like that")
    for piece in (item for row in pieces for item in row):  # type: ignore[union-attr]
        inner = piece.get("SpecialToken") if isinstance(piece, dict) else None
        if inner is not None and (not isinstance(inner, dict) or inner.get("id") not in special):  # type: ignore[operator]
            _refuse("its template uses a special token that it does not describe")


_MODELS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, int]], None]] = {
    "BPE": _check_model, "WordPiece": _check_word_piece, "Unigram": _check_unigram,
}  # fmt: skip


def _spoken(place: str) -> str:
    return place.replace("_", "-")


def _shown(value: Any) -> str:
    return visible(str(value), 40)


def _refusal(reason: str) -> StudioError:
    return StudioError(
        f"The tokenizer in “tokenizer.json” was not read: {reason}.",
        "Get the file again from where the model comes from; without a tokenizer the model still answers token ids.",
    )


def _refuse(reason: str) -> NoReturn:
    raise _refusal(reason)
