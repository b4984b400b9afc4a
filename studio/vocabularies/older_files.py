"""Words of models from before `tokenizer.json`: SentencePiece's `tokenizer.model` and BERT's `vocab.txt`.

Both are only lists; here they become the same rules in the form of `tokenizer.json`, which goes the way of all others.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.gate.model_folders import file_in, read_table
from studio.gate.names import visible
from studio.gate.sentencepiece_files import (
    BYTE_PAIRS,
    CONTROL,
    LISTED,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    SentencePieces,
)
from studio.gate.sentencepiece_files import read_sentence_pieces as read_pieces
from studio.gate.tokenizer_files import check_tokenizer
from studio.readers.text_rules import TextRules
from studio.tokenizers import Tokenizer
from studio.tokenizers.sentence_pieces import SentencePieceTokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer
from studio.vocabularies.piece_merges import merges_of

PIECES, WORDS = "tokenizer.model", "vocab.txt"
BLANK = "▁"
_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def words_of(folder: Path, end: int | None) -> tuple[Tokenizer | None, list[str]]:
    """The tokenizer of a model's folder that has no `tokenizer.json`, or None and a sentence that says why."""
    settings = read_table(folder, "tokenizer_config.json")
    try:
        if (path := file_in(folder, PIECES)) is not None:
            return read_sentence_pieces(path, settings, read_table(folder, "added_tokens.json"), end), []
        if (path := file_in(folder, WORDS)) is not None:
            return read_word_pieces(path, settings, end), []
    except StudioError as error:
        return None, [f"{error.message} The model reads and writes token ids only."]
    return None, ["The folder has no “tokenizer.json”, so the model reads and writes token ids only."]


def read_sentence_pieces(
    path: Path, settings: Mapping[str, Any], more: Mapping[str, Any], end: int | None = None
) -> Tokenizer:
    """The tokenizer of a `tokenizer.model`; `settings` are tokenizer_config.json, `more` is added_tokens.json."""
    found = read_pieces(path)
    begins = settings.get("add_bos_token") is not False
    content, last = pieces_content(path, found, begins, more), found.end if end is None else end
    if (rules := _rules(found)) is None:
        return _read(content, last)
    return SentencePieceTokenizer(check_tokenizer({**content, "normalizer": None}), rules, last)


