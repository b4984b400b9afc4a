"""What the pages about the inside look at: loaded once, off the screen, the newest wish alone, and let go again."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.live import looking
from studio.live.looking import Glance, Subject
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui
SIZES = {"short": 3, "long": 40}  # tokens of a text by its first word


class Disk:
    """Stands where `studio.engine.scene:see` stands: models by folder, and how often each was opened or read."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None, str, int]] = []
        self.opened: list[str] = []
        self.broken: dict[str, StudioError] = {}
        self.unlike: set[str] = set()
        self.rewritten: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def see(
        self, first: Any, second: Any = None, prompt: str = "", start: int = 0, keep_going: Any = lambda: True
    ) -> Any:
        assert self.gate.wait(5)
        self.calls.append((_name(first), _name(second) if second is not None else None, prompt, start))
        scene = self._scene(first, prompt or "its own text", start)
        if second is None:
            return SimpleNamespace(scene=scene, other=None, refusal=None)
        if _name(second) in self.unlike:
            return SimpleNamespace(scene=scene, other=None, refusal=StudioError("They do not fit.", "Choose another."))
        other = scene if _name(second) == _name(first) else self._scene(second, scene.prompt, start)
        return SimpleNamespace(scene=scene, other=other, refusal=None)

    def _scene(self, wanted: Any, prompt: str, start: int) -> Any:
        name = _name(wanted)
        if name in self.broken:
            raise self.broken[name]
        again = name in self.rewritten
        self.rewritten.discard(name)
        if isinstance(wanted, Path) or again:
            self.opened.append(name)
        elif (wanted.prompt, wanted.capture.window.start) == (prompt, start):
            return wanted
        folder = wanted if isinstance(wanted, Path) else wanted.folder
        time = SIZES.get(prompt.split()[0], 12)
        return SimpleNamespace(
            folder=folder, title=name, prompt=prompt, time=time, layers=4, heads=4, step=4,
            config=SimpleNamespace(model=SimpleNamespace(vocab_size=100)),
            capture=SimpleNamespace(window=SimpleNamespace(start=max(0, start))),
        )  # fmt: skip


def _name(thing: Any) -> str:
    return str((thing if isinstance(thing, Path) else thing.folder).name)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(looking, "SEE", found.see)
    return found


@pytest.fixture
def run(stage: Any) -> Any:
    return stage.play(small_run(8), "tale")


@pytest.fixture
def subjects(run: Any, tmp_path: Path) -> dict[str, Subject]:
    """Two checkpoints of the run and two models of no run's."""
    found = {}
    for step in (4, 8):
        folder = run.record.folder / "checkpoints" / f"step-{step}"
        folder.mkdir(parents=True)
        found[f"step-{step}"] = Subject(folder, f"tale · step {step}", "tale", step)
    for name in ("gpt2", "llama"):
        (tmp_path / name).mkdir()
        found[name] = Subject(tmp_path / name, name)
    return found


@pytest.fixture
def eye(session: Any, disk: Disk) -> Any:
    return session.looking


@pytest.fixture
def told(eye: Any) -> list[frozenset[str]]:
    heard: list[frozenset[str]] = []
    eye.changed.connect(heard.append)
    return heard


def test_nothing_is_loaded_before_somebody_looks(stage: Any, eye: Any, run: Any, disk: Disk) -> None:
    stage.settle()
    assert disk.calls == []
    assert (eye.subject, eye.scene, eye.shown, eye.busy) == (None, None, (None, None), False)


def test_looking_loads_off_the_screen_and_tells_each_change(
    stage: Any, eye: Any, subjects: Any, disk: Disk, told: list[frozenset[str]]
) -> None:
    disk.gate.clear()
    eye.look_at(subjects["step-4"])
    assert (eye.subject, eye.busy, eye.scene) == (subjects["step-4"], True, None)
    disk.gate.set()
    stage.settle()
    assert (eye.scene.title, eye.prompt, eye.busy, eye.trouble) == ("step-4", "its own text", False, None)
    assert frozenset().union(*told) >= {"subject", "scene", "busy"}
    assert "other" not in frozenset().union(*told)
    assert eye.shown == (eye.scene, None)


