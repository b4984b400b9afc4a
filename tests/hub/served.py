"""For tests of other rooms: a hub on this computer, and a session that asks it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.hub.conftest import no_hub_of_this_person as no_hub_of_this_person
from tests.hub.conftest import server as server
from tests.hub.loopback_hub import LoopbackHub


@pytest.fixture
def asking(session: Any, server: LoopbackHub) -> Iterator[Any]:
    """The session, with the loopback hub as its preference."""
    session.preferences = replace(session.preferences, hub=server.address)
    yield session
    server.closing.set()  # before jobs are waited for
