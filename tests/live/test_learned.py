"""A vocabulary learned from all but the end of a text, and measured on that end."""

import pytest

from studio.core.errors import StudioError
from studio.live.learned import _Pieces, learn, longest
from studio.store.corpus import import_text
from studio.tokenizers import make_tokenizer
from studio.vocabularies.training import Recipe


@pytest.fixture
def text(tmp_path):
    source = tmp_path / "tale.txt"
    source.write_text("Mira went to the harbour and looked at the ships. " * 180 + "Zanzibar! " * 100, "utf-8")
    (tmp_path / "texts").mkdir()
    return import_text(tmp_path / "texts", [source])


def test_the_last_part_is_not_learned_from_but_measures(text):
    told = []
    found = learn(text, Recipe(vocabulary=300), 0.1, progress=lambda done, total: told.append((done, total)))
    assert (found.characters, found.unseen) == (9_000, 1_000)
    assert found.sample.startswith("Zanzibar! Zanzibar!")
    assert found.tokens == len(found.tokenizer.encode("Zanzibar! " * 100))
    assert found.yardstick == len(make_tokenizer("gpt2").encode("Zanzibar! " * 100))
    assert (found.source, found.sha256, found.recipe) == ("tale", text.sha256, Recipe(vocabulary=300))
    assert told[-1][0] == told[-1][1]
    assert not any(b"Zan" in found.tokenizer.token_bytes(token) for token in range(257, found.tokenizer.vocab_size))


def test_the_longest_pieces_come_first_and_special_tokens_are_none(text):
    found = learn(text, Recipe(vocabulary=300), 0.0)
    sizes = [len(found.tokenizer.token_bytes(token)) for token in found.longest]
    assert sizes == sorted(sizes, reverse=True)
    assert found.tokenizer.special["<|endoftext|>"] not in found.longest
    assert len(found.longest) == found.tokenizer.vocab_size - 257
    assert (found.unseen, found.tokens, found.yardstick, found.sample) == (0, 0, 0, "")
    assert longest(found.tokenizer, 3) == found.longest[:3]


def test_both_parts_of_a_text_are_the_whole_text(text):
    pieces = _Pieces(text, 0.25, None)
    whole = "".join(pieces.first()) + pieces.last(1_000_000)
    assert whole == text.path.read_text("utf-8")
    assert pieces.last(10) == whole[pieces.read :][:10]


def test_a_recipe_that_cannot_be_followed_is_refused(text):
    with pytest.raises(StudioError, match="257"):
        learn(text, Recipe(vocabulary=100), 0.1)


def test_called_off_it_ends_with_a_sentence(text):
    with pytest.raises(StudioError, match="stopped"):
        learn(text, Recipe(vocabulary=300), 0.1, keep_going=lambda: False)
    with pytest.raises(StudioError, match="stopped"):
        _Pieces(text, 0.1, lambda: False).last(100)


def test_the_rows_of_a_dataset_are_learned_from_as_they_are_read(tmp_path):
    from studio.rows.kinds import Reading
    from studio.store.datasets import Dataset

    class Rows(Dataset):
        def stream(self, keep_going=None):
            return iter([{"say": f"ships {number}"} for number in range(10)])

    rows = Rows("talk", 2, tmp_path, 10, ("say",), Reading("text", {"text": "say"}), 99, "ab", (), "")
    pieces = _Pieces(rows, 0.2, None)
    assert (pieces.name, pieces.characters) == ("talk@2", 0)
    assert "".join(pieces.first()) == "".join(f"ships {number}\n" for number in range(8))
    assert pieces.last(1_000) == "ships 8\nships 9\n"
    assert pieces.last(10) == "ships 8\nsh"


def test_no_more_rows_are_read_than_are_measured(tmp_path):
    from studio.rows.kinds import Reading
    from studio.store.datasets import Dataset

    read = []

    class Rows(Dataset):
        def stream(self, keep_going=None):
            return (read.append(number) or {"say": "long " * 100} for number in range(100))

    rows = Rows("talk", 1, tmp_path, 100, ("say",), Reading("text", {"text": "say"}), 99, "ab", (), "")
    assert len(_Pieces(rows, 0.5, None).last(1_200)) == 1_200
    assert read == list(range(53))
