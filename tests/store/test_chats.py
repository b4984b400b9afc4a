"""Chats on the disk: a list with folders, each a tree of messages, deleted with a way back, never overwritten."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.store import chat_rows
from studio.store import chats as chats_module
from studio.store.chat_rows import kept_line
from studio.store.chats import Chats

ROOT = Path(__file__).resolve().parents[2]


Open = Callable[[Path], Chats]


@pytest.fixture
def open_chats() -> Iterator[Open]:
    """Opens chats that are closed when the test is over."""
    with ExitStack() as stack:

        def opened(path: Path) -> Chats:
            chats = Chats(path)
            stack.callback(chats.close)
            with chats.reading() as connection:
                connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug here
            return chats

        yield opened


@pytest.fixture
def chats(tmp_path: Path, open_chats: Open) -> Chats:
    return open_chats(tmp_path / "chats.sqlite")


def talk(chats: Chats, *texts: str, title: str = "Foxes") -> tuple[int, list[int]]:
    """A chat of one branch: its id and those of its messages."""
    chat = chats.create(title)
    parent, ids = None, []
    for place, text in enumerate(texts):
        parent = chats.add(chat, parent, "assistant" if place % 2 else "user", text)
        ids.append(parent)
    return chat, ids


def shown(chats: Chats, chat: int) -> list[str]:
    return [message.text for message in chats.path(chat)]


# --- messages -------------------------------------------------------------------------------------------------------


def test_messages_are_there_for_the_next_who_opens_the_file(chats: Chats, open_chats: Open) -> None:
    chat = chats.create("Foxes", "Be brief.", {"temperature": 0.5}, "Animals")
    first = chats.add(chat, None, "user", "Where do foxes live?")
    second = chats.add(chat, first, "assistant", "In dens.", {"tokens": 3})
    again = open_chats(chats.place).opened(chat)  # beside the first one, so nothing had to be closed
    assert [(item.id, item.role, item.text, item.parent) for item in again.messages] == [
        (first, "user", "Where do foxes live?", None),
        (second, "assistant", "In dens.", first),
    ]
    assert again.messages[1].facts == {"tokens": 3}
    assert all(item.complete for item in again.messages)
    assert (again.system, again.settings) == ("Be brief.", {"temperature": 0.5})
    assert (again.info.title, again.info.folder, again.info.messages) == ("Foxes", "Animals", 2)


def test_an_edited_message_is_a_branch_and_both_can_be_shown(chats: Chats) -> None:
    chat, (question, _answer) = talk(chats, "Where?", "Here.")
    other = chats.edit(question, "When?")
    assert shown(chats, chat) == ["When?"]
    assert chats.siblings(question) == chats.siblings(other) == [question, other]
    chats.choose(question)
    assert shown(chats, chat) == ["Where?", "Here."]
    assert chats.opened(chat).versions == {question: (question, other)}


def test_an_edited_answer_says_so_and_keeps_no_figures_of_the_old_one(chats: Chats) -> None:
    chat, (question,) = talk(chats, "Where?")
    answer = chats.add(chat, question, "assistant", "Here.", {"tokens": 2})
    edited = chats.message(chats.edit(answer, "There."))
    assert (edited.facts, edited.parent) == ({"edited": True}, question)


def test_choosing_deep_inside_a_branch_shows_the_whole_way(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2", "3", "4")
    chats.edit(ids[0], "one")
    chats.edit(ids[2], "three")
    chats.choose(ids[3])
    assert shown(chats, chat) == ["1", "2", "3", "4"]
    chats.edit(ids[0], "another")
    chats.choose(ids[1])
    assert shown(chats, chat) == ["1", "2", "3", "4"], "below the chosen one stays what was shown there last"


def test_a_branch_that_is_not_shown_can_be_read_by_its_last_message(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2")
    chats.edit(ids[0], "one")
    assert [message.text for message in chats.path(chat, ids[1])] == ["1", "2"]
    assert [message.text for message in chats.opened(chat, ids[0]).messages] == ["1"]


def test_a_deleted_message_takes_along_what_follows_and_comes_back(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2", "3")
    undo = chats.delete_message(ids[1])
    assert shown(chats, chat) == ["1"]
    assert chats.info(chat).messages == 1
    assert chats.search("3") == []
    undo()
    assert shown(chats, chat) == ["1", "2", "3"]
    assert [hit.message for hit in chats.search("3")] == [ids[2]]


def test_when_the_shown_version_is_deleted_its_neighbour_is_shown(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2")
    other = chats.edit(ids[0], "one")
    undo = chats.delete_message(other)
    assert shown(chats, chat) == ["1", "2"]
    undo()
    assert shown(chats, chat) == ["one"]


def test_a_message_needs_a_known_role_a_living_chat_and_a_parent_in_it(chats: Chats) -> None:
    chat, ids = talk(chats, "1")
    other, _ = talk(chats, "1")
    with pytest.raises(StudioError, match="no role “robot”"):
        chats.add(chat, None, "robot", "x")
    with pytest.raises(StudioError, match="message is not there"):
        chats.add(other, ids[0], "user", "x")
    with pytest.raises(StudioError, match="chat is not there"):
        chats.add(99, None, "user", "x")
    chats.delete(chat)
    with pytest.raises(StudioError, match="chat is not there"):
        chats.add(chat, ids[0], "user", "x")


def test_a_rating_stays_with_the_message(chats: Chats) -> None:
    _, ids = talk(chats, "1", "2")
    chats.rate(ids[1], -1)
    assert chats.message(ids[1]).rating == -1
    with pytest.raises(StudioError, match="1, -1 or 0"):
        chats.rate(ids[1], 5)


# --- an answer that grows -------------------------------------------------------------------------------------------


def test_a_growing_answer_is_on_the_disk_and_found_once_it_is_finished(chats: Chats) -> None:
    chat, ids = talk(chats, "Where?")
    answer = chats.add(chat, ids[0], "assistant", "", complete=False)
    chats.grow(answer, "In bur", {"tokens": 2})
    with sqlite3.connect(chats.place) as other:
        assert other.execute("SELECT text FROM messages WHERE id = ?", (answer,)).fetchone() == ("In bur",)
    other.close()
    assert not chats.message(answer).complete
    assert chats.search("burrows") == []
    chats.finish(answer, "In burrows.")
    assert (chats.message(answer).complete, chats.message(answer).facts) == (True, {"tokens": 2})
    assert [hit.message for hit in chats.search("burrows")] == [answer]
    with pytest.raises(StudioError, match="finished already"):
        chats.grow(answer, "more")
    chats.finish(answer, "changed")
    assert chats.message(answer).text == "In burrows.", "what is finished is not finished twice"


def test_an_unfinished_answer_is_marked_when_the_file_is_opened_again(chats: Chats, open_chats: Open) -> None:
    chat, ids = talk(chats, "Where?")
    answer = chats.add(chat, ids[0], "assistant", "In bur", {"tokens": 2}, complete=False)
    chats.close()
    again = open_chats(chats.place)
    assert again.interrupted == 1
    message = again.message(answer)
    assert (message.text, message.complete) == ("In bur", False)
    assert message.facts == {"tokens": 2, "interrupted": True}
    assert [hit.message for hit in again.search("bur")] == [answer]
    again.close()
    assert open_chats(chats.place).interrupted == 0, "it is marked once"


CHILD = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from studio.store.chats import Chats
chats = Chats(Path({path!r}))
chat = chats.create("Long")
question = chats.add(chat, None, "user", "Tell me everything.")
for number in range(1_000_000):
    answer = chats.add(chat, question, "assistant", "", complete=False)
    print("began", number, flush=True)
    text = ""
    for word in range(20):
        text += f"word{{word}} "
        chats.grow(answer, text)
        print("grew", number, word, flush=True)
    chats.finish(answer, text, {{"number": number}})
    print("finished", number, flush=True)
    question = answer
"""


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.05, 0.21, 0.33, 0.57, 0.81])
def test_a_kill_while_an_answer_grows_loses_at_most_its_tail(tmp_path: Path, wait: float, open_chats: Open) -> None:
    path = tmp_path / "chats.sqlite"
    code = CHILD.format(root=str(ROOT), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline()]
        time.sleep(wait)
        child.kill()
        said += child.stdout.readlines()
    whole = [line.split() for line in said if line.endswith("\n")]
    finished = [int(words[1]) for words in whole if words[0] == "finished"]
    chats = open_chats(path)
    messages = chats.path(chats.listing()[0].id)[1:]
    assert [item.facts["number"] for item in messages if item.complete][: len(finished)] == finished
    assert all(len(item.text.split()) == 20 for item in messages if item.complete)
    assert sum(not item.complete for item in messages) <= 1
    last = whole[-1]
    if last[0] == "grew" and not messages[-1].complete:
        assert len(messages[-1].text.split()) >= int(last[2]) + 1
        assert messages[-1].facts["interrupted"]


