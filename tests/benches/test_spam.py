"""The spam bench: what is held back is never read, and what its table says."""

import dataclasses

import pytest

from studio.benches import spam
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.rows.kinds import Reading
from studio.rows.labelled import Labelled, labelled


@pytest.fixture
def found() -> Labelled:
    """Ninety messages of which some come again with other blanks and capitals."""
    rows = [{"text": f"Message {number % 80}", "label": ("ham", "spam")[number % 2]} for number in range(88)]
    rows += [{"text": f" MESSAGE  {number}", "label": ("ham", "spam")[number % 2]} for number in (1, 2)]
    config = spam.classifying(spam.RECIPES["tiny"], "rows", 0, 1)
    return labelled(rows, Reading("labelled", {"text": "text", "label": "label"}), config)


def test_no_held_back_message_may_be_read_in_any_spelling(found: Labelled) -> None:
    open_texts = spam.may_be_read(found)
    held = {spam.plain(found.texts[place]) for place in spam.held_back(found)}
    assert held
    assert not held & {spam.plain(text) for text in open_texts}
    assert len(open_texts) == len(set(open_texts))
    spam.refuse_held_back("<|endoftext|>".join(open_texts), found)


def test_a_text_with_a_held_back_message_in_it_is_refused(found: Labelled) -> None:
    message = found.texts[spam.held_back(found)[0]]
    with pytest.raises(StudioError, match="held-back messages stand in the text"):
        spam.refuse_held_back(f"other<|endoftext|>{message.upper()} \n", found)


def test_both_configurations_of_every_recipe_are_in_order() -> None:
    for recipe in spam.RECIPES.values():
        reading, learning = spam.reading(recipe, 1), spam.classifying(recipe, "rows", 3, 1)
        assert problems(reading) == problems(learning) == []
        assert (learning.start_from, learning.data.split, learning.compute.seed) == ("base", "book", 3)


def test_the_goal_counts_only_for_the_whole_experiment() -> None:
    rights = dict.fromkeys(spam.SEEDS, 0.96)
    asked = {row["what"]: row for row in spam.summary(rights, "test", True)}
    assert asked["test accuracy, mean"]["reached"]
    assert asked["test accuracy, mean"]["ours"] == pytest.approx(0.96)
    assert not spam.summary(rights, "validation", False)[-3]["reached"]
    assert len([what for what in asked if "seed" in what]) == len(spam.SEEDS) == 5
    assert len(spam.summary({101: 0.9}, "test", True)) == 2


def test_the_seeds_and_the_rows_of_the_book_do_not_change_with_the_recipe() -> None:
    assert sum(spam.SIDES) == 1_494
    assert all(field.default is not dataclasses.MISSING for field in dataclasses.fields(spam.Recipe))
    assert isinstance(spam.reading(spam.Recipe(), 2), RunConfig)
