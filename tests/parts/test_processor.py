"""The CPU's name, from wherever the system keeps it."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.parts import processor
from studio.parts.processor import processor_name, usable_cores


def test_this_machine_has_a_name_and_cores() -> None:
    assert processor_name()
    assert usable_cores() >= 1


def test_linux_tells_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpuinfo").write_text("vendor_id\t: A\nmodel name\t: AMD  EPYC 9B14\nmodel name\t: other\n")
    monkeypatch.setattr(processor.sys, "platform", "linux")
    monkeypatch.setattr(processor, "_PROC", tmp_path / "cpuinfo")
    assert processor_name() == "AMD EPYC 9B14"


def test_a_mac_is_asked_and_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor.sys, "platform", "darwin")
    monkeypatch.setattr(subprocess, "run", lambda *given, **how: SimpleNamespace(stdout="Apple M4\n"))
    assert processor_name() == "Apple M4"

    def refuse(*given: object, **how: object) -> None:
        raise OSError

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(processor.platform, "processor", lambda: "arm")
    assert processor_name() == "arm"


def test_without_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(processor.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(processor.os, "cpu_count", lambda: None)
    assert usable_cores() == 1
