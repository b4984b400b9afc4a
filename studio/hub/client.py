"""Asking the hub: one GET at a time, to hosts that are allowed, with every refusal turned into a sentence."""

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit

import studio
from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.hub import Hub, is_loopback
from studio.hub.line import Line, Watch, connect

REDIRECTS = 5
ANSWER_BYTES = 32 << 20  # a repository of ten thousand files lists itself in 3 MB
ANSWER_SECONDS = 60.0  # within which the head of an answer, or the whole of a small one, must have come
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before another try
PIECE = 1 << 18
STICK = "Or get the model's folder on another computer, bring it on a stick, and import that folder on the Models page."
Result = TypeVar("Result")


class BrokenOffError(StudioError):
    """Cut or busy: worth another try."""


@contextmanager
def opened(hub: Hub, url: str, watch: Watch, headers: Mapping[str, str] | None = None) -> Iterator[Any]:
    """The answer to a GET, redirects followed; any status but 200, 206 and 416 is a `StudioError`."""
    for _ in range(REDIRECTS + 1):
        line, answer = _ask(hub, url, watch, headers or {})
        try:
            if answer.status in (301, 302, 303, 307, 308):
                url = _redirected(hub, url, answer.getheader("Location") or "")
                continue
            if answer.status not in (200, 206, 416):
                raise refusal(hub, url, answer)
            if (answer.getheader("Content-Encoding") or "identity") != "identity":
                raise _strange(hub)
            yield answer
            return
        finally:
            line.end()
    raise StudioError(
        f"The hub “{_host(hub.address)}” sends from one address to the next without end.",
        f"Try again later. {STICK}",
    )


def pieces(hub: Hub, answer: Any) -> Iterator[bytes]:
    """The body as it arrives; a connection that breaks is `BrokenOffError`."""
    while True:
        try:
            piece = answer.read1(PIECE)
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(hub, error) from error
        if not piece:
            return
        yield piece


def get_json(hub: Hub, path: str, keep_going: Callable[[], bool], largest: int = ANSWER_BYTES) -> Any:
    """The value that the hub answers under `path`; tried again when the connection breaks."""

    def attempt() -> Any:
        watch, body = Watch(keep_going, whole=ANSWER_SECONDS), bytearray()
        with opened(hub, f"{hub.address}{path}", watch) as answer:
            for piece in pieces(hub, answer):
                body += piece
                if len(body) > largest:
                    raise _strange(hub)
            if answer.length:  # less arrived than was announced
                raise unreachable(hub, ConnectionError("cut"))
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _strange(hub) from error

    return retried(attempt, keep_going)


def retried(attempt: Callable[[], Result], keep_going: Callable[[], bool], arrived: Callable[[], int] = int) -> Result:
    """Try, and wait longer before each further try; whenever `arrived` has grown, patience starts anew."""
    failures, before = 0, arrived()
    while True:
        try:
            return attempt()
        except BrokenOffError:
            if arrived() > before:
                failures, before = 0, arrived()
            if failures == len(WAITS):
                raise
            Watch(keep_going).sleep(WAITS[failures])
            failures += 1


# --- one request ------------------------------------------------------------------------------------------------------


def _ask(hub: Hub, url: str, watch: Watch, headers: Mapping[str, str]) -> tuple[Line, http.client.HTTPResponse]:
    """The line and the head of the answer; the token goes to the hub's own address and nowhere else."""
    parts = urlsplit(url)
    sent = {
        "Host": parts.netloc, "User-Agent": f"atelier/{studio.__version__}", "Accept-Encoding": "identity",
        "Connection": "close", **headers,
    }  # fmt: skip
    if hub.token and _origin(url) == _origin(hub.address):
        sent["Authorization"] = f"Bearer {hub.token}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = None
    try:
        with watch.within(ANSWER_SECONDS):
            line = connect(parts, watch)
            connection = http.client.HTTPConnection(parts.hostname or "")
            connection.sock = cast("socket.socket", line)
            connection.request("GET", quote(target, safe="%/:=&?~#+!$,;'@()*[]"), headers=sent)
            return line, connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        if line is not None:
            line.end()
        raise unreachable(hub, error, parts.hostname or "") from error
    except BaseException:
        if line is not None:
            line.end()
        raise


