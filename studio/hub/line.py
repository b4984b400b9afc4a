"""A connection whose waiting can be called off: every wait is cut into short ones, and each has an end."""

import base64
import http.client
import io
import math
import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeVar, cast
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from studio.core.errors import StudioError

TICK = 0.2  # seconds between two looks at whether anybody still waits
SILENCE = 30.0  # seconds without a byte after which a connection counts as cut
Result = TypeVar("Result")


class StoppedError(StudioError):
    """A person called it off."""


class Watch:
    """Who may call a connection off, and how long it may take: in silence, and in all."""

    def __init__(self, keep_going: Callable[[], bool], silence: float = SILENCE, whole: float = math.inf) -> None:
        self._keep_going, self._silence = keep_going, silence
        self._until = time.monotonic() + whole

    def patiently(self, act: Callable[[], Result]) -> Result:
        """Do something that gives up with `TimeoutError` after a tick, again and again, until it is through."""
        end = min(time.monotonic() + self._silence, self._until)
        while True:
            if not self._keep_going():
                raise StoppedError("This was stopped.")
            if time.monotonic() > end:
                raise TimeoutError("the other side is silent")
            try:
                return act()
            except TimeoutError:
                continue

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What is done inside may take so long in all, however busy the line is."""
        before, self._until = self._until, min(self._until, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._until = before

    def sleep(self, seconds: float) -> None:
        """Wait so long unless called off."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._keep_going():
                raise StoppedError("This was stopped.")
            time.sleep(min(TICK, left))


class _Raw(io.RawIOBase):
    """The bytes that arrive."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock, self._watch = sock, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._watch.patiently(partial(self._sock.recv_into, buffer))


class Line:
    """What `http.client` takes for a socket."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock, self._watch = sock, watch

    def makefile(self, _mode: str = "rb", *_others: object) -> io.BufferedReader:
        """What an answer is read from."""
        return io.BufferedReader(_Raw(self._sock, self._watch))

    def sendall(self, data: bytes) -> None:
        """Send a request; it is small enough for the system to take it at once."""
        self._sock.settimeout(10)
        self._sock.sendall(data)
        self._sock.settimeout(TICK)

    def close(self) -> None:
        """Nothing yet: `http.client` closes before the answer is read, `end` does it afterwards."""

    def end(self) -> None:
        """Hang up."""
        self._sock.close()


def connect(address: SplitResult, watch: Watch) -> Line:
    """A line to the host of `address`, through the proxy that this computer is set up with, encrypted for https."""
    host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
    proxy = urlsplit(getproxies().get(address.scheme, ""))
    if proxy.hostname and not proxy_bypass(host):
        sock = _dial(proxy.hostname, proxy.port or 80, watch)
        _tunnel(sock, proxy, f"{host}:{port}", watch)
    else:
        sock = _dial(host, port, watch)
    return Line(_encrypted(sock, host, watch) if address.scheme == "https" else sock, watch)


def _encrypted(sock: socket.socket, host: str, watch: Watch) -> ssl.SSLSocket:
    """The same connection, with nobody but the proven owner of `host` at the other end; closed on any failure."""
    with ExitStack() as failed:
        failed.callback(sock.close)  # harmless once the secret one has taken it over
        secret = ssl.create_default_context().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        failed.callback(secret.close)
        watch.patiently(secret.do_handshake)
        failed.pop_all()
    return secret


def _dial(host: str, port: int, watch: Watch) -> socket.socket:
    trouble = OSError(f"{host} has no address")
    for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.connect_ex(place)
            watch.patiently(partial(_connected, sock))
            sock.settimeout(TICK)
            return sock
        except OSError as error:
            sock.close()
            trouble = error
        except BaseException:
            sock.close()
            raise
    raise trouble


def _connected(sock: socket.socket) -> None:
    _, ready, failed = select.select([], [sock], [sock], TICK)
    if not ready and not failed:
        raise TimeoutError
    if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise ConnectionError(error, os.strerror(error))


def _tunnel(sock: socket.socket, proxy: SplitResult, target: str, watch: Watch) -> None:
    """Ask a proxy for a way through; closed on any failure."""
    try:
        headers = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
        if proxy.username:
            word = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
            headers += f"Proxy-Authorization: Basic {base64.b64encode(word.encode()).decode()}\r\n"
        line = Line(sock, watch)
        line.sendall(f"{headers}\r\n".encode("latin-1"))
        answer = http.client.HTTPResponse(cast("socket.socket", line), method="CONNECT")
        answer.begin()
        if answer.status != 200:
            raise ConnectionError(f"the proxy answered {answer.status}")
    except BaseException:
        sock.close()
        raise
