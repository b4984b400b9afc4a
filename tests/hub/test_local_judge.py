"""A judge on this computer: what it is sent, what its silence and its strangeness become, and who is never asked."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.hub import local_judge as module
from studio.hub.line import StoppedError
from studio.hub.local_judge import Judged, JudgeError, LocalJudge, ask_judge, judge_answers, judge_models, local_judge
from studio.scores.judging import STEPS, Reading, readings

Answer = Callable[[str, Any], tuple[int, Any]]


class Server:
    """A tiny judge; `answer(path, body)` says status and value, and `asked` holds what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.answer: Answer = lambda path, body: (200, {"message": {"content": "4"}})
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else None
                outer.asked.append((self.path, body))
                status, value = outer.answer(self.path, body)
                text = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Location", "http://example.org/")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def judge(self, kind: Any = "ollama", model: str = "small", seconds: float = 5.0) -> LocalJudge:
        return local_judge(f"localhost:{self.port}", model, kind, seconds)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def always() -> bool:
    return True


@pytest.mark.parametrize(
    ("address", "kind", "host", "port", "path"),
    [
        ("http://localhost:11434", "ollama", "localhost", 11434, ""),
        (" localhost ", "ollama", "localhost", 11434, ""),
        ("127.0.0.1:8080", "openai", "127.0.0.1", 8080, ""),
        ("http://[::1]:1234/v1/", "openai", "::1", 1234, ""),
        ("http://127.9.9.9:5000/api", "ollama", "127.9.9.9", 5000, "/api"),
    ],
)
def test_an_address_on_this_computer_is_read(address: str, kind: Any, host: str, port: int, path: str) -> None:
    found = local_judge(address, "m", kind)
    assert (found.host, found.port, found.path) == (host, port, path)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://192.168.0.7:11434", "another computer"),
        ("http://example.org", "another computer"),
        ("0.0.0.0:11434", "another computer"),
        ("localhost.example.org:11434", "another computer"),
        ("http://2130706433:80", "another computer"),
        ("http://127.0.0.1:80@example.org/", "not an address"),
        ("https://localhost:11434", "asked by http"),
        ("file://localhost/etc/passwd", "asked by http"),
        ("http://localhost:99999", "not an address"),
        ("http://localhost:0", "not an address"),
        ("http://localhost:80/a b\r\nX: y", "not an address"),
        ("http://localhost:80/?q=1", "not an address"),
        ("", "not an address"),
    ],
)
def test_any_other_address_is_refused_in_words(address: str, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        local_judge(address, "m")


def test_an_openai_compatible_address_needs_its_port() -> None:
    with pytest.raises(StudioError, match="names no port"):
        local_judge("localhost/v1", "m", "openai")


def test_ollama_is_asked_as_the_book_asks_it(server: Server) -> None:
    assert ask_judge(server.judge(), "How good?", always) == "4"
    path, body = server.asked[0]
    assert path == "/api/chat"
    assert body == {
        "model": "small",
        "messages": [{"role": "user", "content": "How good?"}],
        "stream": False,
        "options": {"seed": 123, "temperature": 0, "num_ctx": 2048},
    }


def test_a_long_question_asks_for_a_longer_context(server: Server) -> None:
    for size in (6_000, 1_000_000):
        ask_judge(server.judge(), "x" * size, always)
    assert [body["options"]["num_ctx"] for _, body in server.asked] == [4_096, 32_768]


def test_an_openai_compatible_server_is_asked_in_its_own_way(server: Server) -> None:
    server.answer = lambda path, body: (200, {"choices": [{"message": {"content": "5"}}]})
    assert ask_judge(server.judge("openai"), "How good?", always) == "5"
    path, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert (body["temperature"], body["seed"], body["stream"]) == (0, 123, False)


def test_the_models_of_a_server_are_listed(server: Server) -> None:
    server.answer = lambda path, body: (200, {"models": [{"name": "a"}, {"name": "b"}, 3]})
    assert judge_models(server.judge(), always) == ["a", "b"]
    server.answer = lambda path, body: (200, {"data": [{"id": "c"}]})
    assert judge_models(server.judge("openai"), always) == ["c"]
    assert [path for path, _ in server.asked] == ["/api/tags", "/v1/models"]


@pytest.mark.parametrize("value", [b"<html>hello", b"[" * 100_000, {}, [], {"message": {"content": 3}}, {"message": 1}])
def test_an_answer_of_another_kind_of_server_is_named(server: Server, value: Any) -> None:
    server.answer = lambda path, body: (200, value)
    with pytest.raises(JudgeError, match="does not answer as Ollama does"):
        ask_judge(server.judge(), "?", always)
    with pytest.raises(JudgeError, match="does not answer as Ollama does"):
        judge_models(server.judge(), always)


def test_an_answer_without_end_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 1_000)
    server.answer = lambda path, body: (200, b"x" * 5_000)
    with pytest.raises(JudgeError, match="does not answer as"):
        ask_judge(server.judge(), "?", always)


