"""The hardest rows come first, each can be looked at, and a token says how unlikely it was."""

import re
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.insight.text_loss import text_loss
from studio.probes.loss_view import LossView
from studio.seeing.export import picture_of
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(stage: Stage) -> LossView:
    stage.look_at()
    shown: LossView = stage.show(LossView)
    stage.until(lambda: shown.found is not None)
    stage.settle()
    return shown


def test_curve_and_rows_are_the_engines_losses(view: LossView, stage: Stage) -> None:
    wanted = text_loss(stage.looking.scene)
    assert wanted is not None
    assert view.found is not None
    np.testing.assert_array_equal(view.found.losses, wanted.losses)
    [line] = view.chart.lines
    np.testing.assert_array_equal(line.y, wanted.losses.mean(axis=0))
    np.testing.assert_array_equal(line.x, np.arange(1, 32))
    assert [row.row for row in view.table.rows()] == list(wanted.hardest)
    losses = [row.loss for row in view.table.rows()]
    assert losses == sorted(losses, reverse=True)
    assert "held back" in view.sample.text()


def test_the_hardest_row_is_shown_with_every_token_coloured_by_its_loss(view: LossView) -> None:
    assert view.found is not None
    row = view.found.hardest[0]
    assert view.table.selected_rows()[0].row == row
    assert len(view.text._tokens) == 32
    assert view.text._weights is not None
    np.testing.assert_allclose(view.text._weights[1:], np.clip(view.found.losses[row] / 8.0, 0, 1))
    assert view.text._weights[0] == 0


def test_another_row_is_shown_when_it_is_chosen(view: LossView, stage: Stage) -> None:
    assert view.found is not None
    view.table.select(view.table.rows()[1])
    row = view.found.hardest[1]
    scene = stage.looking.scene
    assert "".join(token.text for token in view.text._tokens) == scene.tokenizer.decode(view.found.ids[row].tolist())
    assert f"from token {view.found.starts[row]:,}" in view._one.note.text()


def test_a_row_can_be_looked_at_by_link_and_by_enter(view: LossView, stage: Stage, qtbot: Any) -> None:
    assert view.found is not None
    wanted = stage.looking.scene.tokenizer.decode(view.found.ids[view.found.hardest[0]].tolist())
    view.table.link_clicked.emit(view.table.rows()[0], "")
    stage.until(lambda: not stage.looking.busy and stage.looking.scene.prompt == wanted)
    second = view.table.rows()[1]
    view.table.select(second)
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    stage.until(
        lambda: stage.looking.scene.prompt == stage.looking.scene.tokenizer.decode(view.found.ids[second.row].tolist())
    )
    assert view.table.selected_rows()[0].row == second.row  # reading a row measures nothing anew


def test_the_explanation_turns_a_loss_into_its_probability(view: LossView) -> None:
    assert view.found is not None
    view.text.pointed.emit(5)
    loss = view.found.losses[view._row, 4]
    assert f"−log p = {loss:.4f}" in view.explanation()
    view.chart.point_at(0, 7)
    assert (
        f"Position 8: the mean of {len(view.found.ids)} losses is {view.found.by_position[7]:.4f}" in view.explanation()
    )


def test_another_model_beside_it_is_measured_on_the_same_rows(view: LossView, stage: Stage) -> None:
    assert all(np.isnan(row.other) for row in view.table.rows())
    stage.looking.compare_with(stage.subject(3))
    stage.until(lambda: stage.looking.mode == "difference")
    stage.until(lambda: view._other() is not None)
    wanted = text_loss(stage.looking.other)
    assert wanted is not None
    assert [row.other for row in view.table.rows()] == [wanted.by_row[row.row] for row in view.table.rows()]
    assert [line.name for line in view.chart.lines] == ["the other model", f"mean over {len(wanted.ids)} rows"]


def test_its_numbers_are_the_losses_with_their_ids(view: LossView) -> None:
    assert view.found is not None
    found = view.numbers()
    assert found["losses"] is view.found.losses
    assert found["ids"].shape == (len(found["starts"]), found["losses"].shape[1] + 1)


def test_as_a_drawing_its_curve_keeps_every_point(view: LossView) -> None:
    assert view.vector
    lines = re.findall(r'points="([^"]+)"', picture_of(view, "svg").decode())
    assert max(len(points.split()) for points in lines) >= len(view.found.by_position)


def test_nothing_of_the_former_model_is_told_while_the_next_is_measured(view: LossView, stage: Stage) -> None:
    view._found.ask("another", text_loss, stage.looking.scene)
    view._draw()
    assert (view.found, view.numbers(), view.table.rows()) == (None, {}, [])
    stage.settle()