def test_looking_at_the_same_again_does_nothing(stage: Any, eye: Any, subjects: Any, disk: Disk) -> None:
    eye.look_at(subjects["gpt2"])
    eye.look_at(subjects["gpt2"])
    stage.settle()
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert disk.opened == ["gpt2"]


def test_looking_again_at_what_was_written_again_shows_the_new_weights(
    stage: Any, eye: Any, subjects: Any, disk: Disk, told: list[frozenset[str]]
) -> None:
    eye.look_at(subjects["step-4"])
    stage.settle()
    before = eye.scene
    told.clear()
    eye.look_at(subjects["step-4"])
    stage.settle()
    assert eye.scene is before
    assert not frozenset().union(*told) & {"scene", "subject"}  # no page draws the same again
    disk.rewritten.add("step-4")
    eye.look_at(subjects["step-4"])
    assert eye.scene is before  # until the new one is there
    stage.settle()
    assert eye.scene is not before
    assert disk.opened == ["step-4", "step-4"]
    assert "scene" in frozenset().union(*told)


def test_the_newest_wish_silences_the_older_ones(stage: Any, eye: Any, subjects: Any, disk: Disk) -> None:
    disk.gate.clear()
    for name in ("gpt2", "llama", "step-4", "step-8"):
        eye.look_at(subjects[name])
    disk.gate.set()
    stage.settle()
    assert eye.scene.title == "step-8"
    assert len(disk.opened) <= 2  # the one that ran already, and the newest


def test_another_checkpoint_of_the_run_keeps_the_picture_until_it_is_there(
    stage: Any, eye: Any, subjects: Any, disk: Disk
) -> None:
    eye.look_at(subjects["step-4"])
    stage.settle()
    disk.gate.clear()
    eye.look_at(subjects["step-8"])
    assert eye.scene.title == "step-4"
    disk.gate.set()
    stage.settle()
    assert eye.scene.title == "step-8"


def test_another_model_lets_the_former_go_before_it_is_loaded(stage: Any, eye: Any, subjects: Any, disk: Disk) -> None:
    eye.look_at(subjects["step-4"])
    stage.settle()
    disk.gate.clear()
    eye.look_at(subjects["gpt2"])
    assert eye.scene is None
    disk.gate.set()
    stage.settle()


def test_a_typed_text_stays_with_the_next_model_and_a_chosen_one_does_not(
    stage: Any, eye: Any, subjects: Any, disk: Disk
) -> None:
    eye.look_at(subjects["gpt2"])
    stage.settle()
    eye.look_at(subjects["llama"])
    stage.settle()
    assert disk.calls[-1][2] == ""
    eye.read("short text")
    stage.settle()
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert (disk.calls[-1][2], eye.scene.prompt) == ("short text", "short text")
    eye.read("")
    stage.settle()
    assert eye.prompt == "its own text"


def test_another_text_is_read_by_the_model_in_memory(stage: Any, eye: Any, subjects: Any, disk: Disk) -> None:
    eye.look_at(subjects["gpt2"])
    stage.settle()
    eye.read("long text", 7)
    stage.settle()
    assert disk.opened == ["gpt2"]
    assert disk.calls[-1] == ("gpt2", None, "long text", 7)


def test_a_glance_shows_the_end_of_its_text_with_the_last_token_locked(
    stage: Any, eye: Any, session: Any, subjects: Any, disk: Disk
) -> None:
    glance = Glance(subjects["gpt2"], "long text", "lens")
    assert glance.subject is not None
    eye.look_at(glance.subject, glance.text)
    stage.settle()
    assert disk.calls[-1] == ("gpt2", None, "long text", -1)
    assert session.selection.locked("row") == 39
    eye.look_at(glance.subject, "short text")
    stage.settle()
    assert session.selection.locked("row") == 2
    assert disk.opened == ["gpt2"]


def test_a_glance_that_failed_locks_nothing_of_the_next_text(
    stage: Any, eye: Any, session: Any, subjects: Any, disk: Disk
) -> None:
    disk.broken["gpt2"] = StudioError("It is damaged.")
    eye.look_at(subjects["gpt2"], "long text")
    stage.settle()
    disk.broken.clear()
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert (eye.scene.title, session.selection.locked("row")) == ("gpt2", None)


