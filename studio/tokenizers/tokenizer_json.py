"""The byte-pair tokenizers of other people's models, from their `tokenizer.json`; run by the `tokenizers` library."""

import itertools
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.text_stream import without_halves
from studio.gate.hidden_pieces import hide_pieces
from studio.gate.sandbox import Limits, run_limited
from studio.gate.tokenizer_files import check_tokenizer, read_tokenizer_file
from studio.readers.token_engines import engine_of, failed
from studio.tokenizers import END_OF_TEXT, SpelledTokenizer, Tokenizer, TokenizerKind
from studio.tokenizers.byte_pair import WRITTEN, BytePairTokenizer, RankedTokenizer, bytes_of, mark_of, marks_of
from studio.tokenizers.extended import ExtendedTokenizer

if TYPE_CHECKING:
    import numpy.typing as npt
    from tokenizers import Tokenizer as Engine

_TRIAL = "The cat sat on the mat. 1234 猫 🐈\n\n  x"
_TRY = "studio.tokenizers.tokenizer_json:try_file"
_CHILD = Limits(seconds=30, memory=1 << 30, libraries=("tokenizers",))
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_FLAGS = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
_BYTE = re.compile("<0x[0-9A-Fa-f]{2}>")
_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "<|im_end|>", "<|eot_id|>")


class JsonTokenizer(SpelledTokenizer):
    """What a checked `tokenizer.json` says. `prefix` are the ids that its own rules put before every text.

    `end` is the token that ends a text; without one it is guessed from the names that are usual.
    """

    name = "tokenizer_json"
    parallel = True
    fits_a_file = True  # whether `content` says all of it

    def __init__(self, content: Mapping[str, Any], end: int | None = None) -> None:
        """`content` as `read_tokenizer_file` or `check_tokenizer` returned it."""
        self.content = content
        self._hidden = hide_pieces(self.content)
        self._engine = engine_of(self._hidden.content, special=False)
        added = self.content["added_tokens"] or []
        self._hidden.find({entry["content"]: self._engine.token_to_id(entry["content"]) for entry in added})
        vocabulary = vocabulary_of(self.content["model"])
        self._bytes = _spellings(self.content, vocabulary, added)
        self.vocab_size = 1 + max(self._bytes)
        self.special: Mapping[str, int] = {entry["content"]: entry["id"] for entry in added if entry.get("special")}
        usual = (self.special[spelling] for spelling in _ENDS if spelling in self.special)
        self._end = end if end in self._bytes else next(usual, None)
        self._inside = _inside_words(self.content, vocabulary)
        self._closes_up = _strips_first_blank(self.content.get("decoder"))
        self.prefix = self._tried()

    @property
    def end_of_text(self) -> int | None:
        """The id that ends a text, where there is one."""
        return self._end

    @cached_property
    def _marking(self) -> "Engine":
        """One of its own for special tokens: whether they are told apart is one switch for all threads."""
        return engine_of(self._hidden.content, special=True)

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """The ids of a text, without `prefix`."""
        marked = special and bool(self.special)
        engine = self._marking if marked else self._engine
        whole = engine.encode(without_halves(text), add_special_tokens=False)
        return self._hidden.put_back(whole) if marked or self._hidden.in_texts else list(whole.ids)

    def plain_array(self, text: str) -> "npt.NDArray[Any]":
        """The ids of a text, (tokens,). Of the library's calls only those for many texts let other threads work."""
        import numpy as np

        if not self._hidden.in_texts:
            quick = self._engine.encode_batch_fast([without_halves(text)], add_special_tokens=False)[0]
            return np.asarray(quick.ids, dtype=np.uint32)
        whole = self._engine.encode_batch([without_halves(text)], add_special_tokens=False)[0]
        return np.asarray(self._hidden.put_back(whole), dtype=np.uint32)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token, possibly only a part of a character.

        An id that the file leaves out has none: models are often wider than their vocabulary, for speed.
        """
        return self._bytes.get(token, b"")

    def spell(self, token: int, first: bool) -> bytes:
        """Some vocabularies put a blank before every text and take it away again; BERT's leave out the blanks."""
        spelled = self.token_bytes(token)
        if self._inside is not None and token not in self._inside and not first:
            return b" " + spelled
        return spelled[1:] if first and self._closes_up and spelled.startswith(b" ") else spelled

    def to_json(self) -> dict[str, Any]:
        """The checked file itself."""
        return {"version": 1, "name": self.name, "end": self._end, "content": self.content}

    def _tried(self) -> tuple[int, ...]:
        """Ids the file's rules put before a text; a tokenizer that fails at the first text is refused here."""
        try:
            plain, ruled = (list(self._engine.encode(_TRIAL, add_special_tokens=rules).ids) for rules in (False, True))
        except BaseException as error:
            raise failed(error) from None
        for place in range(len(ruled) - len(plain) + 1):
            if ruled[place : place + len(plain)] == plain:
                return tuple(ruled[:place])
        return ()


# --- what a token says ------------------------------------------------------------------------------------------------


