"""Where numbers come from, as words: every part is there, and what is approximate says so."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from studio.live.looking import Subject
from studio.live.selection import Selection
from studio.seeing.provenance import age_words, error_words, provenance, source_words
from tests.seeing.conftest import Window

pytestmark = pytest.mark.gui


def scene(step: int = 20, **changes: Any) -> Any:
    facts = {
        "title": f"tale · step {step}", "step": step, "checksum": "3f2a91c0" * 8, "time": 9, "precision": "fp32",
        "error": 1.8e-6, "exact": True, "capture": SimpleNamespace(window=Window(0, 9, 9)),
    }  # fmt: skip
    return SimpleNamespace(**(facts | changes))


def looking(shown: Any, other: Any = None, step: int | None = None, run: Any = None, held: Any = None) -> Any:
    subject = Subject(SimpleNamespace(), "tale", "tale", 20)  # type: ignore[arg-type]
    snapshot = SimpleNamespace(ids=range(32)) if step is not None and other is None else None
    return SimpleNamespace(
        shown=(shown, other),
        film=SimpleNamespace(step=step, snapshot=SimpleNamespace(ids=range(32))),
        snapshot=snapshot,
        moments=(snapshot, held),
        subject=subject,
        run=run,
    )


@pytest.fixture
def selection(qapp: Any) -> Selection:
    return Selection()


def test_nothing_is_said_of_nothing(selection: Selection) -> None:
    assert provenance(looking(None), selection, False, True) == ""


def test_one_model_is_named_with_checksum_text_format_and_agreement(selection: Selection) -> None:
    words = provenance(looking(scene()), selection, False, True)
    assert words == "tale · step 20 · 3f2a91c0 · 9 tokens · fp32 · A·V = z within 1.8e-06"


def test_a_difference_names_both(selection: Selection) -> None:
    words = provenance(looking(scene(), scene(10)), selection, False, True)
    assert words.startswith("tale · step 20 · 3f2a91c0 − tale · step 10 · 3f2a91c0 · ")


def test_a_view_of_one_model_says_which_of_two_it_shows(selection: Selection) -> None:
    words = provenance(looking(scene(), scene(10)), selection, False, False)
    assert words.startswith("A alone: tale · step 20 · 3f2a91c0 · 9 tokens")
    assert "step 10" not in words


def test_layer_and_head_are_those_that_are_shown(selection: Selection) -> None:
    selection.lock(layer=0)
    assert " · layer 0 · " in provenance(looking(scene()), selection, False, True)
    selection.hover(head=3)
    assert " · layer 0 head 3 · " in provenance(looking(scene()), selection, False, True)


def test_without_a_checksum_only_the_title_is_told() -> None:
    assert source_words(scene(checksum="")) == "tale · step 20"


def test_a_snapshot_is_approximate_and_says_of_which_step(selection: Selection) -> None:
    words = provenance(looking(scene(), step=400), selection, True, True)
    assert words == "tale · step 400 · ≈ a snapshot in 8 bit · 32 tokens"
    both = provenance(looking(scene(), step=400, held=SimpleNamespace(step=20)), selection, True, True)
    assert both == "tale · step 400 − step 20 · ≈ snapshots in 8 bit · 32 tokens"


def test_a_view_that_cannot_draw_a_snapshot_says_that_it_stays_exact(selection: Selection) -> None:
    words = provenance(looking(scene(), step=400), selection, False, True)
    assert words.startswith("tale · step 20 · ")
    assert words.endswith("exact, not of step 400")


def test_a_disagreement_and_no_numbers_are_told_as_such() -> None:
    assert error_words(scene(error=0.2, exact=False)) == "A·V ≠ z within 2.0e-01"
    assert error_words(scene(error=0.0)) == "A·V = z exactly"
    assert "no numbers" in error_words(scene(error=math.nan, exact=False))


@pytest.mark.parametrize(("step", "living", "words"), [(20, True, "live"), (1_220, True, "1,200 steps old"),
                                                       (1_220, False, "")])  # fmt: skip
def test_only_a_living_run_makes_numbers_old(step: int, living: bool, words: str) -> None:
    run = SimpleNamespace(living=living, step=step)
    assert age_words(looking(scene(), run=run), scene()) == words
    assert age_words(looking(scene()), scene()) == ""


def test_a_comparison_is_exact_even_while_the_film_is_moved(selection: Selection) -> None:
    words = provenance(looking(scene(), scene(10), step=400), selection, True, True)
    assert words.startswith("tale · step 20 · 3f2a91c0 − tale · step 10")
    assert words.endswith("exact, not of step 400")
