"""A judge on this computer: an Ollama or OpenAI-compatible server whose address a person typed in, and no other."""

import http.client
import json
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.hub import is_loopback
from studio.hub.line import TICK, Line, Watch
from studio.scores.judging import Reading, Rubric, read_score

Kind = Literal["ollama", "openai"]
KeepGoing = Callable[[], bool]

SECONDS = 120.0  # a large judge on a small machine loads for a minute and thinks for another
LARGEST = 1 << 20  # bytes of an answer
IN_A_ROW = 3  # answers that may fail one after the other before the judge counts as gone
_OLLAMA_PORT = 11_434
_CONNECT_SECONDS = 5.0
_SEED, _CONTEXT, _LONGEST_CONTEXT = 123, 2_048, 32_768  # the book's seed and context (chapter 7)


class JudgeError(StudioError):
    """This one question got no answer; the next may."""


@dataclass(frozen=True)
class LocalJudge:
    """Where a judge listens on this computer, which model it is to ask, and the token that it wants to see, if any."""

    host: str
    port: int
    path: str
    model: str
    kind: Kind = "ollama"
    seconds: float = SECONDS
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Judged:
    """One answer judged: what it was read as, what the judge said, and why it said nothing."""

    reading: Reading
    said: str = ""
    trouble: str = ""


def local_judge(
    address: str, model: str, kind: Kind = "ollama", seconds: float = SECONDS, token: str = ""
) -> LocalJudge:
    """The judge at a typed address, `http://localhost:11434` or shorter; a `StudioError` for another computer's."""
    text = address.strip().rstrip("/")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if not host or parts.query or parts.fragment or "@" in parts.netloc or port == 0:
        raise StudioError(f"“{visible(text, 80)}” is not an address.", "It looks like http://localhost:11434.")
    if not is_loopback(host):
        raise StudioError(
            f"“{visible(host, 80)}” is another computer. What your model answers stays on this one.",
            "Start the judge here and give its address, such as http://localhost:11434.",
        )
    if parts.scheme != "http":
        raise StudioError("A judge on this computer is asked by http.", f"Write http://{visible(parts.netloc, 80)}.")
    if port is None and kind == "openai":
        raise StudioError("The address names no port.", "Add the one that the server shows, as in localhost:8080.")
    path = parts.path.removesuffix("/v1") if kind == "openai" else parts.path
    if not path.isascii() or any(ord(letter) <= 32 for letter in path):
        raise StudioError(f"“{visible(text, 80)}” is not an address.", "It looks like http://localhost:11434.")
    if not token.isascii() or any(ord(letter) <= 32 for letter in token.strip()):
        raise StudioError("This is no token.", "Copy it once more from where the server shows it.")
    return LocalJudge(host, port or _OLLAMA_PORT, path, model.strip(), kind, seconds, token.strip())


def judge_models(judge: LocalJudge, keep_going: KeepGoing) -> list[str]:
    """The names of the models that the server has, in its order."""
    place, listed, name = ("/api/tags", "models", "name") if judge.kind == "ollama" else ("/v1/models", "data", "id")
    found = _asked(judge, "GET", place, None, keep_going)
    rows = found.get(listed) if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise _strange(judge)
    return [row[name] for row in rows if isinstance(row, dict) and isinstance(row.get(name), str)]


def ask_judge(judge: LocalJudge, prompt: str, keep_going: KeepGoing) -> str:
    """What the judge says to a prompt, at temperature 0; waiting ends at once when it is called off."""
    if not judge.model:
        raise StudioError("No model is chosen as the judge.", "Choose one of those that the server has.")
    asked: dict[str, Any] = {
        "model": judge.model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": False,
    }
    if judge.kind == "ollama":
        asked["options"] = {"seed": _SEED, "temperature": 0, "num_ctx": _context(prompt)}
        found = _asked(judge, "POST", "/api/chat", asked, keep_going)
    else:
        asked |= {"seed": _SEED, "temperature": 0}
        found = _asked(judge, "POST", "/v1/chat/completions", asked, keep_going)
    said = _said(found, judge.kind)
    if said is None:
        raise _strange(judge)
    return said


