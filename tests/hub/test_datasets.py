"""Public datasets of a hub: their splits, fetched whole, resumed, checked, and refused in words."""

from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.formats import open_table
from studio.hub import Hub, Order, RemoteFile, Repository
from studio.hub.datasets import checked_dataset, examine_dataset, fetch_dataset, forget_dataset, splits
from studio.hub.download import arrived_in, fetch, folder_of
from tests.hub.loopback_hub import LoopbackHub, small_dataset

NAME = "datasets/org/letters"


@pytest.fixture(autouse=True)
def letters(server: LoopbackHub) -> None:
    server.repos[NAME] = small_dataset()


def repository(*names: str) -> Repository:
    return Repository("org/x", "0" * 40, tuple(RemoteFile(name, 5, "a" * 64) for name in names), kind="datasets")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("org/letters", "org/letters"),
        (" datasets/org/letters/ ", "org/letters"),
        ("https://huggingface.co/datasets/org/letters", "org/letters"),
        ("https://huggingface.co/datasets/org/letters/tree/main/data", "org/letters"),
        ("squad", "squad"),
    ],
)
def test_a_name_or_an_address_means_a_dataset(typed: str, name: str) -> None:
    assert checked_dataset(typed) == name


@pytest.mark.parametrize("typed", ["", "a/b/c", "../x", "https://elsewhere.example/datasets/a/b", "a b"])
def test_anything_else_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(StudioError, match="is not the name of a dataset") as refused:
        checked_dataset(typed)
    assert "imdb" in refused.value.hint


def test_licence_splits_and_sizes_are_known_before_anything_is_fetched(hub: Hub, server: LoopbackHub) -> None:
    seen = examine_dataset(hub, "org/letters")
    assert (seen.repository.repo, seen.repository.licence, seen.trouble) == ("org/letters", "cc-by-4.0", None)
    assert [(choice.label, choice.note) for choice in seen.choices] == [
        ("train", "csv, 2 files"),
        ("test", "csv, 1 file"),
    ]
    assert seen.choices[0].bytes == 2 * len("label,text\n") + 900 * len("ham,hello there\nspam,buy this now\n")
    assert server.paths() == ["/api/datasets/org/letters?blobs=true"]


