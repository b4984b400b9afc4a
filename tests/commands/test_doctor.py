"""What the machine must have, and how that is said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio import commands
from studio.commands import doctor

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system libraries are a matter of Linux")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The set of libraries that load; put some in."""
    there: set[str] = set()
    monkeypatch.setattr(doctor, "_loads", lambda library: library in there)
    return there


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, "none"),
        ({"DISPLAY": ":0"}, "x11"),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "wayland"),
        ({"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":0"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "offscreen:size=1x1"}, "offscreen"),
    ],
)
def test_where_a_window_would_appear(environment: dict[str, str], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert doctor.display_kind() == kind


@pytest.mark.usefixtures("loads")
def test_only_what_the_display_needs_is_missed() -> None:
    assert set(doctor.missing_libraries("offscreen")) == set(doctor.QT_ALWAYS)
    assert set(doctor.missing_libraries("none")) == set(doctor.QT_ALWAYS)
    assert set(doctor.missing_libraries("x11")) == {*doctor.QT_ALWAYS, *doctor.QT_X11}
    assert "libwayland-cursor.so.0" in doctor.missing_libraries("wayland")


def test_what_loads_is_not_missed(loads: set[str]) -> None:
    loads |= {*doctor.QT_ALWAYS, *doctor.QT_X11}
    assert doctor.missing_libraries("x11") == {}
    assert doctor.install_qt_libraries() is None


@pytest.mark.usefixtures("loads")
def test_missing_libraries_are_named_with_one_line_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "apt_install", lambda packages: False)
    trouble = doctor.install_qt_libraries()
    assert trouble is not None
    assert "libGL.so.1" in trouble.message
    assert trouble.hint.startswith("On Debian or Ubuntu: sudo apt install libdbus-1-3 libegl1")


def test_apt_brings_what_is_missing_where_it_may(loads: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def install(packages: list[str]) -> bool:
        asked.append(packages)
        loads.update({*doctor.QT_ALWAYS, *doctor.QT_X11, *doctor.QT_WAYLAND})
        return True

    monkeypatch.setattr(doctor, "apt_install", install)
    assert doctor.install_qt_libraries() is None
    assert "libegl1" in asked[0]


def test_apt_is_left_alone_without_the_right_to_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*command: Any, **options: Any) -> int:
        raise AssertionError("apt was called")

    monkeypatch.setattr(doctor.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "call", never)
    assert not doctor.apt_install(["libegl1"])


def test_apt_learns_the_newest_names_before_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def call(command: list[str], **options: Any) -> int:
        calls.append(command[1])
        return 0 if command[1] == "update" or "update" in calls else 100

    monkeypatch.setattr(doctor.os, "geteuid", lambda: 0)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(subprocess, "call", call)
    assert doctor.apt_install(["libegl1"])
    assert calls == ["install", "update", "install"]


@pytest.mark.usefixtures("loads")
def test_the_doctor_says_which_libraries_are_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["doctor"]) == 1
    assert "libGL.so.1" in capsys.readouterr().out


@pytest.mark.torch
@pytest.mark.gui
def test_the_doctor_looks_at_everything(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = commands.main(["doctor", "--json", str(tmp_path / "found.json")])
    said = capsys.readouterr()
    for word in ("Python", "PySide6", "PyTorch", "Disk", "Memory", "Window", "Processor", "Arithmetic", "tolerance"):
        assert word in said.out
    assert code == (1 if "[bad]" in said.out else 0)
    assert "Traceback" not in said.err
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert {row["verdict"] for row in found["examination"] if row["device"] == "cpu"} == {"good"}
    assert len(found["findings"]) > 10
    assert found["devices"]["torch"]


@pytest.mark.torch
@pytest.mark.gui
def test_a_device_that_computes_wrongly_ends_with_a_sentence_and_a_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from studio.engine import examine

    checks = (examine.Check("Sums", 1e-5, lambda device: float("inf")), examine.Check("More", 1e-5, _breaks))
    monkeypatch.setattr(examine, "CHECKS", checks)
    assert commands.main(["doctor", "--json", str(tmp_path / "found.json")]) == 1
    said = capsys.readouterr()
    assert "[bad] Arithmetic: wrong on CPU" in said.out
    assert "Do not trust runs there" in said.err
    rows = json.loads((tmp_path / "found.json").read_text("utf-8"))["examination"]
    assert [(row["error"], row["note"]) for row in rows if row["device"] == "cpu"] == [
        ("not finite", ""), (None, "the driver is gone"),
    ]  # fmt: skip


def _breaks(device: str) -> float:
    raise RuntimeError("the driver is gone")
