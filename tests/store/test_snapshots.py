"""What a run keeps of its inside: few, evenly spread, never more than it may, gone where the run goes back."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import StepDone
from studio.store import snapshots
from studio.store.files import rename_folder
from studio.store.project import Project
from studio.store.snapshots import FACTS, FOLDER, PROBES, Kept, folder_name, forget_after, listed, surplus, thin, weigh

PLENTY = 1 << 40


def keep(folder: Path, step: int, size: int = 100, prompt: str = "") -> None:
    """A snapshot as far as this room can tell one from nothing."""
    path = folder / folder_name(step)
    path.mkdir(parents=True)
    facts = json.dumps({"prompt": prompt})
    (path / FACTS).write_text(facts, "utf-8")
    (path / "snapshot.safetensors").write_bytes(b"0" * (size - len(facts)))


def after(arrivals: list[int], most: int) -> list[int]:
    """What is left when each of them came and one too many went."""
    kept: dict[int, int] = {}
    for step in arrivals:
        kept[step] = 1
        for gone in surplus(kept, most, PLENTY):
            del kept[gone]
    return sorted(kept)


def test_of_equal_distances_every_second_goes() -> None:
    assert after(list(range(9)), 5) == [0, 2, 4, 6, 8]
    assert after(list(range(0, 130, 10)), 7) == [0, 20, 40, 60, 80, 100, 120]


@pytest.mark.parametrize("most", [2, 3, 8, 50])
@pytest.mark.parametrize("count", [1, 7, 100, 1_000])
def test_however_many_come_the_first_and_the_newest_stay_and_the_rest_is_spread_evenly(most: int, count: int) -> None:
    kept = after([3 * number for number in range(count)], most)
    assert len(kept) == min(most, count)
    assert (kept[0], kept[-1]) == (0, 3 * (count - 1))
    if len(kept) > 2:
        gaps = [later - earlier for earlier, later in pairwise(kept)]
        assert max(gaps) <= 2.5 * kept[-1] / (len(kept) - 1)


def test_what_is_too_large_goes_too_the_newest_last() -> None:
    assert surplus({0: 10, 5: 10, 6: 10, 20: 10}, 9, 30) == (5,)
    assert surplus({0: 10, 20: 10}, 9, 10) == (0,)
    assert surplus({0: 10}, 9, 1) == ()


def test_thinning_deletes_folders_and_leaves_no_trace_of_them(tmp_path: Path) -> None:
    for step in range(0, 90, 10):
        keep(tmp_path, step)
    sizes = weigh(tmp_path)
    assert thin(tmp_path, sizes, 5, PLENTY) == (10, 30, 50, 70)
    assert sizes == weigh(tmp_path) == {0: 100, 20: 100, 40: 100, 60: 100, 80: 100}
    assert thin(tmp_path, sizes, 5, 250) == (20, 60, 40)
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder_name(0), folder_name(80)]


@pytest.fixture
def record(tmp_path: Path):
    return Project.create(tmp_path / "project").new_run(RunConfig(), "run")


def test_a_run_that_goes_back_forgets_what_it_saw_later(record) -> None:
    for step in (0, 40, 80):
        keep(record.folder / FOLDER, step)
    keep(record.folder / PROBES, 60)
    with record:
        record.truncate_events(40)
        assert listed(record.folder).steps == (0, 40)
        assert snapshots.steps_in(record.folder / PROBES) == ()
        record.truncate_events(-1)
    assert listed(record.folder) == Kept()


def test_a_snapshot_that_cannot_be_removed_does_not_keep_a_run_from_going_back(
    record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (0, 40, 60, 80):
        keep(record.folder / FOLDER, step)
    monkeypatch.setattr(snapshots, "rename_folder", stuck(60))
    with record:
        record.append(StepDone(step=80, loss=1.0, learning_rate=0.1, gradient_norm=1.0, tokens=1, tokens_per_second=1.0,
                               seconds=1.0))  # fmt: skip
        record.truncate_events(40)
        assert list(record.events()) == []
    assert listed(record.folder).steps == (0, 40, 60)


def stuck(step: int) -> Callable[[Path, Path], None]:
    """A renaming that is denied for one snapshot."""

    def rename(source: Path, target: Path) -> None:
        if source.name == folder_name(step):
            raise PermissionError(13, "denied")
        rename_folder(source, target)

    return rename


def test_a_snapshot_that_cannot_be_thinned_away_keeps_no_other_one_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(0, 90, 10):
        keep(tmp_path, step)
    sizes = weigh(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(snapshots, "rename_folder", stuck(10))
        assert thin(tmp_path, sizes, 5, PLENTY) == (30, 50, 70)
        assert sizes == weigh(tmp_path) == dict.fromkeys((0, 10, 20, 40, 60, 80), 100)
    assert thin(tmp_path, sizes, 5, PLENTY) == (10,)


def test_what_is_gone_already_counts_as_deleted(tmp_path: Path) -> None:
    keep(tmp_path, 0)
    sizes = weigh(tmp_path) | {5: 100, 9: 100}
    assert thin(tmp_path, sizes, 2, PLENTY) == (5,)
    assert sizes == {0: 100, 9: 100}
    snapshots.remove(tmp_path / "nowhere", 3)


def test_what_a_kill_left_half_deleted_or_half_written_is_swept_by_the_next_writer(record) -> None:
    keep(record.folder / FOLDER, 0)
    for name in (f".{folder_name(7)}.ab12cd34.tmp", f".{folder_name(0)}.tmp"):
        (record.folder / FOLDER / name).mkdir()
    with record:
        assert [path.name for path in (record.folder / FOLDER).iterdir()] == [folder_name(0)]


def test_a_deleted_run_takes_its_snapshots_to_the_trash_and_back(record) -> None:
    keep(record.folder / FOLDER, 5, prompt="The fox")
    trashed = record.delete()
    assert not record.folder.exists()
    assert listed(trashed.restore()).steps == (5,)


def test_the_list_tells_the_text_and_tells_one_that_was_taken_again_from_the_one_before(record) -> None:
    folder = record.folder / FOLDER
    keep(folder, 5, prompt="The fox")
    before = listed(record.folder)
    assert (before.steps, before.prompt, before.checkpoints) == ((5,), "The fox", ())
    forget_after(record.folder, 0)
    keep(folder, 5, prompt="The fox")
    (folder / folder_name(5)).touch()
    assert listed(record.folder).stamps != before.stamps


def test_a_run_of_an_older_atelier_and_damaged_facts_have_no_text(record) -> None:
    assert listed(record.folder) == Kept()
    keep(record.folder / FOLDER, 5)
    (record.folder / FOLDER / folder_name(5) / FACTS).write_text("[]", "utf-8")
    assert listed(record.folder).prompt == ""
    (record.folder / FOLDER / folder_name(5) / FACTS).write_text("{", "utf-8")
    assert listed(record.folder).prompt == ""


def test_what_cannot_be_deleted_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, 5)

    def denied(*_: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(snapshots, "rename_folder", denied)
    with pytest.raises(StudioError, match="permission"):
        snapshots.remove(tmp_path, 5)
