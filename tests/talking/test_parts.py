"""The small parts of the page, each by itself."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget

from studio.scores.win_table import Vote
from studio.store.chats import ChatInfo, Hit
from studio.talking.answer import AnswerToken, Rival, Said
from studio.talking.chat_list import ChatList
from studio.talking.composer import Composer
from studio.talking.message_bar import MessageBar
from studio.talking.named_things import NamedThings
from studio.talking.sheet import first_sampling, sampling_of, values_of
from studio.talking.talk_words import asking_words, empty_words, template_words
from studio.talking.templates import Template, choices, template_of
from studio.talking.token_card import TokenCard, choices_of, rival_words, token_words
from studio.talking.token_pieces import TokenPieces
from studio.talking.transcript_rows import Spot
from studio.talking.verdict_bar import VerdictBar
from tests.talking.scripted_speaker import Speaker, plain

pytestmark = pytest.mark.gui

RIVALS = tuple(Rival(n, f"r{n}", 0.5 / 2**n, n == 3, 0.4 / 2**n, n + 1) for n in range(4))


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_card_shows_every_rival_before_and_after_the_controls():
    token = AnswerToken(" warm", 1, 0.25, RIVALS)
    found = choices_of(token)
    assert [(one.id, one.marked, one.removed, one.before) for one in found] == [
        (0, False, False, 0.4), (1, True, False, 0.2), (2, False, False, 0.1), (3, False, True, 0.05),
    ]  # fmt: skip
    assert token_words(token) == "“·warm” had 25 % · surprise 2.0 bits · id 1"
    assert rival_words(RIVALS[2], token) == "“r2”: the model alone 10 %, rank 3 · after the controls 12 %, rank 3"
    assert rival_words(RIVALS[3], token) == "“r3”: the model alone 5 %, rank 4 · after the controls: removed"


def test_a_token_that_was_no_favourite_stands_last():
    found = choices_of(AnswerToken("odd", 99, 0.001, RIVALS))
    assert (found[-1].id, found[-1].marked, len(found)) == (99, True, 5)


def test_a_chosen_rival_is_a_wish_to_branch_and_the_taken_one_is_none(look, qtbot):
    frame = QWidget()
    qtbot.addWidget(frame)
    frame.resize(600, 500)
    card = TokenCard(look, frame)
    wishes = []
    card.branch_requested.connect(lambda *args: wishes.append(args))
    card.show_token(Spot(1), 4, AnswerToken("r1", 1, 0.25, RIVALS), QRect(20, 20, 30, 20))
    card.bars.chosen.emit(1)
    assert wishes == []
    card.bars.chosen.emit(2)
    spot, place, token = wishes[0]
    assert (spot, place, token.text, token.id, token.probability) == (Spot(1), 4, "r2", 2, 0.125)
    card.show_token(Spot(1), 4, AnswerToken("r1", 1, 0.25, RIVALS), QRect(580, 480, 10, 20))
    assert frame.rect().contains(card.geometry())
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert card.isHidden()


@pytest.mark.parametrize("text", ["", "one", "a\nb\nc", "x" * 5_000, "line\n" * 200, "word " * 900 + "\n\n" * 60])
def test_what_was_written_is_cut_into_blocks_without_losing_a_letter(text):
    pieces = TokenPieces()
    for place, at in enumerate(range(0, len(text), 7)):
        pieces.add(text[at : at + 7], place)
    joined = "".join(block.text for block in pieces.items)
    assert joined.replace("\n", "") == text.replace("\n", "")
    assert all(len(block.text) <= 1_200 for block in pieces.items)
    told = {token for block in pieces.items for _, _, token in block.tokens}
    assert told == set(range(-(-len(text) // 7)))


# --- what is set ------------------------------------------------------------------------------------------------------


def test_settings_survive_the_disk_and_nonsense_counts_as_missing():
    values = values_of(first_sampling()) | {"temperature": 0.25, "seed": 12, "stop": ["a", "b"]}
    kept = sampling_of(values)
    assert (kept.temperature, kept.seed, kept.stop) == (0.25, 12, ("a", "b"))
    assert sampling_of({"temperature": "hot", "seed": None, "stop": 3, "top_k": True}) == first_sampling()


def test_a_model_says_its_template_or_the_page_says_that_it_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.talking.templates.DEFAULT", "tests.talking.scripted_speaker:plain")
    known = template_of(Speaker(template="chatml"), tmp_path)
    assert (known.name, known.known) == ("chatml", True)
    other = template_of(Speaker(template="chatml"), tmp_path, "alpaca")
    assert (other.name, other.known) == ("alpaca", False)
    assert "ChatML" in other.note
    unknown = template_of(Speaker(), tmp_path)
    assert (unknown.name, unknown.known) == ("plain", False)
    brought = template_of(Speaker(template="model", template_text="{{ x }}"), tmp_path)
    assert (brought.name, brought.known) == ("plain", False)
    assert "once you choose it" in brought.note
    assert [name for name, _ in choices(tmp_path, "{{ x }}")][-1] == "model"
    assert [name for name, _ in choices(tmp_path)] == ["alpaca", "chatml", "llama3", "phi3", "plain"]


def test_the_quiet_words_follow_what_there_is():
    assert asking_words("", 1, False) == "Load a model to talk to it"
    assert asking_words("tale", 1, False) == "Ask tale…"
    assert asking_words("tale", 3, False) == "Ask all 3 models…"
    assert asking_words("tale", 2, True) == "Loading the other model…"
    assert template_words(Template(plain(None), "plain", "", True)) == ""
    assert template_words(Template(plain(None), "plain", "", False)) == "Template: Plain, not told by the model"
    assert empty_words(False, "tale")[0] == "Loading tale…"
    assert empty_words(True, "")[0] == "Nothing was said yet"


def test_named_things_are_kept_chosen_and_forgotten(look, qtbot):
    things = NamedThings("Presets", "Name", look)
    qtbot.addWidget(things)
    told = []
    for name in ("kept", "chosen", "forgotten"):
        getattr(things, name).connect(lambda value, name=name: told.append((name, value)))
    things.set_names(["One", "Two"])
    assert not things.forget.isEnabled()
    things.choice.set_value("Two")
    things.choice.changed.emit()
    things.forget.click()
    things.name.setText("  New   one ")
    things.name.returnPressed.emit()
    things.name.setText("   ")
    things.name.returnPressed.emit()
    assert told == [("chosen", "Two"), ("forgotten", "Two"), ("kept", "New one")]
    things.set_names(["One"])
    assert things.value == ""


# --- around the conversation ------------------------------------------------------------------------------------------


def test_the_list_shows_chats_or_where_words_were_found(look, qtbot):
    shown = ChatList(look)
    qtbot.addWidget(shown)
    chats = [ChatInfo(1, "One", "Work", True, 0.0, 2), ChatInfo(2, "", "", False, 0.0, 0)]
    shown.show_chats(chats, (), ("Work",))
    assert [shown.list.item(row).text() for row in range(2)] == ["One", "Chat"]
    told = []
    shown.chosen.connect(lambda *args: told.append(args))
    shown.list.itemClicked.emit(shown.list.item(1))
    shown.search.blockSignals(True)
    shown.search.setText("ship")
    shown.show_chats(chats, [Hit(1, 7, "the ship\nlay still", "One"), Hit(2, None, "ship", "Ship")], ())
    shown.list.itemClicked.emit(shown.list.item(0))
    shown.list.itemClicked.emit(shown.list.item(1))
    assert told == [(2, -1), (1, 7), (2, -1)]
    shown.resize(200, 300)
    shown.grab()
    shown.show_chats((), (), ())
    assert shown.empty.text() == "Nothing was found."


def test_the_menu_of_a_chat_wishes_what_is_chosen(look, qtbot):
    shown = ChatList(look)
    qtbot.addWidget(shown)
    info, told = ChatInfo(1, "One", "", False, 0.0, 2), []
    shown.wished.connect(lambda *args: told.append(args))
    menu = shown.menu_for(info)
    names = [action.data() for action in menu.actions() if not action.isSeparator()]
    assert names == ["rename", "pin", "move", "duplicate", "markdown", "json", "delete"]
    menu.actions()[0].trigger()
    assert told == [("rename", info)]
    shown._open_menu(QPoint(5_000, 5_000))  # beside the list nothing opens


def test_the_composer_sends_only_when_it_can_and_counts_what_is_forgotten(look, qtbot):
    composer = Composer(look)
    qtbot.addWidget(composer)
    sent = []
    composer.sent.connect(sent.append)
    composer.edit.setPlainText("hello")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    assert sent == []
    composer.set_state(False, True, "Ask…")
    composer.edit.setPlainText("  ")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    composer.edit.setPlainText("hello")
    qtbot.keyClick(composer.edit, Qt.Key.Key_Return)
    assert sent == ["hello"]
    composer.set_state(True, True, "Ask…")
    assert (composer.send.text(), composer.send.isEnabled()) == ("Stop", True)
    composer.show_context(2_000, 1_024, 3)
    assert composer.room.text() == "context 2,000 of 1,024 · the first 3 messages will be forgotten"
    tall = composer.edit.height()
    composer.edit.setPlainText("a\n" * 40)
    assert tall < composer.edit.height() < 300


def test_an_empty_composer_asks_for_the_last_question(look, qtbot):
    composer = Composer(look)
    qtbot.addWidget(composer)
    with qtbot.waitSignal(composer.recalled):
        qtbot.keyClick(composer.edit, Qt.Key.Key_Up)
    composer.set_text("old words", editing=True)
    assert composer.editing
    composer.cancel.click()
    assert (composer.editing, composer.text) == (False, "")


def test_the_bar_of_a_message_offers_what_can_be_done_with_it(look, qtbot):
    frame = QWidget()
    qtbot.addWidget(frame)
    bar = MessageBar(look, frame)
    bar.show_for(Said(1, "assistant", "x", number=2, versions=2), busy=False)
    assert bar.place.text() == "2/2"
    assert (bar.buttons["before"].isEnabled(), bar.buttons["after"].isEnabled()) == (True, False)
    bar.show_for(Said(1, "user", "x"), busy=True)
    assert bar.buttons["again"].isHidden()
    assert bar.buttons["before"].isHidden()
    assert not bar.buttons["edit"].isEnabled()
    assert all(button.accessibleName() for button in bar.buttons.values())


def test_verdicts_are_told_in_a_line(look, qtbot):
    bar = VerdictBar(look)
    qtbot.addWidget(bar)
    bar.ask(2)
    assert [button.isHidden() for button in bar.buttons] == [False, False, True, True, False]
    bar.tell([Vote("b", "a", "left"), Vote("a", "b", "tie")])
    assert bar.words.text() == "Won so far: b 1 · a 0 · no difference 1"
    assert all(button.isHidden() for button in bar.buttons)
