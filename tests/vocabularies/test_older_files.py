"""Lists of pieces from before `tokenizer.json`: ids of sentencepiece and of `transformers`, in, out and in again."""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as Engine

from studio.core.errors import StudioError
from studio.gate.tokenizer_files import check_tokenizer
from studio.tokenizers import tokenizer_from_json
from studio.tokenizers.tokenizer_json import JsonTokenizer, as_file
from studio.vocabularies import piece_merges
from studio.vocabularies.files import forms_of, open_tokenizer
from studio.vocabularies.older_files import read_sentence_pieces, read_word_pieces
from tests.vocabularies.piece_files import BYTES, CONTROLS, LETTERS, LIKELY, PAIRS, piece_file, table_of

WITH_BYTES = [*CONTROLS, *BYTES, *PAIRS, *LETTERS]
FILES: dict[str, dict[str, Any]] = {
    "pairs": {"pieces": WITH_BYTES},
    "pairs, blanks once, none before": {"pieces": WITH_BYTES, "single_blanks": True, "blank_before": False},
    "pairs without bytes": {"pieces": [*CONTROLS, *PAIRS, *LETTERS], "falls_back": False},
    "unigram": {"pieces": [*CONTROLS, *BYTES, *LIKELY], "model": 1},
    "unigram without bytes": {"pieces": [*CONTROLS, *LIKELY], "model": 1, "falls_back": False},
}
# What sentencepiece 0.2.3 itself made of these files.
CAT, THING, BLANK = "the cat sat on the mat", "The  thing,\n\n another:  in\tthere ", " the first blank"
NAIVE, MARKED = "naïve café 猫 🐈", "a</s>b<0x41>"
IDS: dict[str, dict[str, list[int]]] = {
    "pairs": {
        CAT: [263, 269, 268, 267, 274, 278, 280, 263, 274, 288, 267],
        THING: [
            274, 301, 260, 274, 259, 282, 271, 304, 306, 306, 261, 280, 278, 276, 260, 283, 305, 272, 262, 12, 276,
            260, 283, 275, 274,
        ],
        BLANK: [274, 263, 274, 289, 279, 283, 281, 276, 274, 294, 285, 265, 296],
        NAIVE: [274, 280, 277, 198, 178, 295, 275, 273, 289, 307, 274, 234, 143, 174, 274, 243, 162, 147, 139],
        MARKED: [261, 63, 50, 281, 65, 294, 63, 51, 297, 55, 52, 65],
    },
    "pairs, blanks once, none before": {
        CAT: [276, 260, 269, 268, 267, 274, 278, 280, 263, 274, 288, 267],
        THING: [
            301, 260, 259, 282, 271, 304, 306, 306, 261, 280, 278, 276, 260, 283, 305, 274, 262, 12, 276, 260, 283,
            275,
        ],
        BLANK: [276, 260, 274, 289, 279, 283, 281, 276, 274, 294, 285, 265, 296],
        NAIVE: [280, 277, 198, 178, 295, 275, 273, 289, 307, 274, 234, 143, 174, 274, 243, 162, 147, 139],
        MARKED: [277, 63, 50, 281, 65, 294, 63, 51, 297, 55, 52, 65],
    },
    "pairs without bytes": {
        CAT: [7, 13, 12, 11, 18, 22, 24, 7, 18, 32, 11],
        THING: [18, 45, 4, 18, 3, 26, 15, 48, 50, 50, 5, 24, 22, 20, 4, 27, 49, 16, 6, 0, 20, 4, 27, 19, 18],
        BLANK: [18, 7, 18, 33, 23, 27, 25, 20, 18, 38, 29, 9, 40],
        NAIVE: [18, 24, 21, 0, 39, 19, 17, 33, 51, 18, 0, 18, 0],
        MARKED: [5, 0, 25, 0, 38, 0, 41, 0],
    },
    "unigram": {
        CAT: [
            259, 261, 267, 260, 259, 272, 262, 261, 259, 266, 262, 261, 259, 263, 265, 259, 261, 267, 260, 259, 273,
            262, 261,
        ],
        THING: [
            259, 87, 267, 260, 259, 259, 261, 267, 292, 287, 289, 289, 259, 262, 265, 263, 261, 267, 260, 268, 288,
            259, 259, 264, 265, 12, 261, 267, 260, 268, 260, 259,
        ],
        BLANK: [259, 259, 261, 267, 260, 259, 274, 264, 268, 266, 261, 259, 279, 270, 262, 265, 281],
        NAIVE: [
            259, 265, 262, 198, 178, 280, 260, 259, 272, 262, 274, 198, 172, 259, 234, 143, 174, 259, 243, 162, 147,
            139,
        ],
        MARKED: [259, 262, 63, 50, 266, 65, 279, 63, 51, 282, 55, 52, 65],
    },
    "unigram without bytes": {
        CAT: [3, 5, 11, 4, 3, 16, 6, 5, 3, 10, 6, 5, 3, 7, 9, 3, 5, 11, 4, 3, 17, 6, 5],
        THING: [
            3, 0, 11, 4, 3, 3, 5, 11, 36, 31, 33, 33, 3, 6, 9, 7, 5, 11, 4, 12, 32, 3, 3, 8, 9, 0, 5, 11, 4, 12, 4,
            3,
        ],
        BLANK: [3, 3, 5, 11, 4, 3, 18, 8, 12, 10, 5, 3, 23, 14, 6, 9, 25],
        NAIVE: [3, 9, 6, 0, 24, 4, 3, 16, 6, 18, 0, 3, 0, 3, 0],
        MARKED: [3, 6, 0, 10, 0, 23, 0, 26, 0],
    },
}  # fmt: skip
TYPED: dict[str, dict[str, list[int]]] = {
    "pairs": {
        "</s>": [274, 63, 50, 281, 65], "<s>": [274, 63, 281, 65], "<unk>": [274, 63, 286, 280, 296, 65],
        "<0x0A>": [274, 63, 51, 297, 51, 68, 65],
    },
    "pairs without bytes": {
        "</s>": [18, 0, 25, 0], "<s>": [18, 0, 25, 0], "<unk>": [18, 0, 30, 24, 40, 0], "<0x0A>": [18, 0, 41, 0],
    },
    "unigram": {
        "</s>": [259, 63, 50, 266, 65], "<s>": [259, 63, 266, 65], "<unk>": [259, 63, 271, 265, 281, 65],
        "<0x0A>": [259, 63, 51, 282, 51, 68, 65], "猫<0xE7>": [259, 234, 143, 174, 63, 51, 282, 72, 58, 65],
    },
    "unigram without bytes": {
        "</s>": [3, 0, 10, 0], "<s>": [3, 0, 10, 0], "<unk>": [3, 0, 15, 9, 25, 0], "<0x0A>": [3, 0, 26, 0],
    },
}  # fmt: skip
WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "##s", "sat", "un", "##believ", "##able", ",", ".", "!",
    "##ing", "cafe", "café", "The", "mat", "猫", "12", "##3", "a", "-", "don", "'", "t",
]  # fmt: skip
SPEECH = [
    "The cats sat, unbelievable! mat.", "café Café THE", "猫sat 123  don't\tunknownword", "a-cat\u200b \x07 [MASK] the",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_pieces_give_the_ids_of_sentencepiece(tmp_path: Path, name: str) -> None:
    found = read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", **FILES[name]), {}, {})
    assert {text: found.encode(text) for text in IDS[name]} == IDS[name]
    assert (found.special["<s>"], found.end_of_text, found.prefix) == (1, 2, (1,))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", FILES)
def test_the_library_sentencepiece_agrees_where_it_is_installed(tmp_path: Path, name: str) -> None:
    library = pytest.importorskip("sentencepiece")
    path = piece_file(tmp_path / "tokenizer.model", **FILES[name])
    theirs, found = library.SentencePieceProcessor(model_file=str(path)), read_sentence_pieces(path, {}, {})
    for text in (CAT, THING, BLANK, NAIVE, "", "thethe  he atat\n"):
        assert found.encode(text) == theirs.encode(text)


@pytest.mark.parametrize("name", FILES)
def test_texts_come_back_and_the_form_of_tokenizer_json_gives_the_same_ids(tmp_path: Path, name: str) -> None:
    found = read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", **FILES[name]), {}, {})
    written = as_file(found)
    assert written is not None
    again = JsonTokenizer(check_tokenizer(written))
    for text, ids in IDS[name].items():
        assert again.encode(text) == ids
        if FILES[name].get("falls_back", True) and not FILES[name].get("single_blanks"):
            assert found.decode(ids) == text


@pytest.mark.parametrize("name", TYPED)
def test_what_is_spelled_like_a_control_piece_or_a_byte_is_text_unless_asked(tmp_path: Path, name: str) -> None:
    found = read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", **FILES[name]), {}, {})
    again = tokenizer_from_json(found.to_json())
    for text, ids in TYPED[name].items():
        assert found.encode(text) == found.encode_array(text).tolist() == again.encode(text) == ids
    for number, piece in enumerate(("<unk>", "<s>", "</s>")):
        assert next(one for one in found.encode(f"{piece}a<0x0A>", special=True) if one < 3) == number
        assert found.token_text(number) == piece


@pytest.mark.parametrize("name", FILES)
def test_the_form_of_tokenizer_json_names_every_piece_by_its_id(tmp_path: Path, name: str) -> None:
    pieces = FILES[name]["pieces"]
    path, size = piece_file(tmp_path / "tokenizer.model", **FILES[name]), len(pieces)
    found = read_sentence_pieces(path, {}, {"<|one|>": size, "<|two|>": size + 1})
    engine = Engine.from_str(json.dumps(as_file(found)))
    assert [engine.id_to_token(number) for number in range(size)] == [piece for piece, *_ in pieces]
    assert found.encode("a<|two|></s><|one|>", special=True)[-3:] == [size + 1, 2, size]
    assert not {size, size + 1} & set(found.encode("a<|two|>"))


@pytest.mark.parametrize("name", ["unigram", "unigram without bytes"])
def test_a_piece_that_is_not_used_is_not_found(tmp_path: Path, name: str) -> None:
    """SentencePiece spells “x”, whose only piece is not used, as it spells what is unknown."""
    given = FILES[name]
    pieces = [(piece, score, 5 if piece == "x" else kind) for piece, score, kind in given["pieces"]]
    path = piece_file(tmp_path / "tokenizer.model", **{**given, "pieces": pieces})
    found = read_sentence_pieces(path, {}, {})
    assert found.encode("the x")[-1] == (123 if name == "unigram" else 0)


def test_pairs_that_are_joined_to_a_piece_that_is_not_used_are_not_guessed_at(tmp_path: Path) -> None:
    for unused in ("he", "x"):
        pieces = [(piece, score, 5 if piece == unused else kind) for piece, score, kind in WITH_BYTES]
        with pytest.raises(StudioError, match="rules that Atelier does not follow"):
            read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", pieces), {}, {})
    path = piece_file(tmp_path / "tokenizer.model", [*WITH_BYTES, ("<unused0>", 0.0, 5)])
    assert read_sentence_pieces(path, {}, {}).encode(CAT) == IDS["pairs"][CAT]


LISTED: dict[str, dict[str, list[int]]] = {  # by a person, as user_defined_symbols: ids of sentencepiece 0.2.3
    "pairs": {"the  cat": [275, 260, 307, 286, 267], "a<x>the": [276, 308, 275, 260], "   the": [307, 263]},
    "unigram": {
        "the  cat": [261, 267, 260, 298, 272, 262, 261], "a<x>the": [262, 299, 261, 267, 260],
        "   the": [259, 298, 261, 267, 260],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LISTED)
def test_pieces_that_a_person_had_listed_are_found_whole(tmp_path: Path, name: str) -> None:
    given, more = FILES[name], ("▁▁", "<x>")
    pieces = [*(one for one in given["pieces"] if one[0] not in more), *((piece, 0.0, 4) for piece in more)]
    path = piece_file(tmp_path / "tokenizer.model", **{**given, "pieces": pieces}, blank_before=False)
    found = read_sentence_pieces(path, {}, {})
    assert {text: found.encode(text) for text in LISTED[name]} == LISTED[name]


# Ids of sentencepiece 0.2.3 with a blank before every text, each blank once, ﬁ and half-width ｶﾞ rewritten.
TABLE = {"ﬁ": "fi", "ﬂ": "fl", "ｶ": "カ", "ｶﾞ": "ガ", "e\u0301": "é", "\u00a0": " ", "\t": " ", "\x07": ""}
RULED: dict[str, dict[str, Any]] = {
    "pairs": {"pieces": WITH_BYTES},
    "pairs, blanks behind": {"pieces": WITH_BYTES, "blanks_behind": True, "single_blanks": True},
    "pairs, blanks as they are": {
        "pieces": [(piece.replace("▁", " "), score, kind) for piece, score, kind in WITH_BYTES],
        "marks_blanks": False,
    },
    "pairs, some listed by a person": {"pieces": [*WITH_BYTES, ("the", 0.0, 4), ("ﬁ", 0.0, 4)], "single_blanks": True},
    "unigram": {"pieces": [*CONTROLS, *LIKELY], "model": 1, "falls_back": False, "single_blanks": True},
    "unigram, one listed by a person": {
        "pieces": [*CONTROLS, *BYTES, *LIKELY, ("ﬁ", 0.0, 4)],
        "model": 1,
        "single_blanks": True,
    },
}
FINE, HALF, BELL = "the ﬁne cat ", "cafe\u0301\u00a0 ｶﾞ\tｶ", "\x07 a▁"
RULED_IDS: dict[str, dict[str, list[int]]] = {
    "pairs": {
        FINE: [263, 274, 289, 262, 275, 269, 274],
        HALF: [273, 289, 307, 272, 230, 133, 175, 274, 230, 133, 174],
        BELL: [274, 261, 274],
        " ": [272],
    },
    "pairs, blanks behind": {
        FINE: [276, 260, 274, 289, 262, 275, 269, 274],
        HALF: [287, 277, 289, 307, 274, 230, 133, 175, 274, 230, 133, 174, 274],
        BELL: [277, 274],
        " ": [],
    },
    "pairs, blanks as they are": {
        FINE: [263, 274, 289, 262, 275, 269, 274],
        HALF: [273, 289, 307, 272, 230, 133, 175, 274, 230, 133, 174],
        BELL: [274, 261, 229, 153, 132],
        " ": [272],
    },
    "pairs, some listed by a person": {
        FINE: [274, 308, 274, 309, 280, 275, 269],
        HALF: [273, 289, 307, 274, 230, 133, 175, 274, 230, 133, 174],
        BELL: [261],
        " ": [],
    },
    "unigram": {
        FINE: [3, 5, 11, 4, 3, 18, 8, 9, 4, 3, 16, 6, 5],
        HALF: [3, 16, 6, 18, 0, 3, 0, 3, 0],
        BELL: [3, 6],
        " ": [],
    },
    "unigram, one listed by a person": {
        FINE: [259, 261, 267, 260, 259, 298, 265, 260, 259, 272, 262, 261],
        HALF: [259, 272, 262, 274, 198, 172, 259, 230, 133, 175, 259, 230, 133, 174],
        BELL: [259, 262],
        " ": [],
    },
}


@pytest.mark.parametrize("name", RULED)
def test_texts_are_prepared_by_the_rules_and_the_table_of_the_file(tmp_path: Path, name: str) -> None:
    path = piece_file(tmp_path / "tokenizer.model", **RULED[name], table=table_of(TABLE))
    found = read_sentence_pieces(path, {}, {})
    again = tokenizer_from_json(json.loads(json.dumps(found.to_json())))
    for text, ids in RULED_IDS[name].items():
        assert found.encode(text) == found.encode_array(text).tolist() == again.encode(text) == ids
        assert found.encode(f"{text}</s>{text}", special=True) == [*ids, 2, *ids]
    assert (as_file(found), again.fingerprint, again.end_of_text) == (None, found.fingerprint, 2)
    assert forms_of(found) == ("atelier",)


@pytest.mark.parametrize("name", RULED)
def test_the_library_sentencepiece_agrees_about_rules_where_it_is_installed(tmp_path: Path, name: str) -> None:
    library = pytest.importorskip("sentencepiece")
    path = piece_file(tmp_path / "tokenizer.model", **RULED[name], table=table_of(TABLE))
    theirs, found = library.SentencePieceProcessor(model_file=str(path)), read_sentence_pieces(path, {}, {})
    for text in (FINE, HALF, BELL, CAT, THING, BLANK, NAIVE, "", "  ", "ﬂtheﬁ the ▁▁\u00a0"):
        assert found.encode(text) == theirs.encode(text)
        assert "unigram" in name or found.decode(found.encode(text)) == theirs.decode(theirs.encode(text))


def test_a_blank_at_the_end_that_was_typed_as_its_mark_goes_like_any_other(tmp_path: Path) -> None:
    """As sentencepiece does it, which looks for blanks at the end only after they were marked."""
    path = piece_file(tmp_path / "tokenizer.model", WITH_BYTES, single_blanks=True)
    found = read_sentence_pieces(path, {}, {})
    assert found.encode("the▁ ▁") == found.encode("the") == [263]


def test_tokens_that_were_added_later_and_the_beginning_that_is_not_wanted(tmp_path: Path) -> None:
    path, size = piece_file(tmp_path / "tokenizer.model", **FILES["pairs"]), len(WITH_BYTES)
    found = read_sentence_pieces(path, {"add_bos_token": False}, {"<|im_start|>": size, "<|im_end|>": size + 1}, 7)
    assert (found.prefix, found.end_of_text) == ((), 7)  # type: ignore[attr-defined]
    assert found.special["<|im_end|>"] == size + 1
    assert found.encode("<|im_start|>the", special=True)[0] == size
    for wrong in ({"<|x|>": size + 5}, {"<|x|>": "7"}, {"<|x|>": 3}):
        with pytest.raises(StudioError, match="added to it later"):
            read_sentence_pieces(path, {}, wrong)


def test_a_table_that_lies_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = piece_file(tmp_path / "tokenizer.model", WITH_BYTES, table=b"\x00" * 16)
    with pytest.raises(StudioError, match="its table that rewrites texts is cut off"):
        read_sentence_pieces(path, {}, {})
    for table, more in ((table_of({"a": "b  c"}), ()), (b"", ((" b", 0.0, 4),))):
        piece_file(path, [*WITH_BYTES, *more], table=table)
        with pytest.raises(StudioError, match="rules that Atelier does not follow"):
            read_sentence_pieces(path, {}, {})


def test_word_pieces_are_looked_for_in_cleaned_small_letters_the_longest_first(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(WORDS) + "\n", "utf-8")
    found = read_word_pieces(path, {})
    assert [found.token_text(one) for one in found.encode("The cats: unbelievable Café\x07 猫x 123")] == [
        "the", "cat", "s", "[UNK]", "un", "believ", "able", "cafe", "猫", "[UNK]", "12", "3",
    ]  # fmt: skip
    assert found.prefix == (2,)  # type: ignore[attr-defined]
    assert found.decode(found.encode("The cats sat")) == "the cats sat"
    assert read_word_pieces(path, {"do_lower_case": False}).encode("The the") == [18, 5]


@pytest.mark.slow  # its import takes seconds
@pytest.mark.parametrize("settings", [{}, {"do_lower_case": False}, {"strip_accents": False}])
def test_word_pieces_give_the_ids_of_transformers(tmp_path: Path, settings: dict[str, Any]) -> None:
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(WORDS) + "\n", "utf-8")
    theirs, found = transformers.BertTokenizer(str(path), **settings), read_word_pieces(path, settings)
    for text in SPEECH:
        ids = theirs(text).input_ids
        assert [*found.prefix, *found.encode(text, special=True), 3] == ids  # type: ignore[attr-defined]
    assert found.special["[MASK]"] == 4
    assert found.encode("the [MASK]")[1] != 4


def test_lists_of_words_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vocab.txt"
    for raw, said in ((b"[UNK]\na\na\n", "twice"), (b"\xff\xfe", "not text"), (b"a\nb\n", "unknown")):
        path.write_bytes(raw)
        with pytest.raises(StudioError, match=said):
            read_word_pieces(path, {})
    with pytest.raises(StudioError, match="could not be read"):
        read_word_pieces(tmp_path / "none.txt", {})


def test_a_file_of_pieces_or_a_folder_with_one_opens_as_any_tokenizer_does(tmp_path: Path) -> None:
    path = piece_file(tmp_path / "tokenizer.model", **FILES["pairs"])
    assert open_tokenizer(path).encode(CAT) == open_tokenizer(tmp_path).encode(CAT) == IDS["pairs"][CAT]
    words = tmp_path / "bert" / "vocab.txt"
    words.parent.mkdir()
    words.write_text("\n".join(WORDS), "utf-8")
    assert open_tokenizer(words).vocab_size == len(WORDS)


def test_pieces_that_are_joined_in_too_many_ways_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piece_merges, "MOST_MERGES", 3)
    with pytest.raises(StudioError, match="more than 3 ways"):
        read_sentence_pieces(piece_file(tmp_path / "tokenizer.model", **FILES["pairs"]), {}, {})
