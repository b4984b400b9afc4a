"""Chats as wishes of the session: done in order off the GUI thread, none dropped, lists kept ready."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.live import chats as live_chats
from studio.live.chats import Chats
from studio.live.runs import Undo
from studio.prompts import Turn
from studio.store import rated_answers
from studio.store.chats import FILE
from studio.store.chats import Chats as Store
from studio.store.rated_answers import NAME, has_noted, note_rated

pytestmark = pytest.mark.gui


@pytest.fixture
def chats(scripted_run: Any) -> Chats:
    found: Chats = scripted_run.session.chats
    return found


class Heard:
    """What an errand brings."""

    def __init__(self, stage: Any, errand: Any) -> None:
        self.results: list[Any] = []
        self.errors: list[StudioError] = []
        errand.succeeded.connect(self.results.append)
        errand.failed.connect(self.errors.append)
        self._stage = stage

    def result(self) -> Any:
        self._stage.settle()
        assert not self.errors
        (found,) = self.results
        return found


def brought(stage: Any, errand: Any) -> Any:
    """The result of an errand, once it is done."""
    return Heard(stage, errand).result()


def refused(stage: Any, errand: Any) -> StudioError:
    heard = Heard(stage, errand)
    stage.settle()
    (error,) = heard.errors
    return error


def begun(stage: Any, *texts: str) -> tuple[int, list[int]]:
    """A chat of one branch, by the session."""
    chat = brought(stage, stage.session.chats.create("Foxes")).id
    parent, ids = None, []
    for place, text in enumerate(texts):
        parent = brought(stage, stage.session.chats.add(chat, parent, ("user", "assistant")[place % 2], text)).id
        ids.append(parent)
    return chat, ids


def stored(stage: Any) -> Store:
    """The file as another reader sees it; to be closed."""
    return Store(stage.session.project.path / FILE)


def test_errands_are_done_in_order_and_none_is_dropped(scripted_run: Any, chats: Chats) -> None:
    threads: set[int] = set()
    chat = brought(scripted_run, chats.create("Foxes")).id
    heard = [Heard(scripted_run, chats.add(chat, None, "user", f"message {number}")) for number in range(30)]
    heard.append(Heard(scripted_run, chats._desk.ask(lambda _store: threads.add(threading.get_ident()))))
    scripted_run.settle()
    ids = [single.result().id for single in heard[:-1]]
    assert ids == sorted(ids)
    assert len(set(ids)) == 30
    assert threading.get_ident() not in threads
    assert threads


def test_lists_are_ready_and_follow_every_change(scripted_run: Any, chats: Chats) -> None:
    told: list[frozenset[str]] = []
    scripted_run.session.changed.connect(told.append)
    chat, _ = begun(scripted_run, "Where do foxes live?")
    assert chats.chats == (), "nobody has looked yet"
    assert frozenset({"chats"}) not in told
    chats.look()
    scripted_run.settle()
    assert [info.title for info in chats.chats] == ["Foxes"]
    assert frozenset({"chats"}) in told
    chats.rename(chat, "Wolves")
    chats.move(chat, "Animals")
    chats.save_system_prompt("Brief", "Be brief.")
    chats.save_preset("Wild", {"temperature": 1.5})
    scripted_run.settle()
    assert (chats.chats[0].title, chats.folders) == ("Wolves", ("Animals",))
    assert (chats.system_prompts, chats.presets) == ({"Brief": "Be brief."}, {"Wild": {"temperature": 1.5}})
    chats.forget_system_prompt("Brief")
    chats.forget_preset("Wild")
    chats.rename_folder("Animals", "Pets")
    chats.pin(chat)
    scripted_run.settle()
    assert (chats.system_prompts, chats.presets, chats.folders) == ({}, {}, ("Pets",))
    assert chats.chats[0].pinned


def test_a_search_fills_the_hits_and_the_last_typed_one_wins(scripted_run: Any, chats: Chats) -> None:
    begun(scripted_run, "foxes live in dens", "wolves do not")
    for words in ("f", "fo", "nothing", "wolv"):
        chats.look(words)
    scripted_run.settle()
    assert [hit.snippet for hit in chats.hits] == ["wolves do not"]
    chats.look("wolv", "no such folder")
    scripted_run.settle()
    assert chats.chats == ()
    chats.look()
    scripted_run.settle()
    assert chats.hits == ()


def test_a_search_that_comes_while_one_is_read_is_read_next(scripted_run: Any, chats: Chats, monkeypatch: Any) -> None:
    begun(scripted_run, "foxes", "wolves")
    plain = Store.listing

    def slow(store: Store, search: str = "", folder: str = "") -> Any:
        found = plain(store, search, folder)
        if search == "foxes":
            chats._wanted = ("wolves", "")  # as if it had been typed now
        return found

    monkeypatch.setattr(Store, "listing", slow)
    chats.look("foxes")
    scripted_run.until(lambda: [hit.snippet for hit in chats.hits] == ["wolves"])


def test_a_chat_is_brought_with_its_branches_and_changes_are_told(scripted_run: Any, chats: Chats) -> None:
    changed: list[int] = []
    chats.chat_changed.connect(changed.append)
    chat, ids = begun(scripted_run, "Where?", "Here.")
    other = brought(scripted_run, chats.edit(ids[0], "When?"))
    opened = brought(scripted_run, chats.open(chat))
    assert [message.text for message in opened.messages] == ["When?"]
    assert opened.versions == {other.id: (ids[0], other.id)}
    assert brought(scripted_run, chats.choose(ids[0])).id == ids[0]
    assert len(brought(scripted_run, chats.open(chat)).messages) == 2
    assert len(brought(scripted_run, chats.open(chat, ids[0])).messages) == 1
    chats.set_system(chat, "Be brief.")
    chats.set_settings(chat, {"columns": 2})
    opened = brought(scripted_run, chats.open(chat))
    assert (opened.system, opened.settings) == ("Be brief.", {"columns": 2})
    assert changed == [chat] * 6
    copy = brought(scripted_run, chats.duplicate(chat))
    assert (copy.title, copy.messages) == ("Foxes", 3)


def test_what_was_deleted_comes_back(scripted_run: Any, chats: Chats) -> None:
    chat, ids = begun(scripted_run, "Where?", "Here.")
    undo = brought(scripted_run, chats.delete_message(ids[1]))
    assert isinstance(undo, Undo)
    assert len(brought(scripted_run, chats.open(chat)).messages) == 1
    undo.undo()
    assert len(brought(scripted_run, chats.open(chat)).messages) == 2
    undo = brought(scripted_run, chats.delete(chat))
    assert undo.text == "“Foxes” was deleted."
    assert "not there any more" in refused(scripted_run, chats.open(chat)).message
    undo.undo()
    assert brought(scripted_run, chats.open(chat)).info.title == "Foxes"
    chats.delete(chat)
    scripted_run.settle()
    scripted_run.session.empty_trash()
    scripted_run.settle()
    store = stored(scripted_run)
    assert store.read("SELECT count(*) FROM chats") == [(0,)]
    store.close()


def test_emptying_the_trash_begins_no_file_of_chats(scripted_run: Any) -> None:
    scripted_run.session.empty_trash()
    scripted_run.settle()
    assert not (scripted_run.session.project.path / FILE).exists()


def test_a_growing_answer_reaches_the_disk_now_and_then_and_at_its_end(
    scripted_run: Any, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[str] = []
    plain = Store.grow

    def counted(store: Store, message: int, text: str, facts: Any = None) -> None:
        writes.append(text)
        plain(store, message, text, facts)

    monkeypatch.setattr(Store, "grow", counted)
    chats._timer.setInterval(50)
    chat, ids = begun(scripted_run, "Where?")
    answer = brought(scripted_run, chats.add(chat, ids[0], "assistant", "", complete=False)).id
    for size in range(1, 200):
        chats.grow(answer, "x" * size, {"tokens": size})
    scripted_run.until(lambda: bool(writes))
    assert writes == ["x" * 199]
    chats.grow(answer, "late")
    message = brought(scripted_run, chats.finish(answer, "x" * 300, {"tokens": 300}))
    assert (message.text, message.facts, message.complete) == ("x" * 300, {"tokens": 300}, True)
    scripted_run.until(lambda: not chats._timer.isActive())
    scripted_run.settle()
    assert writes == ["x" * 199], "what was finished does not grow any more"


def test_an_answer_that_cannot_be_written_is_told_once(scripted_run: Any, chats: Chats) -> None:
    said: list[Any] = []
    scripted_run.session.notices.posted.connect(said.append)
    chats._timer.setInterval(10)
    begun(scripted_run, "Where?")
    for _ in range(3):
        chats.grow(99, "x")
        scripted_run.until(lambda: not chats._timer.isActive())
        scripted_run.settle()
    assert len(said) == 1
    assert "not there any more" in said[0].text


def test_a_rated_answer_becomes_a_row_and_its_dataset_is_told(scripted_run: Any, chats: Chats) -> None:
    told: list[frozenset[str]] = []
    scripted_run.session.changed.connect(told.append)
    chat, ids = begun(scripted_run, "Where do foxes live?", "In dens.")
    chats.set_system(chat, "Be brief.")
    project = scripted_run.session.project
    for value in (-1, 1, 0):
        assert brought(scripted_run, chats.rate(ids[1], value)) is None
    assert project.datasets() == [], "a verdict is noted, no version is written for it"
    assert "no question" in refused(scripted_run, chats.rate(ids[0], 1)).message
    chats.settle()
    scripted_run.settle()
    (dataset,) = project.datasets()
    assert dataset.title == f"{NAME}@1"
    row = dataset.page(0, 1)[0]
    assert [turn["role"] for turn in row["messages"]] == ["system", "user", "assistant"]
    assert row["rating"] == 1
    assert frozenset({"datasets"}) in told


def test_verdicts_are_settled_when_the_project_is_left_and_once(scripted_run: Any, chats: Chats) -> None:
    _, ids = begun(scripted_run, "Where do foxes live?", "In dens.")
    chats.rate(ids[1], 1)
    session, project = scripted_run.session, scripted_run.session.project
    session.close_project()
    assert project.dataset(NAME).title == f"{NAME}@1"
    session.open_project(project.path)
    chats.settle()
    scripted_run.settle()
    assert project.dataset(NAME).title == f"{NAME}@1"


def test_what_a_killed_window_had_noted_is_settled_when_its_project_is_opened(scripted_run: Any, chats: Chats) -> None:
    session, project = scripted_run.session, scripted_run.session.project
    session.close_project()
    note_rated(project, [Turn("user", "Where?")], "In dens.", 1)
    session.open_project(project.path)
    scripted_run.settle()
    assert project.dataset(NAME).rows == 1
    assert not has_noted(project)


def test_verdicts_that_cannot_be_settled_are_told_and_wait_for_the_next_time(
    scripted_run: Any, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    session = scripted_run.session
    session.notices.posted.connect(said.append)
    _, ids = begun(scripted_run, "Where do foxes live?", "In dens.")
    chats.rate(ids[1], 1)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rated_answers, "seal", full)
        chats.settle()
        scripted_run.settle()
    assert session.project.datasets() == []
    assert len(said) == 1
    chats.settle()
    scripted_run.settle()
    assert session.project.dataset(NAME).rows == 1


@pytest.mark.parametrize(("name", "begins"), [("foxes.md", "# Foxes"), ("foxes.JSON", "{")])
def test_a_chat_is_written_into_a_file(scripted_run: Any, chats: Chats, tmp_path: Path, name: str, begins: str) -> None:
    chat, _ = begun(scripted_run, "Where?")
    path = brought(scripted_run, chats.export(chat, tmp_path / name))
    assert path.read_text("utf-8").startswith(begins)
    assert "could not be saved" in refused(scripted_run, chats.export(chat, tmp_path / "none" / name)).message


def test_a_failure_that_nobody_hears_becomes_a_notice(scripted_run: Any, chats: Chats) -> None:
    said: list[Any] = []
    scripted_run.session.notices.posted.connect(said.append)
    chats.rename(99, "x")
    scripted_run.settle()
    assert [notice.level for notice in said] == ["danger"]


def test_a_damaged_file_is_told_as_a_notice(scripted_run: Any, chats: Chats) -> None:
    said: list[Any] = []
    scripted_run.session.notices.posted.connect(said.append)
    (scripted_run.session.project.path / FILE).write_bytes(b"broken" * 100)
    chats.look()
    scripted_run.settle()
    assert "chats.sqlite.damaged" in said[0].text


def test_a_newer_file_is_told_and_asked_again_each_time(scripted_run: Any, chats: Chats) -> None:
    store = stored(scripted_run)
    with store.reading() as connection:
        connection.execute("PRAGMA user_version = 9")
    store.close()
    assert "newer Atelier" in refused(scripted_run, chats.create("x")).message
    assert "newer Atelier" in refused(scripted_run, chats.look()).message


def test_closing_the_project_writes_what_waits_and_forgets_the_lists(scripted_run: Any, chats: Chats) -> None:
    session = scripted_run.session
    chat, ids = begun(scripted_run, "Where?")
    answer = brought(scripted_run, chats.add(chat, ids[0], "assistant", "", complete=False)).id
    chats.look()
    scripted_run.settle()
    path = session.project.path
    chats.grow(answer, "In bur")
    for number in range(20):
        chats.add(chat, answer, "user", f"late {number}")
    chats.rename(99, "nobody")
    said: list[Any] = []
    session.notices.posted.connect(said.append)
    session.close_project()
    assert chats.chats == ()
    store = Store(path / FILE)
    assert store.info(chat).messages == 22
    assert store.message(answer).text == "In bur"
    store.close()
    assert "not there any more" in said[-1].text
    with pytest.raises(StudioError, match="No project is open"):
        chats.create("x")
    with pytest.raises(StudioError, match="No project is open"):
        chats.grow(answer, "x")
    session.open_project(path)
    assert [message.text for message in brought(scripted_run, chats.open(chat)).messages[:2]] == ["Where?", "In bur"]


def test_the_next_project_has_chats_of_its_own(scripted_run: Any, chats: Chats, tmp_path: Path) -> None:
    chat, _ = begun(scripted_run, "Where?")
    undo = brought(scripted_run, chats.delete(chat))
    scripted_run.session.create_project(tmp_path / "second")
    chats.look()
    scripted_run.settle()
    assert chats.chats == ()
    said: list[Any] = []
    scripted_run.session.notices.posted.connect(said.append)
    undo.undo()  # the way back into a project that is closed
    scripted_run.settle()
    assert "was closed" in said[0].text


def test_closing_the_session_in_the_middle_of_work_loses_nothing(scripted_run: Any, chats: Chats) -> None:
    session, path = scripted_run.session, scripted_run.session.project.path
    chat, _ = begun(scripted_run)
    chats._desk.ask(lambda _store: time.sleep(0.05))
    for number in range(10):
        chats.add(chat, None, "user", f"late {number}")
    assert session.close(5_000)
    store = Store(path / FILE)
    assert store.info(chat).messages == 10
    store.close()


def test_an_answer_is_written_about_twice_a_second() -> None:
    assert live_chats.GROWS == 500
