"""Checkpoints: old or new, never half; what is damaged is found, named and put aside."""

import errno
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store import checkpoints
from studio.store.checkpoints import commit, list_checkpoints, newest_valid, prune, saving, sweep, verify
from studio.store.runs import RunRecord

Write = Callable[..., None]


def save(folder: Path, write_files: Write, step: int, mark: int = 0, **state: object) -> Path:
    with saving(folder, step) as temporary:
        write_files(temporary, mark, **state)
    return folder / f"step-{step:06d}"


def mark_of(folder: Path) -> int:
    """Which save the files come from; all of them must come from the same one."""
    mark = int(json.loads((folder / "state.json").read_text())["mark"])
    assert (folder / "model.safetensors").read_bytes() == bytes([mark]) * 300
    assert (folder / "optimizer.safetensors").read_bytes() == bytes([mark]) * 500
    return mark


def test_a_saved_checkpoint_verifies_and_says_what_it_holds(tmp_path: Path, write_files: Write) -> None:
    folder = save(tmp_path, write_files, 500, validation_loss=1.5, training_loss=1.25)
    verify(folder)
    (info,) = list_checkpoints(tmp_path)
    assert (info.step, info.validation_loss, info.training_loss, info.best) == (500, 1.5, 1.25, True)
    assert info.bytes == 800 + (folder / "state.json").stat().st_size
    assert info.saved.startswith("20")
    assert [path.name for path in tmp_path.iterdir()] == ["step-000500"]


def test_the_same_step_can_be_saved_again(tmp_path: Path, write_files: Write) -> None:
    save(tmp_path, write_files, 500, 1)
    folder = save(tmp_path, write_files, 500, 2)
    verify(folder)
    assert mark_of(folder) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["step-000500"]


@pytest.mark.parametrize("again", [False, True], ids=["a new step", "the same step again"])
def test_a_kill_at_any_file_operation_leaves_the_old_or_the_new_checkpoint(
    tmp_path: Path, write_files: Write, kill_at: Any, again: bool
) -> None:
    outcomes: list[int] = []
    for k in range(1, 400):
        folder = tmp_path / str(k)
        save(folder, write_files, 400, 1)
        target = folder / "step-000400" if again else folder / "step-000500"
        with kill_at(k) as death, saving(folder, 400 if again else 500) as temporary:
            write_files(temporary, 2)
        sweep(folder)  # what opening the run does
        info = newest_valid(folder)
        outcomes.append(mark_of(info.folder))
        assert not info.passed_over
        expected = {"step-000400", target.name} if info.folder == target else {"step-000400"}
        assert {path.name for path in folder.iterdir()} == expected, f"operation {k} left a stub"
        if not death.came:
            break
    assert k > 15, "the harness saw too few operations to mean anything"
    assert outcomes[0] == 1
    assert outcomes[-1] == 2
    assert outcomes == sorted(outcomes), "once the new one is there it stays"