def judge_answers(
    judge: LocalJudge, rubric: Rubric, entries: Iterable[tuple[str, str, str]], keep_going: KeepGoing
) -> Iterator[Judged]:
    """Ask about each (asked, wanted, answered) in turn; a failed one is named and the rest goes on.

    A judge that fails three times in a row ends it with a `StudioError`; what came before is kept by whoever reads.
    """
    failed = 0
    for entry in entries:
        try:
            said = ask_judge(judge, rubric.ask(*entry), keep_going)
        except JudgeError as error:
            failed += 1
            yield Judged(Reading("silent"), trouble=str(error))
            if failed == IN_A_ROW:
                raise StudioError(f"The judge failed {IN_A_ROW} times in a row. {error.message}", error.hint) from error
            continue
        failed = 0
        yield Judged(read_score(said, rubric), said)


def _context(prompt: str) -> int:
    """Tokens of context to ask for: Ollama silently forgets the beginning of what does not fit."""
    context = _CONTEXT
    while context < len(prompt) / 2 + 512 and context < _LONGEST_CONTEXT:
        context *= 2
    return context


def _said(found: Any, kind: Kind) -> str | None:
    try:
        said = found["message"]["content"] if kind == "ollama" else found["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
    return said if isinstance(said, str) else "" if said is None else None


# --- one request ------------------------------------------------------------------------------------------------------


def _asked(judge: LocalJudge, method: str, place: str, asked: object, keep_going: KeepGoing) -> Any:
    """The JSON value that the server answers."""
    body = None if asked is None else json.dumps(asked).encode()
    watch = Watch(keep_going, judge.seconds, judge.seconds)
    line = Line(_dialled(judge), watch)
    try:
        connection = http.client.HTTPConnection(judge.host, judge.port)
        connection.sock = cast("socket.socket", line)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
        headers |= {"Authorization": f"Bearer {judge.token}"} if judge.token else {}
        connection.request(method, f"{judge.path}{place}", body, headers)
        answer = connection.getresponse()
        text = answer.read(LARGEST + 1)
    except TimeoutError as error:
        raise JudgeError(
            f"The judge did not answer within {judge.seconds:g} seconds.",
            "Choose a smaller judge, or give it more time.",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise JudgeError("The judge broke off in the middle of its answer.", "Look whether it still runs.") from error
    finally:
        line.end()
    if answer.status != 200:
        raise _refusal(judge, answer.status, text)
    try:
        if len(text) > LARGEST:
            raise _strange(judge)
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _strange(judge) from error


def _dialled(judge: LocalJudge) -> socket.socket:
    """A connection within this computer; no name is looked up, and no proxy is asked."""
    trouble: OSError | None = None
    for host in ("127.0.0.1", "::1") if judge.host.lower() == "localhost" else (judge.host,):
        try:
            sock = socket.create_connection((host, judge.port), _CONNECT_SECONDS)
            sock.settimeout(TICK)
            return sock
        except OSError as error:
            trouble = error
    raise JudgeError(
        f"Nothing answers at {visible(judge.host, 80)}, port {judge.port}.",
        "Start Ollama or the other server, and look which port it names.",
    ) from trouble


def _refusal(judge: LocalJudge, status: int, text: bytes) -> StudioError:
    why = visible(_reason(text), 200)
    if status == 404 and judge.model:
        return StudioError(
            f"The judge does not have “{visible(judge.model, 80)}” (answer 404). {why}".strip(),
            "Choose one of the models that it lists, or look whether the address is of the chosen kind.",
        )
    kind = JudgeError if status >= 500 or status == 429 else StudioError
    return kind(f"The judge refused the question (answer {status}). {why}".strip(), "Look at what the server prints.")


def _reason(text: bytes) -> str:
    """What the server says about it: a text, or an object with a message."""
    try:
        found = json.loads(text[:LARGEST])["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    found = found.get("message", "") if isinstance(found, dict) else found
    return found if isinstance(found, str) else ""


def _strange(judge: LocalJudge) -> JudgeError:
    name = "Ollama" if judge.kind == "ollama" else "an OpenAI-compatible server"
    return JudgeError(
        f"What listens at port {judge.port} does not answer as {name} does.", "Look at the address and the kind."
    )
