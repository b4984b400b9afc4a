"""Asking: where the token goes, where a redirect may lead, and what every refusal says."""

import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.hub import Hub
from studio.hub import client as client_module
from studio.hub.client import BrokenOffError, get_json, opened, pieces
from studio.hub.line import StoppedError, Watch
from studio.hub.listing import look, search
from tests.hub.loopback_hub import COMMIT, TOKEN, LoopbackHub, small_repo

FILE = f"/org/small/resolve/{COMMIT}/model.safetensors"


def go_on() -> bool:
    return True


def body(hub: Hub, path: str) -> bytes:
    with opened(hub, hub.address + path, Watch(go_on)) as answer:
        return b"".join(pieces(hub, answer))


# --- the token ------------------------------------------------------------------------------------------------------


def test_the_token_goes_to_the_hub_and_to_no_other_host(server: LoopbackHub) -> None:
    data = body(Hub(server.address, TOKEN), FILE)
    assert data == server.repos["org/small"].files["model.safetensors"]
    (to_hub,), (to_store,) = ([h for where, _, h in server.asked if where == place] for place in ("hub", "store"))
    assert to_hub["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in to_store
    assert TOKEN not in str(to_store)


def test_without_a_token_nobody_is_told_who_asks(server: LoopbackHub) -> None:
    body(Hub(server.address), FILE)
    assert all("Authorization" not in headers and "Cookie" not in headers for _, _, headers in server.asked)


def test_the_token_is_in_no_log_and_in_no_sentence(server: LoopbackHub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "hf_aWordThatNobodyAccepts"
    for faults in ([], [401], [403], [404], [429], [500] * 9, ["raw"], ["cut 3"] * 9, ["redirect http://10.0.0.1/"]):
        server.faults[FILE] = list(faults)
        with pytest.raises(StudioError) as refused:
            get_json(Hub(server.address, secret), FILE, go_on)
        assert secret not in str(refused.value)
        assert secret not in repr(refused.value.__cause__)
    assert secret not in caplog.text


# --- redirects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["http://example.com/x", "http://169.254.169.254/latest", "https://169.254.169.254/latest", "https://10.1.2.3/x",
     "https://[fe80::1]/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "https://a:b@example.com/x", "//[", "",
     "https://router.local/x", "javascript:alert(1)"],
)  # fmt: skip
def test_a_redirect_to_an_unsafe_place_is_refused_and_nothing_goes_there(server: LoopbackHub, target: str) -> None:
    server.faults[FILE] = [f"redirect {target}"]
    with pytest.raises(StudioError, match="not a safe place"):
        body(Hub(server.address), FILE)
    assert len(server.asked) == 1


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "https://localhost/x",
                                    "http://hub.example/x", "http://cdn.example/y"])  # fmt: skip
def test_a_public_hub_leads_neither_into_this_computer_nor_out_of_encryption(target: str) -> None:
    with pytest.raises(StudioError, match="not a safe place"):
        client_module._redirected(Hub("https://hub.example"), "https://hub.example/x", target)
    assert client_module._redirected(Hub("https://hub.example"), "https://hub.example/x", "https://cdn.example/y")


def test_a_relative_redirect_stays_at_the_hub(server: LoopbackHub) -> None:
    server.faults["/api/models/small"] = ["redirect /api/models/org/small?blobs=true"]
    assert look(Hub(server.address), "small").repo == "org/small"


def test_redirects_without_end_are_left(server: LoopbackHub) -> None:
    server.faults[FILE] = [f"redirect {FILE}"] * 50
    with pytest.raises(StudioError, match="without end"):
        body(Hub(server.address), FILE)
    assert len(server.asked) == client_module.REDIRECTS + 1


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_gated_model_says_where_to_accept_its_licence(server: LoopbackHub) -> None:
    server.repos["meta/gated"] = small_repo(gated=True)
    path = f"/meta/gated/resolve/{COMMIT}/config.json"
    with pytest.raises(StudioError, match="“meta/gated” is gated") as refused:
        body(Hub(server.address), path)
    assert f"{server.address}/meta/gated in a browser" in refused.value.hint
    assert "give a token" in refused.value.hint
    assert body(Hub(server.address, TOKEN), path).startswith(b"{")
    server.faults[path] = [403]
    with pytest.raises(StudioError, match="is gated") as refused:  # the licence is not accepted yet
        body(Hub(server.address, TOKEN), path)
    assert "give a token" not in refused.value.hint


@pytest.mark.parametrize(
    ("status", "token", "words"),
    [(401, "", "no model “org/small”"), (401, TOKEN, "did not accept the token"), (404, "", "no model “org/small”"),
     (403, "", "“org/small” is gated"), (400, "", "refused the request .answer 400"), (429, "", "asked too often")],
)  # fmt: skip
def test_a_refusal_is_a_sentence_and_is_not_repeated(server: LoopbackHub, status: int, token: str, words: str) -> None:
    server.faults[FILE] = [status]
    with pytest.raises(StudioError, match=words) as refused:
        get_json(Hub(server.address, token), FILE, go_on)
    assert refused.value.hint
    assert len(server.asked) == 1