def read_word_pieces(path: Path, settings: Mapping[str, Any], end: int | None = None) -> Tokenizer:
    """The tokenizer of a `vocab.txt`: one piece a line, the number of the line is its id."""
    try:
        if path.stat().st_size > LISTED.file_bytes:
            raise _damaged(path, f"it has {path.stat().st_size:,} bytes; at most {LISTED.file_bytes:,} are read")
        text = path.read_text("utf-8")
    except OSError as error:
        raise StudioError(f"“{path.name}” could not be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise _damaged(path, "it is not text") from error
    pieces = text.removesuffix("\n").split("\n")
    if len(pieces) > LISTED.tokens:
        raise _damaged(path, f"it lists {len(pieces):,} pieces; at most {LISTED.tokens:,} are read")
    if len(set(pieces)) != len(pieces):
        raise _damaged(path, "a piece stands in it twice")
    return _read(words_content(pieces, settings), end)


def _read(content: Mapping[str, Any], end: int | None) -> Tokenizer:
    """Without a child that tries it: its rules are ours, and its lists were judged."""
    return JsonTokenizer(check_tokenizer(content), end)


def words_content(pieces: list[str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """BERT's rules (Devlin et al. 2019): cleaned text, words and marks apart, then the longest pieces."""
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    accents = settings.get("strip_accents")
    normalizer = {
        "type": "BertNormalizer", "clean_text": True,
        "handle_chinese_chars": settings.get("tokenize_chinese_chars") is not False,
        "strip_accents": accents if isinstance(accents, bool) else None,
        "lowercase": settings.get("do_lower_case") is not False,
    }  # fmt: skip
    framed = [mark for mark in ("[CLS]", "[SEP]") if mark in vocabulary]
    return {
        "version": "1.0", "added_tokens": [_added(vocabulary[mark], mark) for mark in _MARKS if mark in vocabulary],
        "normalizer": normalizer, "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": _frame(vocabulary, ["[CLS]"], ["[SEP]"]) if len(framed) == 2 else None,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary,
        },
    }  # fmt: skip


def pieces_content(
    path: Path, found: SentencePieces, begins: bool, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """SentencePiece's rules, as far as `tokenizer.json` says them; what Atelier does not follow is a `StudioError`."""
    doubled = found.table is not None and any("  " in text for text in found.table.texts)
    if doubled or any(" " in piece for piece in _listed(found)) or _joins_unused(found):
        raise StudioError(
            f"The tokenizer in “{path.name}” was not read: it prepares texts by rules that Atelier does not follow.",
            "Look for a copy of the model with a “tokenizer.json”; without one it still answers token ids.",
        )
    vocabulary = dict(zip(found.pieces, range(len(found.pieces)), strict=True))
    extra = _extra(path, more or {}, vocabulary)
    kinds = (UNKNOWN, CONTROL) if found.model == BYTE_PAIRS else (UNKNOWN, CONTROL, UNUSED)  # no text spells these
    special = [(number, found.pieces[number], True) for kind in kinds for number in found.of_kind(kind)]
    listed = sorted([*special, *((number, spelling, True) for spelling, number in extra.items())])
    # What a person had listed cuts texts in which blanks are ▁ already; Unigram only finds it likelier than all else.
    cuts = found.of_kind(USER_DEFINED) if found.model == BYTE_PAIRS else []
    plain = [_added(number, found.pieces[number], special=False, normalized=True) for number in cuts]
    added = sorted([*(_added(*entry) for entry in listed), *plain], key=lambda entry: entry["id"])
    first = found.pieces[found.begin] if begins and found.begin in found.of_kind(CONTROL) else None
    return {
        "version": "1.0", "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": _preparation(found)}, "pre_tokenizer": None,
        "post_processor": _frame(vocabulary, [first], []) if first is not None else None,
        "decoder": {"type": "Sequence", "decoders": _spelling(found)},
        "model": _byte_pairs(path, found, {**vocabulary, **extra}) if found.model == BYTE_PAIRS else _unigram(found),
    }  # fmt: skip


def _rules(found: SentencePieces) -> TextRules | None:
    """How texts are prepared, where `tokenizer.json` has no words for it; else None."""
    behind = found.blank_before and found.blanks_behind
    cuts = found.model == BYTE_PAIRS and (found.blank_before or found.single_blanks) and bool(_listed(found))
    if not (found.table is not None or behind or not found.marks_blanks or cuts):
        return None
    return TextRules(
        table=found.table, whole=tuple(_listed(found)), blank=BLANK if found.marks_blanks else " ",
        blank_before=found.blank_before and not behind, blank_behind=behind, single_blanks=found.single_blanks,
    )  # fmt: skip


def _listed(found: SentencePieces) -> list[str]:
    """The pieces that a person had listed."""
    return [found.pieces[number] for number in found.of_kind(USER_DEFINED)]


def _joins_unused(found: SentencePieces) -> bool:
    """Whether texts are joined to pieces that are not used, which SentencePiece then takes apart again."""
    unused = [found.pieces[number] for number in found.of_kind(UNUSED)]
    if found.model != BYTE_PAIRS or not unused:
        return False
    known = {*unused, *(found.pieces[number] for number in found.of_kind(NORMAL))}
    return any(
        len(piece) == 1 or any(piece[:cut] in known and piece[cut:] in known for cut in range(1, len(piece)))
        for piece in unused
    )


def _extra(path: Path, more: Mapping[str, Any], vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Tokens that were added behind the file's own, whole and in a row."""
    extra = {spelling: number for spelling, number in more.items() if spelling not in vocabulary}
    expected = list(range(len(vocabulary), len(vocabulary) + len(extra)))
    if not all(type(number) is int for number in extra.values()) or sorted(extra.values()) != expected:
        raise _damaged(path, "the tokens that were added to it later do not follow its own")
    return extra


def _preparation(found: SentencePieces) -> list[dict[str, Any]]:
    """Blanks at the ends and after one another go where the file says so, one is put first, all become ▁."""
    before = ({"type": "Prepend", "prepend": BLANK},) if found.blank_before else ()
    marked = [*before, _replaced({"String": " "}, BLANK)]
    if not found.single_blanks:
        return marked
    alone = (_replaced({"Regex": " {2,}"}, " "), _replaced({"Regex": r"\A +| +\z"}, ""))
    return [*alone, *marked, _replaced({"Regex": r"(?<!▁)▁+\z"}, "")]


def _spelling(found: SentencePieces) -> list[dict[str, Any]]:
    bytes_ = ({"type": "ByteFallback"},) if found.byte_fallback else ()
    stands = found.blank_before and found.marks_blanks and not found.blanks_behind
    first = ({"type": "Strip", "content": " ", "start": 1, "stop": 0},) if stands else ()
    return [_replaced({"String": BLANK}, " "), *bytes_, {"type": "Fuse"}, *first]


def _replaced(pattern: Mapping[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": dict(pattern), "content": content}


def _byte_pairs(path: Path, found: SentencePieces, vocabulary: Mapping[str, int]) -> dict[str, Any]:
    return {
        "type": "BPE", "dropout": None, "unk_token": found.pieces[found.of_kind(UNKNOWN)[0]],
        "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
        "byte_fallback": found.byte_fallback, "ignore_merges": False, "vocab": dict(vocabulary),
        "merges": merges_of(path, found),
    }  # fmt: skip


def _unigram(found: SentencePieces) -> dict[str, Any]:
    """What a person had listed is likelier than any other way to spell it (unigram_model.cc)."""
    scores = list(found.scores)
    best = max(0.0, *(scores[number] for number in found.of_kind(NORMAL)))  # 0 where all are below, as they usually are
    for number in found.of_kind(USER_DEFINED):
        scores[number] = len(found.pieces[number].encode("utf-8")) * best - 0.1
    return {
        "type": "Unigram", "unk_id": found.of_kind(UNKNOWN)[0], "byte_fallback": found.byte_fallback,
        "vocab": list(map(list, zip(found.pieces, scores, strict=True))),
    }  # fmt: skip


def _added(number: int, spelling: str, special: bool = True, normalized: bool = False) -> dict[str, Any]:
    return {
        "id": number, "content": spelling, "single_word": False, "lstrip": False, "rstrip": False,
        "normalized": normalized, "special": special,
    }  # fmt: skip


def _frame(vocabulary: Mapping[str, int], before: list[str], behind: list[str]) -> dict[str, Any]:
    """What stands around a text, and around two of them."""
    marks = {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in (*before, *behind)}

    def around(which: str, kind: int, first: list[str]) -> list[dict[str, Any]]:
        names = [{"SpecialToken": {"id": name, "type_id": kind}} for name in first]
        ends = [{"SpecialToken": {"id": name, "type_id": kind}} for name in behind]
        return [*names, {"Sequence": {"id": which, "type_id": kind}}, *ends]

    one, other = around("A", 0, before), around("B", 1, [] if behind else before)
    return {"type": "TemplateProcessing", "single": one, "pair": [*one, *other], "special_tokens": marks}


def _damaged(path: Path, reason: str) -> StudioError:
    return StudioError(
        f"The tokenizer in “{visible(path.name)}” was not read: {reason}.",
        "Get the file again from where the model comes from.",
    )
