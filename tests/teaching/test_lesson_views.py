"""The lessons' pictures: every number on them comes from torch, and every number that may be changed can be."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from studio.core.errors import StudioError
from studio.exercises.graph import forward_and_back
from studio.exercises.network import POINTS, train
from studio.exercises.rotation import turn
from studio.exercises.vectors import of_untrained
from studio.teaching.graph_view import GraphView
from studio.teaching.network_view import NetworkView
from studio.teaching.rotation_view import RotationView
from studio.teaching.tensors_view import TensorsView
from studio.teaching.vectors_view import VectorsView
from studio.teaching.windows_lesson import WindowsLesson

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def open_view(session, look, on_screen, settled):
    """Makes a lesson's picture and waits for its numbers."""

    def make(kind: type[Any]) -> Any:
        view = kind(session, look)
        on_screen(view)
        settled()
        return view

    return make


def asked(session: Any, lane: str) -> list[Any]:
    return [job for job in session.jobs.jobs if job.lane.startswith(lane) and not job.cancelled]


def write(box: Any, qtbot: Any, words: str) -> None:
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, words)


# --- tensors --------------------------------------------------------------------------------------------------------


def test_a_tensor_says_what_it_is_and_a_product_what_it_is_made_of(open_view, settled, qtbot) -> None:
    view = open_view(TensorsView)
    assert view.facts.text() == "rank 2 · shape 2 × 3 · 6 numbers of 4 bytes = 24 bytes · strides 3, 1"
    for mode, words in (("number", "rank 0"), ("vector", "rank 1 · shape 3"), ("stack", "rank 3 · shape 2 × 2 × 3")):
        view.modes._choose(mode)
        settled()
        assert view.facts.text().startswith(words)
    view.modes._choose("product")
    settled()
    assert view.result.values.tolist() == [[4.0, -1.0], [10.0, -1.0]]
    view.result._keep((0, 0))
    assert view.sum.text() == "1 × 1 + 2 × 0 + 3 × 1 = 4.0000"
    assert view.left.grid.lit == {(0, 0), (0, 1), (0, 2)}
    assert view.right.grid.lit == {(0, 0), (1, 0), (2, 0)}
    view.left.grid.edited.emit(0, 0, 10.0)
    settled()
    assert view.result.values[0, 0] == 13.0
    view.modes._choose("product")
    settled()
    write(view.left.sides[1], qtbot, "4")
    settled()
    assert "4 columns meet 3 rows" in view.notice.text()
    assert view.result.values.size == 0
    assert view.facts.text() == ""
    write(view.right.sides[0], qtbot, "4")
    settled()
    assert view.result.values.shape == (2, 2)
    assert view.notice.isHidden()


def test_other_operations_say_where_each_number_comes_from_and_types_what_they_keep(open_view, settled) -> None:
    view = open_view(TensorsView)
    view.left.grid.edited.emit(0, 0, 2.75)
    view.kind.set_value("int64")
    view.kind.changed.emit()
    settled()
    assert view.left.grid.values[0, 0] == 2.0
    assert "8 bytes" in view.facts.text()
    for mode, words in (("transpose", "row 1, column 2 of A"), ("reshape", "row 1, column 3 of A")):
        view.modes._choose(mode)
        settled()
        view.result._keep((1, 0))
        assert view.sum.text() == words
    view.modes._choose("add")
    settled()
    assert "does not fit" in view.notice.text()
    view.modes._choose("stack")
    settled()
    view.second.edited.emit(1, 2, 40.0)
    settled()
    assert view.second.values[1, 2] == 40.0


# --- a number learns --------------------------------------------------------------------------------------------------


