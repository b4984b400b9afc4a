import dataclasses

import pytest
from PySide6.QtCore import Qt

from studio.core.config import ModelConfig
from studio.panels.runs import RunsPanel
from studio.training.compare import Colors
from studio.training.table import row_of, rows_of, what_text
from tests.scripted_run import UNTIL_STOPPED, measured, small_run, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def page(session, look, on_screen):
    panel = RunsPanel(session, look)
    session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    on_screen(panel)
    return panel


@pytest.fixture
def three(scripted_run, session, save_checkpoint):
    deep = session.draft.with_part(model=dataclasses.replace(session.draft.model, n_layers=4))
    for name, config in (("first", session.draft), ("deep", deep), ("last", session.draft)):
        run = scripted_run.play(small_run(20), name, config)
        save_checkpoint(run.record, 10, 2.0)
        save_checkpoint(run.record, 20, 2.5)
    return session.runs


def row(page, name):
    return next(row for row in page.table.rows() if row.name == name)


def test_without_runs_the_page_says_what_it_will_show_and_leads_to_the_first(page, session, qtbot):
    assert page.empty.isVisible()
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.empty.button.click()
    assert wish.args[0] == "pretrain"


def test_the_newest_run_is_chosen_and_all_are_listed(three, page):
    assert [item.name for item in page.table.rows()] == ["last", "deep", "first"]
    assert page.run is three["last"]
    assert page.checkpoints.total.text().startswith("2 checkpoints")


def test_a_row_tells_what_the_run_is_and_what_it_reached(three):
    found = row_of(three["deep"])
    assert (found.state, found.step, found.best) == ("finished", 20, 2.0)
    assert found.what == "pretrain · story · 4 × 32"
    assert found.parameters == 1_234
    assert what_text(three["first"].config) == "pretrain · story · 2 × 32"


def test_a_run_that_cannot_be_read_is_listed_as_that(three, monkeypatch):
    def broken(self):
        raise OSError("gone")

    monkeypatch.setattr(type(three["deep"].record), "summary", property(broken))
    assert {item.what for item in rows_of(list(three.values()))} == {"cannot be read"}


def test_choosing_another_run_shows_its_checkpoints_and_notes(three, page):
    three["first"].record.save_notes("the first one")
    page.table.select(row(page, "first"))
    page.table.selection_changed.emit(page.table.selected_rows())
    assert page.run is three["first"]
    assert page.notes.edit.toPlainText() == "the first one"


def test_ticked_runs_lie_over_one_another_and_their_settings_are_compared(three, page):
    page.table.link_clicked.emit(row(page, "deep"), "Overlay")
    assert [item.name for item in page.table.rows() if item.ticked] == ["last", "deep"]
    assert page.tabs.value() == "differences"
    page.table.link_clicked.emit(row(page, "deep"), "Overlay")
    assert [item.name for item in page.table.rows() if item.ticked] == ["last"]


def test_a_finished_run_opens_in_the_widgets_that_showed_it_live(three, page, qtbot):
    page.table.row_activated.emit(row(page, "first"))
    assert page.view.isVisible()
    assert page.view.run is three["first"]
    assert len(page.view.run.history["training_loss"]) == 20
    assert "first · finished" in page.purpose.text()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.table.isVisible()


def test_a_deleted_run_comes_back_when_the_toast_says_undo(three, page, session):
    said = []
    session.notices.posted.connect(said.append)
    page.delete.click()
    assert "last" not in session.runs
    assert [item.name for item in page.table.rows()] == ["deep", "first"]
    words, undo = said[-1].action
    assert words == "Undo"
    undo()
    assert "last" in [item.name for item in page.table.rows()]


def test_a_living_run_can_neither_be_deleted_nor_resumed(page, scripted_run):
    run = scripted_run.start([started(10), *steps(4), measured(4), UNTIL_STOPPED], "alive")
    scripted_run.until(lambda: run.step == 4)
    page.refresh(frozenset({"runs"}))
    page.table.row_activated.emit(row(page, "alive"))
    assert not page.delete.isEnabled()
    assert not page.resume.isEnabled()
    scripted_run.session.stop_run(run)
    scripted_run.until(lambda: not run.living)


def test_a_training_is_paused_to_be_talked_to(page, session, scripted_run, qtbot):
    run = scripted_run.start([started(20), *steps(3), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 3 and run.state == "running")
    page.refresh(frozenset())
    assert (page.chat.text(), page.chat.isEnabled()) == ("Pause and talk", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.chat.click()
    assert wish.args == ["chat", (run.name, 3)]
    assert run.state == "paused"
    session.stop_run(run)
    scripted_run.settle()
    page.refresh(frozenset())
    assert page.chat.text() == "Chat"


def test_a_checkpoint_is_taken_to_chat_by_run_and_step(three, page, session, qtbot):
    info = page.checkpoints.table.rows()[-1]
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.checkpoints.table.link_clicked.emit(info, "Chat")
    assert wish.args == ["chat", ("last", 10)]


def test_a_run_is_resumed_from_a_chosen_checkpoint(three, page, session, scripted_run, qtbot):
    info = page.checkpoints.table.rows()[-1]
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.checkpoints.table.link_clicked.emit(info, "Resume")
    assert wish.args == ["pretrain", three["last"]]
    scripted_run.settle()
    assert scripted_run.engine.calls[-1] == ("last", 10)


def test_another_page_can_ask_for_one_run(three, page):
    page.focus_on("deep")
    assert page.view.run is three["deep"]


def test_colours_stay_with_their_runs_while_others_come_and_go():
    colors = Colors()
    assert [colors.of(name) for name in "abc"] == [0, 1, 2]
    colors.keep(["a", "c"])
    assert [colors.of(name) for name in "cd"] == [2, 1]


def test_the_page_survives_a_change_of_theme_and_an_unknown_model(three, page, look):
    assert isinstance(three["first"].config.model, ModelConfig)
    look.set_theme("light")
    page.grab()


def test_a_run_of_gaps_is_named_so_and_has_no_chat(page, session, scripted_run, save_checkpoint, qtbot):
    run = scripted_run.play(small_run(20), "gaps", dataclasses.replace(session.draft, objective="masked_words"))
    save_checkpoint(run.record, 10, 2.0)
    page.refresh()
    assert row(page, "gaps").what == "masked words · story · 2 × 32"
    assert not page.chat.isEnabled()
    assert "fill gaps" in page.chat.toolTip()
    with qtbot.assertNotEmitted(session.focus_requested):
        page.checkpoints._activated(page.checkpoints.table.rows()[0])


def test_a_run_and_each_of_its_checkpoints_can_be_looked_into(three, page, session):
    wishes = []
    session.focus_requested.connect(lambda name, thing: wishes.append((name, thing)))
    page.inside.click()
    page.checkpoints.table.link_clicked.emit(page.checkpoints.table.rows()[-1], "Inside")
    assert wishes == [("attention", page.run), ("attention", ("last", 10))]
    action = next(action for action in page.actions() if action.name == "runs.inside")
    assert action.enabled()
