"""A model served to other programs of this computer: loopback only, by a token, one answer at a time, off by default.

Hosts and origins are checked before anything else, so that no web page reaches it by a name that leads here.
"""

import hmac
import http.server
import json
import logging
import select
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.hub import is_loopback
from studio.hub.completions import Asked, RefusedError, Reply, event, fault, joined, models, read_request
from studio.hub.pieces import Answer, AnswerError, Pieces

HOST = "127.0.0.1"
LARGEST = 4 << 20  # bytes of a request's body
MOST = 16  # connections at a time
SILENCE = 15.0  # seconds that a connection may say nothing
WHOLE = 30.0  # seconds in which a body must have come
_POLL = 0.1
_KINDS = {"/v1/chat/completions": True, "/v1/completions": False}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """What is served: who answers, under which name, to whom."""

    answer: Answer
    name: str
    token: str = field(repr=False)
    defaults: Sampling = field(default_factory=lambda: Sampling(tokens=1_024))


class Server(http.server.HTTPServer):
    """Listens from the start; `serve` begins to answer, `close` ends every thread that it has made."""

    allow_reuse_address = sys.platform != "win32"  # there it would let others take the port

    def __init__(self, service: Service, port: int = 0, told: Callable[[], None] = lambda: None) -> None:
        self.service, self.told = service, told
        self.made = int(time.time())
        self.served = 0
        self.control: RunControl | None = None  # of the answer that is being written
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._closing = False
        self._accepting = threading.Thread(target=self.serve_forever, args=(_POLL,), name="endpoint")
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Without asking the network for the name of this computer, as the standard library would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def busy(self) -> bool:
        """Whether an answer is being written."""
        return self._turn.locked()

    def serve(self) -> None:
        """Begin to answer."""
        self._accepting.start()

    def stop(self) -> None:
        """Ask the answer in progress to end; returns at once."""
        self._closing = True
        control = self.control
        if control is not None:
            control.stop(save=False)

    def close(self, limit: float = 5.0) -> bool:
        """End everything and wait so many seconds; False when an answer does not let go."""
        self.stop()
        if self._accepting.is_alive():
            self.shutdown()
            self._accepting.join()
        self.server_close()
        with self._guard:
            connections = dict(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + limit
        for thread in connections.values():
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in connections.values())

    def take_turn(self) -> RunControl:
        """Become the one whose answer is written; a `RefusedError` while another one is."""
        if not self._turn.acquire(blocking=False):
            raise RefusedError(429, "Another answer is being written. Ask again when it is finished.", "busy")
        self.control = control = RunControl()
        if self._closing:  # looked at after the control is there to be stopped
            control.stop(save=False)
        self.told()
        return control

    def give_turn(self, control: RunControl) -> None:
        """Let the next one ask; more than once is harmless."""
        if self.control is control:
            control.stop(save=False)
            self.control = None
            self.served += 1
            self._turn.release()
            self.told()

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for each connection, up to a limit."""
        with self._guard:
            crowded = len(self._open) >= MOST
            if not crowded:
                thread = threading.Thread(target=self._attend, args=(request, client_address), name="endpoint request")
                self._open[request] = thread
                thread.start()
        if crowded:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """To the log; what was asked is never written there."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            log.error("unexpected in the endpoint: %s", traceback.format_exc())

    def _attend(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except Exception:
            self.handle_error(request, client_address)
        finally:
            self.shutdown_request(request)
            with self._guard:
                self._open.pop(request, None)


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Atelier", ""
    timeout = SILENCE
    disable_nagle_algorithm = True  # a piece is sent when it is there

    def do_GET(self) -> None:
        """Which models there are."""
        self._guarded(self._list)

    def do_POST(self) -> None:
        """An answer."""
        self._guarded(self._complete)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody writes down who asked for what."""

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            self._check()
            act()
        except RefusedError as error:
            self.close_connection = True  # its body may not have been read
            self._say(error.status, fault(error.message, error.code))

    def _check(self) -> None:
        """Refuse what comes by another name than this computer's own, from a web page, or without the token."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not _is_here(f"//{hosts[0]}", self.server.server_port):
            raise RefusedError(403, "This endpoint is asked as 127.0.0.1 or localhost only.", "forbidden")
        if any(not _is_here(origin) for origin in self.headers.get_all("Origin") or []):
            raise RefusedError(403, "Web pages may not ask this endpoint.", "forbidden")
        scheme, _, token = (self.headers.get("Authorization") or "").partition(" ")
        right = hmac.compare_digest(token.strip().encode("utf-8", "replace"), self.server.service.token.encode())
        if scheme.lower() != "bearer" or not right:
            raise RefusedError(
                401, "The token is missing or wrong. Atelier shows it beside the address.", "unauthorized"
            )

    def _list(self) -> None:
        if urlsplit(self.path).path != "/v1/models":
            raise _unknown(self.path)
        self._say(200, models(self.server.service.name, self.server.made))

    def _complete(self) -> None:
        service, chat = self.server.service, _KINDS.get(urlsplit(self.path).path)
        if chat is None:
            raise _unknown(self.path)
        asked = read_request(self._body(), chat, service.name, service.defaults)
        control = self.server.take_turn()
        try:
            self._answer(asked, Reply.begun(service.name, chat), control)
        finally:
            self.server.give_turn(control)

    def _body(self) -> bytes:
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise RefusedError(415, "The body must be application/json.")
        length = self.headers.get("Content-Length") or ""
        if self.headers.get("Transfer-Encoding") or not length.isascii() or not length.isdecimal():
            raise RefusedError(411, "The length of the body must be told.")
        if len(length) > 12 or int(length) > LARGEST:
            raise RefusedError(413, f"The body is larger than {LARGEST:,} bytes.")
        body, end = bytearray(), time.monotonic() + WHOLE
        try:
            while len(body) < int(length):
                piece = self.rfile.read1(min(1 << 16, int(length) - len(body)))
                if not piece or time.monotonic() > end:
                    raise TimeoutError
                body += piece
        except TimeoutError as error:
            raise RefusedError(408, "The body did not come.") from error
        return bytes(body)

    def _answer(self, asked: Asked, reply: Reply, control: RunControl) -> None:
        """Nothing is sent before the first piece is there, so that a refusal of the model is a plain error."""
        pieces = Pieces(lambda: self.server.service.answer(asked.turns, asked.sampling, control), asked.sampling.stop)
        try:
            if asked.stream:
                self._stream(pieces, reply, control)
            else:
                self._whole(pieces, reply, control)
        except OSError:
            self.close_connection = True  # whoever asked has gone
        finally:
            pieces.close()

    def _whole(self, pieces: Pieces, reply: Reply, control: RunControl) -> None:
        texts: list[str] = []
        try:
            for text in pieces:
                texts.append(text)
                if self._left_alone():
                    control.stop(save=False)
            told = 200, reply.whole(joined(texts), pieces.reason)
        except AnswerError as error:
            told = error.told
        self._finish(pieces, control)
        self._say(*told)

    def _stream(self, pieces: Pieces, reply: Reply, control: RunControl) -> None:
        begun = False
        try:
            for text in pieces:
                if not begun:
                    self._begin_stream(reply)
                    begun = True
                self.wfile.write(event(reply.piece(joined([text]))))
                if self._left_alone():
                    control.stop(save=False)
        except AnswerError as error:
            self._finish(pieces, control)
            if begun:
                self.wfile.write(event(error.told[1]))
            else:
                self._say(*error.told)
            return
        self._finish(pieces, control)
        if not begun:
            self._begin_stream(reply)
        self.wfile.write(event(reply.last(pieces.reason)) + event("[DONE]"))

    def _finish(self, pieces: Pieces, control: RunControl) -> None:
        """Before the last word is sent: whoever has heard it may ask again at once."""
        pieces.close()
        self.server.give_turn(control)

    def _begin_stream(self, reply: Reply) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        if first := reply.first():
            self.wfile.write(event(first))

    def _left_alone(self) -> bool:
        """Whether whoever asked has hung up."""
        try:
            ready, _, _ = select.select([self.connection], [], [], 0)
            return bool(ready) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _say(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        if status == 429:
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _is_here(address: str, port: int = 0) -> bool:
    """Whether an address means this computer, and this port if one is told."""
    try:
        parts = urlsplit(address)
        told, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    if "@" in parts.netloc or not is_loopback(host):
        return False
    return not port or told in (None, port)


def _unknown(path: str) -> RefusedError:
    return RefusedError(404, "There is /v1/models, /v1/chat/completions and /v1/completions.", "not_found")
