"""Encoding in another process, which no interpreter lock holds up; what it cannot do is done here after all."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.store.encoding_child import frame, read_frame
from studio.tokenizers import Tokenizer

_ROOT = Path(__file__).resolve().parents[2]


class EncoderProcess:
    """Started at once, told its tokenizer with the first piece. Two threads keep it busy: while one waits for the ids
    of a piece, the other one hands over the next.
    """

    lanes = 2  # threads that may call `encode` at the same time to some purpose

    def __init__(self, tokenizer: Tokenizer, marked: bool) -> None:
        self._tokenizer, self._marked = tokenizer, marked
        self._sending, self._receiving = Lock(), Lock()
        self._told = False
        self.broken = False
        environment = os.environ | {"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"}
        own: dict[str, Any] = {}
        if sys.platform == "win32":
            own = {"creationflags": subprocess.CREATE_NO_WINDOW}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "studio.store.encoding_child"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, **own,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """The process as the system knows it."""
        return self._process.pid

    def encode(self, piece: str) -> npt.NDArray[Any]:
        """The ids of a piece, (tokens,): by the process, or by the tokenizer here where that has failed."""
        ids = None if self.broken else self._asked(piece)
        return self._tokenizer.encode_array(piece, marked=self._marked) if ids is None else ids

    def close(self) -> None:
        """End the process, whatever it does."""
        self.broken = True
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()

    def _asked(self, piece: str) -> npt.NDArray[Any] | None:
        try:
            raw = piece.encode("utf-8")
        except UnicodeEncodeError:
            return None  # half a character, which the tokenizer mends
        try:
            with self._sending:
                self._send(raw)
                self._receiving.acquire()  # answers come in the order of the pieces
            try:
                return self._receive()
            finally:
                self._receiving.release()
        except (OSError, ValueError):  # it has ended; a closed pipe is a ValueError
            self.broken = True
            return None

    def _send(self, raw: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        if not self._told:
            self._told = True
            order = {"tokenizer": self._tokenizer.to_json(), "marked": self._marked}
            pipe.write(frame(json.dumps(order).encode("utf-8")))
        pipe.write(frame(raw))
        pipe.flush()

    def _receive(self) -> npt.NDArray[Any] | None:
        """The ids of the piece that was handed over first; None where the process has refused it."""
        pipe = self._process.stdout
        assert pipe is not None
        found = read_frame(pipe)
        if found is None and self._process.poll() is not None:
            self.broken = True
        return None if found is None else np.frombuffer(found, dtype="<u4")
