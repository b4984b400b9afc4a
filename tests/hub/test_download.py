"""Fetching: what lies where, going on after any interruption, and nothing damaged ever getting its name."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.hub import Choice, Hub, Order, RemoteFile, Repository
from studio.hub.download import NOTE, arrived_in, fetch, folder_of, forget, held
from studio.hub.line import StoppedError
from studio.hub.listing import choices, look
from tests.hub.loopback_hub import COMMIT, TOKEN, FakeRepo, LoopbackHub, small_repo

WEIGHTS = "model.safetensors"


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


@pytest.fixture
def order(hub: Hub) -> Order:
    repository = look(hub, "org/small")
    return Order(repository, choices(repository)[0])


def weights(server: LoopbackHub) -> bytes:
    return server.repos["org/small"].files[WEIGHTS]


def asked_for(server: LoopbackHub, name: str = WEIGHTS) -> list[str]:
    """The `Range` of every request for a file at the server that holds it."""
    return [headers.get("Range", "") for where, path, headers in server.asked if where == "store" and name in path]


def stop_after(count: int) -> tuple[Callable[[int, int], None], Callable[[], bool]]:
    """Progress and question for a download that is called off once so many bytes have come."""
    seen = [0]

    def progress(done: int, total: int) -> None:
        seen[0] = done

    return progress, lambda: seen[0] < count


# --- what lies where ------------------------------------------------------------------------------------------------


def test_a_download_brings_what_is_needed_under_its_commit_and_nothing_else(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    folder = fetch(hub, order, downloads)
    assert folder == downloads / f"org--small@{COMMIT[:12]}"
    files = server.repos["org/small"].files
    lying = sorted(path.name for path in folder.iterdir())
    assert lying == ["README.md", "config.json", NOTE, WEIGHTS, "tokenizer.json"]
    assert all((folder / name).read_bytes() == files[name] for name in lying if name != NOTE)
    assert not any("pytorch_model" in path for path in server.paths())


def test_progress_counts_every_byte_once_and_ends_at_the_whole(hub: Hub, order: Order, downloads: Path) -> None:
    told: list[tuple[int, int]] = []
    fetch(hub, order, downloads, progress=lambda done, total: told.append((done, total)))
    counts = [done for done, _ in told]
    assert counts == sorted(counts)
    assert told[-1] == (order.choice.bytes, order.choice.bytes)
    assert {total for _, total in told} == {order.choice.bytes}


def test_a_whole_download_is_not_fetched_again(hub: Hub, server: LoopbackHub, order: Order, downloads: Path) -> None:
    fetch(hub, order, downloads)
    before = len(server.asked)
    assert fetch(hub, order, downloads) == folder_of(downloads, order)
    assert len(server.asked) == before


def test_a_version_in_one_file_is_fetched_with_its_papers(hub: Hub, server: LoopbackHub, downloads: Path) -> None:
    server.repos["org/packed"] = FakeRepo({"x.gguf": b"GGUF" * 99, "LICENSE": b"MIT", "y.gguf": b"other" * 99})
    repository = look(hub, "org/packed")
    path = fetch(hub, Order(repository, choices(repository)[0]), downloads)
    assert path.name == "x.gguf"
    assert sorted(item.name for item in path.parent.iterdir()) == ["LICENSE", NOTE, "x.gguf"]


def test_an_empty_file_needs_no_request(hub: Hub, server: LoopbackHub, downloads: Path) -> None:
    server.repos["org/packed"] = FakeRepo({"x.gguf": b"GGUF" * 99, "LICENSE": b""})
    repository = look(hub, "org/packed")
    path = fetch(hub, Order(repository, choices(repository)[0]), downloads)
    assert (path.parent / "LICENSE").read_bytes() == b""
    assert server.headers("/LICENSE") == []


def test_the_token_is_not_on_the_disk(server: LoopbackHub, order: Order, downloads: Path) -> None:
    fetch(Hub(server.address, TOKEN), order, downloads)
    assert all(TOKEN.encode() not in path.read_bytes() for path in downloads.rglob("*") if path.is_file())


# --- interruptions --------------------------------------------------------------------------------------------------


def test_a_cut_connection_is_gone_on_with_where_it_broke(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["cut 100000", "cut 1", "cut 50000"]
    folder = fetch(hub, order, downloads)
    assert (folder / WEIGHTS).read_bytes() == weights(server)
    assert asked_for(server) == ["", "bytes=100000-", "bytes=100001-", "bytes=150001-"]
    again = [headers for where, _, headers in server.asked if where == "store"][1]
    assert again["If-Range"].startswith('"')


def test_a_line_that_always_breaks_without_a_byte_is_left_and_keeps_what_came(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["cut 5000", *["cut 0"] * 9]
    with pytest.raises(StudioError, match="broke off") as refused:
        fetch(hub, order, downloads)
    assert "what has arrived is kept" in refused.value.hint
    part = folder_of(downloads, order) / f"{WEIGHTS}.part"
    assert part.read_bytes() == weights(server)[:5000]
    assert not (part.parent / WEIGHTS).exists()


def test_a_stop_keeps_the_part_and_the_next_try_goes_on_there(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["slow"]
    progress, keep_going = stop_after(60_000)
    with pytest.raises(StoppedError, match=r"stopped at “model\.safetensors”") as refused:
        fetch(hub, order, downloads, 0, progress, keep_going)
    assert "goes on there" in refused.value.hint
    part = folder_of(downloads, order) / f"{WEIGHTS}.part"
    came = part.stat().st_size
    assert 30_000 < came < len(weights(server))
    assert arrived_in(part.parent, order.choice) >= came
    told: list[int] = []
    folder = fetch(hub, order, downloads, progress=lambda done, total: told.append(done))
    assert (folder / WEIGHTS).read_bytes() == weights(server)
    assert asked_for(server)[-1] == f"bytes={came}-"
    assert not any(path.name.endswith((".part", ".etag")) for path in folder.iterdir())


def test_a_stop_is_heard_within_a_second_even_in_silence(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["silent 70000"]
    wished = time.monotonic() + 0.5
    with pytest.raises(StoppedError):
        fetch(hub, order, downloads, keep_going=lambda: time.monotonic() < wished)
    assert time.monotonic() - wished < 1
    assert (folder_of(downloads, order) / f"{WEIGHTS}.part").stat().st_size == 70_000


@pytest.mark.parametrize("fault", ["no range", "other etag"])
def test_a_server_that_starts_over_is_followed(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path, fault: str
) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["cut 1000", fault]
    folder = fetch(hub, order, downloads)
    assert (folder / WEIGHTS).read_bytes() == weights(server)


def test_a_weak_mark_is_not_asked_with(hub: Hub, server: LoopbackHub, order: Order, downloads: Path) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["weak etag", "cut 0"]
    folder = folder_of(downloads, order)
    folder.mkdir(parents=True)
    (folder / f"{WEIGHTS}.part").write_bytes(weights(server)[:1_000])
    (folder / f"{WEIGHTS}.etag").write_text('W/"x"', "utf-8")
    fetch(hub, order, downloads)
    assert (folder / WEIGHTS).read_bytes() == weights(server)


def test_a_part_that_is_too_long_or_foreign_is_not_trusted(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    folder = folder_of(downloads, order)
    folder.mkdir(parents=True)
    (folder / f"{WEIGHTS}.part").write_bytes(bytes(len(weights(server)) + 1))
    assert (fetch(hub, order, downloads) / WEIGHTS).read_bytes() == weights(server)
    (folder / WEIGHTS).unlink()
    (folder / f"{WEIGHTS}.part").write_bytes(b"another file's beginning")
    with pytest.raises(StudioError, match="checksum"):
        fetch(hub, order, downloads)
    assert (fetch(hub, order, downloads) / WEIGHTS).read_bytes() == weights(server)


# --- damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "why"), [("wrong", "checksum"), ("longer", "more came")])
@pytest.mark.parametrize("end", [f"large/org/small/{WEIGHTS}", "/config.json"])
def test_a_wrong_content_is_refused_and_its_part_removed(
    server: LoopbackHub, hub: Hub, order: Order, downloads: Path, fault: str, why: str, end: str
) -> None:
    server.faults[end] = [fault]
    name = end.rpartition("/")[2]
    with pytest.raises(StudioError, match=f"“{name}” arrived damaged.*{why}"):
        fetch(hub, order, downloads)
    folder = folder_of(downloads, order)
    assert not any(path.name.startswith(name) for path in folder.iterdir())
    assert (fetch(hub, order, downloads) / name).read_bytes() == server.repos["org/small"].files[name]


def test_a_packed_body_is_not_unpacked(server: LoopbackHub, hub: Hub, order: Order, downloads: Path) -> None:
    server.faults["/config.json"] = ["gzip"]
    with pytest.raises(StudioError, match="does not answer as a model hub"):
        fetch(hub, order, downloads)


def test_a_gated_file_leaves_the_rest_for_after_the_licence(server: LoopbackHub, downloads: Path) -> None:
    server.repos["meta/gated"] = small_repo(gated=True)
    repository = look(Hub(server.address), "meta/gated")
    order = Order(repository, choices(repository)[0])
    with pytest.raises(StudioError, match="is gated"):
        fetch(Hub(server.address), order, downloads)
    assert fetch(Hub(server.address, TOKEN), order, downloads).is_dir()


# --- the disk -------------------------------------------------------------------------------------------------------


def test_too_little_space_is_told_before_anything_is_asked(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(server.asked)
    monkeypatch.setattr("studio.store.disk.free_bytes", lambda _: 64 * 1024 * 1024 + order.choice.bytes)
    with pytest.raises(StudioError, match="too little space"):
        fetch(hub, order, downloads, spare=1)
    assert len(server.asked) == before
    assert fetch(hub, order, downloads, spare=0).is_dir()


def test_two_names_that_are_one_on_some_systems_are_refused(hub: Hub, downloads: Path) -> None:
    files = (RemoteFile("README.md", 1, "a" * 64), RemoteFile("readme.md", 1, "a" * 64))
    with pytest.raises(StudioError, match="overwrite each other"):
        fetch(hub, Order(Repository("org/x", COMMIT, files), Choice("x", files)), downloads)
    assert not downloads.exists()


@pytest.mark.parametrize("name", ["../out", "/etc/out", "C:\\out", "a\\..\\out", "a/../../out", "nul", "\\\\h\\s\\x"])
def test_a_name_that_leads_out_is_refused_before_it_is_asked_for(
    hub: Hub, server: LoopbackHub, downloads: Path, name: str
) -> None:
    files = (RemoteFile(name, 1, "a" * 64),)
    with pytest.raises(StudioError, match="not a name"):
        fetch(hub, Order(Repository("org/x", COMMIT, files), Choice("x", files)), downloads)
    assert server.asked == []


def test_one_download_is_written_by_one_window(hub: Hub, server: LoopbackHub, order: Order, downloads: Path) -> None:
    server.faults[f"large/org/small/{WEIGHTS}"] = ["silent 70000"]
    going = threading.Event()
    ended: list[StudioError] = []

    def first() -> None:
        try:
            fetch(hub, order, downloads, keep_going=lambda: not going.is_set())
        except StudioError as error:
            ended.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    part = folder_of(downloads, order) / f"{WEIGHTS}.part"
    while not part.exists():
        time.sleep(0.01)
    with pytest.raises(StudioError, match="already open"):
        fetch(hub, order, downloads)
    with pytest.raises(StudioError, match="being downloaded"):
        forget(part.parent)
    going.set()
    thread.join()
    assert isinstance(ended[0], StoppedError)
    forget(part.parent)
    assert list(downloads.iterdir()) == []


# --- another day ----------------------------------------------------------------------------------------------------


def test_what_lies_there_is_listed_and_gone_on_with_without_asking_the_hub_anew(
    hub: Hub, server: LoopbackHub, order: Order, downloads: Path
) -> None:
    assert held(downloads) == []
    server.faults[f"large/org/small/{WEIGHTS}"] = ["cut 5000", *["cut 0"] * 9]
    with pytest.raises(StudioError):
        fetch(hub, order, downloads)
    server.faults.clear()
    (found,) = held(downloads)
    assert (found.order.repository.repo, found.order.choice) == ("org/small", order.choice)
    assert not found.whole
    assert found.arrived == order.choice.bytes - len(weights(server)) + 5_000
    listed = server.paths().count("/api/models/org/small?blobs=true")
    fetch(hub, found.order, downloads)
    assert server.paths().count("/api/models/org/small?blobs=true") == listed
    assert held(downloads)[0].whole


@pytest.mark.parametrize(
    "change",
    [lambda note: note.pop("choice"), lambda note: note["repository"].update(repo="../../etc"),
     lambda note: note["repository"].update(commit="../x"), lambda note: note["choice"].update(files=[{"x": 1}]),
     lambda note: note["choice"]["files"][0].update(name="../../out")],
)  # fmt: skip
def test_a_damaged_note_is_passed_over(
    hub: Hub, order: Order, downloads: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    folder = fetch(hub, order, downloads)
    note = json.loads((folder / NOTE).read_text("utf-8"))
    change(note)
    (folder / NOTE).write_text(json.dumps(note), "utf-8")
    (downloads / "letter.txt").write_text("Dear", "utf-8")
    assert held(downloads) == []