def vocabulary_of(model: Mapping[str, Any]) -> dict[str, int]:
    """Piece to id, as every kind of model lists them: Unigram's stand in a list, with a score each."""
    vocabulary = model["vocab"]
    if isinstance(vocabulary, list):
        return {piece: number for number, (piece, _) in enumerate(vocabulary)}
    return dict(vocabulary)


def _spellings(
    content: Mapping[str, Any], vocabulary: Mapping[str, int], added: Sequence[Mapping[str, Any]]
) -> dict[int, bytes]:
    """Bytes of every token by its id, as the file's decoder would write them."""
    kinds = {part["type"]: part for part in _parts(content.get("decoder"), "decoders")}
    inside = content["model"].get("continuing_subword_prefix") or ""
    if "ByteLevel" in kinds:
        found = {}
        for token, number in vocabulary.items():
            spelled = bytes_of(token.removeprefix(inside) if len(token) > len(inside) else token)
            found[number] = token.encode() if spelled is None else spelled
    else:
        blank = "▁" if {"Metaspace", "Replace"} & kinds.keys() else " "  # as SentencePiece writes it
        whole = (token.removeprefix(inside) if len(token) > len(inside) else token for token in vocabulary)
        written = map(methodcaller("replace", blank, " "), whole if inside else vocabulary)
        found = dict(zip(vocabulary.values(), map(methodcaller("encode", "utf-8", "replace"), written), strict=True))
        if "ByteFallback" in kinds:
            found |= {
                number: bytes([int(token[3:5], 16)]) for token, number in vocabulary.items() if _BYTE.fullmatch(token)
            }
    return found | {entry["id"]: entry["content"].encode() for entry in added}


def _parts(part: Any, inside: str) -> list[Mapping[str, Any]]:
    if not isinstance(part, Mapping):
        return []
    return list(part[inside]) if part.get("type") == "Sequence" else [part]


def _inside_words(content: Mapping[str, Any], vocabulary: Mapping[str, int]) -> frozenset[int] | None:
    """The ids that go on with a word, where a decoder such as BERT's puts a blank before all others; else None."""
    part = content.get("decoder") or {}
    if part.get("type") != "WordPiece":
        return None
    return frozenset(number for token, number in vocabulary.items() if token.startswith(part.get("prefix", "##")))


def _strips_first_blank(decoder: Any) -> bool:
    for part in _parts(decoder, "decoders"):
        if part["type"] == "Strip" and part.get("content") == " " and part.get("start"):
            return True
        if part["type"] == "Metaspace" and part.get("prepend_scheme", "always") != "never":
            return bool(part.get("add_prefix_space", True))
    return False


# --- in and out -------------------------------------------------------------------------------------------------------


def read_tokenizer(path: Path, end: int | None = None) -> Tokenizer:
    """The tokenizer of a foreign `tokenizer.json`; one that is GPT-2's becomes Atelier's own.

    It is checked here and then tried in a limited child, before the library sees it in this process.
    """
    content = read_tokenizer_file(path)
    with tempfile.TemporaryDirectory() as folder:
        run_limited(_TRY, {"path": str(path.resolve())}, Path(folder), _CHILD)
    return _gpt2_if_equal(JsonTokenizer(content, end))


def try_file(path: str, folder: Path) -> int:
    """What the child does: build the tokenizer and encode a text; how many tokens it has."""
    return JsonTokenizer(read_tokenizer_file(Path(path))).vocab_size


def _gpt2_if_equal(found: JsonTokenizer) -> Tokenizer:
    from studio.tokenizers.gpt2 import Gpt2Tokenizer

    if found.vocab_size != Gpt2Tokenizer.vocab_size or found.special != {END_OF_TEXT: 50_256} or found.prefix:
        return found
    ours = Gpt2Tokenizer()
    same = all(found.token_bytes(rank) == spelled for spelled, rank in ours.ranks().items())
    return ours if same and found.encode(_TRIAL) == ours.encode(_TRIAL) else found


def as_file(tokenizer: Tokenizer) -> dict[str, Any] | None:
    """A `tokenizer.json` that gives the same ids, or None where that form cannot say it (words of the book)."""
    if isinstance(tokenizer, JsonTokenizer):
        return dict(tokenizer.content) if tokenizer.fits_a_file else None
    if isinstance(tokenizer, RankedTokenizer):
        return _of_ranks(tokenizer)
    if isinstance(tokenizer, ExtendedTokenizer):
        inner = as_file(tokenizer.inner)
        return None if inner is None else _extended(inner, tokenizer)
    if tokenizer.name == "bytes":
        return _byte_level({mark: byte for byte, mark in enumerate(mark_of())}, [], special={}, splits=False)
    if tokenizer.name == "characters":
        vocabulary = {tokenizer.token_text(token): token for token in range(tokenizer.vocab_size)}
        return pairs_file(vocabulary, [], {}, None, {"type": "Fuse"})
    return None


def fits_a_file(tokenizer: Tokenizer) -> bool:
    """Whether `as_file` can say it."""
    if isinstance(tokenizer, ExtendedTokenizer):
        return fits_a_file(tokenizer.inner)
    if isinstance(tokenizer, JsonTokenizer):
        return tokenizer.fits_a_file
    return isinstance(tokenizer, RankedTokenizer) or tokenizer.name in ("bytes", "characters")


