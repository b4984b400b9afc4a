"""A page about the inside, by mouse and keyboard: what it loads, says, shares, compares, and how it gives up."""

import dataclasses
import time
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStackedWidget

from studio.core.errors import StudioError
from studio.live.looking import Glance
from studio.seeing.subjects import of_run
from tests.scripted_run import UNTIL_STOPPED, saved, small_run, started, step
from tests.seeing.conftest import InsidePage, MapView, PairPage

pytestmark = pytest.mark.gui


def settle(scripted_run: Any) -> None:
    scripted_run.settle()
    QApplication.processEvents()


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_an_empty_project_is_told_what_is_missing_and_led_to_it(session, models, open_page) -> None:
    page = open_page()
    wishes: list[str] = []
    session.focus_requested.connect(lambda name, thing: wishes.append(name))
    assert page.stack.currentWidget() is page.empty
    assert "Train one" in page.empty.why.text()
    assert not page.subject.isVisible()
    assert not page.export.isEnabled()
    page.empty.button.click()
    assert wishes == ["pretrain"]


def test_a_view_about_words_says_that_a_classifier_has_none(page, session) -> None:
    scene = session.looking.scene
    view = page.view
    assert view.why_nothing() == ""
    view.needs_words = True
    assert view.why_nothing() == ""
    config = SimpleNamespace(model=SimpleNamespace(vocab_size=100, outputs=3))
    session.looking.scene = SimpleNamespace(**{**vars(scene), "title": "sorts · step 3", "config": config})
    assert "“sorts · step 3” tells 3 classes apart" in view.why_nothing()
    page._show()
    assert page.stack.currentWidget() is page.empty
    assert page.empty.headline.text() == "Not in this model"
    view.needs_words = False
    assert view.why_nothing() == ""
    session.looking.scene = scene


def test_without_a_project_it_leads_home(session, models, open_page) -> None:
    session.close_project()
    page = open_page()
    assert page.empty.button.text() == "Go to Home"


def test_the_first_look_is_at_the_newest_runs_best_checkpoint(page, session, models) -> None:
    assert session.looking.subject.title == "tale · step 20"
    assert models.calls == [("step-000020", "Mira went")]
    assert isinstance(page.stack.currentWidget(), MapView)


def test_a_page_that_nobody_opened_loads_nothing(tale, session, models, look, scripted_run) -> None:
    page = InsidePage(session, look)
    page.refresh()
    settle(scripted_run)
    assert models.calls == []
    page.deleteLater()


def test_a_model_handed_over_with_the_page_is_the_only_one_that_is_loaded(
    tale, plain, session, models, look, on_screen, scripted_run
) -> None:
    window, page = QStackedWidget(), InsidePage(session, look)
    on_screen(window)
    window.addWidget(page)
    window.setCurrentWidget(page)  # as the shell opens a page and hands over what it shall show
    page.refresh()
    page.focus_on(("tale", 10))
    settle(scripted_run)
    assert {name for name, _ in models.calls} == {"step-000010"}


def test_an_imported_model_is_looked_at_where_there_is_no_run(plain, open_page, session, models) -> None:
    open_page()
    assert session.looking.scene.title == "plain"


def test_a_view_is_built_when_it_is_first_opened(page) -> None:
    assert set(page._built) == {"map"}
    page.open_view("rare")
    assert set(page._built) == {"map", "rare"}
    assert page.switch.value() == "rare"
    page.open_view("nothing of the kind")
    assert page.view.name == "rare"


def test_what_a_model_does_not_have_is_a_sentence_and_comes_back_with_another_model(
    page, plain, session, scripted_run
) -> None:
    page.open_view("rare")
    session.models.changed.emit(frozenset({"models"}))
    page.focus_on(next(entry for entry in page.subject.choice.entries if entry.name == "plain"))
    settle(scripted_run)
    assert page.stack.currentWidget() is page.empty
    assert page.empty.why.text() == "This model has no such part."
    assert not page.export.isEnabled()
    page.focus_on("tale")
    settle(scripted_run)
    assert page.stack.currentWidget() is page.view


