import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.panels.chat import ChatPanel
from studio.talking.talk_page import TalkPage
from studio.talking.transcript_rows import Spot
from studio.talking.voices import Offer
from studio.widgets.banner import Banner
from tests.scripted_run import small_run
from tests.talking.scripted_speaker import Speaker, reply

pytestmark = pytest.mark.gui


class Host(QWidget):
    """The frame of the mode that chats, as the page has it."""

    def __init__(self, session, look):
        super().__init__()
        self.banner = Banner(look)
        self.talk = TalkPage(session, look, self.banner, self)
        self.talk.conversation.answering.reply = reply
        column = QVBoxLayout(self)
        column.addWidget(self.banner)
        column.addWidget(self.talk)


@pytest.fixture
def panel(session, look, on_screen, monkeypatch):
    monkeypatch.setattr("studio.talking.replying.CONTEXT", "tests.talking.scripted_speaker:context")
    monkeypatch.setattr("studio.talking.templates.DEFAULT", "tests.talking.scripted_speaker:plain")
    made = Host(session, look)
    session.changed.connect(made.talk.refresh)
    made.talk.refresh(frozenset())
    on_screen(made)
    made.resize(1_400, 760)
    yield made
    if session.loaded is not None:
        session.loaded.free.set()
    made.talk.stop()


@pytest.fixture
def idle(session, scripted_run):
    def wait():
        scripted_run.until(lambda: not session.jobs.jobs)

    return wait


@pytest.fixture
def page(panel, session, idle):
    """The mode that chats, with a model in memory."""
    load(session, Speaker())
    idle()
    return panel.talk


def load(session, model):
    session._memory.loaded = model
    session.loaded_changed()


def ask(page, idle, text):
    page.view.composer.edit.setPlainText(text)
    page.view.composer.send.click()
    idle()
    while page.conversation.busy:
        idle()


def shown(page):
    return [[view.said.text for view in row] for row in page.view.transcript.rows.rows]


def test_without_a_model_the_page_leads_to_one(panel, qtbot):
    view = panel.talk.view
    assert view.pile.currentWidget() is view.empty
    assert view.empty.button.text() == "Train a model first"
    assert not view.composer.send.isEnabled()
    panel.talk.set_offers((), "tale · step 20", False)
    assert view.empty.button.text() == "Load tale · step 20"
    with qtbot.waitSignal(panel.talk.load_requested):
        view.empty.button.click()


def test_the_mode_follows_what_there_is_until_a_person_chooses(session, look, scripted_run, qtbot, idle):
    scripted_run.play(small_run(20), "tale")
    made = ChatPanel(session, look)
    made.refresh()
    assert made.mode == "continue"
    made._mode_chosen("chat")
    made.refresh()
    assert (made.mode, made.pile.currentWidget() is made.talk) == ("chat", True)
    with qtbot.waitSignal(session.focus_requested) as wish:
        made.talk.load_requested.emit()
    assert wish.args[0] == "pretrain"
    made.talk.inside_requested.emit("gowarm")
    assert {"chat.new", "chat.search", "chat.stop", "chat.undo"} <= {action.name for action in made.actions()}
    made.focus_on(("tale", 20))
    assert made.mode == "continue"
    idle()
    made.deleteLater()


def test_a_question_and_its_answer_stand_on_the_page_and_in_the_list(page, idle):
    ask(page, idle, "What is cold?")
    assert shown(page) == [["What is cold?"], ["warm and cold"]]
    assert page.view.title.text() == "What is cold?"
    assert page.view.composer.text == ""
    item = page.view.chats.list.item(0)
    assert item.text() == "What is cold?"
    assert "3 tokens" in page.view.transcript.rows.view(Spot(1)).foot_words()


@pytest.mark.slow
def test_enter_sends_and_shift_enter_begins_a_line(page, idle, qtbot):
    edit = page.view.composer.edit
    edit.setPlainText("one")
    edit.moveCursor(edit.textCursor().MoveOperation.End)
    qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(edit, "two")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    idle()
    assert shown(page)[0] == ["one\ntwo"]


@pytest.mark.slow
def test_the_button_stops_what_is_being_written(page, session, idle, scripted_run):
    session.loaded.says = ["a "] * 300
    session.loaded.free.clear()
    page.view.composer.edit.setPlainText("go")
    page.view.composer.send.click()
    scripted_run.until(lambda: page.conversation.answering.busy)
    assert page.view.composer.send.text() == "Stop"
    page.view.composer.send.click()
    assert page.view.composer.send.text() == "Send"
    assert not page.conversation.busy
    session.loaded.free.set()
    idle()
    assert "stopped" in page.view.transcript.rows.view(Spot(1)).foot_words()


