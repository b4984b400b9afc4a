"""Whether the loaded model is served to other programs, where and by which token; off until a person switches it on."""

import secrets
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Jobs

if TYPE_CHECKING:
    from studio.hub.pieces import Answer
    from studio.hub.serving import Server


class Endpoint(QObject):
    """Part of the session; `start` gets who answers: turns (none: go on from the prompt), sampling, control."""

    changed = Signal(object)  # frozenset of {"endpoint"}
    _heard = Signal()  # from a thread of the server

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._server: Server | None = None
        self._ending: list[Server] = []  # asked to end, not yet ended
        self._heard.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether programs can ask."""
        return self._server is not None

    @property
    def address(self) -> str:
        """What a program is told as its base URL; empty while nothing is served."""
        return f"http://127.0.0.1:{self._server.server_port}/v1" if self._server is not None else ""

    @property
    def token(self) -> str:
        """What a program must send; a new one for each start. Empty while nothing is served."""
        return self._server.service.token if self._server is not None else ""

    @property
    def name(self) -> str:
        """The model that is served, as programs call it."""
        return self._server.service.name if self._server is not None else ""

    @property
    def served(self) -> int:
        """Answers so far."""
        return self._server.served if self._server is not None else 0

    @property
    def busy(self) -> bool:
        """Whether an answer is being written."""
        return self._server is not None and self._server.busy

    def start(self, answer: "Answer", name: str, port: int = 0) -> None:
        """Serve from now on, at a port that is free if none is wished; a port that is taken is a `StudioError`."""
        from studio.hub.serving import Server, Service

        self.stop()
        try:
            server = Server(Service(answer, name, secrets.token_urlsafe(32)), port, self._heard.emit)
        except (OSError, OverflowError) as error:
            raise StudioError(
                tr("The port {port} cannot be used: {why}.", port=port, why=getattr(error, "strerror", "") or error),
                tr("Choose another one, or 0 for any that is free."),
            ) from error
        server.serve()
        self._server = server
        self._tell()

    def stop(self) -> None:
        """Serve no more; returns at once, the threads end by a job."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            self._ending.append(server)
            self._jobs.start(self._end, server)
            self._tell()

    def close(self, limit: int) -> bool:
        """Stop and wait up to `limit` milliseconds; False when an answer does not let go."""
        if self._server is not None:
            self._server.stop()
            self._ending.append(self._server)
            self._server = None
        ended = [self._end(server, limit / 1000) for server in list(self._ending)]
        return all(ended)

    def _end(self, server: "Server", limit: float = 5.0) -> bool:
        ended = server.close(limit)
        if server in self._ending:
            self._ending.remove(server)
        return ended

    def _tell(self) -> None:
        self.changed.emit(frozenset({"endpoint"}))