def test_replacing_in_place_would_be_caught_by_the_same_harness(
    tmp_path: Path, write_files: Write, kill_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_then_rename(temporary: Path, final: Path) -> None:
        if final.exists():
            shutil.rmtree(final)
        os.rename(temporary, final)

    monkeypatch.setattr(checkpoints, "_exchange", remove_then_rename)
    lost = 0
    for k in range(1, 60):
        folder = tmp_path / str(k)
        save(folder, write_files, 400, 1)
        with kill_at(k), saving(folder, 400) as temporary:
            write_files(temporary, 2)
        sweep(folder)
        lost += not list_checkpoints(folder)
    assert lost


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_an_error_at_any_sync_keeps_the_old_checkpoint_and_removes_the_stub(
    tmp_path: Path, write_files: Write, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    folder = save(tmp_path, write_files, 400, 1)
    real = os.fsync
    for k in range(1, 8):
        count = [0]

        def fail(descriptor: int, count: list[int] = count, k: int = k) -> None:
            count[0] += 1
            if count[0] == k:
                raise OSError(number, os.strerror(number))
            real(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(StudioError) as caught:
                save(tmp_path, write_files, 400, 2)
        assert "could not be saved" in caught.value.message
        assert "untouched" in caught.value.hint or "try again" in caught.value.hint
        verify(folder)
        assert mark_of(folder) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["step-000400"]


def test_a_full_disk_is_told_with_figures(tmp_path: Path, full_disk: Callable[[], None]) -> None:
    full_disk()
    with pytest.raises(StudioError) as caught, saving(tmp_path, 400, 1_200_000) as temporary:
        (temporary / "model.safetensors").write_bytes(b"1")
    assert "The disk is full" in caught.value.message
    assert "1.2 MB needed" in caught.value.message
    assert "free" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_told_by_a_rust_library_reads_the_same(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="The disk is full"), saving(tmp_path, 400):
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")


def test_too_little_space_is_found_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="too little space") as caught, saving(tmp_path, 400, 10**18):
        pytest.fail("nothing may be written")
    assert "1000000.0 TB needed" in caught.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_of_the_program_is_not_dressed_up_as_a_disk_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), saving(tmp_path, 400):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_one_changed_byte_anywhere_is_detected(tmp_path: Path, write_files: Write) -> None:
    folder = save(tmp_path, write_files, 500, 7)
    chance = random.Random(1)
    files = sorted(folder.iterdir())
    for _ in range(300):
        path = chance.choice(files)
        whole = path.read_bytes()
        place = chance.randrange(len(whole))
        other = (whole[place] + chance.randrange(1, 256)) % 256
        path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
        if (folder / "manifest.json").read_bytes() and not _only_the_date_differs(path, whole):
            with pytest.raises(StudioError, match="step-000500"):
                verify(folder)
        path.write_bytes(whole)
    verify(folder)


def _only_the_date_differs(path: Path, whole: bytes) -> bool:
    """The time of saving is told to people only; no sum covers it."""
    if path.name != "manifest.json":
        return False
    try:
        now, before = json.loads(path.read_bytes()), json.loads(whole)
        return bool({**now, "saved": ""} == {**before, "saved": ""})
    except ValueError:
        return False


def test_a_shortened_or_missing_file_is_detected_and_named(tmp_path: Path, write_files: Write) -> None:
    folder = save(tmp_path, write_files, 500, 7)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for length in range(0, len(whole), 37):
            path.write_bytes(whole[:length])
            with pytest.raises(StudioError, match=path.name.replace(".", r"\.")):
                verify(folder)
            assert list_checkpoints(folder.parent) == []
        path.unlink()
        with pytest.raises(StudioError, match=path.name.replace(".", r"\.")):
            verify(folder)
        path.write_bytes(whole)
    verify(folder)


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before_and_is_kept_aside(
    tmp_path: Path, write_files: Write
) -> None:
    save(tmp_path, write_files, 400, 1)
    damaged = save(tmp_path, write_files, 500, 2)
    (damaged / "model.safetensors").write_bytes(b"\3" * 300)
    info = newest_valid(tmp_path)
    assert info.step == 400
    assert "step-000500" in info.passed_over[0]
    assert "model.safetensors" in info.passed_over[0]
    aside = tmp_path / "quarantine" / "step-000500"
    assert (aside / "model.safetensors").read_bytes() == b"\3" * 300
    assert "model.safetensors" in aside.with_name("step-000500.reason.txt").read_text("utf-8")
    assert newest_valid(tmp_path).passed_over == ()


def test_when_no_checkpoint_can_be_used_the_reasons_are_told(tmp_path: Path, write_files: Write) -> None:
    with pytest.raises(StudioError, match="no checkpoint yet"):
        newest_valid(tmp_path / "none")
    folder = save(tmp_path, write_files, 500, 2)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(StudioError, match=r"None of this run's checkpoints can be used.*step-000500"):
        newest_valid(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "state.json"])
