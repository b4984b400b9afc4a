"""Asking for walks: the newest wish counts, the same wish is not asked twice, and no model is kept in memory."""

import gc
import weakref

import numpy as np
import pytest

from studio.steps.walker import EXAMPLES, ROWS, Walker, Wish
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def walker(session):
    return Walker(session)


def asked(session) -> int:
    return len(session.jobs.jobs)


def test_an_example_is_asked_for_once(session, walker, settled) -> None:
    walker.want_example("causal")
    walker.want_example("causal")
    assert asked(session) == 1
    assert walker.busy
    settled()
    assert not walker.busy
    walker.want_example("causal")
    assert asked(session) == 0
    assert walker.example.name == "causal"
    assert walker.wish == Wish("causal")


def test_the_newest_wish_counts(session, walker, settled) -> None:
    for name, _ in EXAMPLES:
        walker.want_example(name)
    settled()
    assert walker.example.name == EXAMPLES[-1][0]
    assert walker.words == walker.example.words


def test_only_the_example_with_two_heads_has_a_second_one(session, walker, settled) -> None:
    walker.want_example("linear", 1)
    settled()
    assert walker.wish.head == 0
    walker.want_example("two heads", 1)
    settled()
    assert walker.walk.operands.head == 1


def test_edits_add_up_and_another_example_forgets_them(session, walker, settled) -> None:
    walker.want_example("trainable")
    settled()
    start = walker.walk.operands.inputs.copy()
    walker.edit(0, 0, 1.0)
    settled()
    walker.edit(5, 2, -1.0)
    settled()
    now = walker.walk.operands.inputs
    assert now[0, 0] == 1.0
    assert now[5, 2] == -1.0
    assert int((now != start).sum()) == 2
    assert walker.example.printed == ()
    walker.want_example("linear")
    settled()
    assert walker.edits is None
    assert np.array_equal(walker.walk.operands.inputs, start)


def test_two_edits_at_once_are_both_kept(session, walker, settled) -> None:
    walker.want_example("trainable")
    settled()
    walker.edit(0, 0, 1.0)
    walker.edit(0, 1, 2.0)
    settled()
    assert walker.walk.operands.inputs[0].tolist() == pytest.approx([1.0, 2.0, 0.89])


def test_a_models_head_cannot_be_edited(session, walker, settled) -> None:
    scene = scene_of()
    walker.want_text(scene, 0, 0, 0)
    settled()
    walker.edit(0, 0, 1.0)
    assert asked(session) == 0
    assert walker.edits is None


def test_a_head_is_asked_for_once_and_anew_for_another_scene(session, walker, settled) -> None:
    scene = scene_of()
    walker.want_text(scene, 1, 2, 0)
    walker.want_text(scene, 1, 2, 0)
    assert asked(session) == 1
    settled()
    walker.want_text(scene, 1, 2, 0)
    assert asked(session) == 0
    before = walker.walk
    walker.want_text(scene_of("llama 3.1"), 1, 2, 0)
    settled()
    assert walker.walk is not before
    assert walker.walk.operands.cos is not None


def test_of_a_long_text_as_many_queries_are_walked_as_can_be_read(session, walker, settled) -> None:
    scene = scene_of("gpt2", " ".join(["the"] * 90))
    walker.want_text(scene, 0, 0, 0)
    settled()
    assert len(walker.walk.queries) == ROWS
    assert len(walker.words) == len(walker.walk.keys) == 90


def test_a_refusal_is_kept_to_be_read(session, walker, settled) -> None:
    walker.want_text(scene_of(), 0, 9, 0)
    settled()
    assert "no head 9" in walker.trouble.message
    assert walker.walk is None
    walker.want_text(scene_of(), 0, 1, 0)
    assert walker.trouble is None
    settled()
    assert walker.walk is not None


def test_what_another_model_silenced_can_be_asked_for_again(session, walker, settled) -> None:
    scene = scene_of()
    walker.want_text(scene, 0, 1, 0)
    session.jobs.cancel_lane("step through")
    settled()
    assert walker.walk is None
    assert not walker.busy
    walker.want_text(scene, 0, 1, 0)
    settled()
    assert walker.walk is not None


@pytest.mark.slow
def test_a_model_that_nobody_else_holds_is_freed(session, walker, settled) -> None:
    scene = scene_of()
    model = weakref.ref(scene.model)
    walker.want_text(scene, 0, 1, 0)
    settled()
    del scene
    gc.collect()
    assert model() is None
    assert walker.walk is not None
