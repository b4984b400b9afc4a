"""A hub on this computer that speaks what Atelier asks of the real one, with a second server for large files.

It keeps a list of what it was asked, and can be told to fail in every way that matters.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_secretWordOfThisTest"
CONFIG = {
    "model_type": "gpt2", "vocab_size": 61, "n_positions": 24, "n_ctx": 24, "n_embd": 24, "n_layer": 2, "n_head": 3,
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
}  # fmt: skip


def git_blob(data: bytes) -> str:
    """What git calls this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass
class FakeRepo:
    """A model on the loopback hub; `large` names what lies on the second server."""

    files: dict[str, bytes]
    large: set[str] = field(default_factory=set)
    licence: str = "mit"
    gated: bool = False
    private: bool = False
    downloads: int = 1_000
    parameters: int = 0

    def sibling(self, name: str) -> dict[str, Any]:
        """One file as `?blobs=true` lists it."""
        data = self.files[name]
        entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git_blob(data)}
        if name in self.large:
            entry["blobId"] = git_blob(b"version https://git-lfs.github.com/spec/v1\n")
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return entry


def small_repo(**values: Any) -> FakeRepo:
    """Everything that a real repository of GPT-2's kind holds, in small."""
    weights = bytes(range(256)) * 1_200
    files = {
        "config.json": json.dumps(CONFIG).encode(), "model.safetensors": weights, "tokenizer.json": b'{"model": {}}',
        "README.md": b"---\nlicense: mit\n---\n# A model\n", "pytorch_model.bin": b"\x80\x02pickle",
        "tf_model.h5": b"tensorflow", "onnx/model.onnx": b"onnx", ".gitattributes": b"*.bin filter=lfs",
    }  # fmt: skip
    return FakeRepo(**{"files": files, "large": {"model.safetensors", "pytorch_model.bin"}, **values})


def small_dataset(**values: Any) -> FakeRepo:
    """A dataset with two splits, one of them in two files."""
    files = {
        "README.md": b"---\nlicense: cc-by-4.0\n---\n", ".gitattributes": b"", "loader.py": b"print('never')",
        "data/train-00000-of-00002.csv": b"label,text\n" + b"ham,hello there\n" * 900,
        "data/train-00001-of-00002.csv": b"label,text\n" + b"spam,buy this now\n" * 900,
        "data/test-00000-of-00001.csv": b"label,text\nham,only one\n",
    }  # fmt: skip
    return FakeRepo(**{"files": files, "large": {"data/train-00000-of-00002.csv"}, "licence": "cc-by-4.0", **values})