def test_a_checkpoint_of_a_newer_atelier_is_refused_and_left_where_it_is(
    tmp_path: Path, write_files: Write, name: str
) -> None:
    save(tmp_path, write_files, 400, 1)
    with saving(tmp_path, 500) as temporary:
        write_files(temporary, 2)
        if name == "state.json":
            (temporary / name).write_text('{"version": 2}')
    folder = tmp_path / "step-000500"
    if name == "manifest.json":
        (folder / name).write_text((folder / name).read_text().replace('"version":1', '"version":2'))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StudioError, match="newer Atelier"):
        verify(folder)
    info = newest_valid(tmp_path)
    assert info.step == 400
    assert "newer Atelier" in info.passed_over[0]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def by_a_newer_atelier(folder: Path, name: str) -> dict[str, bytes]:
    """Raise the version that a saved checkpoint's file says; what lies there then."""
    if name == "manifest.json":
        (folder / name).write_text((folder / name).read_text().replace('"version":1', '"version":2'))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["manifest.json", "state.json"])
def test_what_a_newer_atelier_saved_goes_aside_when_its_step_is_saved_again(
    tmp_path: Path, write_files: Write, name: str
) -> None:
    with saving(tmp_path, 500) as temporary:
        write_files(temporary, 2)
        if name == "state.json":
            (temporary / name).write_text('{"version": 2}')
    before = by_a_newer_atelier(tmp_path / "step-000500", name)
    save(tmp_path, write_files, 500, 3)
    assert mark_of(tmp_path / "step-000500") == 3
    aside = tmp_path / "quarantine" / "step-000500"
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before
    assert "newer Atelier" in (tmp_path / "quarantine" / "step-000500.reason.txt").read_text()


def test_where_it_cannot_go_aside_the_save_is_refused_and_leaves_it(tmp_path: Path, write_files: Write) -> None:
    folder = save(tmp_path, write_files, 500, 2)
    before = by_a_newer_atelier(folder, "manifest.json")
    (tmp_path / "quarantine").write_text("in the way")
    with pytest.raises(StudioError, match="newer Atelier"):
        save(tmp_path, write_files, 500, 3)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["quarantine", "step-000500"]


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path, write_files: Write) -> None:
    folder = save(tmp_path, write_files, 500)
    (tmp_path / "outside").write_bytes(b"")
    for name in ("../outside", "..", "a/b", "a\\b", "c:x"):
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][name] = {"bytes": 0, "sha256": "e3b0"}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(StudioError, match="damaged"):
            verify(folder)
        del manifest["files"][name]
        (folder / "manifest.json").write_text(json.dumps(manifest))


def test_pruning_keeps_the_newest_and_the_best(tmp_path: Path, write_files: Write) -> None:
    for step, loss in ((100, 3.0), (200, 1.0), (300, 2.0), (400, 2.5), (500, float("nan"))):
        save(tmp_path, write_files, step, validation_loss=loss)
    assert [info.step for info in list_checkpoints(tmp_path) if info.best] == [200]
    assert prune(tmp_path, 2) == [100, 300]
    assert [info.step for info in list_checkpoints(tmp_path)] == [200, 400, 500]
    assert prune(tmp_path, 0) == [400]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000200", "step-000500"]


def test_pruning_leaves_what_the_adapter_of_another_run_lies_on(tmp_path: Path, write_files: Write) -> None:
    folder = tmp_path / "runs" / "base" / "checkpoints"
    for step in (100, 200, 300, 400):
        save(folder, write_files, step)
    lying = {"tuned": ("lora", "base@200"), "copy": ("none", "base@100"), "far": ("qlora", str(folder / "step-000300"))}
    for name, (kind, start) in lying.items():
        (tmp_path / "runs" / name).mkdir()
        config = {"start_from": start, "adapter": {"kind": kind}}
        (tmp_path / "runs" / name / "config.json").write_text(json.dumps(config))
    assert prune(folder, 1) == [100]
    assert [info.step for info in list_checkpoints(folder)] == [200, 300, 400]