def test_while_a_model_is_loading_the_page_says_so(tale, plain, page, session, scripted_run) -> None:
    entry = next(entry for entry in page.subject.choice.entries if entry.name == "plain")
    page.focus_on(entry)
    assert page.empty.headline.text() == "Looking into plain…"
    settle(scripted_run)
    assert page.stack.currentWidget() is page.view


def test_a_model_that_cannot_be_opened_is_told_with_a_way_to_try_again(
    tale, models, open_page, session, scripted_run
) -> None:
    models.broken["step-000020"] = StudioError("The checkpoint is damaged.", "Choose another one.")
    page = open_page()
    settle(scripted_run)
    assert page.banner.message.text() == "The checkpoint is damaged."
    assert page.stack.currentWidget() is page.empty
    models.broken.clear()
    page._try_again()
    settle(scripted_run)
    assert not page.banner.isVisible()
    assert page.stack.currentWidget() is page.view


# --- the text --------------------------------------------------------------------------------------------------------


def test_enter_reads_another_text_and_a_typed_line_break_is_one(page, session, scripted_run) -> None:
    page.subject.edit_prompt()
    line = page.subject.prompt.line
    assert (line.text(), line.hasFocus()) == ("Mira went", True)
    line.clear()
    QTest.keyClicks(line, "one\\ntwo")
    QTest.keyClick(line, Qt.Key.Key_Return)
    settle(scripted_run)
    assert session.looking.scene.prompt == "one\ntwo"
    assert not page.subject.prompt.editing


def test_escape_leaves_the_line_and_not_the_lock(page, session) -> None:
    session.selection.lock(row=1)
    page.subject.edit_prompt()
    QTest.keyClicks(page.subject.prompt.line, "something else")
    QTest.keyClick(page.subject.prompt.line, Qt.Key.Key_Escape)
    assert not page.subject.prompt.editing
    assert (session.looking.prompt, session.selection.locked("row")) == ("Mira went", 1)


def test_a_text_over_the_context_is_shown_in_a_stated_window_that_turns(page, session, scripted_run) -> None:
    assert not page.subject.after.isVisible()
    session.looking.read("abcdefghijklmnopqrstuvwxyzabcdefghij")
    settle(scripted_run)
    assert page.subject.counted.text() == "1 to 16 of 36"
    assert "tokens 1 to 16 of 36" in page.footing.source.text()
    assert not page.subject.before.isEnabled()
    page.subject.after.click()
    settle(scripted_run)
    assert page.subject.counted.text() == "17 to 32 of 36"
    page.subject.after.click()
    settle(scripted_run)
    assert (page.subject.counted.text(), page.subject.after.isEnabled()) == ("21 to 36 of 36", False)
    page.subject.before.click()
    settle(scripted_run)
    assert page.subject.counted.text() == "5 to 20 of 36"


def test_a_glance_opens_the_view_it_names_at_the_last_token(page, session, scripted_run) -> None:
    subject = of_run(session.runs["tale"], 30)
    page.focus_on(Glance(subject, "abcdefghijklmnopqrstuvwxyz", "rare"))
    settle(scripted_run)
    assert page.view.name == "rare"
    assert "".join(session.looking.scene.tokens) == "klmnopqrstuvwxyz"
    assert session.selection.locked("row") == 15
    assert session.looking.subject.step == 30


# --- one selection ---------------------------------------------------------------------------------------------------


def test_a_selection_reaches_every_open_view_within_fifty_milliseconds(open_page, tale, session, scripted_run) -> None:
    """G7: counts signals and compares state, over three pages that are open side by side."""
    pages = [open_page() for _ in range(3)]
    scripted_run.until(lambda: session.looking.scene is not None)
    views = [page.view for page in pages]
    signals: list[frozenset[str]] = []
    session.selection.changed.connect(signals.append)
    for view in views:
        view.told_what.clear()
    for row in range(10):
        began = time.perf_counter()
        session.selection.hover(row=row, column=0)
        session.selection.lock(layer=1, head=row % 4, row=row)
        assert time.perf_counter() - began <= 0.05
        assert [view.drawn for view in views] == [{"row": row, "column": 0, "layer": 1, "head": row % 4}] * 3
    assert [view.told_what for view in views] == [[frozenset({"selection"})] * len(signals)] * 3


