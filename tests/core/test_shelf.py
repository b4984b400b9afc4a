"""Listing a folder lists the feature."""

import sys
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.core.shelf import Shelf, resolve


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    folder = tmp_path / "fruit_shelf"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "pear.py").write_text("ITEM = 'a pear'\n")
    (folder / "apple.py").write_text("ITEM = 'an apple'\n")
    (folder / "broken.py").write_text("raise RuntimeError('this one does not load')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return Shelf("fruit_shelf", "ITEM")


def test_names_are_found_without_importing_anything(shelf: Shelf) -> None:
    assert shelf.names() == ("apple", "broken", "pear")
    assert "fruit_shelf.pear" not in sys.modules


def test_an_item_is_the_constant_of_its_module(shelf: Shelf) -> None:
    assert shelf.load("pear") == "a pear"


def test_an_unknown_name_is_a_sentence_with_the_nearest_one(shelf: Shelf) -> None:
    with pytest.raises(StudioError, match="aple") as refused:
        shelf.load("aple")
    assert "apple" in refused.value.hint


def test_a_name_that_is_near_to_none_gets_the_list(shelf: Shelf) -> None:
    with pytest.raises(StudioError) as refused:
        shelf.load("zzz")
    assert "apple, broken, pear" in refused.value.hint


def test_a_target_is_found_by_its_name() -> None:
    assert resolve("studio.core.shelf:resolve") is resolve
