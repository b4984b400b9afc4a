"""The Data page: texts come in, are looked at, split, chosen and deleted."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QPushButton

from studio.core.config import ModelConfig
from studio.live import token_counts
from studio.panels import data as data_module
from studio.panels.data import DataPanel
from studio.tables import hub_dialog
from studio.widgets.button import Button
from tests.scripted_run import UNTIL_STOPPED, small_run, started

pytestmark = pytest.mark.gui


@pytest.fixture
def stage(scripted_run):
    return scripted_run


@pytest.fixture
def told(session):
    notices = []
    session.notices.posted.connect(notices.append)
    return notices


@pytest.fixture
def make(session, look, on_screen, stage):
    """Opens the page as the window does."""

    def open_page():
        panel = DataPanel(session, look)
        session.changed.connect(panel.refresh)
        panel.refresh(frozenset())
        on_screen(panel)
        stage.settle()
        return panel

    return open_page


@pytest.fixture
def page(make):
    return make()


@pytest.fixture
def bring(page, stage, tmp_path):
    """Adds a file with this content through the page."""

    def add(content, name="letters.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        page.add([path])
        stage.settle()
        return path

    return add


class Fetching(QDialog):
    """Stands where the dialog for public datasets stands."""

    fetched = Signal(list)

    def __init__(self, session, look, parent):
        super().__init__(parent)

    def open(self):
        """Never on the screen."""


def names(page):
    return [row.name for row in page.list.table.rows()]


# --- empty ----------------------------------------------------------------------------------------------------------


def test_without_a_project_the_page_offers_the_bundled_stories(make, session, stage, tmp_path, monkeypatch):
    sample = tmp_path / "stories.txt"
    sample.write_text("Once upon a time there was a fox.\n" * 50, "utf-8")
    monkeypatch.setattr(data_module, "sample_path", lambda resources: sample)
    session.close_project()
    page = make()
    assert page.empty.isVisible()
    assert not page.primary.isVisible()
    page.empty.button.click()
    assert page.empty.headline.text() == "Reading stories.txt…"
    assert not page.empty.button.isEnabled()
    stage.settle()
    assert names(page) == ["stories"]
    assert session.project.name == "My project"
    assert not page.list.sample.isVisible()


def test_the_first_text_of_a_project_is_used_at_once(make, session, stage, tmp_path):
    session.project.delete_text("story")
    page = make()
    assert page.empty.isVisible()
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    page.add([tmp_path / "fox.txt"])
    stage.settle()
    assert session.draft.data.text == "fox"
    assert page.primary.text() == "Next: Tokenizer"


def test_the_empty_page_offers_samples_and_shows_the_one_that_was_added(make, session, stage):
    session.project.delete_text("story")
    page = make()
    links = [button for button in page.empty.findChildren(Button) if button.property("kind") == "link"]
    assert [button.text() for button in links] == ["Add a sample dataset…", "Get a public dataset…"]
    assert all(button.isVisible() for button in links)
    links[0].click()
    page.samples.dialog.cards.cards["preferences"].click()
    page.samples.dialog.add()
    stage.settle()
    assert names(page) == ["preferences"]
    assert page.work.source.title == "preferences@1"
    assert page.work.source.reading.kind == "preference"
    page.delete()
    assert page.empty.isVisible()


def test_the_list_and_the_palette_lead_to_the_samples(page, stage):
    assert "Add a sample dataset…" in [button.text() for button in page.list.findChildren(Button)]
    next(action for action in page.actions() if action.name == "data.samples").slot()
    assert page.samples.dialog is not None
    page.samples.dialog.reject()
    stage.settle()
    assert page.samples.dialog is None


# --- one text -------------------------------------------------------------------------------------------------------


def test_the_text_in_use_is_shown_with_its_figures_and_first_lines(page, session):
    text = session.project.text("story")
    facts = page.work.side.facts.rows.texts()
    assert facts["Characters"] == "20,000"
    assert facts["Lines"] == "1"
    assert facts["Tokens"] == "20,000"
    assert facts["Characters per token"] == "1.00"
    assert page.work.side.facts.encoding.text() == text.encoding == "UTF-8: every byte fits."
    assert page.work.side.facts.source.text() == text.sources[0]
    assert page.work.stage.view.lines.toPlainText().startswith("Mira went to the harbour")
    assert page.work.stage.title.text() == "story"


def test_another_tokenizer_in_the_draft_counts_anew(page, session, stage):
    draft = session.draft
    session.set_draft(draft.with_part(data=replace(draft.data, tokenizer="words")))
    assert page.work.side.facts.rows.texts()["Tokens"] == "counting…"
    stage.settle()
    assert page.work.side.facts.rows.texts()["Tokens"] == "4,400"
    assert page.work.side.facts.rows.texts()["Tokenizer"] == "words"


def test_foreign_text_is_never_taken_for_markup(page, bring):
    bring("<b>bold</b> <img src=x>\n" * 20, "<i>odd.txt")
    assert "<b>bold</b>" in page.work.stage.view.lines.toPlainText()
    assert page.work.stage.title.text().startswith("<i>") or "odd" in page.work.stage.title.text()


def test_of_a_huge_text_the_tokens_are_guessed_until_all_are_counted(make, session, stage, monkeypatch):
    monkeypatch.setattr(token_counts, "AUTOMATIC", 1_000)
    monkeypatch.setattr(token_counts, "BEGINNING", 500)
    page = make()
    assert page.work.side.facts.rows.texts()["Tokens"] == "about 20,000"
    page.work.side.facts.count_all.click()
    assert page.work.side.facts.count_all.text() == "Counting all of it…"
    stage.settle()
    assert page.work.side.facts.rows.texts()["Tokens"] == "20,000"
    assert not page.work.side.facts.count_all.isVisible()


def test_a_damaged_text_is_listed_with_its_reason_and_mended_or_moved_away(page, bring, session, stage, told):
    bring("Dear Ada, " * 100)
    damaged = session.project.text("letters").folder / "text.json"
    damaged.write_text("{", "utf-8")
    page.refresh(frozenset({"texts"}))
    assert [(row.name, bool(row.trouble)) for row in page.list.table.rows()] == [("story", False), ("letters", True)]
    page.list.chosen.emit("unread", "letters")
    assert page.work.trouble.state.headline.text() == ("The text “letters” cannot be read: its description is damaged.")
    assert page.work.trouble.state.button.isVisible()
    assert not page.primary.isVisible()
    assert not page.work.stage.isVisible()
    page.delete()
    assert names(page) == ["story"]
    assert page.work.stage.isVisible()
    told[-1].action[1]()
    assert page.work.broken.name == "letters"
    page.work.trouble.state.button.click()
    stage.settle()
    assert names(page) == ["letters", "story"]
    assert page.text.name == "letters"
    assert page.text.characters == 1_000
    assert page.work.side.isVisible()


def test_a_project_with_nothing_but_a_damaged_text_says_so(page, session, stage):
    (session.project.text("story").folder / "text.txt").unlink()
    page.refresh()
    assert page.work.trouble.isVisible()
    assert not page.empty.isVisible()
    assert "is gone" in page.work.trouble.state.headline.text()
    assert not page.work.trouble.state.button.isVisible()


def test_where_nothing_can_be_read_each_one_can_be_looked_at(page, bring, session):
    bring("Dear Ada, " * 100)
    for text in session.project.texts():
        (text.folder / "text.json").write_text("{", "utf-8")
    page.refresh()
    assert page.work.broken.name == "letters"
    page.list.chosen.emit("unread", "story")
    assert page.work.broken.name == "story"
    assert "“story”" in page.work.trouble.state.headline.text()


# --- the split ------------------------------------------------------------------------------------------------------


def test_the_split_follows_the_slider_and_the_draft_follows_too(page, session):
    page.work.side.split.slider.changed.emit(0.25)
    assert session.draft.data.validation_share == 0.25
    assert "Trained on 15,000 (75 %)" in page.work.side.split.bar.accessibleDescription()
    assert "Held back 5,000 (25 %)" in page.work.side.split.bar.accessibleDescription()


def test_windows_of_the_drafts_context_are_counted_on_both_sides(page, session):
    rows = page.work.side.split.rows.texts()
    assert rows["Windows of 32 tokens"] == str((18_000 - 33) // 32 + 1)
    assert rows["Windows held back"] == str((2_000 - 33) // 32 + 1)


def test_the_first_words_held_back_are_told(page, session):
    whole = session.project.text("story").path.read_text("utf-8")
    assert " ".join(whole[18_000:18_040].split()) in page.work.side.split.cut.text()
    page.work.side.split.slider.changed.emit(0.0)
    assert not page.work.side.split.cut.isVisible()


def test_a_text_shorter_than_one_window_is_said_before_training(page, session, stage):
    session.set_draft(session.draft.with_part(model=ModelConfig(context_length=30_000)))
    assert "one window needs 30,001 tokens" in page.work.side.split.warning.text()
    session.set_draft(session.draft.with_part(model=ModelConfig(context_length=5_000)))
    assert "nothing could be measured" in page.work.side.split.warning.text()
    session.set_draft(session.draft.with_part(model=ModelConfig(context_length=32)))
    assert not page.work.side.split.warning.isVisible()


# --- coming in ------------------------------------------------------------------------------------------------------


def test_a_file_becomes_a_text_that_is_looked_at_but_not_used(page, bring, session):
    bring("Dear Ada, " * 100)
    assert names(page) == ["letters", "story"]
    assert page.text.name == "letters"
    assert session.draft.data.text == "story"
    assert page.primary.text() == "Use this text"


def test_using_a_text_makes_the_next_page_the_next_thing(page, bring, session, qtbot):
    bring("Dear Ada, " * 100)
    page.primary.click()
    assert session.draft.data.text == "letters"
    assert page.primary.text() == "Next: Tokenizer"
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.primary.click()
    assert wish.args[0] == "tokenizer"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
        (b" \n \n", "nothing but blanks"),
    ],
)
def test_what_is_no_text_is_refused_on_the_page_with_a_hint(page, bring, told, content, words):
    bring(content, "odd.txt")
    assert page.banner.level == "danger"
    assert words in page.banner.message.text()
    assert page.banner.hint.text()
    assert names(page) == ["story"]
    assert told == []


def test_the_same_text_again_is_told_and_not_copied(page, bring):
    bring("Dear Ada, " * 100)
    bring("Dear Ada, " * 100, "copy.txt")
    assert "here already" in page.banner.message.text()
    assert names(page) == ["letters", "story"]


def test_a_legacy_encoding_is_explained(page, bring):
    bring("Größe, Straße, Übermut und Ärger im naïven Café. ".encode("cp1252") * 40)
    assert "a guess, since the byte 0xf6" in page.work.side.facts.encoding.text()


def test_a_text_that_is_refused_can_be_read_otherwise_and_says_what_was_replaced(page, bring, stage, qtbot):
    path = bring("Grüße und schöne Träume ".encode() * 40 + b"\xff", "torn.txt")
    assert "is damaged" in page.banner.message.text()
    (way,) = [button for button in page.banner.findChildren(QPushButton) if button.text() == "Read it differently…"]
    qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    stage.settle()
    dialog = page.reading.dialog
    assert not dialog.take_button.isEnabled()
    qtbot.mouseClick(dialog.replace, Qt.MouseButton.LeftButton)
    stage.settle()
    dialog.take()
    stage.settle()
    assert names(page) == ["story", "torn"]
    assert page.banner.isHidden()
    assert page.text.replaced == 1
    assert page.text.sources == (str(path),)
    assert "1 place that cannot be read: �." in page.work.side.facts.encoding.text()


def test_a_text_in_a_wrong_encoding_is_read_again_and_the_former_one_stays(page, bring, stage, qtbot):
    bring("Größe, Straße, Übermut und Ärger im naïven Café. ".encode("cp1252") * 40, "turtle.txt")
    assert "naïven" in page.text.path.read_text("utf-8")
    qtbot.mouseClick(page.work.side.facts.read_again, Qt.MouseButton.LeftButton)
    stage.settle()
    dialog = page.reading.dialog
    dialog.encoding.set_value("cp1250")
    dialog.look_again()
    stage.settle()
    dialog.take()
    stage.settle()
    assert page.text.name == "turtle 2"
    assert page.text.path.read_text("utf-8").startswith("Größe, Straße, Übermut und Ärger im naďven Café.")
    assert names(page) == ["story", "turtle", "turtle 2"]


def test_files_of_a_folder_that_are_left_out_are_named(page, stage, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.txt").write_text("All is well. " * 50, "utf-8")
    (folder / "letter.txt").write_bytes(b"%PDF-1.7")
    (folder / "table.csv").write_text("a,b\n", "utf-8")
    page.add([folder])
    stage.settle()
    assert "“letter.txt” is a PDF document" in page.banner.message.text()
    facts = page.work.side.facts
    assert facts.left_out.text() == (
        "Left out: “letter.txt” is a PDF document, not plain text. And 1 more are left out."
    )
    assert "left out: .csv" in facts.left_out.toolTip()


def test_a_folder_is_one_text_and_says_how_many_files_it_has(page, stage, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.md").write_text(f"Letter {number}. " * 50, "utf-8")
    page.add([folder])
    stage.settle()
    assert "and 2 more files" in page.work.side.facts.source.text()


def test_progress_is_shown_while_a_text_is_read(page):
    page.intake.progressed.emit("book.txt", 50, 200)
    assert page.list.progress.isVisible()
    assert page.list.bar.value() == 250
    page.intake.progressed.emit("", 0, 0)
    assert not page.list.progress.isVisible()


def test_a_cancelled_import_leaves_nothing_and_complains_about_nothing(page, stage, tmp_path):
    (tmp_path / "long.txt").write_text("word " * 400_000, "utf-8")
    page.add([tmp_path / "long.txt"])
    page.list.cancel.click()
    stage.settle()
    assert names(page) == ["story"]
    assert page.banner.level == ""
    assert not page.list.progress.isVisible()


def test_a_drop_is_announced_and_brings_the_text(page, stage, tmp_path):
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    page.drop.hovered.emit(1)
    assert page.purpose.text() == "Drop to add one file."
    page.drop.hovered.emit(0)
    assert page.purpose.text() == data_module.PURPOSE
    page.drop.dropped.emit([Path(tmp_path / "fox.txt")])
    stage.settle()
    assert "fox" in names(page)


# --- going away -----------------------------------------------------------------------------------------------------


def test_a_deleted_text_can_be_brought_back(page, session, told):
    page.delete()
    assert page.empty.isVisible()
    words, undo = told[0].action
    assert words == "Undo"
    undo()
    assert names(page) == ["story"]
    assert session.project.text("story").characters == 20_000


def test_runs_that_need_the_text_are_mentioned(page, stage, told):
    stage.play(small_run(3))
    page.delete()
    assert "cannot be resumed without it" in told[-1].text


def test_a_text_stays_while_a_run_learns_from_it(page, session, stage, told):
    run = stage.start([started(), UNTIL_STOPPED])
    page.delete()
    assert page.banner.level == "danger"
    assert "Stop the run first" in page.banner.hint.text()
    assert names(page) == ["story"]
    session.stop_run(run)
    stage.settle()


def test_the_palette_offers_what_the_page_can_do(page):
    offered = {action.name: action for action in page.actions()}
    expected = {"data.folder", "data.samples", "data.public", "data.mix", "data.delete", "data.use"}
    assert set(offered) == expected
    assert not offered["data.mix"].enabled()
    assert offered["data.use"].enabled()


def test_a_text_can_be_brought_forward_by_its_name(page, bring):
    bring("Dear Ada, " * 100)
    page.focus_on("story")
    assert page.text.name == "story"
    page.focus_on("nobody")
    assert page.text.name == "story"


def test_the_list_chooses_what_is_looked_at(page, bring, stage):
    bring("Dear Ada, " * 100)
    page.list.table.select(page.list.table.rows()[1])
    stage.settle()
    assert page.text.name == "story"
    assert page.work.stage.view.lines.toPlainText().startswith("Mira")


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path):
    lines = [f"{'spam' if number % 2 else 'ham'},message {number} about ships" for number in range(40)]
    path = tmp_path / "mail.csv"
    path.write_text("label,text\n" + "\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def with_dataset(session, make, table):
    """The page, looking at a dataset."""
    session.project.add_dataset(table, name="mail")
    page = make()
    page.focus_on("mail@1")
    return page


def test_a_table_is_looked_at_before_it_is_taken_in(page, stage, table):
    page.add([table])
    assert page.primary.text() == "Import"
    assert not page.primary.isEnabled()
    stage.settle()
    assert page.arrival.isVisible()
    assert page.primary.text() == "Import 40 rows"
    page.arrival.skip.click()
    assert not page.arrival.isVisible()
    assert names(page) == ["story"]


def test_texts_and_tables_that_are_dropped_together_each_go_their_way(page, stage, table, tmp_path):
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    page.drop.dropped.emit([tmp_path / "fox.txt", table])
    stage.settle()
    page.primary.click()
    stage.settle()
    assert names(page) == ["fox", "story", "mail"]
    assert page.list.title.text() == "Texts and datasets"


def test_a_dataset_becomes_a_text_to_pretrain_on(with_dataset, session, stage):
    page = with_dataset
    assert page.work.source.title == "mail@1"
    assert page.text is None
    assert page.primary.text() == "Use for pretraining"
    page.primary.click()
    assert page.primary.text() == "Making a text…"
    stage.settle()
    assert page.text is not None
    assert session.draft.data.text == page.text.name
    assert page.primary.text() == "Next: Tokenizer"
    assert "message 0 about ships" in page.work.stage.view.lines.toPlainText()


def test_a_text_made_beside_unsaved_changes_says_that_they_are_not_in_it(with_dataset, stage):
    with_dataset.work.stage.view.edits.remove([3])
    with_dataset.primary.click()
    stage.settle()
    assert with_dataset.banner.message.text() == (
        "The text is made of “mail@1” as it was saved. Not in it: 1 row deleted."
    )
    assert with_dataset.banner.isVisible()


def test_without_its_roles_a_dataset_cannot_be_used(with_dataset, stage):
    rows = with_dataset.work.stage.view
    rows.edits.set_role("text", "")
    rows.edits.save()
    stage.settle()
    assert with_dataset.work.source.title == "mail@2"
    assert with_dataset.primary.text() == "Choose the roles first"
    assert not with_dataset.primary.isEnabled()


def test_an_older_version_is_opened_and_left_again(with_dataset, stage):
    page = with_dataset
    page.work.stage.view.edits.remove([0])
    page.work.stage.view.edits.save()
    stage.settle()
    assert page.work.stage.note.text() == "39 rows"
    page.work.side.versions.buttons[1].click()
    assert page.work.source.title == "mail@1"
    assert page.work.stage.note.text() == "40 rows"
    page.work.list.table.select(page.list.table.rows()[0])
    page.work.list.table.select(page.list.table.rows()[1])
    assert page.work.source.title == "mail@2"


def test_the_same_table_again_is_told_and_not_copied(with_dataset, stage, table):
    with_dataset.add([table])
    stage.settle()
    with_dataset.primary.click()
    stage.settle()
    assert "here already" in with_dataset.banner.message.text()
    assert names(with_dataset) == ["story", "mail"]


def test_a_deleted_dataset_can_be_brought_back(with_dataset, told):
    with_dataset.delete()
    assert names(with_dataset) == ["story"]
    told[-1].action[1]()
    assert names(with_dataset) == ["story", "mail"]
    assert with_dataset.work.source.title == "mail@1"


def test_what_is_known_of_a_dataset_stands_aside_until_it_is_wanted(with_dataset):
    work = with_dataset.work
    assert not work.side.isVisible()
    work.details.click()
    assert work.side.isVisible()
    assert work.side.dataset_facts.rows.texts()["Rows"] == "40"
    work.stage.view.open_row(0)
    assert not work.side.isVisible()
    work.stage.view.close_row()
    assert work.side.isVisible()
    work.choose("text", "story")
    assert work.side.facts.isVisible()
    assert not work.details.isVisible()


def test_in_a_small_window_the_list_makes_room_for_what_is_known(with_dataset):
    with_dataset.resize(800, 560)
    with_dataset.work.details.click()
    assert not with_dataset.list.isVisible()
    with_dataset.work.details.click()
    assert with_dataset.list.isVisible()


def test_a_dataset_is_found_by_title_and_files_can_be_sent_here(with_dataset, stage, table):
    page = with_dataset
    page.focus_on("story")
    page.focus_on("mail@1")
    assert page.work.source.title == "mail@1"
    page.focus_on([table])
    stage.settle()
    assert page.arrival.isVisible()


def test_files_of_a_public_dataset_go_once_they_are_taken_in_and_no_others(page, session, stage, table, monkeypatch):
    monkeypatch.setattr(hub_dialog, "HubDatasetDialog", Fetching)
    folder = session.places.home / "downloads" / "datasets" / "train"
    paths = [folder / repo / "part.csv" for repo in ("org--a@1", "org--b@2", "org--c@3")]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True)
        path.write_text(table.read_text("utf-8") + f"ham,one more {number}\n", "utf-8")
    page.public.ask()
    page.public.dialog.fetched.emit(paths[:2])
    stage.settle()
    assert paths[0].is_file()
    page.primary.click()
    stage.settle()
    assert not paths[0].parent.exists()
    page.arrival.skip.click()  # fetched, looked at, and not taken in: it can be taken in later
    page.add([paths[2]])  # lies there, but nobody here fetched it
    stage.settle()
    page.primary.click()
    stage.settle()
    assert [path.is_file() for path in paths] == [False, True, True]


def test_a_fetched_table_that_is_taken_in_as_text_goes_too(page, session, stage, table, monkeypatch):
    monkeypatch.setattr(hub_dialog, "HubDatasetDialog", Fetching)
    path = session.places.home / "downloads" / "datasets" / "train" / "org--a@1" / "part.csv"
    path.parent.mkdir(parents=True)
    path.write_text(table.read_text("utf-8"), "utf-8")
    page.public.ask()
    page.public.dialog.fetched.emit([path])
    stage.settle()
    page.arrival.form.text_requested.emit()
    stage.settle()
    assert not path.parent.exists()
    assert "part" in names(page)


def test_a_table_may_be_learned_from_as_plain_text(page, stage, table):
    page.add([table])
    stage.settle()
    page.arrival.form.as_text.click()
    stage.settle()
    assert names(page) == ["mail", "story"]
    assert page.text.name == "mail"
