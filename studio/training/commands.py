"""What a person may want of a run, as one object that pages share; refusals go to the page's banner."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.curves.plot import CurvePlot
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.parts.wording import count, small_number
from studio.training import trouble as run_trouble
from studio.training.stop_choice import DROP, KEEP, StopChoice
from studio.training.trouble import Trouble, lower_rate, trouble_of
from studio.training.view import unfollow
from studio.widgets.page import Page

TALK_TIP = "Pauses at the next step, saves the weights as they are there, and opens Chat with them"
_ENDED = ("finished", "stopped", "failed", "interrupted")


class RunCommands(QObject):
    """Acts on `run`, the one its page shows."""

    def __init__(self, session: Session, page: Page) -> None:
        super().__init__(page)
        self._session, self._page = session, page
        self.run: RunModel | None = None
        self._said: tuple[object, ...] = ()
        self._restart: tuple[RunModel, int, float] | None = None  # waits for its end: run, step, learning rate
        self._slots: dict[str, Callable[[], None]] = {
            run_trouble.LOWER: self.lower_and_resume,
            run_trouble.COPY: self.copy_details,
        }

    def attempt(self, wish: Callable[..., Any], *args: object, **options: object) -> Any:
        """Do what a person asked for; a refusal is said on the page and returns None."""
        try:
            return wish(*args, **options)
        except StudioError as error:
            self._page.banner.show_error(error.message, error.hint)
            return None

    def sample_now(self) -> None:
        """Let the run write a text at the next step."""
        if self.run is not None:
            self.attempt(self._session.sample_now, self.run)

    def save_now(self) -> None:
        """Let the run write a checkpoint at the next step."""
        if self.run is not None:
            self.attempt(self._session.save_now, self.run)

    def pause(self) -> None:
        """Wait at the next step."""
        if self.run is not None:
            self.attempt(self._session.pause_run, self.run)

    def proceed(self) -> None:
        """Go on after a pause."""
        if self.run is not None:
            self._page.banner.clear()
            self.attempt(self._session.proceed_run, self.run)

    def ask_to_stop(self) -> None:
        """Offer the three choices, or call off a run that only waits."""
        run = self.run
        if run is None or not run.living:
            return
        if run.state == "queued":
            self.attempt(self._session.stop_run, run)
            return
        dialog = StopChoice(run, self._page.look, self._page)
        dialog.exec()
        if dialog.choice != KEEP:
            self.attempt(self._session.stop_run, run, save=dialog.choice != DROP)
        dialog.deleteLater()

    def resume(self, step: int | None = None) -> bool:
        """Go on from a checkpoint, the newest one unless told otherwise; False when that was refused."""
        if self.run is None:
            return False
        self._page.banner.clear()
        return self.attempt(self._session.resume_run, self.run.name, step) is not None

    def chat(self) -> None:
        """Open the run's best checkpoint in Chat; one that trains is paused first, and talked to as it is."""
        if self.run is not None and self.run.state in ("running", "paused"):
            self.attempt(self._session.talk_to_run, self.run)
        elif self.run is not None:
            self._session.focus("chat", self.run)

    def watch_chart(self, plot: CurvePlot) -> None:
        """Tell where an exported chart lies, or why it could not be written."""
        plot.saved.connect(self._chart_saved)
        plot.save_failed.connect(self._page.banner.show_error)

    def _chart_saved(self, path: str) -> None:
        self._session.notices.post("good", tr("The chart is saved as {name}.", name=path))

    def copy_details(self) -> None:
        """Put the technical details of a failure on the clipboard."""
        if self.run is not None:
            ending = self.run.ending
            QApplication.clipboard().setText(f"{ending.message}\n{ending.hint}\n\n{ending.details}")
            self._session.notices.post("info", tr("The details are on the clipboard."))

    def lower_and_resume(self) -> None:
        """Stop without saving, go back to the last checkpoint and take shorter steps from there."""
        run = self.run
        if run is None or not run.checkpoints:
            return
        self._restart = (run, run.checkpoints[-1].step, lower_rate(run))
        run.changed.connect(self._resume_lower)
        self._page.banner.clear()
        self.attempt(self._session.stop_run, run, save=False)

    def _resume_lower(self, what: frozenset[str]) -> None:
        if self._restart is None or self._restart[0].state not in _ENDED:
            return
        run, step, rate = self._restart
        self._restart = None
        unfollow(run, self._resume_lower)
        if self.attempt(self._session.resume_run, run.name, step) is not None:
            self._session.set_learning_rate(run, rate)
            words = tr("Resuming from step {step} with a learning rate of {rate}.",
                       step=count(step), rate=small_number(rate))  # fmt: skip
            self._session.notices.post("info", words)

    def show_trouble(self) -> None:
        """Say what needs the person, once; take it away when it is over."""
        trouble = trouble_of(self.run)
        key = trouble.key if trouble is not None else ()
        if key == self._said:
            return
        self._said = key
        if trouble is None:
            self._page.banner.clear()
        else:
            self._page.banner.show_note(trouble.message, trouble.hint, self._buttons(trouble), trouble.level)

    def _buttons(self, trouble: Trouble) -> list[tuple[str, Callable[[], None]]]:
        return [(words, self._slots[name]) for name, words in trouble.actions]
