"""What the views remember of a scene, and what they tell of a part that was taken away."""

from types import SimpleNamespace

import pytest

from studio.attention.part_card import rows_of
from studio.seeing.seen import Seen

pytestmark = pytest.mark.gui


def test_a_scene_is_known_again_without_being_kept() -> None:
    class Scene:
        pass

    seen, scene = Seen(), Scene()
    assert not seen.same(scene)
    seen.keep(scene)
    assert seen.same(scene)
    assert not seen.same(Scene())
    del scene
    assert seen._last is not None
    assert seen._last() is None
    seen.forget()
    assert seen._last is None


def test_what_was_measured_is_told_in_four_rows() -> None:
    assert [row.value for row in rows_of(None)] == ["–"] * 4
    effect = SimpleNamespace(loss_before=2.0, loss_after=1.5, harm=-0.5, divergence=0.25, predictions=7)
    rows = {row.name: row for row in rows_of(effect)}
    assert [row.value for row in rows.values()] == ["2.0000", "1.5000", "−0.50000", "0.25000"]
    assert "7 predictions" in rows["Loss"].tip
    same = SimpleNamespace(loss_before=2.0, loss_after=2.0, harm=0.0, divergence=0.0, predictions=7)
    assert [row.value for row in rows_of(same)][2:] == ["0", "0"]
