"""The tokenizer inside a GGUF file: its tokens, merges or scores, and what llama.cpp must know to cut alike."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import StudioError
from studio.store.gguf_file import U32
from studio.tokenizers import Tokenizer
from studio.tokenizers.gpt2 import Gpt2Tokenizer
from studio.tokenizers.llama2c import ScoredTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file

NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6  # llama.cpp's token types
_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# How llama.cpp names the rule by which a text is cut before pairs are joined; gpt-2's is the library's own.
PATTERNS: Mapping[str, str] = {"llama-bpe": rf"{_ENDINGS}\p{{N}}{{1,3}}{_REST}", "qwen2": rf"{_ENDINGS}\p{{N}}{_REST}"}
_SAME = {"llama3": "llama-bpe", "llama-v3": "llama-bpe", "gpt2": "gpt-2"}
_K = "tokenizer.ggml."


# --- out of a file ----------------------------------------------------------------------------------------------------


def tokenizer_of(metadata: Mapping[str, Any]) -> tuple[Tokenizer | None, str]:
    """The tokenizer that the metadata describes, or None and a sentence that says why there is none."""
    model, tokens = metadata.get(f"{_K}model"), metadata.get(f"{_K}tokens")
    if model in (None, "none", "no_vocab") or not isinstance(tokens, list) or not tokens:
        return None, "The file holds no tokenizer, so the model reads and writes token ids only."
    types = _numbers(metadata.get(f"{_K}token_type"), len(tokens), NORMAL)
    try:
        if model == "llama":
            return _scored(metadata, tokens, types), ""
        if model == "gpt2":
            return _byte_pairs(metadata, tokens, types)
    except StudioError as error:
        return None, f"{error.message} The model reads and writes token ids only."
    return None, f"Its tokenizer is of the kind “{str(model)[:40]}”, which Atelier does not read: token ids only."


def _numbers(values: Any, count: int, default: int) -> list[Any]:
    found = values.tolist() if hasattr(values, "tolist") else values
    return found if isinstance(found, list) and len(found) == count else [default] * count


def _scored(metadata: Mapping[str, Any], tokens: Sequence[str], types: Sequence[int]) -> ScoredTokenizer:
    pieces = [token.replace("▁", " ") if kind == NORMAL else token for token, kind in zip(tokens, types, strict=True)]
    control = [token for token, kind in enumerate(types) if kind in (UNKNOWN, CONTROL)]
    blank = metadata.get(f"{_K}add_space_prefix") is not False
    return ScoredTokenizer(pieces, _numbers(metadata.get(f"{_K}scores"), len(tokens), 0), control, blank)


def _byte_pairs(
    metadata: Mapping[str, Any], tokens: Sequence[str], types: Sequence[int]
) -> tuple[Tokenizer | None, str]:
    rule = str(metadata.get(f"{_K}pre", "gpt-2"))
    rule = _SAME.get(rule, rule)
    if rule != "gpt-2" and rule not in PATTERNS:
        return None, f"Its tokenizer cuts texts by the rule “{rule[:40]}”, which Atelier does not know: token ids only."
    if len(set(tokens)) != len(tokens):
        return None, "Two tokens of its vocabulary are spelled alike, so the model reads and writes token ids only."
    added = [
        {"id": number, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
         "special": kind == CONTROL}
        for number, (token, kind) in enumerate(zip(tokens, types, strict=True)) if kind in (CONTROL, USER)
    ]  # fmt: skip
    end = metadata.get(f"{_K}eos_token_id")
    content = {
        "version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": _cutter(rule),
        "post_processor": _first(metadata, tokens), "decoder": _byte_level(True),
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": rule == "llama-bpe", "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": list(metadata.get(f"{_K}merges", [])),
        },
    }  # fmt: skip
    return _own(content) or JsonTokenizer(content, end if isinstance(end, int) else None), ""


def _own(content: Mapping[str, Any]) -> Tokenizer | None:
    """Atelier's own tokenizer, where the file describes nothing else."""
    theirs = content["model"]
    for tokenizer in (Gpt2Tokenizer(), ByteTokenizer()):
        if len(theirs["vocab"]) == tokenizer.vocab_size and not content["post_processor"]:
            ours = as_file(tokenizer)
            assert ours is not None
            merges = [" ".join(merge) for merge in ours["model"]["merges"]]
            if theirs["vocab"] == ours["model"]["vocab"] and theirs["merges"] == merges:
                return tokenizer
    return None


def _byte_level(splits: bool) -> dict[str, Any]:
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": splits}


def _cutter(rule: str) -> dict[str, Any]:
    if rule == "gpt-2":
        return _byte_level(True)
    split = {"type": "Split", "pattern": {"Regex": PATTERNS[rule]}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [split, _byte_level(False)]}


