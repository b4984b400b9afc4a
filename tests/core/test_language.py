"""Every sentence passes through one hook."""

from collections.abc import Iterator

import pytest

from studio.core.language import set_language, tr


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


def test_english_is_what_stands_in_the_source() -> None:
    assert tr("Stop the run") == "Stop the run"


def test_fields_are_filled() -> None:
    assert tr("{count} runs of {name}", count=3, name="Ada") == "3 runs of Ada"


def test_braces_without_values_stay() -> None:
    assert tr("{loss}") == "{loss}"


def test_pseudo_marks_every_word_but_no_field() -> None:
    set_language("pseudo")
    marked = tr("{count} runs", count=3)
    assert marked.startswith("3 ")
    assert "runs" not in marked
    assert len(marked) > len("3 runs")


def test_pseudo_leaves_what_was_filled_in_as_it_is() -> None:
    set_language("pseudo")
    assert "Eve" in tr("Run {name}", name="Eve")


def test_a_language_without_a_catalogue_falls_back(tmp_path: object) -> None:
    from pathlib import Path

    set_language("xx", Path(str(tmp_path)))
    assert tr("Stop") == "Stop"