def _of_ranks(tokenizer: RankedTokenizer) -> dict[str, Any]:
    vocabulary, merges = pairs_in(tokenizer)
    content = _byte_level(vocabulary, merges, tokenizer.special, splits=True)
    if tokenizer.written != WRITTEN:
        words = {"type": "Split", "pattern": {"Regex": tokenizer.written}, "behavior": "Isolated", "invert": False}
        parts = [words, {**BYTE_LEVEL, "use_regex": False}]
        content["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": parts}
    if isinstance(tokenizer, BytePairTokenizer) and tokenizer.lower:
        content["normalizer"] = {"type": "Lowercase"}
    return content


def _extended(inner: dict[str, Any], tokenizer: ExtendedTokenizer) -> dict[str, Any]:
    first = tokenizer.inner.vocab_size
    added = {spelling: first + place for place, spelling in enumerate(tokenizer.added)}
    entries = [{"id": number, "content": spelling, **_FLAGS} for spelling, number in added.items()]
    model = inner["model"]
    if model["type"] == "BPE":  # where ids are left out, the library would number them otherwise
        model = {**model, "vocab": {**model["vocab"], **added}}
    return {**inner, "model": model, "added_tokens": [*(inner["added_tokens"] or []), *entries]}


def _byte_level(
    vocabulary: dict[str, int], merges: list[list[str]], special: Mapping[str, int], splits: bool
) -> dict[str, Any]:
    return pairs_file(vocabulary, merges, special, {**BYTE_LEVEL, "use_regex": splits}, BYTE_LEVEL)


def pairs_file(
    vocabulary: dict[str, int],
    merges: list[list[str]],
    special: Mapping[str, int],
    pre_tokenizer: dict[str, Any] | None,
    decoder: dict[str, Any],
) -> dict[str, Any]:
    """A `tokenizer.json` of byte pairs; `special` are tokens too."""
    model = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
        "vocab": {**vocabulary, **special}, "merges": merges,
    }  # fmt: skip
    return file_of(model, pre_tokenizer, decoder, special)


def file_of(
    model: Mapping[str, Any],
    pre_tokenizer: dict[str, Any] | None,
    decoder: dict[str, Any],
    special: Mapping[str, int],
    lower: bool = False,
) -> dict[str, Any]:
    """A `tokenizer.json` of these parts; `special` are the tokens that are cut out of a text where that is asked."""
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": number, "content": spelling, **_FLAGS} for spelling, number in special.items()],
        "normalizer": {"type": "Lowercase"} if lower else None, "pre_tokenizer": pre_tokenizer,
        "post_processor": None, "decoder": decoder, "model": model,
    }  # fmt: skip


@cache
def _gpt2_pairs() -> tuple[dict[str, int], list[list[str]]]:
    from studio.tokenizers.gpt2 import Gpt2Tokenizer

    return pairs_of(Gpt2Tokenizer().ranks())


def pairs_in(tokenizer: RankedTokenizer) -> tuple[dict[str, int], list[list[str]]]:
    """`pairs_of` its ranks; GPT-2's, asked for most, are remembered."""
    return _gpt2_pairs() if tokenizer.name == "gpt2" else pairs_of(tokenizer.ranks())


def pairs_of(ranks: Mapping[bytes, int]) -> tuple[dict[str, int], list[list[str]]]:
    """A vocabulary in printable marks of bytes, and for every token the two pieces it was merged from."""
    merges = [
        [marks_of(half) for half in merged_from(token, rank, ranks)]
        for token, rank in sorted(ranks.items(), key=lambda item: item[1])
        if len(token) > 1
    ]
    return {marks_of(token): rank for token, rank in ranks.items()}, merges


def merged_from(token: bytes, rank: int, ranks: Mapping[bytes, int]) -> list[bytes]:
    """The pieces that `token` consists of once every merge before its own has been made."""
    pieces = [token[place : place + 1] for place in range(len(token))]
    while len(pieces) > 2:
        pairs = [ranks.get(left + right, rank) for left, right in itertools.pairwise(pieces)]
        best = min(pairs)
        if best >= rank:
            break
        place = pairs.index(best)
        pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
    return pieces


def make(chunks: Iterable[str] | None = None) -> JsonTokenizer:
    """The smallest file there is: the 256 bytes, no merges."""
    return JsonTokenizer(_byte_level({mark: byte for byte, mark in enumerate(mark_of())}, [], {}, False))


def from_json(data: Mapping[str, Any]) -> JsonTokenizer:
    """Read a saved one back; it is checked like a foreign file."""
    end = data.get("end")
    return JsonTokenizer(check_tokenizer(data.get("content")), end if isinstance(end, int) else None)


TOKENIZER = TokenizerKind(
    name="tokenizer_json",
    label="From a model",
    about="The byte pairs of somebody else's model, as its tokenizer.json lists them.",
    needs_text=False,
    make=make,
    from_json=from_json,
    comes_with_models=True,
)
