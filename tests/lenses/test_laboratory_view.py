"""The laboratory shows the whole vocabulary's chances at any place and reshapes them without asking the model."""

from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.sampling import probabilities
from studio.lenses.laboratory_view import LaboratoryView
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def shown_on(stage: Stage) -> LaboratoryView:
    stage.look_at()
    view: LaboratoryView = stage.show(LaboratoryView)
    stage.until(lambda: view.bench is not None and bool(view.words.note.text()))
    return view


@pytest.fixture
def view(stage: Stage) -> LaboratoryView:
    return shown_on(stage)


def models_own(stage: Stage, row: int) -> Any:
    scene = stage.looking.scene
    with torch.no_grad():
        return scene.model(torch.tensor([list(scene.capture.ids)]))[0, row].softmax(-1).numpy()


def set_slider(view: LaboratoryView, name: str, value: float) -> None:
    row = view.controls.sliders.rows[name]
    row.set_value(value)
    row.changed.emit(value)


def test_before_is_the_models_own_softmax_over_the_whole_vocabulary(view: LaboratoryView, stage: Stage) -> None:
    row = len(stage.looking.scene.tokens) - 2
    np.testing.assert_allclose(view.numbers()["before"], models_own(stage, row), atol=1e-6)
    shown = sum(choice.probability for choice in view.next.bars.choices)
    assert shown + view.next.bars._rest == pytest.approx(1.0, abs=1e-6)


def test_a_click_on_a_token_looks_at_what_comes_behind_it(view: LaboratoryView, stage: Stage, qtbot: Any) -> None:
    words = view.words.view
    qtbot.mouseClick(words.viewport(), Qt.MouseButton.LeftButton, pos=words.token_rect(4).center())
    assert stage.session.selection.locked("row") == 4
    stage.until(lambda: view.bench is not None and len(view.bench.seen) == 5)
    np.testing.assert_allclose(view.numbers()["before"], models_own(stage, 4), atol=1e-6)
    assert view.next.note.text() == f"after “{stage.looking.scene.tokens[4].replace(' ', '·')}”"
    real = stage.looking.scene.capture.ids[5]
    assert [choice.id for choice in view.next.bars.choices if choice.marked] == [real]


def test_hovering_previews_and_never_destroys_the_lock(view: LaboratoryView, stage: Stage) -> None:
    stage.session.selection.lock(row=4)
    stage.until(lambda: view.bench is not None and len(view.bench.seen) == 5)
    view.words.view.pointed.emit(7)
    stage.until(lambda: view.bench is not None and len(view.bench.seen) == 8)
    view.words.view.pointed.emit(-1)
    stage.until(lambda: view.bench is not None and len(view.bench.seen) == 5)
    assert view.words.view.selected_index == 4


def test_a_slider_reshapes_what_is_there_without_asking_the_model(view: LaboratoryView, stage: Stage) -> None:
    stage.settle()
    logits, seen = view.bench.logits, view.bench.seen  # type: ignore[union-attr]
    for name, value in (("temperature", 2.5), ("top_k", 6), ("top_p", 0.8), ("repetition_penalty", 1.5)):
        set_slider(view, name, value)
        assert stage.session.jobs.jobs == []
    wanted = probabilities(
        logits, Sampling(temperature=2.5, top_k=6, top_p=0.8, repetition_penalty=1.5), seen
    )  # fmt: skip
    np.testing.assert_array_equal(view.numbers()["after"], wanted)
    assert "top-k took" in view.next.cut.text()
    assert [one.words for one in view.picture.curve.sums.limits] == ["top-k 6", "top-p 0.8"]
    assert "T = 2.5" in view.explanation()
    view.controls.reset.click()
    np.testing.assert_allclose(view.numbers()["after"], view.numbers()["before"], atol=1e-12)


def test_temperature_goes_up_to_five(view: LaboratoryView) -> None:
    assert view.controls.sliders.rows["temperature"].scale.maximum == 5.0
    set_slider(view, "temperature", 0.0)
    assert view.numbers()["after"].max() == 1.0