def test_the_graph_shows_the_course_s_numbers_and_its_chain(open_view, qtbot) -> None:
    view = open_view(GraphView)
    assert view.found == forward_and_back()
    assert "loss 0.0852" in view.picture.accessibleDescription()
    assert "d loss / d w -0.0898, d loss / d b -0.0817" in view.picture.accessibleDescription()
    view.picture.point("w")
    assert view.chain.text() == "∂loss/∂w = 1.1000 × 1.0000 × 0.0750 × −1.0889 = −0.0898"
    assert view.picture.way() == {("w", "u"), ("u", "z"), ("z", "a"), ("a", "loss")}
    qtbot.mouseMove(view.picture, view.picture.box_of("b").center().toPoint())
    assert view.picture.node == "b"
    qtbot.mouseMove(view.picture, view.picture.rect().bottomRight())
    assert view.picture.node == ""
    for key, node in (("Right", "x"), ("Down", "w"), ("Right", "b"), ("Left", "w")):
        qtbot.keyClick(view.picture, getattr(Qt.Key, f"Key_{key}"))
        assert view.picture.node == node


def test_steps_go_downhill_and_the_book_s_numbers_come_back(open_view, settled, qtbot) -> None:
    view = open_view(GraphView)
    write(view.boxes["w"], qtbot, "-1")
    settled()
    before = view.found.loss
    view.one.click()
    settled()
    assert view.found.loss < before
    assert view.numbers["w"] == pytest.approx(-1 - 0.5 * forward_and_back(w=-1.0).gradients["w"])
    view.ten.click()
    settled()
    assert view.count.text() == "11 steps taken"
    assert view.curve._marker == pytest.approx(view.numbers["w"])
    view.back.click()
    settled()
    assert view.found == forward_and_back()
    assert view.count.text() == ""
    write(view.boxes["y"], qtbot, "2")
    settled()
    assert "probability" in view.notice.text()


# --- a small network ------------------------------------------------------------------------------------------------


def test_the_book_s_run_can_be_gone_through_stage_by_stage(open_view) -> None:
    view = open_view(NetworkView)
    assert [round(step.loss, 2) for step in view.training.steps] == [0.75, 0.65, 0.44, 0.13, 0.03, 0.0]
    assert "752 numbers learn. At the end 100 % of the points are right, 100 %" in view.outcome.text()
    assert view.plane.points == list(POINTS)
    assert "step 1 of 6 · epoch 1 · loss 0.75" in view.where.text()
    step, book = view.training.steps[0], train().steps[0]
    assert np.array_equal(view.grids[1].values, book.layers[0].bent)
    view.grids[1]._keep((0, 0))
    assert "ReLU" in view.words.text()
    view.stages._choose("loss")
    assert view.words.text().endswith(f"= {step.loss:.4f}")
    assert view.grids[1].lit == {(0, 0), (1, 0)}  # both points are of class 0
    view.grids[1]._keep((0, 1))
    assert view.words.text().endswith(f"{step.chances[0, 1]:.4f}")
    view.stages._choose("backward")
    assert np.array_equal(view.grids[0].values, book.layers[0].weight_gradient.T)
    view.grids[1]._keep((2, 3))
    assert "from input 4 to output 3" in view.words.text()
    view.stages._choose("update")
    assert np.allclose(view.grids[2].values, view.grids[0].values + view.grids[1].values, atol=1e-7)
    view.grids[2]._keep((0, 0))
    assert "0.5 ×" in view.words.text()
    view.stages._choose("forward")
    seen = [view.stages.value()]
    for _ in range(4):
        view.after.click()
        seen.append(view.stages.value())
    assert seen == ["forward", "loss", "backward", "update", "forward"]
    assert view.number == 1
    view.before.click()
    assert (view.number, view.stages.value()) == (0, "update")
    view.losses.clicked.emit(0, 5)
    assert "step 6 of 6" in view.where.text()