# --- the list -------------------------------------------------------------------------------------------------------


def test_pinned_chats_stand_first_then_the_newest(chats: Chats) -> None:
    first, second, third = (chats.create(title) for title in ("one", "two", "three"))
    chats.add(second, None, "user", "hello")
    chats.pin(first)
    assert [info.id for info in chats.listing()] == [first, second, third]
    chats.pin(first, False)
    assert chats.listing()[0].id == second


def test_folders_are_those_that_hold_a_chat(chats: Chats) -> None:
    chat = chats.create("one", folder="Letters")
    other = chats.create("two")
    assert [info.id for info in chats.listing(folder="Letters")] == [chat]
    chats.move(other, "  Work  ")
    assert chats.folders() == ["Letters", "Work"]
    chats.rename_folder("Work", "Letters")
    assert {info.id for info in chats.listing(folder="Letters")} == {chat, other}
    chats.rename_folder("Letters", "")
    assert chats.folders() == []


def test_a_deleted_chat_comes_back_and_is_found_again(chats: Chats) -> None:
    chat, ids = talk(chats, "Where do foxes live?")
    undo = chats.delete(chat)
    assert chats.listing() == []
    assert chats.search("foxes") == []
    with pytest.raises(StudioError, match="not there any more"):
        chats.opened(chat)
    undo()
    assert shown(chats, chat) == ["Where do foxes live?"]
    assert ids[0] in [hit.message for hit in chats.search("foxes")]


