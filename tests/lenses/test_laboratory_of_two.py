"""The laboratory beside another model: A less B over the whole vocabulary, drawn, explained and given out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint

from studio.lenses.laboratory_view import LaboratoryView
from studio.lenses.next_difference import signed_percent
from studio.seeing.provenance import provenance
from studio.views.bars import percent_text
from tests.families.conftest import shaken, tiny
from tests.lenses.scenes import LETTERS, scene_of, show
from tests.lenses.trained import Stage, hover

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def two(stage: Stage) -> tuple[LaboratoryView, Any, Any]:
    """The view on two models that nobody trained."""
    config = tiny("gpt2", vocab_size=LETTERS.vocab_size)
    a, b = (scene_of(shaken(config, seed), config) for seed in (1, 2))
    show(stage, a, b)
    view: LaboratoryView = stage.show(LaboratoryView)
    stage.until(lambda: view.pair is not None and "surprise_b" in view.numbers())
    return view, a, b


def softmax(scene: Any, row: int = -2) -> Any:
    with torch.no_grad():
        return scene.model(torch.tensor([list(scene.capture.ids)]))[0, row].softmax(-1).double().numpy()


def test_it_is_the_difference_of_what_both_expect(two: Any, stage: Stage) -> None:
    view, a, b = two
    wanted = softmax(a) - softmax(b)
    np.testing.assert_allclose(view.numbers()["difference"], wanted, atol=1e-6)
    bars = view.next.apart
    assert bars.isVisible()
    assert not view.next.bars.isVisible()
    assert [one.id for one in bars.choices] == np.argsort(-np.abs(wanted), kind="stable")[: len(bars.choices)].tolist()
    forth = float((softmax(a) * np.log2(softmax(a) / softmax(b))).sum())
    assert f"KL(A ‖ B) = {forth:.4f} bits" in view.next.cut.text()
    assert f"= {forth:.4f} bits" in view.explanation()
    assert not view.next.one.isVisible()  # nothing can be drawn from a difference
    assert view.picture.title.text() == "Cumulative probability of A and B"
    assert "A alone" not in provenance(stage.looking, stage.session.selection, view.scrubs, view.compares)


def test_pointing_at_a_bar_tells_both_operands(two: Any, stage: Stage) -> None:
    view, a, b = two
    bars = view.next.apart
    hover(stage.bot, bars, QPoint(20, 30))
    token = bars.choices[1].id
    one, other = (float(softmax(scene)[token]) for scene in (a, b))
    assert bars.toolTip() == (
        f"{bars.choices[1].text} · id {token} · A {percent_text(one)} − B {percent_text(other)} = "
        f"{signed_percent(one - other)}"
    )
    assert f"“{bars.choices[1].text}” has" in view.explanation()
    view.controls.sliders.rows["temperature"].set_value(2.0)
    view.controls.sliders.rows["temperature"].changed.emit(2.0)
    assert bars.toolTip() == bars.tip_words(bars.choices[1])  # under a pointer that rests
    before = bars.grab().toImage()
    bars.resize(260, bars.height())  # too narrow for columns of both: the hover still tells them
    assert bars.grab().toImage() != before


def test_the_text_is_coloured_by_how_much_more_it_surprised_a(two: Any) -> None:
    view, _, _ = two
    numbers = view.numbers()
    bits = (numbers["surprise"] - numbers["surprise_b"]) / np.log(2)
    assert view.words.view._weights[0] == 0.0
    np.testing.assert_allclose(view.words.view._weights[1:], np.clip(bits[1:] / 2, -1, 1), rtol=1e-5)
    assert view.words.note.text().startswith("A − B: the text's loss is")
    assert view.words.view._remarks[2][0].text == "A:"
    assert "A − B" in view.words.view._remarks[2][-1].text


def test_controls_and_places_reshape_both(two: Any, stage: Stage) -> None:
    view, a, b = two
    row = view.controls.sliders.rows["temperature"]
    row.set_value(2.0)
    row.changed.emit(2.0)
    assert stage.session.jobs.jobs == []
    heated = [np.exp(np.log(softmax(scene)) / 2) for scene in (a, b)]
    wanted = heated[0] / heated[0].sum() - heated[1] / heated[1].sum()
    np.testing.assert_allclose(view.numbers()["difference"], wanted, atol=1e-5)
    stage.session.selection.lock(row=3)
    stage.until(lambda: view.pair is not None and len(view.pair.b.seen) == 4)
    assert "A, B and A − B" in view.next.note.text()


def test_of_two_models_one_is_drawn_alone_and_back_again(two: Any, stage: Stage) -> None:
    view, a, b = two
    for mode, scene in (("A", a), ("B", b)):
        stage.looking.set_mode(mode)
        stage.settle()
        assert view.pair is None
        assert view.other_logits.key is view.other_surprise.key is None  # or a later model may pass for this one
        np.testing.assert_allclose(view.numbers()["before"], softmax(scene), atol=1e-6)
        assert view.next.one.isVisible()
    stage.looking.set_mode("difference")
    stage.settle()
    assert view.pair is not None
    np.testing.assert_allclose(view.numbers()["difference"], softmax(a) - softmax(b), atol=1e-6)


def test_a_token_that_was_pointed_at_is_not_looked_for_in_another_model(two: Any, stage: Stage) -> None:
    view, a, b = two
    view.next.pointed.emit(99_999)  # it had as many tokens
    show(stage, b, a)
    assert view.explanation().startswith(f"A − B: “{view.text.label(view.pair.order(1)[0])}”")


def test_a_model_less_itself_is_nothing(two: Any, stage: Stage) -> None:
    view, a, _ = two
    show(stage, a, a)
    assert not view.numbers()["difference"].any()
    assert view.numbers()["divergence_bits"].tolist() == [0.0, 0.0]
    assert not view.next.grab().isNull()


def test_vocabularies_of_two_sizes_are_a_sentence(two: Any, stage: Stage) -> None:
    view, a, _ = two
    wider = tiny("gpt2", vocab_size=LETTERS.vocab_size + 3)
    show(stage, a, replace(scene_of(shaken(wider), wider), title="wider"))
    assert f"A expects one of {LETTERS.vocab_size} tokens, B one of {LETTERS.vocab_size + 3}" in view.why_nothing()
    assert view.numbers() == {}