@pytest.mark.parametrize("way", ["read", "forget"])
def test_a_glance_that_was_given_up_locks_nothing_of_the_next_text(
    stage: Any, eye: Any, session: Any, subjects: Any, disk: Disk, way: str
) -> None:
    disk.gate.clear()
    eye.look_at(subjects["gpt2"], "long text")
    if way == "read":
        eye.read("short text")
    else:
        eye.forget()
        eye.look_at(subjects["llama"])
    disk.gate.set()
    stage.settle()
    assert (eye.scene.prompt, session.selection.locked("row")) == (eye.prompt, None)


def test_places_that_the_new_text_does_not_have_are_forgotten(
    stage: Any, eye: Any, session: Any, subjects: Any, told: list[frozenset[str]]
) -> None:
    eye.look_at(subjects["gpt2"])
    stage.settle()
    session.selection.lock(row=11, column=1, layer=3)
    moved = []
    session.selection.changed.connect(lambda fields: moved.append((fields, eye.scene.prompt)))
    eye.read("short text")
    stage.settle()
    assert [session.selection.locked(name) for name in ("row", "column", "layer")] == [None, 1, 3]
    assert moved == [(frozenset({"row"}), "its own text")]  # before any view draws the new scene


# --- trouble ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_opened_is_told_and_can_be_tried_again(
    stage: Any, eye: Any, subjects: Any, disk: Disk, notices: Any
) -> None:
    disk.broken["gpt2"] = StudioError("It is damaged.", "Get it again.")
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert (eye.scene, eye.busy, str(eye.trouble)) == (None, False, "It is damaged. Get it again.")
    assert notices == []  # the page says it, where it happened
    disk.broken.clear()
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert (eye.scene.title, eye.trouble) == ("gpt2", None)


def test_a_text_that_cannot_be_read_leaves_the_picture_and_says_why(
    stage: Any, eye: Any, subjects: Any, disk: Disk
) -> None:
    eye.look_at(subjects["gpt2"])
    stage.settle()
    before = eye.scene
    disk.broken["gpt2"] = StudioError("The letter is unknown.")
    eye.read("日本")
    stage.settle()
    assert eye.scene is before
    assert eye.trouble.message == "The letter is unknown."
    assert eye.prompt == "日本"  # so that it can be corrected
    disk.broken.clear()
    eye.read("short text")
    stage.settle()
    assert eye.trouble is None


# --- two models ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(stage: Any, eye: Any, subjects: Any) -> Any:
    eye.look_at(subjects["step-8"])
    stage.settle()
    eye.compare_with(subjects["step-4"])
    stage.settle()
    return eye


def test_a_comparison_begins_with_the_difference(pair: Any, told: list[frozenset[str]]) -> None:
    assert (pair.mode, pair.other.title) == ("difference", "step-4")
    assert pair.shown == (pair.scene, pair.other)


def test_each_mode_shows_its_own(pair: Any, told: list[frozenset[str]]) -> None:
    pair.set_mode("B")
    assert pair.shown == (pair.other, None)
    pair.set_mode("A")
    assert pair.shown == (pair.scene, None)
    pair.set_mode("A")
    assert told == [{"mode"}, {"mode"}]
    with pytest.raises(ValueError, match="C"):
        pair.set_mode("C")


def test_without_a_second_model_there_is_only_the_first(eye: Any) -> None:
    eye.set_mode("difference")
    assert eye.mode == "A"


def test_the_second_one_is_loaded_beside_the_first_and_both_follow_the_text(stage: Any, pair: Any, disk: Disk) -> None:
    assert disk.opened == ["step-8", "step-4"]
    pair.read("short text")
    stage.settle()
    assert disk.calls[-1] == ("step-8", "step-4", "short text", 0)
    assert pair.scene.prompt == pair.other.prompt == "short text"
    assert (disk.opened, pair.mode) == (["step-8", "step-4"], "difference")


def test_a_model_compared_with_itself_is_one_scene(stage: Any, eye: Any, subjects: Any) -> None:
    eye.look_at(subjects["gpt2"])
    eye.compare_with(subjects["gpt2"])
    stage.settle()
    assert eye.shown == (eye.scene, eye.scene)


