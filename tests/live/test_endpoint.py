"""The endpoint as a wish of the session: off until it is switched on, ended with the project and the window."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.live.endpoint import Endpoint

pytestmark = pytest.mark.gui


def answer(turns: Any, sampling: Any, control: Any) -> Iterator[str]:
    yield f"{len(turns)} turns"


@pytest.fixture
def endpoint(scripted_run: Any) -> Endpoint:
    found: Endpoint = scripted_run.session.endpoint
    return found


def ask(endpoint: Endpoint) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", int(endpoint.address.split(":")[2].split("/")[0]), timeout=5)
    body = json.dumps({"messages": [{"role": "user", "content": "Where?"}]})
    headers = {"Authorization": f"Bearer {endpoint.token}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_nothing_is_served_until_it_is_switched_on(endpoint: Endpoint) -> None:
    assert (endpoint.running, endpoint.address, endpoint.token, endpoint.name) == (False, "", "", "")
    assert (endpoint.served, endpoint.busy) == (0, False)


def test_it_serves_and_tells_how_often(scripted_run: Any, endpoint: Endpoint) -> None:
    told: list[frozenset[str]] = []
    scripted_run.session.changed.connect(told.append)
    endpoint.start(answer, "tale")
    assert (endpoint.running, endpoint.name) == (True, "tale")
    assert endpoint.address.startswith("http://127.0.0.1:")
    assert ask(endpoint) == 200
    scripted_run.until(lambda: endpoint.served == 1 and len(told) >= 3)
    assert set(told) == {frozenset({"endpoint"})}


def test_each_start_has_a_long_token_of_its_own(scripted_run: Any, endpoint: Endpoint) -> None:
    endpoint.start(answer, "tale")
    first = endpoint.token
    endpoint.start(answer, "tale")
    assert len(first) >= 32
    assert endpoint.token != first
    scripted_run.settle()


def test_stopping_returns_at_once_and_ends_by_a_job(scripted_run: Any, endpoint: Endpoint) -> None:
    endpoint.start(answer, "tale")
    port = int(endpoint.address.split(":")[2].split("/")[0])
    endpoint.stop()
    assert not endpoint.running
    scripted_run.settle()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    endpoint.stop()


def test_a_port_that_is_taken_or_is_none_is_told(scripted_run: Any, endpoint: Endpoint) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(StudioError, match="cannot be used"):
            endpoint.start(answer, "tale", other.getsockname()[1])
    with pytest.raises(StudioError, match="99999"):
        endpoint.start(answer, "tale", 99_999)
    assert not endpoint.running


def test_closing_the_project_ends_it(scripted_run: Any, endpoint: Endpoint) -> None:
    endpoint.start(answer, "tale")
    scripted_run.session.close_project()
    assert not endpoint.running
    scripted_run.settle()


def test_closing_the_window_ends_it(scripted_run: Any, endpoint: Endpoint) -> None:
    endpoint.start(answer, "tale")
    port = int(endpoint.address.split(":")[2].split("/")[0])
    assert scripted_run.session.close(5_000)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