class LoopbackHub:
    """`address` is the hub, `store` the other server. `faults` maps the end of a path to what happens there, in turn.

    A fault is a status, or "cut N" (N bytes, then the line drops), "silent N", "redirect URL", "no range", "wrong",
    "longer", "gzip", "other etag", "raw" (a body that is no JSON), "slow" (a piece every now and then).
    """

    def __init__(self) -> None:
        self.repos: dict[str, FakeRepo] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []  # server, path, headers
        self.faults: dict[str, list[int | str]] = {}
        self.accepts = {TOKEN}
        self.closing = threading.Event()
        self._servers = [self._server("hub"), self._server("store")]
        self.address, self.store = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def _server(self, name: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "place": name})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = False
        return server

    def paths(self, server: str = "hub") -> list[str]:
        """What was asked there, in order."""
        return [path for where, path, _ in self.asked if where == server]

    def headers(self, end: str) -> list[dict[str, str]]:
        """The headers of every request whose path ends so."""
        return [headers for _, path, headers in self.asked if path.endswith(end)]

    @contextmanager
    def open(self) -> Iterator["LoopbackHub"]:
        """Answers inside."""
        threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in self._servers]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            for server in self._servers:
                server.shutdown()
                server.server_close()
            for thread in threads:
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: LoopbackHub
    place: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silent."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError):  # the other side hung up, or this one did
            self.close_connection = True

    def do_GET(self) -> None:
        self.hub.asked.append((self.place, self.path, dict(self.headers)))
        path = unquote(urlsplit(self.path).path)
        self.fault: int | str = ""
        for end, faults in self.hub.faults.items():
            if path.endswith(end) and faults:
                self.fault = faults.pop(0)
                break
        if isinstance(self.fault, int):
            self.say(self.fault, b"refused", {"Retry-After": "90"} if self.fault == 429 else {})
        elif self.fault.startswith("redirect "):
            self.say(307, b"", {"Location": self.fault.removeprefix("redirect ")})
        elif self.place == "store":
            rest = path.removeprefix("/large/")
            repo = next(name for name in self.hub.repos if rest.startswith(f"{name}/"))
            self.send_file(self.hub.repos[repo].files[rest.removeprefix(f"{repo}/")])
        elif path == "/api/models":
            self.search(parse_qs(urlsplit(self.path).query))
        elif path.startswith("/api/datasets/"):  # kept under the name that their files have
            self.describe(path.removeprefix("/api/").partition("/revision/")[0])
        elif path.startswith("/api/models/"):
            self.describe(path.removeprefix("/api/models/").partition("/revision/")[0])
        else:
            self.resolve(path)

    def search(self, query: dict[str, list[str]]) -> None:
        wanted = query["search"][0].lower()
        found = [
            {"id": name, "downloads": repo.downloads, "gated": "manual" if repo.gated else False,
             "tags": ["safetensors", f"license:{repo.licence}"], "safetensors": {"total": repo.parameters}}
            for name, repo in self.hub.repos.items() if wanted in name.lower() and not repo.private
        ]  # fmt: skip
        self.say_json(sorted(found, key=lambda entry: -entry["downloads"]))

    def describe(self, name: str) -> None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and not self.known()):
            self.say(401, b"", {"X-Error-Code": "RepoNotFound"})
            return
        siblings = [repo.sibling(file) for file in repo.files]
        plain = name.removeprefix("datasets/")
        self.say_json({"id": plain, "sha": COMMIT, "gated": "manual" if repo.gated else False, "downloads": 5,
                       "cardData": {"license": repo.licence}, "siblings": siblings})  # fmt: skip

    def resolve(self, path: str) -> None:
        name, _, rest = path.strip("/").partition("/resolve/")
        commit, _, file = rest.partition("/")
        repo = self.hub.repos.get(name)
        if repo is None or file not in repo.files or commit != COMMIT:
            self.say(404, b"", {"X-Error-Code": "RepoNotFound" if repo is None else "EntryNotFound"})
        elif "Authorization" in self.headers and not self.known():
            self.say(401, b"")
        elif repo.gated and not self.known():
            self.say(401, b"", {"X-Error-Code": "GatedRepo"})
        elif file in repo.large and not self.fault:
            self.say(302, b"", {"Location": f"{self.hub.store}/large/{name}/{file}"})
        else:
            self.send_file(repo.files[file])

    def known(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self.hub.accepts

    def send_file(self, data: bytes) -> None:
        etag = '"other"' if self.fault == "other etag" else f'"{git_blob(data)}"'
        wanted = self.headers.get("Range", "")
        same = self.headers.get("If-Range", etag) == etag
        start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted and same else 0
        headers = {"ETag": etag, "Accept-Ranges": "bytes"}
        if self.fault == "no range":
            start = 0
        if self.fault == "weak etag":
            headers["ETag"] = f"W/{etag}"
        if start >= len(data) and start:
            self.say(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.say(206 if start else 200, self.spoiled(data[start:]), headers)

    def spoiled(self, body: bytes) -> bytes:
        if self.fault == "wrong":
            return bytes(len(body))
        return body + b"and more" if self.fault == "longer" else body

    def say_json(self, value: Any) -> None:
        self.say(200, b"<html>Please sign in" if self.fault == "raw" else json.dumps(value).encode())

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        word, _, count = self.fault.partition(" ") if isinstance(self.fault, str) else ("", "", "")
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if word == "gzip":
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if word in ("cut", "silent"):
            self.wfile.write(body[: int(count)])
            self.wfile.flush()
            if word == "silent":
                self.hub.closing.wait(20)
            self.close_connection = True
            return
        if word == "slow":
            for place in range(0, len(body), 4_096):
                self.wfile.write(body[place : place + 4_096])
                if self.hub.closing.wait(0.02):
                    break
            return
        self.wfile.write(body)
