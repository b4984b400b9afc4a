"""Which packages are here, which were tested, and which this machine would miss."""

from pathlib import Path

import pytest

from studio.parts import packages
from studio.parts.packages import PARTS, Part, core_parts, installed, judge, missing, optional_parts, pins, wanted


def test_what_is_installed_has_a_version_and_what_is_not_has_none() -> None:
    assert installed("pytest")
    assert installed("no-such-package") == ""
    assert missing((Part("pytest", "tests"), Part("no-such-package", "nothing"))) == [
        Part("no-such-package", "nothing")
    ]


def test_the_pins_and_the_ranges_are_those_of_the_checkout() -> None:
    assert pins()["torch"]
    assert pins()["pyside6-essentials"]
    assert wanted()["torch"].startswith(">=")
    assert wanted()["python"].startswith(">=")
    assert "!=6.11.0" in wanted()["pyside6-essentials"]


def test_every_part_of_the_core_is_among_the_dependencies() -> None:
    assert {part.package for part in core_parts()} <= {name.replace("_", "-") for name in wanted()}


@pytest.mark.parametrize(
    ("version", "fits", "words"),
    [("2.13.0+cpu", True, "as tested"), ("2.12.0", True, "tested with 2.13.0"), ("2.9.0", False, "asks for >=2.10")],
)
def test_a_version_is_compared_with_what_was_tested(
    version: str, fits: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "pins", lambda: {"torch": "2.13.0"})
    monkeypatch.setattr(packages, "wanted", lambda: {"torch": ">=2.10,<2.14"})
    found, text = judge("torch", version)
    assert found is fits
    assert words in text


def test_without_a_checkout_nothing_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    for function in (pins, wanted):
        function.cache_clear()
    try:
        assert judge("torch", "1.0") == (True, "1.0")
    finally:
        for function in (pins, wanted):
            function.cache_clear()


def test_every_condition_is_versions_alone_and_every_tested_version_meets_it() -> None:
    for package, asked in wanted().items():
        assert ";" not in asked
        if package in pins():
            assert judge(package, pins()[package]) == (True, f"{pins()[package]} · as tested")


def test_parts_for_nvidia_cards_are_missed_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for_cards = {part for part in PARTS if part.extra == "cuda"}
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    monkeypatch.setattr(Path, "exists", lambda path: False)
    assert not for_cards & set(optional_parts())
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert for_cards <= set(optional_parts())
