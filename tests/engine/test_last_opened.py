"""One model stays at hand while it is asked, and only one."""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.engine.last_opened import at_hand, forget

pytestmark = pytest.mark.torch


class Model:
    """Something that takes memory."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint


class Other(Model):
    """Something else that is opened from the same places."""


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def checkpoints(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "one", tmp_path / "two"]
    for path in made:
        path.mkdir()
        (path / "state.json").write_text("{}", "utf-8")
    return made


def test_the_same_checkpoint_is_opened_once_and_another_takes_its_place(checkpoints: list[Path]) -> None:
    first = at_hand(checkpoints[0], Model)
    assert at_hand(checkpoints[0], Model) is first
    gone = weakref.ref(first)
    del first
    assert gone() is not None
    assert at_hand(checkpoints[1], Model).checkpoint == checkpoints[1]
    assert gone() is None


def test_models_of_two_kinds_are_not_held_side_by_side(checkpoints: list[Path]) -> None:
    gone = weakref.ref(at_hand(checkpoints[0], Model))
    assert type(at_hand(checkpoints[0], Other)) is Other
    assert gone() is None


def test_a_checkpoint_that_was_written_anew_is_opened_anew(checkpoints: list[Path]) -> None:
    first = at_hand(checkpoints[0], Model)
    os.utime(checkpoints[0] / "state.json", ns=(1, 1))
    assert at_hand(checkpoints[0], Model) is not first


def test_what_is_forgotten_is_gone(checkpoints: list[Path]) -> None:
    gone = weakref.ref(at_hand(checkpoints[0], Model))
    forget()
    assert gone() is None
