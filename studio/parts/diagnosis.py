"""The doctor's findings in words: devices, known troubles, the rows of the examination, and a report to send."""

import getpass
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core.language import tr
from studio.parts.checkup import Finding
from studio.parts.wording import disk_size, small_number

VERDICTS = {"good": "right", "wrong": "wrong", "failed": "failed", "not tried": "not tried"}
LEVELS = {"good": "good", "wrong": "danger", "failed": "danger", "not tried": "warning"}
_NAMES = {"cpu": "CPU", "mps": "Apple GPU"}
_HEADS = ("device", "what", "largest error", "tolerance", "verdict")


def device_findings(facts: Mapping[str, Any]) -> list[Finding]:
    """Every accelerator with what is known of it, then the known troubles (`accelerators:surroundings`, `troubles`)."""
    found = [Finding(device_name(device["device"]), "good", _described(device, facts)) for device in facts["devices"]]
    if not found:
        found = [Finding(tr("Accelerators"), "good", tr("none here; everything is computed on the CPU"))]
    known = tr("Known troubles")
    met = [Finding(known, "warning", trouble["name"], _advice(trouble)) for trouble in facts["troubles"]]
    if not met:
        words = tr("none of the {count} combinations that are known to go wrong", count=facts["known"])
        met = [Finding(known, "good", words)]
    return found + met


def device_name(device: str) -> str:
    """ "CPU", "Apple GPU", "GPU 0"."""
    kind, _, number = device.partition(":")
    return tr(_NAMES[kind]) if kind in _NAMES else tr("GPU {number}", number=number or "0")


def _described(device: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    words = [device["name"]] if device["name"] != device_name(device["device"]) else []
    if device["memory"]:
        words.append(disk_size(device["memory"]))
    if device["memory_free"]:
        words.append(tr("{size} free", size=disk_size(device["memory_free"])))
    if device["capability"]:
        words.append(tr("compute capability {number}", number=device["capability"]))
        words.append(tr("driver {version}", version=facts["nvidia_driver"] or tr("unknown")))
        words.append(f"CUDA {facts['cuda_build']}")
    return " · ".join(words)


def _advice(trouble: Mapping[str, str]) -> str:
    return f"{trouble['what']} {trouble['do']} ({trouble['source']})"


def error_words(row: Mapping[str, Any]) -> str:
    """The error of a row, or a dash where nothing came out."""
    return "–" if row["error"] is None else small_number(row["error"])


def verdict_words(row: Mapping[str, Any]) -> str:
    """The verdict, and what was said when it failed."""
    return f"{tr(VERDICTS[row['verdict']])}: {row['note']}" if row["note"] else tr(VERDICTS[row["verdict"]])


def failures(rows: Sequence[Mapping[str, Any]]) -> str:
    """What devices said when they failed, a line each; "" when none did."""
    return "\n".join(f"{device_name(row['device'])}: {row['note']}" for row in rows if row["verdict"] == "failed")


def check_count(rows: Sequence[Mapping[str, Any]]) -> str:
    """ "1 check", "7 checks"."""
    return tr("1 check") if len(rows) == 1 else tr("{count} checks", count=len(rows))


def conclusion(rows: Sequence[Mapping[str, Any]]) -> Finding:
    """All rows as one finding: which devices compute rightly, and what to do about those that do not."""
    devices = list(dict.fromkeys(row["device"] for row in rows))
    bad = [device for device in devices if any(row["device"] == device and row["verdict"] != "good" for row in rows)]
    name = tr("Arithmetic")
    if bad:
        names = ", ".join(device_name(device) for device in bad)
        advice = tr("Do not trust runs there. Choose another device under Settings, Compute, and update its driver.")
        return Finding(name, "danger", tr("wrong on {names}", names=names), advice)
    names = ", ".join(device_name(device) for device in devices)
    return Finding(name, "good", tr("{checks}, right on {names}", checks=check_count(rows), names=names))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The examination as plain text under the names of its columns."""
    cells = [tuple(tr(head) for head in _HEADS)]
    for row in rows:
        tolerance = small_number(row["tolerance"])
        cells.append((device_name(row["device"]), row["what"], error_words(row), tolerance, verdict_words(row)))
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def report(findings: Sequence[Finding], rows: Sequence[Mapping[str, Any]] = ()) -> str:
    """Everything as plain text to send to somebody; home folder and login name are left out."""
    marks = {"good": "ok", "warning": "look", "danger": "bad"}
    lines = [
        f"[{marks[finding.level]}] {finding.name}: {finding.text}" + (f" ({finding.hint})" if finding.hint else "")
        for finding in findings
    ]
    if rows:
        lines += ["", table(rows)]
    return unnamed("\n".join(lines))


def unnamed(text: str, home: Path | None = None, login: str = "") -> str:
    """The text without the person's home folder (~ stands for it) and without their login name in other paths."""
    folder = str(home or Path.home())
    if len(folder) > 1:
        text = re.sub(re.escape(folder) + r"(?![\w.-])", "~", text)
    name = login or _login()
    return re.sub(rf"(?<=[/\\]){re.escape(name)}(?=[/\\\s.]|$)", "…", text) if name else text


def _login() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # no such user in this container, or Windows without a name
        return ""
