"""The endpoint as other programs meet it: who is let in, what is answered, and that it ends when it is told to."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.hub import serving
from studio.hub.serving import Server, Service
from studio.prompts import Turn

TOKEN = "right"
ASK = {"messages": [{"role": "user", "content": "Where?"}]}


class Model:
    """Answers from a list, and remembers what it was asked."""

    def __init__(self) -> None:
        self.pieces: list[Any] = ["In ", "dens", "."]
        self.reason: str | None = None
        self.asked: list[tuple[tuple[Turn, ...], Sampling]] = []
        self.controls: list[RunControl] = []
        self.closed = 0
        self.left = 0  # pieces that were not asked for

    def __call__(self, turns: tuple[Turn, ...], sampling: Sampling, control: RunControl) -> Iterator[str]:
        self.asked.append((turns, sampling))
        self.controls.append(control)
        try:
            self.left = len(self.pieces)
            for piece in self.pieces:
                self.left -= 1
                if isinstance(piece, Exception):
                    raise piece
                if callable(piece):
                    piece(control)
                else:
                    yield piece
                if control.stopping:
                    return None
        finally:
            self.closed += 1
        return self.reason


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture(autouse=True)
def quick_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks more often whether it is to end: nearly every test here ends a server."""
    monkeypatch.setattr(serving, "_POLL", 0.005)


@pytest.fixture
def server(model: Model) -> Iterator[Server]:
    server = Server(Service(model, "tale", TOKEN))
    server.serve()
    yield server
    assert server.close()