def test_what_was_deleted_can_be_removed_for_good(chats: Chats) -> None:
    chat, _ = talk(chats, "secretword one")
    kept, ids = talk(chats, "keep", "secretword two")
    undo = chats.delete(chat)
    back = chats.delete_message(ids[1])
    chats.forget_deleted()
    with pytest.raises(StudioError):
        undo()
    with pytest.raises(StudioError, match="not kept any more"):
        back()
    assert chats.read("SELECT count(*) FROM messages")[0][0] == 1
    assert chats.read("SELECT count(*) FROM message_words WHERE message_words MATCH 'secretword'")[0][0] == 0
    assert shown(chats, kept) == ["keep"]


def test_what_was_deleted_a_month_ago_goes_when_the_file_is_opened(chats: Chats, open_chats: Open) -> None:
    old, _ = talk(chats, "old")
    young, _ = talk(chats, "young")
    chats.delete(young)
    chats.delete(old)
    with chats.writing() as connection:
        connection.execute("UPDATE chats SET gone = gone - 31 * 86400 WHERE id = ?", (old,))
    chats.close()
    assert [row[0] for row in open_chats(chats.place).read("SELECT id FROM chats")] == [young]


def test_a_copy_has_all_branches_and_goes_its_own_way(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2")
    chats.edit(ids[0], "one")
    copy = chats.duplicate(chat)
    assert shown(chats, copy) == ["one"]
    first = next(message for message in chats.path(copy))
    chats.choose(chats.siblings(first.id)[0])
    assert shown(chats, copy) == ["1", "2"]
    assert shown(chats, chat) == ["one"]
    assert chats.info(copy).messages == 3
    assert {hit.chat for hit in chats.search("2")} == {chat, copy}


def test_a_renamed_chat_is_found_by_its_new_title_alone(chats: Chats) -> None:
    chat = chats.create("Foxes")
    chats.rename(chat, "Wolves\nand  more")
    assert chats.info(chat).title == "Wolves and more"
    assert [hit.title for hit in chats.search("wolv")] == ["Wolves and more"]
    assert chats.search("foxes") == []
    with pytest.raises(StudioError):
        chats.rename(99, "x")


def test_system_prompts_and_presets_are_kept_by_name(chats: Chats) -> None:
    chats.save_system_prompt(" Brief\n", "Be brief.")
    chats.save_system_prompt("Brief", "Be very brief.")
    chats.save_preset("Wild", {"temperature": 1.5})
    assert chats.system_prompts() == {"Brief": "Be very brief."}
    assert chats.presets() == {"Wild": {"temperature": 1.5}}
    chats.forget_system_prompt("Brief")
    chats.forget_preset("Wild")
    assert (chats.system_prompts(), chats.presets()) == ({}, {})
    with pytest.raises(StudioError, match="needs a name"):
        chats.save_preset("  ", {})


# --- hostile text ---------------------------------------------------------------------------------------------------


def test_marks_that_break_other_programs_come_back_as_they_were(chats: Chats) -> None:
    text = "a\x00b \x1b[31m \u202e' \"; DROP TABLE chats; -- \r\n 猫 🐈 e\u0301"
    chat, ids = talk(chats, text, title=text)
    assert chats.message(ids[0]).text == text
    assert "\x00" not in chats.info(chat).title
    chats.rename(chat, text)
    assert len(chats.listing()) == 1


def test_half_a_character_is_replaced_and_a_split_one_is_joined(chats: Chats) -> None:
    _, ids = talk(chats, "a\ud83d", "\ud83d\ude00")
    assert [chats.message(number).text for number in ids] == ["a\ufffd", "😀"]


def test_a_message_that_is_too_long_is_refused_with_its_length(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_rows, "LONGEST", 1_000)
    chat = chats.create("long")
    chats.add(chat, None, "user", "x" * 1_000)
    with pytest.raises(StudioError, match="1,001 characters; at most 1,000 are kept"):
        chats.add(chat, None, "user", "x" * 1_001)
    with pytest.raises(StudioError, match="at most"):
        chats.set_system(chat, "x" * 1_001)
    assert chats.info(chat).messages == 1


@pytest.mark.slow
def test_a_message_of_ten_megabytes_is_kept_and_found(chats: Chats) -> None:
    chat = chats.create("long")
    number = chats.add(chat, None, "user", "word " * 2_000_000 + "needle")
    assert len(chats.message(number).text) == 10_000_006
    (hit,) = chats.search("needle")
    assert (hit.message, len(hit.snippet)) == (number, 161)


def test_facts_that_are_no_json_are_refused_in_words(chats: Chats) -> None:
    chat = chats.create("x")
    for value in (float("nan"), {1, 2}, object()):
        with pytest.raises(StudioError, match="cannot be kept"):
            chats.add(chat, None, "user", "x", {"value": value})
    chats.set_settings(chat, {"half": "\ud800"})
    assert chats.opened(chat).settings == {"half": "\ufffd"}


def test_facts_that_somebody_has_damaged_count_as_none(chats: Chats) -> None:
    chat, ids = talk(chats, "1")
    with chats.writing() as connection:
        connection.execute("UPDATE messages SET facts = '[1, ' WHERE id = ?", (ids[0],))
    assert chats.path(chat)[0].facts == {}


def test_a_circle_that_somebody_wrote_into_the_file_does_not_hang(chats: Chats) -> None:
    chat, ids = talk(chats, "1", "2")
    with chats.writing() as connection:
        connection.execute("UPDATE messages SET chosen = ? WHERE id = ?", (ids[0], ids[1]))
        connection.execute("UPDATE messages SET parent = ? WHERE id = ?", (ids[1], ids[0]))
    assert len(chats.path(chat)) <= 2
    assert len(chats.path(chat, ids[1])) <= 2
    chats.delete_message(ids[0])
    assert chats.path(chat) == []


def test_a_title_is_one_short_line() -> None:
    assert kept_line("  a\n b\x00c " + "x" * 500) == "a b c " + "x" * 194


# --- damaged, foreign, newer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["noise", "holes", "no tables"])
def test_a_damaged_file_is_set_aside_by_name_and_told(chats: Chats, damage: str, open_chats: Open) -> None:
    for _ in range(8):
        talk(chats, "x" * 9_000, "y" * 9_000)
    chats.close()
    if damage == "noise":
        chats.place.write_bytes(b"this is no database" * 100)
    elif damage == "holes":
        data = bytearray(chats.place.read_bytes())
        data[4_096 : len(data) - 4_096] = random.Random(1).randbytes(len(data) - 8_192)
        chats.place.write_bytes(data)
    else:
        with sqlite3.connect(chats.place) as connection:
            connection.execute("DROP TABLE messages")
        connection.close()
    before = chats.place.read_bytes()
    fresh = open_chats(chats.place)
    assert all(info.messages == 0 for info in fresh.listing())
    assert len(fresh.listing()) == (8 if damage == "no tables" else 0)
    assert "No message could be rescued; the file was kept as “chats.sqlite.damaged”" in fresh.notes[0]
    assert (chats.place.parent / "chats.sqlite.damaged").read_bytes() == before
    fresh.create("new")
    fresh.close()
    chats.place.write_bytes(b"broken again" * 100)
    assert "chats.sqlite.damaged 2" in open_chats(chats.place).notes[0], "the first one is not overwritten"


def test_a_damaged_index_is_made_anew(chats: Chats, open_chats: Open) -> None:
    chat, ids = talk(chats, "foxes", "wolves")
    break_index(chats)
    again = open_chats(chats.place)
    assert [hit.message for hit in again.search("wolves")] == [ids[1]]
    assert [hit.title for hit in again.search("Foxes") if hit.message is None] == ["Foxes"]
    break_index(again)
    again = open_chats(chats.place)
    assert [info.id for info in again.listing("wolves")] == [chat]


def test_a_damaged_index_keeps_no_message_from_being_written(chats: Chats, open_chats: Open) -> None:
    chat, ids = talk(chats, *(f"foxes and number{place} " * 40 for place in range(20)))
    break_index(chats)
    again = open_chats(chats.place)
    for place in range(20):
        ids.append(again.add(chat, ids[-1], "user", f"wolves {place}"))
    assert len(again.path(chat)) == 40
    assert len(again.search("wolves", 99)) == 20


def break_index(chats: Chats) -> None:
    """Take the pages out of both indexes, as a bad disk might, and close the file."""
    with chats.writing() as connection:
        for name in ("message_words_data", "title_words_data"):
            connection.execute(f"DELETE FROM {name} WHERE id > 10")
    chats.close()


def test_a_file_of_a_newer_atelier_is_refused_and_untouched(chats: Chats, open_chats: Open) -> None:
    talk(chats, "1")
    with chats.reading() as connection:
        connection.execute("PRAGMA user_version = 7")
    chats.close()
    before = chats.place.read_bytes()
    with pytest.raises(StudioError, match="newer Atelier \\(version 7"):
        open_chats(chats.place)
    assert chats.place.read_bytes() == before
    assert [path.name for path in chats.place.parent.glob("chats*")] == ["chats.sqlite"]


def test_a_newer_file_is_refused_even_while_its_version_stands_in_the_log_alone(chats: Chats, open_chats: Open) -> None:
    talk(chats, "1")
    with chats.reading() as connection:
        connection.execute("PRAGMA user_version = 7")  # not in the head of the file yet
    with pytest.raises(StudioError, match="newer Atelier"):
        open_chats(chats.place)
    chats.close()


def test_a_database_of_another_program_is_refused_and_untouched(tmp_path: Path, open_chats: Open) -> None:
    path = tmp_path / "chats.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE addresses (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StudioError, match="another program"):
        open_chats(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_database_and_nobody_else_may_read_it(tmp_path: Path, open_chats: Open) -> None:
    path = tmp_path / "chats.sqlite"
    path.touch()
    open_chats(path).create("first")
    assert len(open_chats(path).listing()) == 1
    fresh = tmp_path / "other.sqlite"
    open_chats(fresh)
    if sys.platform != "win32":
        assert fresh.stat().st_mode & 0o777 == 0o600


def test_a_folder_in_its_place_and_a_closed_file_are_told(tmp_path: Path, chats: Chats, open_chats: Open) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudioError, match="could not be"):
        open_chats(tmp_path / "folder")
    chats.close()
    with pytest.raises(StudioError, match="was closed"):
        chats.listing()


def test_a_full_disk_is_told_and_what_was_there_stays(chats: Chats) -> None:
    chat, _ = talk(chats, "1")
    with chats.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StudioError, match="disk is full"):
        chats.add(chat, None, "user", "x" * 1_000_000)
    assert shown(chats, chat) == ["1"]


def test_a_file_that_another_program_holds_is_told(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, open_chats: Open
) -> None:
    from studio.store import chat_file

    chats.close()
    monkeypatch.setattr(chat_file, "BUSY", 0.01)
    impatient = open_chats(chats.place)
    other = sqlite3.connect(chats.place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StudioError, match="in use by another program"):
        impatient.create("x")
    other.close()
    assert impatient.create("x")


def test_the_file_is_named_where_the_project_looks_for_it() -> None:
    assert chats_module.FILE == "chats.sqlite"