def test_a_view_that_is_hidden_catches_up_when_it_is_seen_again(page, session) -> None:
    first = page.view
    page.open_view("rare")
    before = len(first.told_what)
    session.selection.lock(row=3)
    session.selection.hover(row=4)
    assert len(first.told_what) == before
    page.open_view("map")
    assert first.told_what[before:] == [frozenset({"selection"})]
    assert first.drawn["row"] == 4


def test_escape_frees_what_is_locked_and_a_hover_never_does(page, session) -> None:
    session.selection.lock(row=3, column=1)
    assert (page.footing.locked.text(), page.footing.free.isVisible()) == (
        "locked: from a @3 · to i @1", True,
    )  # fmt: skip
    session.selection.hover(row=0)
    session.selection.leave()
    assert session.selection.locked("row") == 3
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert session.selection.is_free
    assert page.view.drawn == dict.fromkeys(("row", "column", "layer", "head"))
    assert not page.footing.free.isVisible()


def test_the_words_below_follow_what_is_pointed_at(page, session) -> None:
    session.selection.hover(row=2, column=1)
    assert page.footing.words.text() == "Row 2 looks at 1."
    session.selection.leave()
    assert page.footing.words.text() == "Row None looks at None."


def test_another_theme_draws_the_view_again(page, look) -> None:
    page.view.told_what.clear()
    look.set_theme("light")
    assert page.view.told_what == [frozenset()]
    look.set_theme("dark")


# --- where it comes from ---------------------------------------------------------------------------------------------


def test_every_view_says_where_its_numbers_come_from(page, session) -> None:
    session.selection.lock(layer=1, head=3)
    words = page.footing.source.text()
    for part in ("tale · step 20", "3f2a91c0", "9 tokens", "layer 1 head 3", "fp32", "A·V = z within 1.8e-06"):
        assert part in words
    assert "old" not in words
    page.open_view("rare")
    assert page.footing.source.text() == words


def test_a_map_that_does_not_explain_the_model_is_told_in_red(tale, models, open_page, scripted_run) -> None:
    models.exact = False
    page = open_page()
    settle(scripted_run)
    assert "A·V ≠ z within 2.0e-01" in page.footing.source.text()
    assert page.footing.source.property("role") == "danger"


def test_while_the_run_goes_on_it_says_how_old_the_numbers_are_and_follows_the_newest(
    scripted_run, session, models, save, open_page
) -> None:
    def save_one(_control: Any, record: Any) -> None:
        save(record, 5, 2.0)

    gate = {"open": False}

    def wait(control: Any, record: Any) -> None:
        end = time.monotonic() + 5
        while not gate["open"] and time.monotonic() < end:
            time.sleep(0.001)
        save(record, 8, 1.5)

    run = scripted_run.start(
        [started(100), *(step(number) for number in range(1, 6)), save_one, saved(5), step(6), step(7), step(8), wait,
         saved(8), UNTIL_STOPPED], "tale",
    )  # fmt: skip
    scripted_run.until(lambda: run.step == 8)
    page = open_page(settled=False)
    scripted_run.until(lambda: session.looking.scene is not None)
    assert page.subject.choice.follows
    assert "3 steps old" in page.footing.source.text()
    gate["open"] = True
    scripted_run.until(lambda: session.looking.scene.step == 8)
    QApplication.processEvents()
    assert page.footing.source.text().endswith("live")
    session.stop_run(run)
    settle(scripted_run)


# --- two models ------------------------------------------------------------------------------------------------------