class Answered:
    """Status, headers and body of one answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        parts = [part.removeprefix("data: ") for part in self.body.decode().split("\n\n") if part]
        assert parts.pop() == "[DONE]"
        return [json.loads(part) for part in parts]


def ask(
    server: Server, value: Any = None, path: str = "/v1/chat/completions", method: str = "POST", **headers: str | None
) -> Answered:
    """One request; a header that is None is left out."""
    body = value if isinstance(value, bytes) else json.dumps(ASK if value is None else value).encode()
    sent: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): text for name, text in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    try:
        connection.putrequest(method, path, skip_host="Host" in sent, skip_accept_encoding=True)
        for name, text in sent.items():
            if text is not None:
                connection.putheader(name, text)
        if method == "POST" and "Content-Length" not in sent and "Transfer-Encoding" not in sent:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body if method == "POST" else None)
        return Answered(connection.getresponse())
    finally:
        connection.close()


# --- answers --------------------------------------------------------------------------------------------------------


def test_the_model_is_listed(server: Server) -> None:
    answered = ask(server, path="/v1/models", method="GET")
    assert (answered.status, answered.json["data"][0]["id"]) == (200, "tale")


def test_a_chat_is_answered_at_once(server: Server, model: Model) -> None:
    model.reason = "length"
    answered = ask(server, {**ASK, "model": "tale", "temperature": 0.5, "max_tokens": 7, "seed": 3, "stop": "END"})
    value = answered.json
    assert (answered.status, value["object"], value["model"]) == (200, "chat.completion", "tale")
    assert value["choices"][0]["message"] == {"role": "assistant", "content": "In dens."}
    assert value["choices"][0]["finish_reason"] == "length"
    assert "usage" not in value, "nobody has counted the tokens"
    ((turns, sampling),) = model.asked
    assert turns == (Turn("user", "Where?"),)
    assert (sampling.temperature, sampling.tokens, sampling.seed, sampling.stop) == (0.5, 7, 3, ("END",))


def test_a_chat_is_answered_piece_by_piece(server: Server) -> None:
    answered = ask(server, {**ASK, "stream": True})
    assert answered.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    deltas = [item["choices"][0]["delta"] for item in answered.events]
    assert deltas == [
        {"role": "assistant", "content": ""}, {"content": "In "}, {"content": "dens"}, {"content": "."}, {},
    ]  # fmt: skip
    assert [item["choices"][0]["finish_reason"] for item in answered.events] == [None] * 4 + ["stop"]
    assert len({item["id"] for item in answered.events}) == 1


def test_a_prompt_is_continued_whole_and_in_pieces(server: Server, model: Model) -> None:
    answered = ask(server, {"prompt": "Once"}, "/v1/completions")
    assert answered.json["choices"][0]["text"] == "In dens."
    assert model.asked[0][0] == ()
    assert model.asked[0][1].prompt == "Once"
    streamed = ask(server, {"prompt": ["Once"], "stream": True}, "/v1/completions").events
    assert [item["choices"][0]["text"] for item in streamed] == ["In ", "dens", ".", ""]
    assert streamed[0]["object"] == "text_completion"


def test_a_piece_reaches_the_program_before_the_next_one_is_written(server: Server, model: Model) -> None:
    read = threading.Event()
    model.pieces = ["first", lambda _control: read.wait(5), "second"]
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps({**ASK, "stream": True}), headers)
    response = connection.getresponse()
    said = b""
    while b"first" not in said:
        said += response.readline()
    assert server.busy
    read.set()
    assert b"second" in response.read()
    connection.close()


def test_nothing_from_a_stop_string_on_is_told_even_if_the_model_goes_on(server: Server, model: Model) -> None:
    model.pieces = ["one E", "ND two", "three"]
    assert ask(server, {**ASK, "stop": ["END"]}).json["choices"][0]["message"]["content"] == "one "
    events = ask(server, {**ASK, "stop": ["END"], "stream": True}).events
    assert [item["choices"][0]["delta"].get("content") for item in events] == ["", "one ", None]
    assert model.closed == 2, "the model was let go"


def test_an_empty_answer_is_an_answer(server: Server, model: Model) -> None:
    model.pieces = []
    assert ask(server).json["choices"][0]["message"]["content"] == ""
    assert len(ask(server, {**ASK, "stream": True}).events) == 2


def test_several_questions_use_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for _ in range(3):
        connection.request("POST", "/v1/chat/completions", json.dumps(ASK), headers)
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()
    assert server.served == 3


# --- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic right", "right", "Bearer ü"])
def test_without_the_token_nothing_is_told(server: Server, model: Model, token: str | None) -> None:
    for path, method in (("/v1/models", "GET"), ("/v1/chat/completions", "POST"), ("/nothing", "GET")):
        answered = ask(server, path=path, method=method, Authorization=token)
        assert answered.status == 401
        assert answered.headers["WWW-Authenticate"] == "Bearer"
    assert model.asked == []


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "localhost:1",
     "127.0.0.1:{port}@x",
     "x@127.0.0.1:{port}", "[::1", "0.0.0.0:{port}", "127.0.0.1:{port}, evil", "192.168.0.1:{port}", "localhost:99999"],
)  # fmt: skip
def test_a_name_that_only_leads_here_is_refused_whatever_the_token(
    server: Server, model: Model, host: str | None
) -> None:
    answered = ask(server, Host=host.format(port=server.server_port) if host is not None else None)
    assert answered.status == 403
    assert model.asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "localhost"]
)
def test_the_names_of_this_computer_are_let_in(server: Server, host: str) -> None:
    assert ask(server, Host=host.format(port=server.server_port)).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://", "http://[", ""]
)
def test_web_pages_are_refused(server: Server, model: Model, origin: str) -> None:
    answered = ask(server, Origin=origin)
    assert answered.status == 403
    assert not [name for name in answered.headers if name.lower().startswith("access-control")]
    assert model.asked == []


def test_a_page_of_this_computer_may_ask_with_the_token(server: Server) -> None:
    assert ask(server, Origin="http://localhost:3000").status == 200


def test_only_loopback_is_listened_on(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "HEAD"])
def test_other_methods_are_unknown(server: Server, method: str) -> None:
    assert ask(server, method=method).status == 501


def test_other_paths_are_unknown(server: Server) -> None:
    assert ask(server, path="/v1/embeddings").status == 404
    assert ask(server, path="/v1/chat/completions", method="GET").status == 404
    assert ask(server, path="/../etc/passwd", method="GET").status == 404


# --- bodies ---------------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: Server, model: Model) -> None:
    for length in (str(serving.LARGEST + 1), "9" * 30):
        assert ask(server, b"", Content_Length=length).status == 413
    assert model.asked == []


@pytest.mark.parametrize("length", ["-1", "x", "", "1e3", "٣"])
def test_a_body_whose_length_is_not_told_is_refused(server: Server, length: str) -> None:
    with suppress(UnicodeEncodeError):  # what http.client does not even send
        assert ask(server, b"{}", Content_Length=length).status == 411
    assert ask(server, b"", Transfer_Encoding="chunked").status == 411


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_web_form_could_send_is_refused(server: Server, kind: str | None) -> None:
    assert ask(server, Content_Type=kind).status == 415


def test_a_body_that_does_not_come_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving.Handler, "timeout", 0.05)
    assert ask(server, b"{}", Content_Length="100").status == 408


def test_a_body_that_drips_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "WHOLE", 0.0)
    assert ask(server).status == 408


# --- one at a time --------------------------------------------------------------------------------------------------


def test_a_second_question_meanwhile_is_told_to_come_back(server: Server, model: Model) -> None:
    begun, go = threading.Event(), threading.Event()
    model.pieces = [lambda _control: begun.set() or go.wait(5), "done"]
    first: list[Answered] = []
    thread = threading.Thread(target=lambda: first.append(ask(server)))
    thread.start()
    assert begun.wait(5)
    second = ask(server)
    assert (second.status, second.json["error"]["code"], second.headers["Retry-After"]) == (429, "busy", "1")
    assert ask(server, path="/v1/models", method="GET").status == 200, "a list is no answer"
    go.set()
    thread.join()
    assert first[0].status == 200
    assert ask(server).status == 200
    assert server.served == 2


@pytest.mark.parametrize("stream", [True, False])
def test_when_the_program_hangs_up_the_model_stops(server: Server, model: Model, stream: bool) -> None:
    gone = threading.Event()
    model.pieces = ["x", lambda _control: gone.wait(5), *["y"] * 100_000]
    connection = socket.create_connection(("127.0.0.1", server.server_port))
    body = json.dumps({**ASK, "stream": stream})
    connection.sendall(
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    if stream:
        assert b"200" in connection.recv(100)
    connection.close()
    gone.set()
    until(lambda: model.closed == 1)
    assert model.controls[-1].stopping
    assert model.left > 0, "it was not at its end"


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_more_connections_than_it_takes_are_closed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST", 2)
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", server.server_port))) for _ in range(2)]
        until(lambda: len(server._open) == 2)
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(server)
        assert idle
    until(lambda: not server._open)
    assert ask(server).status == 200


# --- failures and the end -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_of_the_model_is_a_plain_error(server: Server, model: Model, stream: bool) -> None:
    model.pieces = [StudioError("The chat is too long.", "Begin a new one.")]
    answered = ask(server, {**ASK, "stream": stream})
    assert answered.status == 400
    assert answered.json["error"]["message"] == "The chat is too long. Begin a new one."
    assert ask(server).status == 400, "the next one may ask"


def test_a_failure_in_the_middle_is_told_and_the_stream_does_not_look_finished(server: Server, model: Model) -> None:
    model.pieces = ["one", StudioError("The model is gone.")]
    body = ask(server, {**ASK, "stream": True}).body.decode()
    assert "The model is gone." in body
    assert "[DONE]" not in body


def test_a_fault_goes_to_the_log_without_what_was_asked(
    server: Server, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    model.pieces = [ValueError("boom")]
    answered = ask(server, {"messages": [{"role": "user", "content": "my secret"}]})
    assert answered.status == 500
    assert "boom" not in answered.body.decode()
    assert "ValueError" in caplog.text
    assert "my secret" not in caplog.text


def test_closing_ends_an_answer_in_the_middle_and_idle_connections(model: Model) -> None:
    server = Server(Service(model, "tale", TOKEN))
    server.serve()
    port, begun = server.server_port, threading.Event()
    model.pieces = ["x", lambda control: begun.set() or wait_for_stop(control), "y"]
    with socket.create_connection(("127.0.0.1", port)):
        thread = threading.Thread(target=lambda: suppressed(server))
        thread.start()
        assert begun.wait(5)
        assert server.close()
        thread.join()
    assert model.closed == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def wait_for_stop(control: RunControl) -> None:
    until(lambda: control.stopping)


def suppressed(server: Server) -> None:
    with suppress(OSError, http.client.HTTPException):
        ask(server, {**ASK, "stream": True})


def test_closing_does_not_wait_for_ever(model: Model) -> None:
    server = Server(Service(model, "tale", TOKEN))
    server.serve()
    begun, go = threading.Event(), threading.Event()
    model.pieces = [lambda _control: begun.set() or go.wait(5)]
    thread = threading.Thread(target=lambda: suppressed(server))
    thread.start()
    assert begun.wait(5)
    assert not server.close(0.01)
    go.set()
    assert server.close(5)
    thread.join()


def test_a_server_that_never_served_is_closed_too(model: Model) -> None:
    assert Server(Service(model, "tale", TOKEN)).close()


def test_the_token_is_not_shown_by_accident(model: Model) -> None:
    assert TOKEN not in repr(Service(model, "tale", TOKEN)).replace("bright", "")