def _redirected(hub: Hub, url: str, location: str) -> str:
    """Where to go on: another https address, or this computer's own where the hub itself is there."""
    try:
        target = urljoin(url, location) if location else ""
        host, safe = urlsplit(target).hostname or "", _is_safe(hub, target)
    except ValueError:
        target, host, safe = "", "", False
    if not safe:
        raise StudioError(
            f"The hub “{_host(hub.address)}” sends to “{visible(host or location, 60)}”, which is not a safe place.",
            "Nothing was fetched from there. Check the address of the hub under Settings.",
        )
    return target


def _is_safe(hub: Hub, target: str) -> bool:
    parts, own = urlsplit(target), urlsplit(hub.address)
    host, port = parts.hostname or "", parts.port
    if not host or port == 0 or "@" in parts.netloc:
        return False
    if own.scheme == "http" and is_loopback(host):
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and (host == own.hostname or not _is_inner(host))


def _is_inner(host: str) -> bool:
    """An address inside this computer or network, where a hub on the internet has nothing to send anybody to."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


# --- what went wrong --------------------------------------------------------------------------------------------------


def unreachable(hub: Hub, error: Exception, host: str = "") -> StudioError:
    """What a broken connection means; another try may help, except against a false certificate."""
    host = host or _host(hub.address)
    if isinstance(error, ssl.SSLCertVerificationError):
        return StudioError(
            f"“{host}” could not prove that it is “{host}”, so nothing was sent to it.",
            "Is this computer's clock right? In a company's or school's network, ask there for its certificate.",
        )
    if isinstance(error, socket.gaierror):
        return BrokenOffError(
            f"“{host}” could not be found; this computer seems to be offline.",
            f"Connect it and try again; what has arrived is kept. {STICK}",
        )
    return BrokenOffError(
        f"The connection to “{host}” failed or broke off.",
        f"Check the network and try again; what has arrived is kept. {STICK}",
    )


def refusal(hub: Hub, url: str, answer: http.client.HTTPResponse) -> StudioError:
    """What the hub's refusal means, and what to do."""
    status, code, repo = answer.status, answer.getheader("X-Error-Code") or "", _repo_in(hub, url)
    place = "datasets/" if _kind_in(url) == "dataset" else ""
    page, name = f"{hub.address}/{place}{repo}", f"“{repo}”" if repo else "this"
    if code == "GatedRepo" or (status == 403 and repo and code != "RepoNotFound"):
        token = "then try again" if hub.token else "then give a token of your account here and try again"
        return StudioError(
            f"{name} is gated: its owners let only people download it who accept their licence.",
            f"Open {page} in a browser, sign in, accept the licence, {token}. "
            + ("Some owners answer each request by hand." if hub.token else "A token is made under Settings there."),
        )
    if status == 401 and hub.token and code != "RepoNotFound":
        return StudioError(
            "The hub did not accept the token.", "It may have expired or been deleted: make a new one and give it here."
        )
    if status in (401, 403, 404) and repo:
        return StudioError(
            f"The hub has no {_kind_in(url)} {name}, or shows it only to people who may see it.",
            "Check the name. If it is private, give a token of an account that may read it.",
        )
    if status == 429:
        seconds = answer.getheader("Retry-After") or ""
        when = f"in {min(int(seconds), 86_400):,} seconds" if seconds.isdigit() and seconds.isascii() else "in a while"
        more = "" if hub.token else " People with a token may ask more often."
        return StudioError("The hub was asked too often and wants a pause.", f"Try again {when}.{more}")
    if status >= 500 or status == 408:
        return BrokenOffError(
            f"The hub is out of order at the moment (answer {status}).",
            f"Try again later; what has arrived is kept. {STICK}",
        )
    return StudioError(f"The hub refused the request (answer {status}).", "Check the address of the hub in Settings.")


def _repo_in(hub: Hub, url: str) -> str:
    """The model or dataset that an address is about; empty for a search, or where a redirect led elsewhere."""
    if _origin(url) != _origin(hub.address):
        return ""
    path = urlsplit(url).path.removeprefix(urlsplit(hub.address).path)
    path = path.removeprefix("/api").removeprefix("/models").removeprefix("/datasets")
    return visible(path.partition("/resolve/")[0].partition("/revision/")[0].strip("/"))


def _kind_in(url: str) -> str:
    """Whether an address is about a model or a dataset."""
    path = urlsplit(url).path
    return "dataset" if "/api/datasets" in path or "/datasets/" in path.partition("/resolve/")[0] else "model"


def _strange(hub: Hub) -> StudioError:
    return StudioError(
        f"“{_host(hub.address)}” does not answer as a model hub does.",
        "A login page of the network may stand between; open any page in a browser first. Else check the hub's "
        "address under Settings.",
    )
