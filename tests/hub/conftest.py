"""A hub on this computer for every test that asks for one, and no token of the person who runs the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.hub import Hub
from studio.hub import client as client_module
from tests.hub.loopback_hub import LoopbackHub, small_repo


@pytest.fixture(autouse=True)
def no_hub_of_this_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither their token nor their proxy nor their hub reaches a test; waiting between tries is short."""
    for name in ("HF_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "no-such-home"))
    monkeypatch.setattr(client_module, "WAITS", (0.01, 0.01, 0.01))


@pytest.fixture
def server() -> Iterator[LoopbackHub]:
    """With one small model."""
    with LoopbackHub().open() as open_hub:
        open_hub.repos["org/small"] = small_repo()
        yield open_hub


@pytest.fixture
def hub(server: LoopbackHub) -> Hub:
    """Its address, without a token."""
    return Hub(server.address)
