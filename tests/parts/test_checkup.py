"""The doctor's checks: each says what is, and what to do when it is not as it should be."""

from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from studio.parts import checkup
from studio.parts.checkup import (
    bundled,
    disk,
    examine,
    extras,
    memory,
    parts,
    processor,
    python,
    qt,
    torch_findings,
    writable,
)
from studio.parts.packages import PARTS
from studio.store.places import places


def test_the_whole_examination_has_a_finding_for_every_check(tmp_path: Path) -> None:
    found = list(examine(places(), tmp_path / "projects"))
    assert len(found) == 11
    assert all(finding.text for finding in found)
    assert all(finding.hint for finding in found if finding.level != "good")


def test_it_ends_when_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    assert list(examine(places(), tmp_path, keep_going=lambda: False)) == []


def test_a_folder_is_made_and_really_written_to(tmp_path: Path) -> None:
    assert writable("Folder", tmp_path / "new" / "folder").level == "good"
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    refused = writable("Folder", tmp_path / "file" / "inside")
    assert refused.level == "danger"
    assert "cannot be written" in refused.hint


def test_little_disk_and_memory_are_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda folder: SimpleNamespace(free=10**6))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6, total=10**9))
    assert disk(tmp_path).level == "warning"
    assert memory().level == "warning"


def test_an_unreadable_disk_is_said(tmp_path: Path) -> None:
    assert disk(tmp_path / "nowhere").level == "warning"


def test_what_should_be_bundled_and_is_not_is_a_danger(tmp_path: Path) -> None:
    assert bundled("Stories", tmp_path / "none.txt").level == "danger"
    (tmp_path / "some.txt").write_text("some")
    assert bundled("Stories", tmp_path / "some.txt").text == "4 bytes"


@pytest.mark.parametrize(
    ("version", "python", "level"),
    [("6.11.3", (3, 11), "good"), ("6.12.0", (3, 11), "danger"), ("6.12.0", (3, 12), "warning")],
)
def test_the_crashing_build_of_pyside_is_named(
    version: str, python: tuple[int, int], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)
    monkeypatch.setattr(checkup.sys, "version_info", (*python, 0))
    assert qt().level == level


def test_the_exactness_of_fp32_is_judged_by_its_measured_error() -> None:
    facts = {
        "torch": "2.13.0", "device": "cpu", "gpu": "", "precision": "bf16", "largest_model": 350_000_000,
        "fp32_mode": "medium", "fp32_error_medium": 3e-7, "fp32_error_highest": 2e-7,
    }  # fmt: skip
    assert [finding.level for finding in torch_findings(facts)] == ["good"] * 4
    worse = torch_findings(facts | {"fp32_error_medium": 3e-3})
    assert [finding.level for finding in worse if finding.hint] == ["warning"]


def test_an_untested_pytorch_is_named_and_one_out_of_range_is_warned_about() -> None:
    facts = {
        "torch": "2.12.1+cpu", "device": "cpu", "gpu": "", "precision": "fp32", "largest_model": 1,
        "fp32_mode": "highest", "fp32_error_medium": 1e-7, "fp32_error_highest": 1e-7,
    }  # fmt: skip
    assert "tested with" in torch_findings(facts)[0].text
    old = torch_findings(facts | {"torch": "2.6.0"})[0]
    assert old.level == "warning"
    assert ">=" in old.text


def test_an_old_python_is_refused_and_an_untried_one_is_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    assert python().level == "good"
    monkeypatch.setattr(checkup.platform, "python_version", lambda: "3.99.0")
    assert python().level == "warning"
    monkeypatch.setattr(checkup.sys, "version_info", (3, 10, 0))
    assert python().level == "danger"


def test_missing_parts_are_named_with_what_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gguf = [part for part in PARTS if part.package == "gguf"]
    monkeypatch.setattr(checkup, "missing", lambda parts: gguf)
    assert parts().level == "warning"
    assert "gguf (files for llama.cpp" in parts().text
    monkeypatch.setattr(checkup, "missing", lambda parts: [])
    assert parts().level == "good"


def test_an_optional_part_is_no_reason_to_worry(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = [part for part in PARTS if part.extra == "cuda"]
    monkeypatch.setattr(checkup, "missing", lambda parts: cuda)
    assert extras().level == "good"
    assert ".[cuda]" in extras().hint


def test_the_cores_of_a_container_are_told_apart_from_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "usable_cores", lambda: 2)
    monkeypatch.setattr(checkup.os, "cpu_count", lambda: 64)
    assert processor().text.endswith("2 of 64 cores")
    monkeypatch.setattr(checkup.os, "cpu_count", lambda: 2)
    assert processor().text.endswith("· 2 cores")