def test_a_model_that_the_judge_lacks_is_named_with_its_reason(server: Server) -> None:
    server.answer = lambda path, body: (404, {"error": "model 'small' not found"})
    with pytest.raises(StudioError, match=r"does not have “small” \(answer 404\). model 'small' not found"):
        ask_judge(server.judge(), "?", always)
    with pytest.raises(StudioError, match="No model is chosen"):
        ask_judge(server.judge(model=" "), "?", always)


@pytest.mark.parametrize(("status", "passing"), [(302, False), (401, False), (429, True), (500, True)])
def test_a_refusal_is_told_and_nobody_is_followed_elsewhere(server: Server, status: int, passing: bool) -> None:
    server.answer = lambda path, body: (status, {"error": {"message": "no"}})
    with pytest.raises(StudioError, match=rf"answer {status}\). no") as raised:
        ask_judge(server.judge(), "?", always)
    assert isinstance(raised.value, JudgeError) == passing
    assert len(server.asked) == 1


def test_nothing_that_listens_is_said_with_host_and_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(JudgeError, match=f"Nothing answers at 127.0.0.1, port {port}"):
        ask_judge(local_judge(f"127.0.0.1:{port}", "m"), "?", always)


def test_a_judge_that_says_nothing_is_given_up_in_time_and_can_be_called_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        judge = local_judge(f"127.0.0.1:{silent.getsockname()[1]}", "m", seconds=0.3)
        begin = time.monotonic()
        with pytest.raises(JudgeError, match=r"did not answer within 0\.3 seconds"):
            ask_judge(judge, "?", always)
        assert time.monotonic() - begin < 3
        with pytest.raises(StoppedError):
            ask_judge(judge, "?", lambda: False)


def test_a_proxy_of_the_system_is_not_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask_judge(server.judge(), "?", always) == "4"


def test_prose_silence_and_failures_are_counted_and_the_rest_goes_on(server: Server) -> None:
    said = iter([(200, "4"), (200, "A lovely answer."), (500, ""), (200, ""), (200, "9"), (200, "5")])

    def answer(path: str, body: Any) -> tuple[int, Any]:
        status, text = next(said)
        return status, {"message": {"content": text}}

    server.answer = answer
    found = list(judge_answers(server.judge(), STEPS, [("task", "wanted", "given")] * 6, always))
    counts = readings(item.reading for item in found)
    assert counts.counts == {"number": 2, "prose": 1, "silent": 1, "nothing": 1, "outside": 1}
    assert counts.scores == (4, 5)
    assert found[0] == Judged(Reading("number", 4), "4")
    assert found[1].said == "A lovely answer."
    assert "answer 500" in found[2].trouble
    assert "wanted" in server.asked[0][1]["messages"][0]["content"]


def test_a_judge_that_is_gone_is_not_asked_without_end(server: Server) -> None:
    server.answer = lambda path, body: (503, {})
    found: list[Judged] = []
    with pytest.raises(StudioError, match="failed 3 times in a row"):
        found.extend(judge_answers(server.judge(), STEPS, [("a", "b", "c")] * 50, always))
    assert len(server.asked) == len(found) == 3


def test_a_failure_now_and_then_does_not_end_the_judging(server: Server) -> None:
    times = iter(range(12))
    server.answer = lambda path, body: (500, {}) if next(times) % 3 else (200, {"message": {"content": "2"}})
    found = list(judge_answers(server.judge(), STEPS, [("a", "b", "c")] * 12, always))
    assert readings(item.reading for item in found).counts == {"number": 4, "silent": 8}
