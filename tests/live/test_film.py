"""A run's snapshots as a film: what lies there, where it stands, what it reads and forgets, how it grows."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import SnapshotTaken
from studio.live import film as module
from studio.live import film_reader
from studio.live.film import Film
from studio.live.film_reader import Frames, Row, Wishes, read_wished, series_of
from studio.live.jobs import Jobs
from studio.live.run_model import RunModel
from studio.store.project import Project
from studio.store.snapshots import FACTS, FOLDER, PROBES, folder_name, remove
from tests.scripted_run import saved, started, step

pytestmark = pytest.mark.gui
LAYERS, HEADS = 2, 3


@dataclass(frozen=True)
class Training:
    gradients: Any
    updates: Any
    not_numbers: int = 0


@dataclass(frozen=True)
class Snapshot:
    """As much of a real one as a film knows of."""

    step: int
    text: str = ""
    scores: dict[str, Any] = field(default_factory=dict)
    stream: Any = None
    weight_norms: Any = None
    training: Any = None
    not_numbers: int = 0
    maps: Any = None


READS: list[str] = []


def read_fake(folder: Path) -> Snapshot:
    """Stands where `studio.insight.snapshot:read` stands; every number is made of the step."""
    READS.append(folder.name.removeprefix("step-").lstrip("0") or "0")
    try:
        text = json.loads((folder / FACTS).read_text("utf-8"))["prompt"]
    except (OSError, ValueError) as error:
        raise StudioError(f"The snapshot “{folder.name}” is damaged.") from error
    number = int(folder.name.removeprefix("step-"))
    lengths = np.full(LAYERS + 2, float(number))
    return Snapshot(
        number, text, {"induction": np.full((LAYERS, HEADS), number / 1000)}, np.full(LAYERS + 1, number), lengths,
        Training(lengths * 2, lengths * 3, number), number, np.zeros(1_000, np.uint8),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    READS.clear()
    monkeypatch.setattr(film_reader, "READ", "tests.live.test_film:read_fake")


@pytest.fixture
def record(tmp_path: Path) -> Any:
    return Project.create(tmp_path / "project").new_run(RunConfig(), "run")


@pytest.fixture
def film(qtbot):
    jobs = Jobs()
    film = Film(jobs)
    yield film
    film.follow(None)
    assert jobs.close(5_000)


def keep(record: Any, *steps: int, prompt: str = "The fox", folder: str = FOLDER) -> None:
    for number in steps:
        path = record.folder / folder / folder_name(number)
        path.mkdir(parents=True, exist_ok=True)
        (path / FACTS).write_text(json.dumps({"prompt": prompt}), "utf-8")


def taken(number: int, prompt: str = "", share: float = 0.01) -> SnapshotTaken:
    file = f"{PROBES if prompt else FOLDER}/{folder_name(number)}"
    return SnapshotTaken(step=number, file=file, seconds=0.1, bytes=10, share=share, prompt=prompt)


@pytest.fixture
def shown(film, record, qtbot):
    """A film of five snapshots that was listed."""
    keep(record, 0, 10, 20, 40, 80)
    film.follow(record.folder)
    qtbot.waitUntil(lambda: bool(film.steps))
    return film


def arrive(qtbot, film: Film, number: int | None) -> None:
    qtbot.waitUntil(lambda: film.step == number)


# --- what lies there --------------------------------------------------------------------------------------------------


def test_following_a_run_lists_its_moments_and_reads_none_of_them(shown) -> None:
    assert shown.steps == (0, 10, 20, 40, 80)
    assert shown.kept.prompt == "The fox"
    assert (shown.step, shown.snapshot, READS) == (None, None, [])


def test_a_run_without_snapshots_and_no_run_at_all_are_an_empty_film(film, record, qtbot) -> None:
    film.follow(record.folder)
    qtbot.wait(80)
    film.go(5)
    film.next(1)
    film.play()
    assert (film.steps, film.step, film.near(5), film.playing, film.live) == ((), None, None, False, False)
    film.follow(None)
    assert film.all().missing == 0


def test_another_run_forgets_everything_of_the_one_before(shown, qtbot, tmp_path) -> None:
    shown.go(40)
    arrive(qtbot, shown, 40)
    other = Project.create(tmp_path / "other").new_run(RunConfig(), "run")
    keep(other, 7, prompt="A dog")
    shown.follow(other.folder)
    assert (shown.steps, shown.step, shown.wanted, shown.snapshot) == ((), None, None, None)
    qtbot.waitUntil(lambda: shown.steps == (7,))
    shown.go(7)
    arrive(qtbot, shown, 7)
    assert shown.snapshot.text == "A dog"


# --- where it stands --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "found"), [(-5, 0), (5, 0), (14, 10), (16, 20), (30, 20), (61, 80), (999, 80)])
def test_it_rests_at_the_nearest_moment_the_earlier_of_two(shown, asked: int, found: int) -> None:
    assert shown.near(asked) == found


def test_step_and_snapshot_belong_together_while_the_next_one_is_read(shown, qtbot) -> None:
    seen = []
    shown.changed.connect(lambda: seen.append((shown.step, getattr(shown.snapshot, "step", None))))
    shown.go(40)
    assert (shown.wanted, shown.step) == (40, None)
    arrive(qtbot, shown, 40)
    shown.go(10)
    shown.go(None)
    assert (shown.step, shown.snapshot) == (None, None)
    assert all(number == snapshot for number, snapshot in seen)


def test_the_wanted_moment_is_read_first_and_its_neighbours_after_it(shown, qtbot) -> None:
    shown.go(40)
    qtbot.waitUntil(lambda: len(READS) == 5)
    assert READS == ["40", "80", "20", "10", "0"]


def test_what_was_read_once_is_there_at_once(shown, qtbot) -> None:
    shown.go(0)
    qtbot.waitUntil(lambda: len(READS) == 5 and all(number in shown._frames for number in shown.steps))
    for number in shown.steps:
        shown.go(number)
        assert (shown.step, shown.snapshot.step) == (number, number)
    assert len(READS) == 5


def test_a_hand_that_is_faster_than_the_disk_arrives_where_it_stopped(shown, qtbot) -> None:
    for number in (80, 0, 40, 10, 20, 80, 0, 40) * 20:
        shown.go(number)
    arrive(qtbot, shown, 40)


def test_keys_go_from_moment_to_moment_and_stop_at_the_ends(shown, qtbot) -> None:
    shown.next(1)
    arrive(qtbot, shown, 0)
    shown.next(-1)
    assert shown.wanted == 0
    shown.next(2)
    arrive(qtbot, shown, 20)
    shown.next(10)
    arrive(qtbot, shown, 80)
    shown.go(None)
    shown.next(-1)
    arrive(qtbot, shown, 80)


def test_it_plays_from_where_it_stands_to_the_end_and_again_from_the_beginning(shown, qtbot, monkeypatch) -> None:
    shown._timer.setInterval(5)
    seen = []
    shown.changed.connect(lambda: seen.append(shown.step) if shown.step not in (*seen[-1:], None) else None)
    shown.go(20)
    arrive(qtbot, shown, 20)
    shown.play()
    assert shown.playing
    qtbot.waitUntil(lambda: not shown.playing)
    assert seen == [20, 40, 80]
    shown.play()
    qtbot.waitUntil(lambda: not shown.playing)
    assert seen == [20, 40, 80, 0, 10, 20, 40, 80]
    shown.play()
    shown.pause()
    assert not shown.playing


# --- what cannot be shown ---------------------------------------------------------------------------------------------


def test_a_damaged_moment_is_told_where_one_stands_on_it_and_skipped_by_the_film(shown, record, qtbot) -> None:
    (record.folder / FOLDER / folder_name(20) / FACTS).write_text("{", "utf-8")
    shown.go(10)
    qtbot.waitUntil(lambda: len(READS) == 5 and shown.step == 10)  # read, and arrived
    assert shown.trouble is None
    shown.go(20)
    qtbot.waitUntil(lambda: shown.trouble is not None)
    assert "damaged" in str(shown.trouble)
    assert (shown.wanted, shown.step) == (20, 10)
    shown._timer.setInterval(5)
    shown.play()
    qtbot.waitUntil(lambda: not shown.playing)
    assert (shown.step, shown.trouble) == (80, None)


def test_memory_holds_what_fits_and_the_curves_all_of_it(record, film, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(module, "ROOM", 6_000)
    film._frames = Frames(6_000)
    keep(record, *range(0, 300, 10))
    film.follow(record.folder)
    qtbot.waitUntil(lambda: len(film.steps) == 30)
    film._frames = Frames(6_000)
    film.go(100)
    arrive(qtbot, film, 100)
    assert film.all().missing > 0
    qtbot.waitUntil(lambda: film.all().missing == 0)
    assert sum(number in film._frames for number in film.steps) <= 6
    film.go(100)
    arrive(qtbot, film, 100)
    film.go(290)
    arrive(qtbot, film, 290)


# --- curves over steps ------------------------------------------------------------------------------------------------


def test_the_small_numbers_of_all_moments_come_in_without_moving_the_film(shown, qtbot) -> None:
    first = shown.all()
    assert (first.missing, first.steps.tolist(), first.scores) == (5, [], {})
    qtbot.waitUntil(lambda: shown.all().missing == 0)
    found = shown.all()
    assert found.steps.tolist() == [0, 10, 20, 40, 80]
    assert found.scores["induction"].shape == (5, LAYERS, HEADS)
    assert found.scores["induction"][:, 1, 2].tolist() == [0.0, 0.01, 0.02, 0.04, 0.08]
    assert (found.stream.shape, found.weights.shape) == ((5, LAYERS + 1), (5, LAYERS + 2))
    assert (found.gradients[3] == 80).all()
    assert (found.updates[3] == 120).all()
    assert found.not_numbers.tolist() == found.odd_gradients.tolist() == [0, 10, 20, 40, 80]
    assert (shown.step, shown.wanted) == (None, None)


def test_nothing_read_is_an_empty_series() -> None:
    found = series_of({}, (1, 2))
    assert (found.missing, len(found.steps), found.not_numbers.dtype) == (2, 0, np.int64)


# --- a run that computes ----------------------------------------------------------------------------------------------


@pytest.fixture
def living(film, record, qtbot):
    """A run in the middle of its steps, followed by the film."""
    model = RunModel(record)
    model.replayed = True
    model.apply([started(100), step(1)])
    keep(record, 0, 10)
    model.apply([taken(0), taken(10)])
    film.follow(record.folder, model)
    qtbot.waitUntil(lambda: film.steps == (0, 10))
    return model


def test_the_film_grows_with_the_run_and_says_what_looking_costs(living, film, record, qtbot) -> None:
    assert film.live
    keep(record, 20)
    living.apply([taken(20, share=0.015)])
    qtbot.waitUntil(lambda: film.steps == (0, 10, 20))
    assert film.share == 0.015
    assert film.step is None


def test_whoever_stands_at_the_end_stays_at_the_end(living, film, record, qtbot) -> None:
    film.go(10)
    arrive(qtbot, film, 10)
    keep(record, 20)
    living.apply([taken(20)])
    arrive(qtbot, film, 20)
    film.go(0)
    keep(record, 30)
    living.apply([taken(30)])
    qtbot.waitUntil(lambda: 30 in film.steps)
    assert film.wanted == 0


def test_what_is_thinned_away_leaves_the_film_but_not_the_screen(living, film, record, qtbot) -> None:
    film.go(10)
    arrive(qtbot, film, 10)
    film.go(0)
    film.go(10)
    remove(record.folder / FOLDER, 10)
    keep(record, 20, 30)
    film.pause()
    living.apply([taken(20), taken(30)])
    qtbot.waitUntil(lambda: 30 in film.steps)
    assert 10 not in film.steps
    assert film.snapshot is not None


def test_a_run_that_goes_back_shows_what_it_sees_the_second_time(living, film, record, qtbot) -> None:
    film.go(10)
    arrive(qtbot, film, 10)
    film.go(0)
    arrive(qtbot, film, 0)
    remove(record.folder / FOLDER, 10)
    keep(record, 10, prompt="again")
    living.apply([started(100, step=0, resumed_from=0), step(10), taken(10)])
    qtbot.waitUntil(lambda: film.kept.prompt == "again")
    film.go(10)
    qtbot.waitUntil(lambda: film.snapshot.text == "again" and film.step == 10)


def test_checkpoints_are_marked_as_they_are_saved(living, film, record, qtbot, tmp_path) -> None:
    from studio.store import checkpoints

    with checkpoints.saving(record.checkpoints_folder, 4) as folder:
        (folder / "model.safetensors").write_bytes(b"0")
    living.apply([saved(4)])
    qtbot.waitUntil(lambda: film.kept.checkpoints == (4,))


def test_a_text_that_was_asked_for_comes_to_the_screen_by_itself(living, film, record, qtbot) -> None:
    film.go(0)
    arrive(qtbot, film, 0)
    keep(record, 12, prompt="a dog", folder=PROBES)
    living.apply([taken(12, prompt="a dog")])
    qtbot.waitUntil(lambda: film.probing and film.step == 12)
    assert film.snapshot.text == "a dog"
    assert film.steps == (0, 10)
    film.next(-1)
    arrive(qtbot, film, 0)
    assert not film.probing


def test_a_damaged_answer_does_not_damage_the_watched_moment_of_its_step(living, film, record, qtbot) -> None:
    keep(record, 10, folder=PROBES)
    (record.folder / PROBES / folder_name(10) / FACTS).write_text("{", "utf-8")
    living.apply([taken(10, prompt="a dog")])
    qtbot.waitUntil(lambda: film.trouble is not None)
    film.go(10)
    assert film.trouble is None
    qtbot.waitUntil(lambda: film.step == 10 and not film.probing)
    assert film.snapshot.text == "The fox"


def test_a_text_that_is_asked_for_anew_clears_the_trouble_and_is_read(living, film, record, qtbot) -> None:
    keep(record, 12, folder=PROBES)
    (record.folder / PROBES / folder_name(12) / FACTS).write_text("{", "utf-8")
    living.apply([taken(12, prompt="a dog")])
    qtbot.waitUntil(lambda: film.trouble is not None)
    keep(record, 12, prompt="a cat", folder=PROBES)
    living.apply([taken(12, prompt="a cat")])
    assert film.trouble is None
    arrive(qtbot, film, 12)
    assert (film.snapshot.text, film.trouble) == ("a cat", None)


def test_a_text_that_is_on_the_screen_is_not_read_again_as_the_run_goes_on(living, film, record, qtbot) -> None:
    keep(record, 12, prompt="a dog", folder=PROBES)
    living.apply([taken(12, prompt="a dog")])
    arrive(qtbot, film, 12)
    for number in (20, 30):
        keep(record, number)
        living.apply([taken(number)])
        qtbot.waitUntil(lambda number=number: number in film._frames)
    assert READS.count("12") == 1
    keep(record, 12, prompt="a cat", folder=PROBES)
    living.apply([taken(12, prompt="a cat")])
    qtbot.waitUntil(lambda: film.snapshot.text == "a cat")


def test_what_was_asked_for_in_the_past_does_not_come_to_the_screen(film, record, qtbot) -> None:
    model = RunModel(record)
    keep(record, 0)
    film.follow(record.folder, model)
    model.recall([started(100), taken(0), taken(5, prompt="a dog")])
    qtbot.waitUntil(lambda: film.steps == (0,))
    assert (film.step, film.wanted, len(model.probes), len(model.snapshots)) == (None, None, 1, 1)


def test_a_run_that_is_deleted_meanwhile_can_be_left(living, film, qtbot) -> None:
    living.deleteLater()
    qtbot.wait(20)
    film.follow(None)
    assert film.steps == ()


# --- the thread's side ------------------------------------------------------------------------------------------------


def test_a_new_list_of_wishes_replaces_the_old_one(record) -> None:
    keep(record, 1, 2, 3)
    wishes = Wishes()
    wishes.set([record.folder / FOLDER / folder_name(number) for number in (1, 2)])
    reading = read_wished(wishes)
    assert next(reading)[1].step == 1
    wishes.set([record.folder / FOLDER / folder_name(3)])
    assert [found.step for _, found in reading] == [3]
    assert not wishes


def test_frames_drop_what_nobody_used_for_longest_and_keep_the_rows() -> None:
    frames = Frames(3_500)
    lengths = np.zeros(0)
    one = Snapshot(0, maps=np.zeros(1_000, np.uint8), training=Training(lengths, lengths))
    for number in (1, 2, 3):
        frames.keep(number, replace(one, step=number))
    frames.get(1)
    frames.keep(4, replace(one, step=4))
    assert [number in frames for number in (1, 2, 3, 4)] == [True, False, True, True]
    assert sorted(frames.rows) == [1, 2, 3, 4]
    assert frames.fitting() == 2
    frames.forget(1)
    assert 1 not in frames
    assert 1 not in frames.rows


@pytest.mark.torch
def test_twenty_real_snapshots_of_twelve_by_twelve_heads_are_shown_within_a_second(
    record, film, qtbot, monkeypatch
) -> None:
    import time

    from studio.insight.snapshot import Subject, take, write
    from tests.families.conftest import shaken, tiny

    monkeypatch.setattr(film_reader, "READ", "studio.insight.snapshot:read")
    model = shaken(tiny("gpt2", n_layers=12, n_heads=12, context_length=1_024))
    one = take(model, Subject(np.random.default_rng(0).integers(0, 61, 256).tolist(), tuple(range(61))), 0)
    for number in range(20):
        write(record.folder / FOLDER, replace(one, step=number))
    film.follow(record.folder)
    qtbot.waitUntil(lambda: len(film.steps) == 20)
    film.go(0)
    arrive(qtbot, film, 0)
    begun = time.perf_counter()
    for number in range(1, 20):
        film.go(number)
        qtbot.waitUntil(lambda number=number: film.step == number, timeout=1_000)
    assert time.perf_counter() - begun < 1.0


def test_a_score_that_older_snapshots_lack_is_unknown_there_and_known_later() -> None:
    lengths, scores = np.zeros(LAYERS + 2), {"induction": np.full((LAYERS, HEADS), 0.5)}
    old = Row(scores, np.zeros(LAYERS + 1), lengths, lengths, lengths, 0, 0)
    new = replace(old, scores=scores | {"local": np.full((LAYERS, HEADS), 0.25)})
    found = series_of({0: old, 10: new}, [0, 10]).scores
    assert np.isnan(found["local"][0]).all()
    assert (found["local"][1] == 0.25).all()
    assert (found["induction"] == 0.5).all()
    assert set(series_of({0: old}, [0]).scores) == {"induction"}
