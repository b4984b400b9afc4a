"""Devices, troubles and rows in words, and a report that does not say who sent it."""

from pathlib import Path
from typing import Any

from studio.parts.checkup import Finding
from studio.parts.diagnosis import conclusion, device_findings, device_name, failures, report, table, unnamed

NOTHING = {"torch": "2.13.0", "cuda_build": "", "nvidia_driver": "", "devices": [], "troubles": [], "known": 5}


def row(device: str = "cpu", what: str = "Forward", **given: Any) -> dict[str, Any]:
    return {
        "device": device, "what": what, "error": 6.1e-7, "tolerance": 2e-5, "verdict": "good", "note": "",
    } | given  # fmt: skip


BROKEN = row("cuda:1", error=None, verdict="failed", note="no kernel image")
SKIPPED = row("cuda:1", "Backward", error=None, verdict="not tried", note="An earlier check failed.")


def test_devices_are_called_as_people_call_them() -> None:
    assert [device_name(name) for name in ("cpu", "mps", "cuda", "cuda:1")] == ["CPU", "Apple GPU", "GPU 0", "GPU 1"]


def test_a_machine_without_accelerators_says_so_and_how_many_troubles_were_looked_for() -> None:
    found = device_findings(NOTHING)
    assert [finding.level for finding in found] == ["good", "good"]
    assert "the CPU" in found[0].text
    assert "5" in found[1].text


def test_a_card_is_described_with_memory_driver_and_capability() -> None:
    card = {"device": "cuda:0", "name": "NVIDIA H200", "memory": 150e9, "memory_free": 149e9, "capability": "9.0"}
    found = device_findings(NOTHING | {"devices": [card], "nvidia_driver": "580.82", "cuda_build": "13.0"})
    assert found[0].name == "GPU 0"
    for word in ("NVIDIA H200", "150 GB", "149 GB free", "9.0", "580.82", "CUDA 13.0"):
        assert word in found[0].text


def test_an_apple_gpu_is_not_named_twice() -> None:
    card = {"device": "mps", "name": "Apple GPU", "memory": 12e9, "memory_free": 0, "capability": ""}
    assert device_findings(NOTHING | {"devices": [card]})[0] == Finding("Apple GPU", "good", "12 GB")


def test_a_known_trouble_warns_with_what_to_do_and_its_source() -> None:
    trouble = {"name": "Old", "what": "It is wrong.", "do": "Update.", "source": "project #1"}
    found = device_findings(NOTHING | {"troubles": [trouble]})[-1]
    assert (found.level, found.text, found.hint) == ("warning", "Old", "It is wrong. Update. (project #1)")


def test_the_conclusion_names_the_devices_that_must_not_be_trusted() -> None:
    good = conclusion([row(), row(what="Backward")])
    assert (good.level, good.text) == ("good", "2 checks, right on CPU")
    bad = conclusion([row(), row("mps", verdict="wrong", error=0.1), BROKEN])
    assert (bad.level, bad.text) == ("danger", "wrong on Apple GPU, GPU 1")
    assert bad.hint


def test_what_a_broken_device_said_is_told_once() -> None:
    assert failures([row(), BROKEN, SKIPPED]) == "GPU 1: no kernel image"
    assert failures([row()]) == ""


def test_the_table_has_its_columns_under_one_another() -> None:
    lines = table([row(), BROKEN, SKIPPED]).splitlines()
    assert lines[0].split("  ")[0] == "device"
    assert len({line.index(word) for line, word in zip(lines, ("tolerance", "2.0e-5", "2.0e-5"), strict=False)}) == 1
    assert "6.1e-7" in lines[1]
    assert "–" in lines[2]
    assert lines[2].endswith("failed: no kernel image")


def test_the_report_is_plain_text() -> None:
    finding = Finding("Disk", "warning", "1 GB free", "Free some.")
    assert report([finding]) == "[look] Disk: 1 GB free (Free some.)"
    assert report([finding], [row()]).endswith("right")


def test_the_report_tells_nothing_of_home_folder_or_login_name() -> None:
    text = "/home/mira/Atelier /home/mirabel/x /mnt/mira/models C:\\Users\\mira.txt mira went to the harbour"
    told = unnamed(text, Path("/home/mira"), "mira")
    assert told == "~/Atelier /home/mirabel/x /mnt/…/models C:\\Users\\….txt mira went to the harbour"


def test_the_report_leaves_out_this_persons_home() -> None:
    assert str(Path.home()) not in report([Finding("Folder", "good", str(Path.home() / "Atelier"))])