@pytest.mark.slow
def test_the_context_is_measured_and_what_will_be_forgotten_is_said(page, idle, qtbot):
    page.view.composer.edit.setPlainText("a" * 80)
    qtbot.waitUntil(lambda: page.view.composer.room.text() == "context 20 of 64")
    page.view.composer.edit.setPlainText("a" * 400)
    qtbot.waitUntil(lambda: "the first message will be forgotten" in page.view.composer.room.text())
    page.view.composer.edit.clear()
    idle()


@pytest.mark.slow
def test_a_model_without_a_template_says_so_and_another_can_be_chosen(page, session, idle):
    sheet = page.view.sheet
    assert sheet.template.value() == "plain"
    assert "does not say how it was taught" in sheet.template_note.text()
    assert page.view.composer.about.text() == "Template: Plain, not told by the model"
    sheet.template.set_value("chatml")
    sheet.template.changed.emit()
    idle()
    assert page.desk.template.prompt.name == "chatml"
    load(session, Speaker(template="alpaca"))
    idle()
    assert (page.desk.template.name, page.desk.template.known) == ("alpaca", True)
    assert page.view.composer.about.text() == ""


@pytest.mark.slow
def test_two_columns_set_the_base_beside_its_adapter(page, session, idle):
    load(session, Speaker(adapters=("instruct r16",)))
    idle()
    page.view.view_bar.columns.changed.emit("2")
    assert [edit.currentText() for edit in page.view.voice_bar.edits[:2]] == ["+ instruct r16", "small-stories · base"]
    assert page.view.composer.edit.placeholderText() == "Ask both models…"
    page.view.sheet.strength_changed.emit(0.5)
    ask(page, idle, "go")
    assert shown(page) == [["go"], ["warm and cold", "warm and cold"]]
    assert [(adapter, strength) for adapter, strength, *_ in session.loaded.asked] == [
        ("instruct r16", 0.5), (None, 1.0),
    ]  # fmt: skip
    titles = [view.said.title for view in page.view.transcript.rows.rows[1]]
    assert titles == ["+ instruct r16", "small-stories"]


@pytest.mark.slow
def test_blind_answers_are_judged_before_the_names_are_shown(page, session, idle):
    load(session, Speaker(adapters=("tuned",)))
    idle()
    page.view.view_bar.columns.changed.emit("2")
    page.view.view_bar.blind.click()
    ask(page, idle, "go")
    row = page.view.transcript.rows.rows[1]
    assert [view.said.title for view in row] == ["Answer A", "Answer B"]
    assert page.view.verdict.isVisible()
    page.view.verdict.buttons[0].click()
    idle()
    titles = [view.said.title for view in page.view.transcript.rows.rows[1]]
    assert titles == ["+ tuned", "small-stories"], "each stands in the column of its model again"
    vote = page.tally.votes[-1]
    assert {vote.left, vote.right} == set(titles)
    assert page.view.verdict.words.text().startswith(f"Won so far: {vote.left} 1")
    rated = [said for said in row if said.said.title == vote.left]
    assert rated[0] is row[0], "the one whose button was pressed"


def test_an_answer_that_is_edited_while_names_are_hidden_is_the_one_that_was_pointed_at(
    page, session, idle, monkeypatch
):
    monkeypatch.setattr("studio.talking.conversation.shuffled", lambda count, seed: [1, 0])
    load(session, Speaker(adapters=("tuned",)))
    idle()
    page.view.view_bar.columns.changed.emit("2")
    page.view.view_bar.blind.click()
    ask(page, idle, "go")
    kept = []
    session.chats.open(page.conversation.info.id).succeeded.connect(kept.append)
    idle()
    names = {column[1].id: column[1].facts["voice"] for column in page.conversation.branches.columns}
    voices = [(one["voice"], names[one["leaf"]]) for one in kept[0].settings["columns"]]
    assert voices == [("adapter:tuned", "+ tuned"), ("base", "small-stories")]
    page.pointing.edit_requested.emit(Spot(1, 0), "warm and cold")
    page.view.composer.edit.setPlainText("better")
    page.view.composer.send.click()
    idle()
    assert [column[1].text for column in page.conversation.branches.columns] == ["warm and cold", "better"]
    assert not page.view.verdict.isVisible(), "nothing is hidden any more"