def test_a_kill_while_pruning_leaves_only_whole_checkpoints(tmp_path: Path, write_files: Write, kill_at: Any) -> None:
    for k in range(1, 8):
        folder = tmp_path / str(k)
        for step in (100, 200, 300):
            save(folder, write_files, step, step // 100)
        with kill_at(k):
            prune(folder, 1)
        sweep(folder)
        for path in folder.iterdir():
            verify(path)
        assert newest_valid(folder).step == 300


def test_steps_beyond_a_million_stay_in_order(tmp_path: Path, write_files: Write) -> None:
    for step in (2_000_000, 999_999, 10_000_000):
        save(tmp_path, write_files, step)
    assert [info.step for info in list_checkpoints(tmp_path)] == [999_999, 2_000_000, 10_000_000]


def test_sweeping_leaves_checkpoints_quarantine_and_foreign_files_alone(tmp_path: Path, write_files: Write) -> None:
    save(tmp_path, write_files, 500)
    for name in (".step-000600.tmp", "step-000600.writing", "step-000500.replaced", "quarantine", "mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "notes.txt", "quarantine", "step-000500"]


def test_a_checkpoint_is_chosen_by_best_last_or_step(record: RunRecord, write_files: Write) -> None:
    with pytest.raises(StudioError, match="no checkpoint yet"):
        checkpoints.choose(record, "best")
    for step, loss in ((100, 2.0), (200, 1.0), (300, 1.5)):
        save(record.checkpoints_folder, write_files, step, validation_loss=loss)
    assert [checkpoints.choose(record, which).step for which in ("best", "last", 100, "300")] == [200, 300, 100, 300]
    with pytest.raises(StudioError, match="step 150") as caught:
        checkpoints.choose(record, 150)
    assert "100, 200, 300" in caught.value.hint


def test_choosing_a_truncated_checkpoint_says_that_it_is_damaged(record: RunRecord, write_files: Write) -> None:
    for step in (100, 200):
        save(record.checkpoints_folder, write_files, step)
    os.truncate(record.checkpoints_folder / "step-000200" / "model.safetensors", 1)
    with pytest.raises(StudioError, match="“step-000200” is damaged"):
        checkpoints.choose(record, 200)
    assert checkpoints.choose(record, "last").step == 100
    os.truncate(record.checkpoints_folder / "step-000100" / "model.safetensors", 1)
    with pytest.raises(StudioError, match="“step-000200” is damaged"):
        checkpoints.choose(record, "best")


def test_without_a_measurement_the_best_is_the_last(record: RunRecord, write_files: Write) -> None:
    for step in (100, 200):
        save(record.checkpoints_folder, write_files, step)
    assert checkpoints.choose(record, "best").step == 200


def test_a_folder_of_another_name_can_be_committed(tmp_path: Path, write_files: Write) -> None:
    temporary = tmp_path / ".step-000700.tmp"
    temporary.mkdir()
    write_files(temporary, 3)
    commit(temporary, tmp_path / "step-000700")
    assert newest_valid(tmp_path).step == 700


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sync of folders")
def test_files_are_synced_before_the_manifest_and_the_folder_before_and_after_the_rename(
    tmp_path: Path, write_files: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "step-000500.writing"
    temporary.mkdir()
    write_files(temporary, 1)
    seen: list[str] = []
    real_sync, real_rename = os.fsync, os.rename

    def note_sync(descriptor: int) -> None:
        seen.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name if os.path.isdir("/proc/self/fd") else "?")
        real_sync(descriptor)

    def note_rename(source: Path, target: Path) -> None:
        seen.append(f"rename to {target.name}")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    commit(temporary, tmp_path / "step-000500")
    if "?" in seen:
        seen = [step if step.startswith("rename") else "?" for step in seen]
        assert seen == ["?"] * 5 + ["rename to step-000500", "?"]
        return
    assert sorted(seen[:3]) == ["model.safetensors", "optimizer.safetensors", "state.json"]
    assert seen[3:] == ["manifest.json", "step-000500.writing", "rename to step-000500", tmp_path.name]
