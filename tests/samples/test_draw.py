"""What samples are drawn with: the same chances everywhere, sentences that are filled to the end, lists on the disk."""

from pathlib import Path

import pytest

from studio import samples
from studio.core.errors import StudioError
from studio.samples import FOLDER, Draw, articled, capitalized, read_parts

PARTS = {"who": ["the [fox|hen]"], "says": ["<who> sees <who> and {thing}"]}


def test_the_same_seed_draws_the_same() -> None:
    one, same, other = Draw(3), Draw(3), Draw(4)
    first = [one.below(1_000) for _ in range(20)]
    assert [same.below(1_000) for _ in range(20)] == first
    assert [other.below(1_000) for _ in range(20)] != first
    assert set(first) <= set(range(1_000))


def test_chances_and_shares_come_out_as_they_are_asked_for() -> None:
    draw = Draw(5)
    assert sum(draw.chance(0.3) for _ in range(4_000)) / 4_000 == pytest.approx(0.3, abs=0.03)
    assert [draw.chance(0.0), draw.chance(1.0)] == [False, True]
    numbers = [draw.normal() for _ in range(4_000)]
    mean = sum(numbers) / len(numbers)
    assert mean == pytest.approx(0, abs=0.06)
    assert sum((number - mean) ** 2 for number in numbers) / len(numbers) == pytest.approx(1, abs=0.08)


def test_some_are_all_different_and_all_of_them_another_order() -> None:
    draw = Draw(7)
    letters = "abcdefgh"
    assert all(len(set(draw.some(letters, 5))) == 5 for _ in range(50))
    assert sorted(draw.shuffled(letters)) == list(letters)
    assert len({tuple(draw.shuffled(letters)) for _ in range(20)}) == 20
    assert letters == "abcdefgh"


def test_a_sentence_is_filled_from_the_inside_out() -> None:
    draw = Draw(1)
    told = {draw.told("[<says>|{^thing}]", PARTS, {"thing": "moon [x]"}) for _ in range(60)}
    assert told == {"Moon x", *(f"the {a} sees the {b} and moon x" for a in ("fox", "hen") for b in ("fox", "hen"))}


def test_braces_that_are_no_value_stay_as_they_are() -> None:
    assert Draw(1).told("It is {answer}", {}, {"answer": '{"name": "Mara"}'}) == 'It is {"name": "Mara"}'


def test_a_part_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Draw(1).told("<nobody>", PARTS)


def test_an_article_fits_the_word_behind_it() -> None:
    assert articled("A owl and a fox saw a apple. A ant") == "An owl and a fox saw an apple. An ant"
    assert articled("Anna a b c") == "Anna a b c"
    assert (capitalized("the fox"), capitalized(""), capitalized("JSON")) == ("The fox", "", "JSON")


def test_every_file_of_words_is_plain_text_in_which_nothing_is_missing() -> None:
    for path in FOLDER.glob("*.txt"):
        text, parts = path.read_text("utf-8"), read_parts(path.stem)
        assert text.isascii(), path
        assert text.count("[") == text.count("]"), path
        assert text.count("{") == text.count("}"), path
        lines = "\n".join(line for body in parts.values() for line in body)
        named = {found[2] for found in samples._MARKED.finditer(lines) if found[2]}
        assert named <= set(parts), path
        assert all(lines and len(set(lines)) >= len(lines) - 4 for lines in parts.values()), path


def test_words_that_are_gone_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "FOLDER", tmp_path)
    with pytest.raises(StudioError, match="could not be read") as refused:
        read_parts("messages")
    assert refused.value.hint == "Install Atelier again."