def test_surprise_is_the_texts_loss_and_every_token_tells_its_rank(view: LaboratoryView, stage: Stage) -> None:
    scene = stage.looking.scene
    ids = torch.tensor(list(scene.capture.ids))
    with torch.no_grad():
        logs = scene.model(ids[None])[0].log_softmax(-1)
    loss = float(-logs[:-1].gather(1, ids[1:, None]).mean())
    assert float(np.nanmean(view.numbers()["surprise"])) == pytest.approx(loss, abs=1e-5)
    assert f"{loss:.4f} nats" in view.words.note.text()
    remarks = view.words.view._remarks
    rank = int((logs[2] > logs[2, ids[3]]).sum()) + 1
    assert remarks[3][1].text == f"number {rank} of all"
    assert remarks[0][0].text == "nothing stands before it"


def test_drawing_says_what_came_and_many_draws_become_notches(view: LaboratoryView, qtbot: Any) -> None:
    view.next.one.click()
    assert view.next.said.text().startswith("Drawn: “")
    view.next.many.click()
    assert "1,000 tokens drawn." in view.next.said.text()
    assert sum(choice.drawn or 0.0 for choice in view.next.bars.choices) > 0.5
    drawn = list(view.bench.drawn)  # type: ignore[union-attr]
    view.controls.seed.setText("8")
    view.controls.seed.textEdited.emit("8")
    view.next.many.click()
    assert view.bench.drawn != drawn[1:]  # type: ignore[union-attr]


def test_the_tree_grows_only_where_it_is_looked_at(view: LaboratoryView, stage: Stage) -> None:
    stage.settle()
    assert view.picture.tree.key is None
    view.picture.tabs.set_value("tree")
    view.picture.tabs.changed.emit("tree")
    stage.until(lambda: len(view.picture.branches.twigs) > 6 and not view.picture.tree.waiting)
    first = [twig.branch for twig in view.picture.branches.twigs if twig.branch.parent < 0]
    chances = view.numbers()["after"]
    assert [branch.probability for branch in first] == pytest.approx([chances[branch.id] for branch in first], abs=1e-5)
    set_slider(view, "top_k", 1)
    stage.until(lambda: len(view.picture.branches.twigs) == 5 and not view.picture.tree.waiting)
    assert all(twig.branch.probability == 1.0 for twig in view.picture.branches.twigs)


def test_a_chosen_bar_is_the_selected_token_everywhere(view: LaboratoryView, stage: Stage) -> None:
    token = view.next.bars.choices[1].id
    view.next.bars.chosen.emit(token)
    assert stage.session.selection.locked("token") == token
    view.next.bars.pointed.emit(token)
    assert f"{view.numbers()['logits'][token]:.3f}" in view.explanation()


def test_one_token_has_a_next_one_but_no_surprise(stage: Stage) -> None:
    stage.look_at(prompt="M")
    view: LaboratoryView = stage.show(LaboratoryView)
    stage.until(lambda: view.bench is not None and bool(view.words.note.text()))
    assert "no surprise" in view.words.note.text()
    assert view.bench is not None
    assert len(view.bench.seen) == 1


def test_it_follows_to_another_model(view: LaboratoryView, stage: Stage) -> None:
    before = view.numbers()["before"]
    stage.look_at(step=3)
    stage.until(lambda: not np.array_equal(view.numbers().get("before", before), before))
    np.testing.assert_allclose(
        view.numbers()["before"], models_own(stage, len(stage.looking.scene.tokens) - 2), atol=1e-6
    )


def test_what_came_next_in_another_text_is_gone_at_once(view: LaboratoryView, stage: Stage) -> None:
    stage.settle()
    told: list[Any] = []

    def listen(what: frozenset[str]) -> None:  # after the view
        if "scene" in what:
            told.append((view.bench, view.numbers(), len(view.picture.curve.sums.before)))

    stage.looking.changed.connect(listen)
    stage.looking.read("Mira looked")
    stage.until(lambda: bool(told))
    assert told == [(None, {}, 0)]
    stage.until(lambda: view.bench is not None)


def test_a_failure_takes_the_former_logits_away_and_is_shown(view: LaboratoryView, stage: Stage) -> None:
    stage.settle()
    view.logits.ask("another", refuse)
    stage.settle()
    assert view.bench is None
    assert "Too large." in view.next.note.text()


def refuse() -> None:
    raise StudioError("Too large.", "Choose a smaller one.")