@pytest.mark.slow
def test_another_model_is_loaded_for_a_column_and_freed_with_it(page, session, idle, monkeypatch, tmp_path):
    guest = Speaker("other", template="alpaca")
    monkeypatch.setattr("studio.talking.voices.OPEN_MODEL", lambda folder: guest)
    page.voices.set_offers([Offer("run:x", "other", tmp_path)])
    page.view.view_bar.columns.changed.emit("2")
    page.view.voice_bar.voice_chosen.emit(1, "run:x")
    assert page.view.composer.edit.placeholderText() == "Loading the other model…"
    idle()
    ask(page, idle, "go")
    assert len(guest.asked) == 1
    assert page.view.transcript.rows.rows[1][1].said.note == "Alpaca"
    page.view.view_bar.columns.changed.emit("1")
    assert guest.gone


def test_colour_shows_the_tokens_and_a_click_on_a_rival_branches(page, session, idle, qtbot):
    ask(page, idle, "go")
    page.view.view_bar.tint.click()
    view = page.view.transcript.rows.view(Spot(1))
    assert view.colored
    rect = view.token_rect(1)
    transcript = page.view.transcript
    point = QPointF(transcript.rows.left_of(Spot(1)) + rect.center().x(),
                    float(transcript.rows.tops[1]) + rect.center().y() - transcript.sight[0])  # fmt: skip
    transcript._point(point)
    card = page.pointing.card
    assert card.isVisible()
    assert len(card.bars.choices) == 10
    assert card.ranks.text() == "“a”: the model alone 20 %, rank 2 · after the controls 25 %, rank 2"
    card.bars.chosen.emit(3)
    idle()
    assert not card.isVisible()
    assert shown(page)[1] == ["warmcwarm and cold"]
    assert view is not page.view.transcript.rows.view(Spot(1))


@pytest.mark.slow
def test_why_this_token_asks_for_the_text_before_it(page, idle, qtbot):
    ask(page, idle, "go")
    with qtbot.waitSignal(page.inside_requested) as wish:
        page.pointing.inside_requested.emit(Spot(1), 1)
    assert wish.args == ["gowarm"]


@pytest.mark.slow
def test_the_bar_of_a_message_edits_it_in_the_composer(page, idle):
    ask(page, idle, "one")
    page.view.transcript.message_pointed.emit(Spot(0))
    bar = page.pointing.bar
    assert bar.isVisible()
    assert not bar.buttons["again"].isVisible()
    bar.buttons["edit"].click()
    assert (page.view.composer.text, page.view.composer.send.text()) == ("one", "Save as a version")
    page.view.composer.edit.setPlainText("two")
    page.view.composer.send.click()
    idle()
    assert shown(page)[0] == ["two"]
    page.view.transcript.message_pointed.emit(Spot(0))
    assert page.pointing.bar.place.text() == "2/2"
    page.pointing.bar.buttons["before"].click()
    idle()
    assert shown(page)[0] == ["one"]


@pytest.mark.slow
def test_an_answer_is_asked_for_again_and_taken_back(page, idle):
    ask(page, idle, "one")
    page.view.transcript.message_pointed.emit(Spot(1))
    page.pointing.bar.buttons["again"].click()
    idle()
    assert page.view.transcript.rows.view(Spot(1)).said.versions == 2
    page.view.back.click()
    idle()
    assert page.view.transcript.rows.view(Spot(1)).said.number == 1


@pytest.mark.slow
def test_a_rated_answer_becomes_a_row_of_a_dataset(page, session, idle):
    ask(page, idle, "one")
    page.view.transcript.message_pointed.emit(Spot(1))
    page.pointing.bar.buttons["good"].click()
    idle()
    assert session.project.datasets() == []
    page.new_chat()
    idle()
    assert [dataset.title for dataset in session.project.datasets()] == ["Rated answers@1"]