def test_a_split_is_fetched_resumed_and_read_as_one_table(hub: Hub, server: LoopbackHub, tmp_path: Path) -> None:
    seen = examine_dataset(hub, "org/letters")
    order = Order(seen.repository, seen.choices[0])
    server.faults["train-00000-of-00002.csv"] = ["", "cut 5000"]
    told: list[tuple[int, int]] = []
    folder = fetch(hub, order, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (order.choice.bytes, order.choice.bytes)
    assert any(headers.get("Range") == "bytes=5000-" for headers in server.headers("train-00000-of-00002.csv"))
    assert folder == folder_of(tmp_path, order)
    table = open_table(folder / "data")
    assert table.facts.columns == ("label", "text")
    assert table.build_index() == 1_800
    before = len(server.asked)
    assert fetch(hub, order, tmp_path) == folder  # whole already
    assert len(server.asked) == before


def test_what_is_to_be_read_is_the_file_or_the_folder_with_nothing_else_in_it(hub: Hub, tmp_path: Path) -> None:
    seen = examine_dataset(hub, "org/letters")
    train, test = (fetch_dataset(hub, Order(seen.repository, choice), tmp_path) for choice in seen.choices)
    assert [path.name for path in test] == ["test-00000-of-00001.csv"]
    assert open_table(test[0]).build_index() == 1
    assert len(train) == 1
    assert open_table(train[0]).build_index() == 1_800


def test_a_stopped_download_keeps_what_came(hub: Hub, server: LoopbackHub, tmp_path: Path) -> None:
    seen = examine_dataset(hub, "org/letters")
    order = Order(seen.repository, seen.choices[0])
    server.faults["train-00000-of-00002.csv"] = ["", "slow"]
    came: list[int] = []
    with pytest.raises(StudioError, match="was stopped"):
        fetch(hub, order, tmp_path, 0, lambda done, total: came.append(done), lambda: sum(came) < 4_000)
    assert 4_000 <= arrived_in(folder_of(tmp_path, order), order.choice) < order.choice.bytes
    fetch(hub, order, tmp_path)
    assert arrived_in(folder_of(tmp_path, order), order.choice) == order.choice.bytes


def test_a_file_that_arrives_damaged_is_removed(hub: Hub, server: LoopbackHub, tmp_path: Path) -> None:
    server.faults["test-00000-of-00001.csv"] = ["wrong"] * 9
    seen = examine_dataset(hub, "org/letters")
    with pytest.raises(StudioError, match="arrived damaged or was changed on the way"):
        fetch(hub, Order(seen.repository, seen.choices[1]), tmp_path)
    assert not list(tmp_path.rglob("*.csv*"))


def test_refusals_speak_of_datasets(hub: Hub, server: LoopbackHub, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="The hub has no dataset “org/none”"):
        examine_dataset(hub, "org/none")
    server.repos[NAME].gated = True
    seen = examine_dataset(hub, "org/letters")
    assert seen.repository.gated
    with pytest.raises(StudioError, match="“org/letters” is gated") as refused:
        fetch(hub, Order(seen.repository, seen.choices[0]), tmp_path)
    assert "/datasets/org/letters in a browser" in refused.value.hint


def test_offline_is_said_plainly(server: LoopbackHub) -> None:
    server.closing.set()
    with pytest.raises(StudioError, match=r"could not be found|failed or broke off") as refused:
        examine_dataset(Hub("http://127.0.0.1:9"), "org/letters")
    assert "try again" in refused.value.hint


def test_files_fall_into_splits_by_their_names() -> None:
    found = splits(
        repository(
            "README.md", "dataset_infos.json", ".hidden.json", "en/train.jsonl.gz", "en/dev.jsonl.gz", "training.py",
            "de/train-1.jsonl", "plain.txt", "sms_train_2.csv", "data/validation/x.parquet", "../evil.csv", "a\\b.csv",
        )
    )  # fmt: skip
    assert [(choice.label, choice.note) for choice in found] == [
        ("de · train", "jsonl, 1 file"),
        ("en · train", "jsonl, 1 file"),
        ("train", "csv, 1 file"),
        ("validation", "parquet, 1 file"),
        ("en · validation", "jsonl, 1 file"),
        ("all of it", "txt, 1 file"),
    ]


def test_a_dataset_that_is_only_a_program_says_so() -> None:
    with pytest.raises(StudioError, match="no file in a form that Atelier reads") as refused:
        splits(repository("README.md", "squad.py"))
    assert "runs no programs of others" in refused.value.hint


def test_what_was_fetched_is_forgotten_and_nothing_beside_it(hub: Hub, tmp_path: Path) -> None:
    seen = examine_dataset(hub, "org/letters")
    downloads = tmp_path / "downloads"
    train, test = (fetch_dataset(hub, Order(seen.repository, choice), downloads)[0] for choice in seen.choices)
    beside = downloads / "train" / "another"
    beside.mkdir()
    forget_dataset(train, downloads)
    assert not train.exists()
    assert beside.is_dir()
    assert test.is_file()
    forget_dataset(test, downloads)
    assert [folder.name for folder in downloads.iterdir()] == ["train"]


@pytest.mark.parametrize("path", ["letters.csv", "downloads", "downloads/train", "downloads/train/../../letters.csv"])
def test_what_was_not_fetched_is_never_forgotten(path: str, tmp_path: Path) -> None:
    (tmp_path / "downloads" / "train").mkdir(parents=True)
    (tmp_path / "letters.csv").write_text("a", "utf-8")
    with pytest.raises(StudioError, match="is no download of a dataset"):
        forget_dataset(tmp_path / path, tmp_path / "downloads")
    assert (tmp_path / "letters.csv").is_file()
    assert (tmp_path / "downloads" / "train").is_dir()