def test_the_wide_network_is_gone_through_in_the_same_way(open_view, settled) -> None:
    view = open_view(NetworkView)
    view.network._choose("wide")
    settled()
    assert "1,530 + 620 + 63 = 2,213 numbers learn from one input of 50." in view.outcome.text()
    assert "−0.1262, 0.1080, −0.1792" in view.outcome.text()
    assert view.plane.isHidden()
    assert not view.boxes["first"].isVisible()
    assert [grid.values.shape for grid in view.grids if grid.isVisible()] == [(1, 50), (1, 30), (1, 20), (1, 3), (1, 3)]
    view.target._choose("2")
    settled()
    view.stages._choose("loss")
    assert view.grids[1].lit == {(0, 2)}
    assert view.words.text().startswith("−(ln 0.2952)")
    view.stages._choose("backward")
    assert view.grids[0].values.shape == (30, 50)
    view.network._choose("plane")
    settled()
    assert "752 numbers" in view.outcome.text()
    assert not view.plane.isHidden()


def test_points_and_settings_can_be_changed_and_refused(open_view, settled, qtbot) -> None:
    view = open_view(NetworkView)
    plane, before = view.plane, [step.loss for step in view.training.steps]
    start = plane.place(plane.points[0]).toPoint()
    qtbot.mousePress(plane, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(plane, plane.place((1.0, 1.0)).toPoint())
    qtbot.mouseRelease(plane, Qt.MouseButton.LeftButton)
    assert plane.points[0] == pytest.approx((1.0, 1.0), abs=0.1)
    qtbot.keyClick(plane, Qt.Key.Key_Up)
    assert plane.points[0][1] == pytest.approx(1.1, abs=0.1)
    qtbot.keyClick(plane, Qt.Key.Key_Space)
    assert plane.labels[0] == 1
    settled()
    assert [step.loss for step in view.training.steps] != before
    view.reset()
    settled()
    assert [step.loss for step in view.training.steps] == before
    write(view.boxes["epochs"], qtbot, "1")
    settled()
    assert len(view.training.steps) == 2
    view.plane.set_points([(0.0, 0.0)], [1])
    view.recompute()
    settled()
    assert "fewer points" in view.notice.text()


# --- vectors ----------------------------------------------------------------------------------------------------------


def read(view: VectorsView, words: str, settled: Any) -> None:
    view.words.setText(words)
    view.recompute()
    settled()


def test_a_token_s_vector_is_the_one_its_model_begins_with(open_view, session, settled, qtbot) -> None:
    view = open_view(VectorsView)
    read(view, "the ships", settled)
    found, draft = view.found, session.draft
    ids = found.tokenizer.encode("the ships")
    model = replace(draft.model, vocab_size=found.tokenizer.vocab_size)
    wanted = of_untrained(model, draft.compute.seed, ids)
    assert np.array_equal(found.vectors.sums, wanted.sums)
    qtbot.keyClick(view.tokens, Qt.Key.Key_Right)
    shown = view.rows["sum"].values[0]
    assert shown.tolist() == pytest.approx(wanted.sums[1][: len(shown)].tolist())
    sums = view.rows["token"].values[0] + view.rows["place"].values[0]
    assert sums.tolist() == pytest.approx(shown.tolist(), abs=1e-6)
    view.rows["sum"]._keep((0, 3))
    assert view.addition.text().startswith("number 3: ")
    assert "place 1: row 1 of 32" in view.rows["place"].title
    read(view, "Ωmega", settled)
    assert view.notice.isVisible()
    assert view.found is None
    view.complain(StudioError("No.", "Try."))
    assert view.found is None
    assert view.addition.text() == ""
    assert not any(grid.isVisible() for grid in view.rows.values())


def test_a_checkpoint_is_read_from_its_file(open_view, session, settled, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from studio.core.config import RunConfig, config_to_json
    from studio.store.files import write_json
    from studio.tokenizers import make_tokenizer

    table = torch.arange(256 * 4, dtype=torch.float32).view(256, 4)
    places = torch.full((8, 4), 0.5)
    save_file({"embed_tokens.weight": table, "embed_positions.weight": places}, tmp_path / "model.safetensors")
    model = replace(session.draft.model, vocab_size=256, emb_dim=4, context_length=8, n_heads=1)
    write_json(tmp_path / "state.json", {"config": config_to_json(RunConfig(model=model))})
    write_json(tmp_path / "tokenizer.json", make_tokenizer("bytes").to_json())
    view = open_view(VectorsView)
    view._folders["here"] = tmp_path
    view.model.addItem("here", "here")
    view.model.set_value("here")
    read(view, "AB", settled)
    assert view.rows["sum"].values.tolist() == [[260.5, 261.5, 262.5, 263.5]]


def test_the_lookup_equals_the_product_for_any_ids(open_view, settled, qtbot, monkeypatch) -> None:
    view = open_view(VectorsView)
    view.tabs._choose("lookup")
    settled()
    page = view.lookup
    assert page.taken.values[1].tolist() == pytest.approx([-0.4015, 0.9666, -1.1481], abs=1e-4)
    assert "equal, bit by bit" in page.verdict.text()
    write(page.edit, qtbot, "0, 0, 4")
    settled()
    assert page.taken.values.tolist() == page.product.values.tolist()
    assert page.one_hot.values.argmax(axis=1).tolist() == [0, 0, 4]
    page.one_hot._keep((2, 4))
    assert {row for row, _ in page.table.lit} == {4}
    page.table._keep((0, 1))
    assert {row for row, _ in page.taken.lit} == {0, 1}
    write(page.edit, qtbot, "6")
    assert page.ids() is None
    assert page.edit.property("invalid")
    view.tabs._choose("vectors")
    settled()
    monkeypatch.setattr(type(view.session), "running", property(lambda _session: object()))
    view.recompute()
    assert "disturb its dice" in view.notice.text()
    assert asked(view.session, "lesson") == []


# --- rotation ---------------------------------------------------------------------------------------------------------


def test_hands_turn_with_their_places_and_the_score_stays(open_view, settled, qtbot) -> None:
    view = open_view(RotationView)
    before = view.found.score
    assert f"the score is {before:.4f}" in view.verdict.text()
    for box, words in ((view.query.box, "25"), (view.key.box, "22")):
        write(box, qtbot, words)
        settled()
    assert view.found.score == pytest.approx(before, abs=1e-6)
    assert view.curve._marker == 22
    view.base._choose("100")
    settled()
    assert view.found.radians[1] == pytest.approx(100.0 ** (-1 / 4))
    view.base._choose("10000")
    view.vectors.edited.emit(1, 0, -3.0)
    settled()
    query, key = view.vectors.values
    config = replace(view.session.draft.model, family="llama", positions="rotary", rope_base=10_000.0)
    assert view.found.score == pytest.approx(turn(config, query.tolist(), key.tolist()).score)
    assert not view.clocks.grab().toImage().isNull()


def test_both_move_along_until_the_end(open_view, settled, qtbot) -> None:
    view = open_view(RotationView)
    view.query.set_value(61)
    view._timer.setInterval(1)
    view.together.click()
    qtbot.waitUntil(lambda: not view.playing, timeout=5_000)
    assert view.places == (63, 4)
    view.toggle()
    assert view.places == (59, 0)
    view.hide()
    assert not view.playing
    settled()


# --- what all of them share -------------------------------------------------------------------------------------------


def test_the_windows_lesson_follows_the_draft_s_text(open_view, session, settled) -> None:
    view = open_view(WindowsLesson)
    assert view.view.source == session.project.text("story")
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, text="gone")))
    settled()
    assert view.view.source is None
    assert view.view.cut.windows == 250


def test_before_torch_is_there_nothing_is_shown_as_computed(waiting, look, on_screen) -> None:
    for kind in (TensorsView, GraphView, NetworkView, VectorsView, RotationView):
        view = kind(waiting, look)
        on_screen(view)
        assert asked(waiting, "lesson") == []
        assert "PyTorch is being loaded" in view.notice.text()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [TensorsView, GraphView, NetworkView, VectorsView, RotationView, WindowsLesson])
def test_another_theme_reaches_every_lesson(kind, open_view, look) -> None:
    view = open_view(kind)
    dark = view.grab().toImage()
    look.set_theme("light")
    assert view.grab().toImage() != dark