def test_a_link_is_shown_and_only_opened_when_a_person_says_so(page, panel, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    page.view.transcript.link_requested.emit("https://example.com/a")
    assert panel.banner.isVisible()
    assert panel.banner.hint.text() == "https://example.com/a"
    assert opened == []
    buttons = [panel.banner._buttons.itemAt(place).widget() for place in range(2)]
    buttons[1].click()
    assert QGuiApplication.clipboard().text() == "https://example.com/a"
    buttons[0].click()
    assert opened == ["https://example.com/a"]
    page.links.open("file:///etc/passwd")
    assert len(opened) == 1


@pytest.mark.slow
def test_a_chat_is_found_by_its_words_and_opened_at_the_message(page, idle, qtbot):
    ask(page, idle, "the harbour")
    page.new_chat()
    ask(page, idle, "something else")
    page.view.chats.search.setText("harbour")
    qtbot.waitUntil(lambda: page.view.chats.list.count() >= 1 and page.view.chats.list.item(0).text() == "the harbour")
    page.view.chats.list.itemClicked.emit(page.view.chats.list.item(0))
    idle()
    assert shown(page)[0] == ["the harbour"]
    page.view.chats.search.clear()
    qtbot.waitUntil(lambda: page.view.chats.list.count() == 2)
    idle()


@pytest.mark.slow
def test_a_chat_is_renamed_pinned_moved_written_and_deleted(page, session, idle, tmp_path):
    ask(page, idle, "one")
    info = session.chats.chats[0]
    page.errands.do("rename", info)
    page.errands.asked.line.setText("A better name")
    page.errands.asked.line.returnPressed.emit()
    idle()
    assert page.view.chats.list.item(0).text() == "A better name"
    page.errands.do("pin", info)
    page.errands.do("move", info)
    page.errands.asked.line.setText("Work")
    page.errands.asked.line.returnPressed.emit()
    idle()
    assert (session.chats.chats[0].pinned, session.chats.chats[0].folder) == (True, "Work")
    assert page.view.chats.folder.isVisible()
    page.errands.export_to(info, tmp_path / "a.md")
    idle()
    assert "warm and cold" in (tmp_path / "a.md").read_text("utf-8")
    told = []
    session.notices.posted.connect(told.append)
    page.errands.do("delete", info)
    idle()
    assert page.view.chats.list.count() == 0
    assert shown(page) == []
    told[-1].action[1]()
    idle()
    assert page.view.chats.list.count() == 1


@pytest.mark.slow
def test_sampling_and_system_prompt_stay_with_the_chat(page, session, idle, qtbot):
    ask(page, idle, "one")
    page.view.sheet.sliders.rows["temperature"].changed.emit(0.3)
    page.view.sheet.system.setPlainText("Be kind.")
    qtbot.waitUntil(lambda: not page.desk._unkept)
    idle()
    found = []
    session.chats.open(page.conversation.info.id).succeeded.connect(found.append)
    idle()
    assert found[0].system == "Be kind."
    assert found[0].settings["sampling"]["temperature"] == page.view.sheet.sampling.temperature


@pytest.mark.slow
def test_presets_and_system_prompts_are_kept_by_name(page, session, idle):
    sheet = page.view.sheet
    sheet.presets.keep.click()
    sheet.presets.name.setText("Short")
    sheet.presets.name.returnPressed.emit()
    sheet.system.setPlainText("Be kind.")
    sheet.library.keep.click()
    sheet.library.name.setText("Kind")
    sheet.library.name.returnPressed.emit()
    idle()
    assert list(session.chats.presets) == ["Short"]
    assert session.chats.system_prompts == {"Kind": "Be kind."}
    sheet.system.clear()
    sheet.library.choose("Kind")
    sheet.library.chosen.emit("Kind")
    assert sheet.system_text == "Be kind."
    sheet.library.forgotten.emit("Kind")
    idle()
    assert session.chats.system_prompts == {}


@pytest.mark.slow
def test_a_narrow_page_keeps_the_conversation_and_both_sides_can_be_brought_back(panel, qtbot):
    view = panel.talk.view
    assert view.chats.isVisible()
    assert view.sheet.isVisible()
    panel.resize(760, 600)
    qtbot.waitUntil(lambda: not view.sheet.isVisible())
    view.show_sheet.click()
    assert view.sheet.isVisible()
    panel.resize(1_400, 760)


@pytest.mark.slow
def test_the_page_survives_a_change_of_theme_and_another_project(page, session, look, idle, tmp_path):
    ask(page, idle, "one")
    look.set_theme("light")
    page.grab()
    session.create_project(tmp_path / "other", "Other")
    idle()
    assert shown(page) == []
    assert page.view.chats.list.count() == 0


@pytest.mark.slow
def test_leaving_the_mode_stops_the_answer(page, session, idle, scripted_run):
    session.loaded.free.clear()
    page.view.composer.edit.setPlainText("go")
    page.view.composer.send.click()
    scripted_run.until(lambda: page.conversation.answering.busy)
    page.stop()
    assert not page.conversation.answering.busy
    session.loaded.free.set()
    idle()