def test_compare_lays_the_first_checkpoint_over_the_shown_one(page, session, scripted_run) -> None:
    page.subject.ask_compare()
    settle(scripted_run)
    assert session.looking.compared.step == 10
    assert session.looking.mode == "difference"
    assert "tale · step 20 · 3f2a91c0 − tale · step 10" in page.footing.source.text()
    assert abs(page.view.numbers()["attention"]).max() > 0
    assert not page.subject.compare.isVisible()
    page.subject.versus.mode._choose("B")
    assert page.footing.source.text().startswith("tale · step 10")
    page.subject.versus._close()
    assert (session.looking.other, session.looking.mode) == (None, "A")
    assert page.subject.compare.isVisible()


def test_a_model_compared_with_itself_shows_nothing_but_zeros(page, session, scripted_run) -> None:
    session.looking.compare_with(session.looking.subject)
    settle(scripted_run)
    assert (page.view.numbers()["attention"] == 0.0).all()


def test_what_cannot_be_compared_is_refused_where_it_was_asked(page, plain, models, session, scripted_run) -> None:
    models.unlike["plain"] = StudioError("They cut text differently.", "Compare models with the same tokenizer.")
    page.subject.ask_compare()
    settle(scripted_run)
    page.subject.versus.choice.chosen.emit(dataclasses.replace(session.looking.subject, folder=plain, run=""))
    settle(scripted_run)
    assert page.banner.message.text() == "They cut text differently."
    assert session.looking.mode == "A"
    assert page.stack.currentWidget() is page.view


# --- leaving and being called ----------------------------------------------------------------------------------------


def test_deleting_the_run_empties_the_page(page, session, scripted_run) -> None:
    session.delete_run("tale")
    settle(scripted_run)
    assert page.stack.currentWidget() is page.empty
    assert session.looking.scene is None


def test_the_palette_offers_every_view_the_text_and_every_form(page, session, scripted_run) -> None:
    actions = {action.name: action for action in page.actions()}
    assert set(actions) == {
        "attention.view.map", "attention.view.rare", "attention.text", "attention.compare", "attention.free",
        "attention.export.png", "attention.export.svg", "attention.export.csv", "attention.export.npz",
    }  # fmt: skip
    assert actions["attention.view.rare"].text == "Attention: Rare view"
    actions["attention.view.rare"].slot()
    assert page.view.name == "rare"
    session.selection.lock(row=1)
    actions["attention.free"].slot()
    assert session.selection.is_free
    actions["attention.text"].slot()
    assert page.subject.prompt.editing


def test_in_a_narrow_window_the_views_become_a_list(page) -> None:
    assert page.switch.row.isVisible()
    page.switch.fit(60)
    assert page.switch.list.isVisible()
    page.switch.list.set_value("rare")
    page.switch.list.changed.emit()
    assert page.view.name == "rare"
    page.switch.fit(2_000)
    assert page.switch.row.value() == "rare"


def test_the_switch_finds_its_place_and_a_low_window_leaves_the_room_to_the_picture(page) -> None:
    heights = {}
    for size in ((1_105, 728), (430, 728), (785, 528)):
        page.resize(*size)
        QApplication.processEvents()
        heights[size] = page.view.height()
        assert page.switch.row.isVisible()
        assert (page.under.indexOf(page.switch) >= 0) == (size[0] == 430)
        assert page.purpose.isVisible() == (size[1] > 600)
    assert heights[785, 528] >= heights[1_105, 728] - 200 + 10


def test_a_view_of_two_models_offers_the_comparison(tale, session, open_page, scripted_run) -> None:
    page = open_page(PairPage)
    scripted_run.until(lambda: session.looking.scene is not None)
    assert page.empty.headline.text() == "Nothing to compare with yet"
    page.empty.button.click()
    scripted_run.until(lambda: session.looking.other is not None)
    assert page.stack.currentWidget() is page.view


def test_a_run_without_a_checkpoint_is_passed_over(scripted_run, session, models, save, open_page) -> None:
    first = scripted_run.play(small_run(10), "first")
    save(first.record, 10, 2.0)
    scripted_run.play(small_run(10), "second")
    open_page()
    assert session.looking.subject.run == "first"
