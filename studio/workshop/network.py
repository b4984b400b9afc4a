"""The outline of the draft's network, read off the real modules in the background and kept while it fits."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.knobs import problems
from studio.core.outline import Node
from studio.live.session import Session

OUTLINE = "studio.engine.module_tree:outline"


class Network(QObject):
    """`found` is the newest outline that could be read; `changed` says that it or `error` is another."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.found: Node | None = None
        self.unknown = False  # its vocabulary stands in for one that is not known yet
        self.error = ""
        self._asked: tuple[ModelConfig, int] | None = None

    def want(self, model: ModelConfig, batch: int) -> None:
        """Read this network, unless it is read already, cannot be built, or torch is not there yet."""
        if self._session.torch_state != "ready" or problems(model) or (model, batch) == self._asked:
            return
        self._asked = (model, batch)
        shown = replace(model, vocab_size=model.vocab_size or 1)
        job = self._session.jobs.start(OUTLINE, shown, batch, lane="outline of the model")
        job.succeeded.connect(self._read)
        job.failed.connect(self._refused)

    def _read(self, network: Node) -> None:
        self.found, self.error = network, ""
        self.unknown = self._asked is not None and not self._asked[0].vocab_size
        self.changed.emit()

    def _refused(self, error: StudioError) -> None:
        self.error = str(error)
        self.changed.emit()