def test_a_pause_that_the_hub_wishes_is_told(server: LoopbackHub) -> None:
    server.faults["/api/models"] = [429]
    with pytest.raises(StudioError) as refused:
        search(Hub(server.address), "x")
    assert "in 90 seconds" in refused.value.hint
    assert "token" in refused.value.hint


def test_a_hub_out_of_order_is_tried_again_and_then_explained(server: LoopbackHub) -> None:
    server.faults["/api/models"] = [503, 502]
    assert search(Hub(server.address), "small")
    assert len(server.asked) == 3
    server.faults["/api/models"] = [500] * 9
    with pytest.raises(BrokenOffError, match="out of order"):
        search(Hub(server.address), "small")
    assert len(server.asked) == 3 + 1 + len(client_module.WAITS)


def test_nobody_answering_is_explained_with_the_way_over_a_stick() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(BrokenOffError, match="failed or broke off") as refused:
        search(Hub(f"http://127.0.0.1:{port}"), "x")
    assert "stick" in refused.value.hint


def test_a_computer_without_network_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(BrokenOffError, match="seems to be offline") as refused:
        search(Hub("https://hub.example"), "x")
    assert "stick" in refused.value.hint


@pytest.mark.parametrize("fault", ["raw", "gzip"])
def test_a_login_page_or_a_packed_answer_is_no_hub(server: LoopbackHub, fault: str) -> None:
    server.faults["/api/models/org/small"] = [fault]
    with pytest.raises(StudioError, match="does not answer as a model hub"):
        look(Hub(server.address), "org/small")


def test_an_answer_that_breaks_off_is_asked_for_again(server: LoopbackHub) -> None:
    server.faults["/api/models/org/small"] = ["cut 20"]
    assert look(Hub(server.address), "org/small").commit == COMMIT
    assert len(server.asked) == 2


def test_an_endless_answer_is_left(server: LoopbackHub) -> None:
    with pytest.raises(StudioError, match="does not answer as a model hub"):
        get_json(Hub(server.address), FILE, go_on, largest=1_000)


# --- patience -------------------------------------------------------------------------------------------------------


def test_a_silent_hub_is_left_within_a_second_of_the_wish(server: LoopbackHub) -> None:
    server.faults["/api/models/org/small"] = ["silent 20"]
    wished = time.monotonic() + 0.3
    with pytest.raises(StoppedError):
        look(Hub(server.address), "org/small", keep_going=lambda: time.monotonic() < wished)
    assert time.monotonic() - wished < 1


def test_a_hub_that_says_nothing_for_too_long_counts_as_cut(
    server: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_SECONDS", 0.3)
    server.faults["/api/models/org/small"] = ["silent 0"]
    assert look(Hub(server.address), "org/small").commit == COMMIT  # the second try was answered


def test_waiting_before_another_try_can_be_called_off(server: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "WAITS", (60.0,))
    server.faults["/api/models/org/small"] = [500]
    wished = time.monotonic() + 0.3
    with pytest.raises(StoppedError):
        look(Hub(server.address), "org/small", keep_going=lambda: time.monotonic() < wished)
    assert time.monotonic() - wished < 1


# --- encryption and proxies -----------------------------------------------------------------------------------------


def tls_server(folder: Path) -> tuple[threading.Thread, int]:
    """Answers one https request or failed handshake, with a certificate for 127.0.0.1 that nobody signed."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening:
            plain, _ = listening.accept()
            plain.settimeout(5)
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as secret:
                        secret.recv(65_536)
                        secret.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                except (ssl.SSLError, ConnectionError):
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    return thread, listening.getsockname()[1]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to make a certificate with")
def test_a_certificate_that_nobody_signed_is_refused_and_a_known_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, port = tls_server(tmp_path)
    with pytest.raises(StudioError, match="could not prove") as refused:
        search(Hub(f"https://127.0.0.1:{port}", TOKEN), "x")
    assert not isinstance(refused.value, BrokenOffError)
    thread.join()
    thread, port = tls_server(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    assert search(Hub(f"https://127.0.0.1:{port}", TOKEN), "x") == []
    thread.join()


def test_a_proxy_is_asked_for_a_way_through_and_its_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening:
            for _ in range(1 + len(client_module.WAITS)):
                line, _ = listening.accept()
                with line:
                    heard.append(line.recv(4_096))
                    line.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setenv("https_proxy", f"http://ann:word@127.0.0.1:{listening.getsockname()[1]}")
    with pytest.raises(BrokenOffError):
        search(Hub("https://hub.example", TOKEN), "x")
    thread.join()
    assert heard[0].startswith(b"CONNECT hub.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YW5uOndvcmQ=" in heard[0]
    assert TOKEN.encode() not in b"".join(heard)
