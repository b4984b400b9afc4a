"""A session in a project with a text, in a window whose PyTorch has been loaded or not, and waiting for its jobs."""

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.panels import conftest as panels
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen

waiting = panels.session  # in a window that has not loaded PyTorch yet


@pytest.fixture
def session(waiting: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The panels' session, with PyTorch loaded."""
    monkeypatch.setattr(type(waiting), "torch_state", property(lambda _session: "ready"))
    return waiting


@pytest.fixture
def settled(waiting: Any, qtbot: QtBot) -> Callable[[], None]:
    """Waits until nothing is computed any more."""

    def wait() -> None:
        qtbot.waitUntil(lambda: not waiting.jobs.jobs, timeout=20_000)

    return wait