def test_taking_the_second_one_away_frees_it(stage: Any, pair: Any, told: list[frozenset[str]]) -> None:
    pair.compare_with(None)
    assert (pair.other, pair.mode, pair.compared) == (None, "A", None)
    stage.settle()
    assert frozenset().union(*told) >= {"other", "mode"}


def test_what_cannot_be_compared_is_refused_with_the_reason(stage: Any, eye: Any, subjects: Any, disk: Disk) -> None:
    disk.unlike.add("llama")
    eye.look_at(subjects["gpt2"])
    stage.settle()
    eye.compare_with(subjects["llama"])
    stage.settle()
    assert (eye.other, eye.compared, eye.mode) == (None, None, "A")
    assert eye.trouble.message == "They do not fit."
    assert eye.scene.title == "gpt2"


def test_stepping_through_the_run_keeps_what_it_is_compared_with(
    stage: Any, pair: Any, subjects: Any, disk: Disk
) -> None:
    folder = subjects["step-8"].folder.with_name("step-6")
    folder.mkdir()
    pair.look_at(Subject(folder, "tale · step 6", "tale", 6))
    stage.settle()
    assert (pair.scene.title, pair.other.title, pair.mode) == ("step-6", "step-4", "difference")
    assert disk.opened == ["step-8", "step-4", "step-6"]


# --- the end ---------------------------------------------------------------------------------------------------------


def test_closing_the_project_frees_the_memory(stage: Any, session: Any, pair: Any) -> None:
    session.selection.lock(row=1)
    session.close_project()
    assert (pair.subject, pair.scene, pair.other, pair.compared, pair.prompt, pair.mode) == (None,) * 4 + ("", "A")
    assert session.selection.is_free
    stage.settle()


def test_deleting_the_run_frees_the_memory(stage: Any, session: Any, pair: Any, subjects: Any) -> None:
    session.delete_run("tale")
    assert (pair.subject, pair.scene) == (None, None)
    stage.settle()


def test_deleting_what_is_compared_leaves_the_first(stage: Any, eye: Any, session: Any, subjects: Any) -> None:
    eye.look_at(subjects["gpt2"])
    eye.compare_with(subjects["step-4"])
    stage.settle()
    session.delete_run("tale")
    stage.settle()
    assert (eye.scene.title, eye.other, eye.mode) == ("gpt2", None, "A")


def test_what_arrives_after_the_project_was_closed_is_dropped(
    stage: Any, session: Any, eye: Any, subjects: Any, disk: Disk
) -> None:
    disk.gate.clear()
    eye.look_at(subjects["gpt2"])
    session.close_project()
    disk.gate.set()
    stage.settle()
    assert (eye.scene, eye.busy) == (None, False)


def test_a_question_of_a_view_is_called_off_with_what_it_is_about(
    stage: Any, session: Any, pair: Any, subjects: Any
) -> None:
    answers: list[int] = []
    gate = threading.Event()

    def slow(keep_going: Any) -> int:
        assert gate.wait(5)
        return 1

    job = pair.ask(slow, lane="lens")
    job.succeeded.connect(answers.append)
    pair.look_at(subjects["gpt2"])
    gate.set()
    stage.settle()
    assert answers == []
    job = pair.ask(lambda: 2, lane="lens")
    job.succeeded.connect(answers.append)
    stage.settle()
    assert answers == [2]


def test_the_run_of_a_checkpoint_is_known_by_its_folder_and_not_by_its_name(
    stage: Any, eye: Any, run: Any, subjects: Any, tmp_path: Path
) -> None:
    eye.look_at(subjects["step-4"])
    assert eye.run is run
    stage.settle()
    elsewhere = tmp_path / "other" / "tale" / "checkpoints" / "step-4"
    elsewhere.mkdir(parents=True)
    eye.look_at(Subject(elsewhere, "tale · step 4", "tale", 4))
    assert eye.run is None
    stage.settle()


def test_its_film_is_that_of_the_run(stage: Any, eye: Any, run: Any, subjects: Any, told: Any) -> None:
    eye.look_at(subjects["step-4"])
    stage.settle()
    assert any("film" in what for what in told)
    eye.look_at(subjects["gpt2"])
    stage.settle()
    assert eye.film.steps == ()
