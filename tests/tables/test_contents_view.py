"""The Contents view: what a survey found, every number with its rows, and the context that is written to the draft."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from studio.live import surveys as surveys_module
from studio.tables.contents_view import ContentsView

pytestmark = pytest.mark.gui

LETTERS = [
    ("ham", "See you at the harbour tomorrow, when the ships are back."),
    ("spam", "Call 09061701461 now and win a thousand pounds today!"),
    ("ham", "See you at the harbour tomorrow, when the ships are back."),
    ("ham", "We waited for you at the old harbour the whole day long."),
    ("spam", "Write to prize@example.org &amp; claim what is yours now."),
    ("ham", "Good night, sleep well and dream of the sea and of ships."),
]


@pytest.fixture(autouse=True)
def everything_is_english(monkeypatch):
    monkeypatch.setattr("studio.rows.survey.languages_of", lambda texts, keep_going=None: ("en" for _ in texts))


@pytest.fixture
def letters(session, tmp_path):
    path = tmp_path / "letters.tsv"
    path.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in LETTERS), "utf-8")
    return session.project.add_dataset(path, name="letters")


@pytest.fixture
def view(session, look, show, letters):
    view = ContentsView(session, look)
    view.set_source(letters)
    show(view)
    return view


@pytest.fixture
def asked(view):
    wishes = []
    view.rows_requested.connect(lambda title, rows: wishes.append((title, rows)))
    return wishes


def words_of(view, name):
    return [(line.label, line.rows) for line in view.sections[name].rows.lines]


def click(view, section, name):
    lines = view.sections[section].rows
    place = [line.name for line in lines.lines].index(name)
    QTest.mouseClick(lines, Qt.MouseButton.LeftButton, pos=QPoint(30, 36 * place + 12))


def test_what_was_found_stands_under_its_heading(view):
    assert view.stack.currentIndex() == 1
    assert [value.text() for value in view.figures.values[:2]] == ["6", str(sum(len(text) for _, text in LETTERS))]
    assert words_of(view, "classes") == [("ham", 4), ("spam", 2)]
    assert words_of(view, "rows") == [("Exact duplicates", 1)]
    assert words_of(view, "personal") == [("E-mail addresses", 1), ("Phone numbers", 1)]
    assert words_of(view, "characters") == [("HTML entities", 1)]
    assert words_of(view, "languages") == [("English", 6)]
    assert "ham" in view.sections["classes"].note.text()


def test_every_number_opens_the_rows_behind_it(view, asked):
    click(view, "rows", "exact")
    click(view, "personal", "phone")
    click(view, "classes", "class spam")
    click(view, "languages", "language en")
    assert asked == [
        ("Exact duplicates, with the rows that they repeat", [0, 2]),
        ("Phone numbers", [1]),
        ("Label “spam”", [1, 4]),
        ("English", [0, 1, 2, 3, 4, 5]),
    ]


def test_a_line_is_opened_by_the_keyboard_alone(view, asked):
    view.sections["characters"].rows.setFocus()
    QTest.keyClick(view.sections["characters"].rows, Qt.Key.Key_Return)
    assert asked == [("HTML entities", [4])]


def test_the_line_of_the_context_writes_into_the_draft_when_it_is_let_go(view, session):
    chart = view.lengths.chart
    before = session.draft.model.context_length
    assert chart.context == before
    chart.setFocus()
    QTest.keyPress(chart, Qt.Key.Key_Right)
    assert session.draft.model.context_length == before
    QTest.keyRelease(chart, Qt.Key.Key_Right)
    assert session.draft.model.context_length == before + 1
    assert view.lengths.undo.text() == f"Back to {before}"
    QTest.keyClick(chart, Qt.Key.Key_Right)
    view.lengths.undo.click()
    assert session.draft.model.context_length == before


def test_a_context_chosen_elsewhere_moves_the_line(view, session):
    session.set_draft(session.draft.with_part(model=replace(session.draft.model, context_length=31)))
    view.refresh(frozenset({"draft"}))
    assert view.lengths.chart.context == 31


def test_another_tokenizer_measures_anew(view, session, scripted_run):
    view.lengths.chart.setFocus()
    longest = view.lengths.chart.scene.longest
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, tokenizer="words")))
    view.refresh(frozenset({"draft"}))
    scripted_run.settle()
    assert view.lengths.chart.scene.longest < longest
    assert "words" in view.extent.text()


def test_another_split_looks_for_leaks_anew(view, session, scripted_run):
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, validation_share=0.5)))
    view.refresh(frozenset({"draft"}))
    scripted_run.settle()
    assert view.sections["rows"].note.text() == "2 held back"


def test_of_much_only_the_beginning_was_read_and_all_of_it_is_one_click_away(
    session, look, show, letters, scripted_run, monkeypatch
):
    monkeypatch.setattr(surveys_module, "AUTOMATIC_ROWS", 3)
    view = ContentsView(session, look)
    view.set_source(letters)
    show(view)
    assert view.extent.text().startswith("Only the first 3")
    assert "leaks" not in [line.name for line in view.sections["rows"].rows.lines]
    view.read_all.click()
    scripted_run.settle()
    assert view.extent.text().startswith("All of it")
    assert view.read_all.isHidden()


def until_called_off(project, wish, *, progress=None, keep_going=None):
    while keep_going():
        time.sleep(0.002)


def test_a_survey_that_is_called_off_waits_until_it_is_asked_for(
    session, look, on_screen, letters, scripted_run, monkeypatch
):
    work = surveys_module.survey_source
    monkeypatch.setattr(surveys_module, "survey_source", until_called_off)
    view = ContentsView(session, look)
    view.set_source(letters)
    on_screen(view)
    assert view.progress.isVisible()
    QTest.mouseClick(view.progress.cancel, Qt.MouseButton.LeftButton)
    scripted_run.settle()
    assert view.stack.currentIndex() == 0
    assert view.empty.button.text() == "Look at the rows"
    monkeypatch.setattr(surveys_module, "survey_source", work)
    view.empty.button.click()
    scripted_run.settle()
    assert view.stack.currentIndex() == 1


def test_a_text_is_shown_by_its_paragraphs_with_what_pretraining_does(session, look, show, tmp_path):
    source = tmp_path / "two.txt"
    source.write_text("The first paragraph.\n\nThe second one.", "utf-8")
    view = ContentsView(session, look)
    view.set_source(session.project.add_text([source], "two"))
    show(view)
    assert view.figures.names[0].text() == "Paragraphs"
    assert view.sections["rows"].title.text() == "Paragraphs"
    assert "Pretraining" in view.lengths.remark.text()
    assert view.sections["classes"].isHidden()


def test_what_cannot_be_read_is_said_with_a_way_to_try_again(session, look, show, tmp_path, scripted_run):
    source = tmp_path / "gone.txt"
    source.write_text("Here.", "utf-8")
    text = session.project.add_text([source], "gone")
    whole = text.path.read_bytes()
    text.path.unlink()
    view = ContentsView(session, look)
    view.set_source(text)
    show(view)
    assert "cannot be read" in view.empty.headline.text()
    text.path.write_bytes(whole)
    view.empty.button.click()
    scripted_run.settle()
    assert view.stack.currentIndex() == 1


def test_nothing_chosen_says_so_and_a_hidden_view_asks_for_nothing(session, look, letters, qtbot):
    view = ContentsView(session, look)
    qtbot.addWidget(view)
    view.set_source(None)
    assert view.empty.headline.text() == "Nothing chosen"
    view.set_source(letters)
    assert session.jobs.jobs == []


def test_in_a_narrow_page_findings_stand_in_one_column(view):
    def left_edges():
        return {section.mapTo(view, QPoint(0, 0)).x() for section in view.sections.values()}

    view.resize(900, 700)
    assert len(left_edges()) == 2
    view.resize(460, 700)
    QTest.qWait(1)
    assert len(left_edges()) == 1
    assert view.sections["rows"].width() > 400


def test_every_section_has_the_height_of_its_lines_after_another_source_was_looked_at(
    view, session, show, scripted_run, tmp_path
):
    plain = tmp_path / "plain.tsv"
    plain.write_text("label\ttext\n" + "".join(f"ham\tA quiet letter, number {line}.\n" for line in range(3)), "utf-8")
    crowded = view.source
    view.set_source(session.project.add_dataset(plain, name="plain"))
    show(view)
    assert view.sections["personal"].rows.lines == []
    view.set_source(crowded)
    show(view)
    sections = view.sections.values()
    shown = [part.rows for part in sections if not part.rows.isHidden()]
    scripted_run.until(lambda: all(rows.height() == 36 * len(rows.lines) for rows in shown))
    assert [rows.height() for rows in shown] == [36 * len(rows.lines) for rows in shown]
    assert all(part.none.isHidden() or part.none.y() >= part.rows.geometry().bottom() for part in sections)
