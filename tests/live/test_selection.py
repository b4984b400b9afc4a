"""One selection for every page: a hover previews, a click locks, Esc frees, and nobody hears what did not move."""

from typing import Any

import pytest

from studio.live.selection import FIELDS, Selection

pytestmark = pytest.mark.gui


class Heard:
    """A view that draws what the selection says whenever it speaks."""

    def __init__(self, selection: Selection) -> None:
        self.selection, self.told = selection, []
        selection.changed.connect(self.note)

    def note(self, fields: frozenset[str]) -> None:
        self.told.append((fields, {name: self.selection.value(name) for name in FIELDS}))


@pytest.fixture
def selection(qapp: Any) -> Selection:
    return Selection()


@pytest.fixture
def heard(selection: Selection) -> Heard:
    return Heard(selection)


def test_nothing_is_selected_at_first(selection: Selection) -> None:
    assert all(selection.value(name) is None and selection.locked(name) is None for name in FIELDS)
    assert selection.is_free


def test_a_hover_shows_and_leaving_takes_it_away(selection: Selection) -> None:
    selection.hover(row=3, column=1)
    assert (selection.value("row"), selection.value("column")) == (3, 1)
    assert selection.locked("row") is None
    selection.leave()
    assert selection.value("row") is None


def test_a_hover_never_destroys_a_lock(selection: Selection) -> None:
    selection.lock(row=3, column=1, layer=2)
    for row in range(50):
        selection.hover(row=row, column=0, head=row)
        assert selection.value("row") == row
        assert selection.locked("row") == 3
    selection.leave()
    assert [selection.value(name) for name in ("row", "column", "layer", "head")] == [3, 1, 2, None]


def test_a_hover_elsewhere_shows_what_is_locked_for_all_other_fields(selection: Selection) -> None:
    selection.lock(row=3)
    selection.hover(row=5)
    selection.hover(layer=1)
    assert (selection.value("row"), selection.value("layer")) == (3, 1)


def test_hovering_over_nothing_shows_the_lock(selection: Selection) -> None:
    selection.lock(row=3)
    selection.hover(row=None, column=2)
    assert (selection.value("row"), selection.value("column")) == (3, 2)


def test_a_lock_keeps_the_other_fields_and_none_frees_one(selection: Selection) -> None:
    selection.lock(layer=1, head=2)
    selection.lock(row=0)
    assert [selection.locked(name) for name in ("layer", "head", "row")] == [1, 2, 0]
    selection.lock(head=None)
    assert [selection.locked(name) for name in ("layer", "head", "row")] == [1, None, 0]


def test_a_lock_moved_by_the_keyboard_shows_although_the_pointer_rests_elsewhere(selection: Selection) -> None:
    selection.hover(row=3, column=3)
    selection.lock(row=4)
    assert (selection.value("row"), selection.value("column")) == (4, 3)


def test_escape_frees_everything_at_once(selection: Selection, heard: Heard) -> None:
    selection.lock(row=3, head=1)
    selection.hover(token=7)
    heard.told.clear()
    selection.free()
    assert selection.is_free
    assert heard.told == [(frozenset({"row", "head", "token"}), dict.fromkeys(FIELDS))]


def test_only_what_moved_is_told_and_told_once(selection: Selection, heard: Heard) -> None:
    selection.lock(row=3, column=1)
    selection.hover(row=3, column=2)
    selection.hover(row=3, column=2)
    selection.leave()
    selection.leave()
    selection.lock(row=3)
    assert [sorted(fields) for fields, _ in heard.told] == [["column", "row"], ["column"], ["column"]]


def test_every_listener_sees_the_same_state_in_the_same_signal(selection: Selection) -> None:
    views = [Heard(selection) for _ in range(20)]
    selection.lock(layer=2, head=3)
    selection.hover(row=5, column=4)
    assert all(view.told == views[0].told for view in views)
    assert views[0].told[-1][1] | {"layer": 2, "head": 3, "row": 5, "column": 4} == views[0].told[-1][1]
    assert len(views[0].told) == 2


def test_what_another_text_or_model_does_not_have_is_forgotten(selection: Selection, heard: Heard) -> None:
    selection.lock(row=9, column=2, layer=1, token=400)
    selection.hover(head=7)
    heard.told.clear()
    selection.keep_below(row=5, column=5, head=4, layer=2)
    assert [selection.value(name) for name in ("row", "column", "layer", "head", "token")] == [None, 2, 1, None, 400]
    assert [fields for fields, _ in heard.told] == [{"row", "head"}]


def test_zero_is_a_place_like_any_other(selection: Selection) -> None:
    selection.lock(row=0, layer=0)
    assert (selection.value("row"), selection.value("layer"), selection.is_free) == (0, 0, False)
    assert selection.words() == "layer 0 · from @0"


def test_its_words_name_what_is_locked(selection: Selection) -> None:
    assert selection.words() == ""
    selection.lock(layer=3, head=4, row=8, column=2, token=1_234)
    assert selection.words() == "layer 3 · head 4 · from @8 · to @2 · token 1,234"
    assert selection.words(["a", "b", "·sat"]) == "layer 3 · head 4 · from @8 · to ·sat @2 · token 1,234"
    selection.hover(head=7)
    assert "head 4" in selection.words()


@pytest.mark.parametrize("wish", ["hover", "lock", "keep_below"])
def test_an_unknown_field_is_a_mistake_of_the_program(selection: Selection, wish: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        getattr(selection, wish)(colour=1)


def test_reading_an_unknown_field_is_one_too(selection: Selection) -> None:
    with pytest.raises(ValueError, match="place"):
        selection.value("place")
