"""A tiny model in the session's memory, with an adapter that learned something."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def stage(scripted_run: Any, session: Any) -> Any:
    """The session with a loaded model; `settle()` waits for every job, `put(loaded)` loads another one."""
    from tests.engine.adapted_models import loaded_model, with_adapter

    class Stage:
        def __init__(self) -> None:
            self.session = session
            self.put(with_adapter(loaded_model()))

        def put(self, loaded: Any) -> Any:
            session._memory.loaded = loaded
            session._memory.torch_state = "ready"
            return loaded

        def until(self, done: Callable[[], bool]) -> None:
            scripted_run.until(done)

        def settle(self) -> None:
            scripted_run.until(lambda: not session.jobs.jobs)

        @property
        def loaded(self) -> Any:
            return session.loaded

    return Stage()
