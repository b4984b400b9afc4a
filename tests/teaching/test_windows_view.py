"""The Windows view as a person uses it: a text of the project, the book's examples, the loader's own batch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.shelf import OBJECTIVES
from studio.exercises import windows as computing
from studio.teaching.windows_view import WindowsView, formula_words

pytestmark = [pytest.mark.gui, pytest.mark.torch]


@pytest.fixture
def view(session, look, on_screen, settled):
    made = WindowsView(session, look)
    made.set_source(session.project.text("story"))
    on_screen(made)
    settled()
    return made


def write(view: WindowsView, qtbot, name: str, number: int) -> None:
    box = view.bar.boxes[name]
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, str(number))


def test_the_text_and_its_first_batch_are_what_the_run_will_read(view, session, qtbot) -> None:
    assert view.stream is not None
    assert view.bar.numbers() == (32, 32, 4)
    folder = next(session.project.tokens_folder.iterdir())
    assert np.array_equal(view.stream.ids, np.fromfile(folder / "train.bin", "<u2"))
    assert "counted" in view.formula.text()
    assert formula_words(view.cut, view.batch.counted) == view.formula.text()
    assert f"{view.batch.counted:,} windows" in view.formula.text()
    ids = view.stream.ids
    assert [token.id for token in view.slide.pairs.tokens] == ids[:33].tolist()
    view.slide.pairs._point(2)
    assert "Having read 3" in view.slide.question.text()
    assert view.slide.question.text().endswith(f"“{view.stream.tokenizer.decode([int(ids[3])])}”")
    view.tabs._choose("batch")
    wanted = OBJECTIVES.load("pretrain").batches(view.stream.ids, view.config, 4).batch(0)
    assert [[token.id for token in row] for row in view.batch_page.grid.rows] == wanted.tolist()
    assert f"seed {session.draft.compute.seed}" in view.batch_page.sentence.text()
    assert view.batch_page.grid.starts == view.batch.starts.tolist()
    view.batch_page.show_batch(view.stream, replace(view.batch, ids=view.batch.ids[:, :-1], hides=True), 1)
    assert "windows of 32 tokens, some of them hidden" in view.batch_page.sentence.text()
    view.batch_page.show_batch(view.stream, view.batch, 1)
    view.tabs._choose("batch")
    grid = view.batch_page.grid
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid._card.lines[0] == "input 2 · target 1"
    left, wide = grid._boxes(0)[0]
    qtbot.mouseMove(grid, grid.rect().topLeft() + type(grid.pos())(round(left + wide / 2), 10))
    assert grid._card.lines[0] == "input 1"


def test_the_strip_its_keys_and_the_player_move_the_window(view, qtbot) -> None:
    strip = view.slide.strip
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert view.slide.window_number == 1
    assert [token.id for token in view.slide.pairs.tokens] == view.stream.ids[32:65].tolist()
    qtbot.keyClick(strip, Qt.Key.Key_End)
    assert view.slide.window_number == view.cut.windows - 1
    assert f"window {view.cut.windows:,} of {view.cut.windows:,}" in view.slide.where.text()
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.rect().center())
    assert abs(view.slide.window_number - view.cut.windows / 2) < 2
    view.slide.step_back()
    view.slide.back.click()
    view.slide.forth.click()
    assert abs(view.slide.window_number - view.cut.windows / 2) < 3
    view.slide.go(view.cut.windows - 2)
    view.slide._timer.setInterval(1)
    view.slide.play.click()
    assert view.slide.playing
    qtbot.waitUntil(lambda: not view.slide.playing)
    assert view.slide.window_number == view.cut.windows - 1
    view.slide.toggle()
    assert view.slide.window_number == 0 or view.slide.playing
    view.hide()
    assert not view.slide.playing


def test_other_numbers_cut_the_text_anew_and_reach_the_run_only_when_wanted(view, session, settled, qtbot) -> None:
    before = session.draft
    write(view, qtbot, "context", 16)
    write(view, qtbot, "stride", 8)
    assert view.cut.windows > 0
    assert (view.cut.context, view.cut.stride) == (16, 8)
    assert session.draft == before
    assert view.bar.use.isEnabled()
    view.bar.use.click()
    assert (session.draft.model.context_length, session.draft.data.stride) == (16, 8)
    assert not view.bar.use.isEnabled()
    write(view, qtbot, "stride", 16)
    view.bar.use.click()
    assert session.draft.data.stride == 0  # one window after the other
    qtbot.wait(200)
    settled()
    write(view, qtbot, "context", 1)
    assert view.cut is None
    assert view.formula.text() == ""
    assert not view.bar.use.isEnabled()
    write(view, qtbot, "context", 1_000_000)
    assert "one window takes 1,000,001" in view.formula.text()
    assert view.slide.pairs.isHidden()
    qtbot.waitUntil(lambda: view.trouble.isVisible(), timeout=5_000)
    assert "one window takes 1,000,001" in view.trouble.text()
    settled()


def test_documents_and_the_book_s_examples_are_shown(view, settled) -> None:
    view.tabs._choose("documents")
    settled()
    assert view.documents is not None
    assert "1 rows · 0 % of the places are padding" in view.documents_page.figures["padded"].text()
    assert "A run packs" in view.documents_page.sentence.text()
    assert not view.documents_page.pictures["packed"].grab().toImage().isNull()
    view.show_source("numbers")
    settled()
    view.tabs._choose("documents")
    assert "one document" in view.documents_page.sentence.text()
    view.show_source("numbers")
    settled()
    assert view.bar.numbers() == (4, 4, 8)
    view.slide.go(249)
    assert [token.text for token in view.slide.pairs.tokens] == ["996", "997", "998", "999", "1000"]
    assert not view.bar.use.isVisible()
    view.show_source("sentence")
    settled()
    assert [token.id for token in view.slide.pairs.tokens][:4] == [40, 367, 2885, 1464]


def test_without_a_text_the_examples_are_there(session, look, on_screen, settled) -> None:
    view = WindowsView(session, look)
    on_screen(view)
    settled()
    assert view.stream is not None
    assert view.cut.windows == 250
    view.set_source(None)
    settled()
    assert view.cut.windows == 250


def test_a_large_text_is_cut_only_when_it_is_asked_for(session, look, on_screen, settled, monkeypatch) -> None:
    monkeypatch.setattr(computing, "AT_ONCE", 10)
    view = WindowsView(session, look)
    view.set_source(session.project.text("story"))
    on_screen(view)
    settled()
    assert view.stream is None
    assert view.make.isVisible()
    view.make.click()
    settled()
    assert view.stream is not None
    assert not view.make.isVisible()


def test_another_tokenizer_of_the_draft_reads_the_text_anew(view, session, settled) -> None:
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="bytes")))
    view.refresh(frozenset({"draft"}))
    settled()
    assert view.stream.tokenizer.name == "bytes"
    view.refresh(frozenset({"runs"}))
    assert [job for job in view.session.jobs.jobs if job.lane.startswith("windows")] == []


def test_a_batch_that_was_cut_otherwise_is_never_shown(view, session, settled, qtbot) -> None:
    other = session.draft.with_part(
        model=replace(session.draft.model, context_length=16), data=replace(session.draft.data, stride=16)
    )
    session.set_draft(other)
    view.refresh(frozenset({"draft"}))
    assert "counted" not in view.formula.text()
    assert view.batch_page.grid.rows == []
    qtbot.waitUntil(lambda: view.batch is not None)
    assert view.batch.ids.shape == (4, 17)
    assert formula_words(view.cut, view.cut.windows) == view.formula.text()
    assert "windows of 16 tokens" in view.batch_page.sentence.text()


def test_another_seed_draws_another_batch_when_the_view_is_looked_at_again(view, session, settled, qtbot) -> None:
    before = view.batch.starts.tolist()
    view.hide()
    session.set_draft(session.draft.with_part(compute=replace(session.draft.compute, seed=99)))
    view.refresh(frozenset({"draft"}))
    assert view.batch is None
    assert not view._timer.isActive()
    view.show()
    qtbot.waitUntil(lambda: view.batch is not None)
    assert view.batch.starts.tolist() != before
    assert "drawn with seed 99" in view.batch_page.sentence.text()


def test_numbers_that_come_back_at_once_are_asked_for_again(view, settled, qtbot) -> None:
    write(view, qtbot, "stride", 8)
    write(view, qtbot, "stride", 32)
    qtbot.waitUntil(lambda: view.batch is not None)
    assert view.batch.counted == view.cut.windows


def test_what_cannot_be_read_is_said_where_it_happened(session, look, on_screen, settled, tmp_path: Path) -> None:
    text: Any = replace(session.project.text("story"), sha256="0" * 64, bytes=7)
    view = WindowsView(session, look)
    view.set_source(text)
    on_screen(view)
    settled()
    assert view.trouble.isVisible()
    assert "was changed after it was imported" in view.trouble.text()
