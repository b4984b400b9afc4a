"""What a person may ask of the runs of the open project: the part of the session that pages of runs talk to."""

from PySide6.QtCore import QObject

from studio.core.channel import Ask
from studio.live.run_model import RunModel
from studio.live.runs import Runs, Undo


class RunWishes(QObject):
    """Each wish is a call; what cannot be granted is a `StudioError` at once. `_runs` comes from the session."""

    _runs: Runs

    @property
    def runs(self) -> dict[str, RunModel]:
        """Every run of the project, oldest first; histories come with `open_run`."""
        return self._runs.models

    @property
    def running(self) -> RunModel | None:
        """The run that computes or is paused; with several devices the one started last."""
        return self._runs.running

    @property
    def queued(self) -> tuple[RunModel, ...]:
        """Runs that wait for their turn, the next one first."""
        return self._runs.queued

    def resume_run(self, name: str, step: int | None = None) -> RunModel:
        """Go on from the checkpoint at `step`, else from the newest whole one, else from the beginning."""
        return self._runs.resume(name, step)

    def pause_run(self, run: RunModel) -> None:
        """Ask for a pause at the next step."""
        self._runs.queue.pause(run)

    def proceed_run(self, run: RunModel) -> None:
        """Go on after a pause."""
        self._runs.queue.proceed(run)

    def talk_to_run(self, run: RunModel) -> None:
        """Pause a training run at its next step, save it there, and bring Chat forward with the model as it then is."""
        self._runs.talk.begin(run)

    @property
    def pausing_to_talk(self) -> RunModel | None:
        """The run that will be talked to once it has paused and saved."""
        return self._runs.talk.run

    def stop_run(self, run: RunModel, save: bool = True) -> None:
        """End a living run, saving first or not; call off one that waits."""
        self._runs.stop(run, save)

    def stop_all(self) -> None:
        """Stop every run and return at once, so that the window can say "saving…" while they end."""
        self._runs.stop_all()

    def sample_now(self, run: RunModel, prompt: str = "") -> None:
        """Ask for a sample text at the next step; an empty prompt means the run's own."""
        self._runs.queue.ask(run, Ask("sample", prompt))

    def probe_now(self, run: RunModel, prompt: str) -> None:
        """Ask for a look at what the weights in training make of a text; its film shows it when it is there."""
        self._runs.queue.ask(run, Ask("probe", prompt))

    def save_now(self, run: RunModel) -> None:
        """Ask for a checkpoint at the next step."""
        self._runs.queue.ask(run, Ask("save"))

    def set_learning_rate(self, run: RunModel, value: float) -> None:
        """Ask for another highest learning rate from the next step on."""
        self._runs.queue.ask(run, Ask("learning_rate", number=value))

    def open_run(self, name: str) -> RunModel:
        """The run with its whole past; a long one is read in the background and fills up while it is looked at."""
        return self._runs.open(name)

    def delete_run(self, name: str) -> Undo:
        """Move a run to the trash; the result can bring it back."""
        return self._runs.delete(name)
