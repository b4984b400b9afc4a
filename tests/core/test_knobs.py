"""A field declares itself once, and everything else is read from it."""

import dataclasses
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.knobs import Problem, changed_fields, from_json, knob, knobs_of, problems, to_json, unit_for


@dataclass(frozen=True, kw_only=True)
class Oven:
    heat: float = knob(180.0, "Heat", "How hot it is.", unit="°C", minimum=0.0, maximum=300.0)
    shelf: int = knob(2, "Shelf", "Counted from below.", minimum=1, maximum=4)
    mode: str = knob("fan", "Mode", "What blows.", choices=(("fan", "Fan"), ("grill", "Grill")))
    light: bool = knob(True, "Light", "Whether it shines.", advanced=True)
    door: str = "closed"  # not a knob


@dataclass(frozen=True, kw_only=True)
class Kitchen:
    oven: Oven = field(default_factory=Oven)
    tags: tuple[str, ...] = ()
    owner: str | None = None
    guests: int = knob(0, "Guests", "People who are coming.", minimum=0)

    def problems(self) -> list[Problem]:
        if self.guests and self.oven.mode == "grill":
            return [Problem("guests", "Nobody can bake for guests on the grill.")]
        return []


def test_knobs_come_in_the_order_of_their_fields_and_only_where_declared() -> None:
    assert list(knobs_of(Oven)) == ["heat", "shelf", "mode", "light"]
    assert knobs_of(Oven())["heat"].unit == "°C"
    assert knobs_of(Oven)["light"].advanced


def test_defaults_have_no_problem_and_nothing_changed() -> None:
    assert problems(Kitchen()) == []
    assert changed_fields(Kitchen()) == ()


def test_changed_fields_are_named_with_dots() -> None:
    assert changed_fields(Kitchen(oven=Oven(heat=200.0), guests=3)) == ("oven.heat", "guests")


@pytest.mark.parametrize(
    ("oven", "words"),
    [
        (Oven(heat=-1.0), "Heat must be at least 0."),
        (Oven(heat=301.0), "Heat must be at most 300."),
        (Oven(heat=float("nan")), "Heat must be a finite number."),
        (Oven(heat=float("inf")), "Heat must be a finite number."),
        (Oven(mode="steam"), "Mode must be one of: fan, grill."),
    ],
)
def test_a_value_out_of_range_is_named_with_its_limit(oven: Oven, words: str) -> None:
    (problem,) = problems(Kitchen(oven=oven))
    assert problem.message == words
    assert problem.field.startswith("oven.")


@pytest.mark.parametrize("oven", [Oven(heat=0.0), Oven(heat=300.0), Oven(shelf=1), Oven(shelf=4)])
def test_limits_belong_to_the_range(oven: Oven) -> None:
    assert problems(oven) == []


def test_what_fields_cannot_see_alone_is_found_by_the_class() -> None:
    (problem,) = problems(Kitchen(oven=Oven(mode="grill"), guests=2))
    assert problem.field == "guests"


@given(
    heat=st.floats(0, 300),
    shelf=st.integers(1, 4),
    mode=st.sampled_from(["fan", "grill"]),
    light=st.booleans(),
    tags=st.lists(st.text()),
    owner=st.none() | st.text(),
)
def test_json_and_back_is_the_same_value(
    heat: float, shelf: int, mode: str, light: bool, tags: list[str], owner: str | None
) -> None:
    kitchen = Kitchen(oven=Oven(heat=heat, shelf=shelf, mode=mode, light=light), tags=tuple(tags), owner=owner)
    assert from_json(Kitchen, to_json(kitchen)) == kitchen


def test_missing_fields_take_their_defaults() -> None:
    assert from_json(Kitchen, {"oven": {"heat": 90}}) == Kitchen(oven=Oven(heat=90.0))


def test_a_misspelt_field_is_refused_and_the_nearest_one_offered() -> None:
    with pytest.raises(StudioError, match=r"oven\.heet") as refused:
        from_json(Kitchen, {"oven": {"heet": 1}})
    assert "heat" in refused.value.hint


def test_a_field_nobody_knows_may_be_of_a_newer_version() -> None:
    with pytest.raises(StudioError) as refused:
        from_json(Oven, {"quantumness": 1})
    assert "newer Atelier" in refused.value.hint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"heat": "hot"}, "a number"),
        ({"shelf": 1.5}, "a whole number"),
        ({"shelf": True}, "a whole number"),
        ({"light": 1}, "true or false"),
        ({"mode": 3}, "a text"),
        ({"heat": None}, "a number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(data: dict[str, object], words: str) -> None:
    with pytest.raises(StudioError, match=words) as refused:
        from_json(Oven, data)
    assert next(iter(data)) in refused.value.message


@pytest.mark.parametrize("data", [[], "text", None, 3])
def test_something_that_is_no_group_of_values_is_refused(data: object) -> None:
    with pytest.raises(StudioError, match="group of named values"):
        from_json(Oven, data)


def test_a_whole_number_may_stand_for_a_real_one() -> None:
    assert from_json(Oven, {"heat": 200}) == Oven(heat=200.0)
    assert isinstance(from_json(Oven, {"heat": 200}).heat, float)


def test_a_knob_keeps_the_dataclass_frozen_and_comparable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Oven().heat = 3.0  # type: ignore[misc]
    assert Oven() == Oven()


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [("batches", 16, "batches"), ("batches", 1, "batch"), ("steps", 1, "step"), ("", 1, ""), ("GB", 1, "GB")],
)
def test_one_of_something_is_told_in_the_singular(unit: str, value: int, words: str) -> None:
    assert unit_for(unit, value) == words
