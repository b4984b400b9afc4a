"""The doctor's checks: each says what is, and what to do when it is not as it should be."""

from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from studio.parts import checkup
from studio.parts.checkup import Finding, bundled, disk, examine, memory, qt, report, torch_findings, writable
from studio.store.places import places


def test_the_whole_examination_has_a_finding_for_every_check(tmp_path: Path) -> None:
    found = list(examine(places(), tmp_path / "projects"))
    assert len(found) == 8
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
    [("6.11.3", (3, 11), "good"), ("6.12.0", (3, 11), "danger"), ("6.12.0", (3, 12), "good")],
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


def test_the_report_is_plain_text() -> None:
    assert report([Finding("Disk", "warning", "1 GB free", "Free some.")]) == "[look] Disk: 1 GB free (Free some.)"