def _first(metadata: Mapping[str, Any], tokens: Sequence[str]) -> dict[str, Any] | None:
    """The rule that puts the beginning token before every text, where the file asks for it."""
    number = metadata.get(f"{_K}bos_token_id")
    if metadata.get(f"{_K}add_bos_token") is not True or not isinstance(number, int) or not 0 <= number < len(tokens):
        return None
    begin, text = {"SpecialToken": {"id": tokens[number], "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    other = {"Sequence": {"id": "B", "type_id": 1}}
    named = {tokens[number]: {"id": tokens[number], "ids": [number], "tokens": [tokens[number]]}}
    return {
        "type": "TemplateProcessing",
        "single": [begin, text],
        "pair": [begin, text, other],
        "special_tokens": named,
    }


# --- into a file ------------------------------------------------------------------------------------------------------


def metadata_of_tokenizer(tokenizer: Tokenizer | None, vocab_size: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What llama.cpp must know of a tokenizer; ids that it leaves out are filled up to the model's vocabulary.

    A tokenizer that GGUF cannot say is left out: such a file reads and writes token ids.
    """
    said = _vocabulary_said(tokenizer) if tokenizer is not None else None
    if tokenizer is None or said is None:
        return {f"{_K}model": "none"}
    tokens, types = said[f"{_K}tokens"], said[f"{_K}token_type"]
    for number in range(len(tokens), vocab_size):
        tokens.append(f"[PAD{number}]")
        types.append(5)  # unused
        if f"{_K}scores" in said:
            said[f"{_K}scores"].append(0.0)
    ends = [tokenizer.end_of_text, *facts.get("ends", ())]
    if end := next((number for number in ends if number is not None), None):
        said[f"{_K}eos_token_id"] = U32(end)
    prefix = getattr(tokenizer, "prefix", ())
    if prefix:
        said[f"{_K}bos_token_id"] = U32(prefix[0])
    elif end:
        said[f"{_K}bos_token_id"] = U32(end)
    return said | {f"{_K}add_bos_token": bool(prefix)}


def _vocabulary_said(tokenizer: Tokenizer) -> dict[str, Any] | None:
    if isinstance(tokenizer, ScoredTokenizer):
        return _scores_said(tokenizer)
    if tokenizer.name == "characters":
        return _characters_said(tokenizer)
    content = as_file(tokenizer)
    return _content_said(content) if content is not None else None


def _scores_said(tokenizer: ScoredTokenizer) -> dict[str, Any]:
    types = [BYTE if len(piece) == 6 and piece.startswith("<0x") else NORMAL for piece in tokenizer.pieces]
    for spelling, number in tokenizer.special.items():
        types[number] = UNKNOWN if spelling == "<unk>" else CONTROL
    tokens = [
        piece.replace(" ", "▁") if kind == NORMAL else piece
        for piece, kind in zip(tokenizer.pieces, types, strict=True)
    ]
    return {
        f"{_K}model": "llama", f"{_K}pre": "default", f"{_K}tokens": tokens,
        f"{_K}scores": [float(score) for score in tokenizer.scores], f"{_K}token_type": types,
        f"{_K}add_space_prefix": tokenizer.blank,
    }  # fmt: skip


def _content_said(content: Mapping[str, Any]) -> dict[str, Any] | None:
    model = content["model"]
    if model["type"] != "BPE" or content.get("normalizer") == {"type": "Lowercase"}:
        return None  # llama.cpp has no word for it
    added = {entry["id"]: entry for entry in content.get("added_tokens") or []}
    spelled = {number: token for token, number in model["vocab"].items()}
    spelled |= {number: entry["content"] for number, entry in added.items()}
    tokens = [spelled.get(number, f"[PAD{number}]") for number in range(1 + max(spelled))]
    types = [
        (CONTROL if added[number].get("special") else USER) if number in added else NORMAL if number in spelled else 5
        for number in range(len(tokens))
    ]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    if model.get("byte_fallback"):
        return _ranks_as_scores(content, tokens, types, merges)
    rule = _rule(content.get("pre_tokenizer"))
    return _said(rule, tokens, types, merges) if rule else None


def _ranks_as_scores(
    content: Mapping[str, Any], tokens: list[str], types: list[int], merges: Sequence[str]
) -> dict[str, Any]:
    """SentencePiece's form: what is merged earlier has the higher score; what is never merged needs none."""
    ranks: dict[str, int] = {}
    for rank, merge in enumerate(merges):
        ranks.setdefault(merge.replace(" ", "", 1), rank)
    for number, token in enumerate(tokens):
        if len(token) == 6 and token.startswith("<0x") and types[number] == NORMAL:
            types[number] = BYTE
        elif token == content["model"].get("unk_token"):
            types[number] = UNKNOWN
    before = [content.get("normalizer"), content.get("pre_tokenizer")]
    blank = any('"Prepend"' in json.dumps(part) or '"prepend_scheme": "' in json.dumps(part) for part in before)
    return {
        f"{_K}model": "llama", f"{_K}pre": "default", f"{_K}tokens": tokens, f"{_K}token_type": types,
        f"{_K}scores": [-float(ranks.get(token, len(merges))) for token in tokens],
        f"{_K}add_space_prefix": blank and '"never"' not in json.dumps(before),
    }  # fmt: skip


def _said(rule: str, tokens: list[str], types: list[int], merges: list[str]) -> dict[str, Any]:
    return {
        f"{_K}model": "gpt2", f"{_K}pre": rule, f"{_K}tokens": tokens, f"{_K}token_type": types, f"{_K}merges": merges,
    }  # fmt: skip


def _characters_said(tokenizer: Tokenizer) -> dict[str, Any] | None:
    """An alphabet of single bytes is a vocabulary without merges; other characters would need pieces of their own."""
    content = as_file(ByteTokenizer())
    assert content is not None
    marks = {value: mark for mark, value in content["model"]["vocab"].items()}
    spelled = [tokenizer.token_bytes(number) for number in range(tokenizer.vocab_size)]
    if any(len(raw) != 1 for raw in spelled):
        return None
    return _said("gpt-2", [marks[raw[0]] for raw in spelled], [NORMAL] * len(spelled), [])


def _rule(part: Any) -> str:
    """llama.cpp's name for how a text is cut, or nothing where it has none here."""
    parts = part.get("pretokenizers", []) if isinstance(part, Mapping) and part.get("type") == "Sequence" else [part]
    patterns = [one["pattern"].get("Regex") for one in parts if isinstance(one, Mapping) and one.get("type") == "Split"]
    if not patterns and any(isinstance(one, Mapping) and one.get("type") == "ByteLevel" for one in parts):
        return "gpt-2"
    return next((name for name, pattern in PATTERNS.items() if patterns == [pattern]), "")
