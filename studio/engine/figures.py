"""What a measurement tells beside the losses: how far an adapter has moved, and what an objective measures itself."""

from collections.abc import Callable
from contextlib import suppress

from studio.core.errors import StudioError
from studio.core.shelf import resolve
from studio.engine.evaluate import at_rest
from studio.engine.prepare import Prepared
from studio.layers.adapter_size import Growth
from studio.objectives import Along


class Figures:
    """Made with the run, asked at every measurement; a figure that cannot be had is left out."""

    def __init__(self, run: Prepared) -> None:
        self._model = run.model
        self._growth = Growth(run.model) if run.config.adapter.kind != "none" else None
        self._along: Along | None = None
        if run.objective.along:
            with suppress(StudioError):
                self._along = resolve(run.objective.along)(run.model, run.words, run.compute.device)

    def now(self, keep_going: Callable[[], bool]) -> dict[str, float]:
        """Measures by name; those that were cut short are left out."""
        found = self._growth.measures() if self._growth is not None else {}
        if self._along is not None:
            with at_rest(self._model):
                found |= self._along(keep_going)
        return found
