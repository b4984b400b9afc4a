"""`main.py tour DIR`: drive the real window through the real job and write pictures of every page."""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.commands import DONE, Command, next_command, say
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.app import Studio
    from studio.live.run_model import RunModel

PROJECT, RUN = "tour", "stories"
PROMPT = "Once upon a time"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the pictures go and how long the small run is."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="where the pictures are written")
    parser.add_argument("--steps", type=int, default=160, help="optimizer steps of the run (default: 160)")
    parser.add_argument("--text", type=Path, default=None, help="a text to learn from instead of the bundled stories")


def run(options: argparse.Namespace) -> int:
    """Make a home that is thrown away, open the window in it, walk, and write the pictures."""
    if options.steps < 20:
        raise StudioError("The tour pauses in the middle of its run; give it at least 20 steps.")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    before = os.environ.get("ATELIER_HOME")
    with tempfile.TemporaryDirectory(prefix="atelier-tour-", ignore_cleanup_errors=True) as home:
        os.environ["ATELIER_HOME"] = home
        try:
            pictures = Tour(options.folder, options.steps, options.text).walk()
        finally:
            os.environ.pop("ATELIER_HOME")
            if before is not None:
                os.environ["ATELIER_HOME"] = before
    for path in pictures:
        print(path)
    return DONE


class Tour:
    """One walk through the window; each stage waits for what a person would wait for."""

    def __init__(self, folder: Path, steps: int, text: Path | None = None) -> None:
        from studio import app
        from studio.shell.camera import Camera
        from studio.shell.guide import Guide

        self.steps, self.text = steps, text
        self.application = app.make_application(["atelier"])
        self.studio: Studio = app.build(self.application)
        self.session, self.window = self.studio.session, self.studio.window
        self.camera = Camera(self.window, folder)
        self.guide = Guide(self.window, self.camera, say)

    def walk(self) -> list[Path]:
        """The whole way; returns the pictures in the order they were taken."""
        from studio.shell.guide import SIZES
        from studio.shell.teaching_tour import teach

        self.window.resize(*SIZES[0])
        self.window.show()
        self.window.pages.setFocus()
        try:
            self._begin()
            self._prepare()
            self._bring_table()
            self._try_tokenizers()
            self._learn()
            model = self._train()
            self._look_back(model)
            self._talk(model)
            teach(self.guide, model)
            self._look_inside(model)
            self._show_all(model)
        finally:
            self._leave()
        return self.camera.pictures

    # --- the stages -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The first start: nothing there yet."""
        self.camera.until("PyTorch", lambda: self.session.torch_state != "loading")
        if self.session.torch_state == "failed":
            raise StudioError("PyTorch could not be loaded.", f"`{next_command('doctor')}` says more.")
        self.camera.until(
            "the measurement of this computer", lambda: bool(self.window.machine.facts or self.window.machine.error)
        )
        self.guide.shoot("home", "home-first")

    def _prepare(self) -> None:
        """A project, a text, a tokenizer and a model, each on its page."""
        from studio.live.first_run import first_config, sample_path

        self.session.create_project(self.session.places.projects / PROJECT, PROJECT)
        path = self.text or sample_path(self.session.places.resources)
        say(f"Importing {path.name}…")
        job = self.session.add_texts([path], path.stem)
        failures: list[StudioError] = []
        job.failed.connect(failures.append)
        self.camera.until("the text", lambda: job.state in ("done", "failed"))
        if failures:
            raise failures[0]
        self.window.pages.open("data")
        config = first_config(path.stem)
        self.window.pages.open("tokenizer")
        self.session.set_draft(replace(self.session.draft, data=config.data))
        self.window.pages.open("model")
        self.session.set_draft(replace(self.session.draft, model=config.model))
        every = max(5, self.steps // 12)
        training = replace(
            config.training, steps=self.steps, warmup_steps=min(config.training.warmup_steps, self.steps // 4),
            evaluate_every=every, sample_every=2 * every, save_every=3 * every,
        )  # fmt: skip
        self.session.set_draft(replace(self.session.draft, training=training, sampling=config.sampling))
        self.camera.settle()
        self.guide.shoot("pretrain", "pretrain-setup")

    def _bring_table(self) -> None:
        """A table on its way in, then as a dataset, and what the page shows of it and of a text."""
        from studio.shell.teaching_tour import TABLE, write_messages

        say("Looking at a table…")
        page = self.guide.page("data")
        path = write_messages(self.session.places.projects / f"{TABLE}.csv")
        page.add([path])
        self.camera.until("the first rows", lambda: page.arrival.ready)
        self.guide.shoot_small("data", "data-arriving")
        page.primary.click()
        self.camera.until("the dataset", lambda: not page.arriving)
        for view in ("rows", "contents", "clean"):
            page.work.stage.open_view(view)
            if view == "clean":
                for step in ("drop_duplicates", "redact"):
                    page.work.stage.view.editor.add(step)
            self.guide.shoot_small("data", f"data-{view}")
        page.focus_on(self.session.draft.data.text)
        for view in ("windows", "text"):
            page.work.stage.open_view(view)
            if view != "text":
                self.guide.shoot_small("data", f"data-{view}")

    def _try_tokenizers(self) -> None:
        """Learn a small vocabulary, and stop in the middle of a sentence that is joined merge by merge."""
        say("Learning a vocabulary…")
        page = self.guide.page("tokenizer")
        page.open_view("train")
        page.primary.click()
        self.camera.until("the vocabulary", lambda: page.view.learned is not None)
        page.open_view("merges")
        self.camera.until("the merges", lambda: page.view.story is not None)
        page.view.player.go(len(page.view.story.moments) // 2)

    def _learn(self) -> None:
        """Every lesson."""
        say("Opening the lessons…")
        page = self.guide.page("lessons")
        for number, name in enumerate(page.lessons, 1):
            page.open(name)
            self.guide.shoot_small("lessons", f"lessons-{number}-{name}")
        page.open(next(iter(page.lessons)))

    def _train(self) -> "RunModel":
        """Start with the page's own button, pause in the middle, go on, finish."""
        panel = self.guide.page("pretrain")
        model = self.guide.begin(panel)
        say(f"Training {model.name} for {self.steps:,} steps…")
        self.camera.until("the first steps", lambda: not model.living or model.step >= self.steps // 2)
        self.session.pause_run(model)
        self.camera.until("the pause", lambda: not model.living or model.state == "paused")
        self.guide.shoot("pretrain", "pretrain-paused")
        self.session.proceed_run(model)
        self.camera.until("going on", lambda: not model.living or model.step > self.steps // 2 + 2)
        self.guide.shoot_small("pretrain", "pretrain-running")
        self.guide.finished(model)
        return model

    def _look_back(self, model: "RunModel") -> None:
        """Runs, with the new one chosen."""
        self.session.focus("runs", model)
        self.camera.settle()

    def _talk(self, model: "RunModel") -> None:
        """Load the best checkpoint in Chat and let it write."""
        say("Writing…")
        self.session.focus("chat", model)
        panel = self.guide.page("chat").continuing
        self.camera.until("the model", lambda: self.session.loaded is not None)
        panel.prompt.set_text(PROMPT)
        self.camera.settle(1.0)
        panel.prompt.primary.click()
        self.camera.until("the first token", lambda: bool(panel.view.tokens))
        self.camera.until("the text", lambda: not panel.pen.writing)
        self.camera.settle(1.0)
        self.guide.shoot_small("chat", "chat-continue")

    def _look_inside(self, model: "RunModel") -> None:
        """The pages about the inside, with one head and one pair of tokens chosen."""
        say("Looking inside…")
        looking = self.session.looking
        for name in ("attention", "embeddings", "lenses"):
            self.session.focus(name, model)
            self.camera.until("the picture", lambda: not looking.busy and not self.session.jobs.jobs)
        if looking.scene is None:
            raise looking.trouble or StudioError("The model could not be looked into.")
        last = looking.scene.time - 1
        self.session.selection.lock(layer=looking.scene.layers - 1, head=0, row=last, column=last // 2)
        self.camera.settle()

    def _show_all(self, model: "RunModel") -> None:
        """Every page as it is after the job, then the palette, the docks and the doctor."""
        for name in self.window.rail.buttons:
            if name in ("pretrain", "runs"):
                self.session.focus(name, model)
            if name == "runs":
                self.guide.shoot_small(name, "runs-open")
                self.guide.page(name).back.click()
            self.guide.shoot(name, name)
            self.guide.shoot_views(name)
        settings = self.guide.page("settings")
        settings.focus_on("doctor")
        self.camera.until("the examination", lambda: not self.session.jobs.jobs)
        self.guide.shoot_small("settings", "settings-doctor")
        self.window.pages.open("pretrain")
        self.window.palette_view.open()
        self.guide.shoot_small("", "palette")
        self.window.palette_view.close_again()

    def _leave(self) -> None:
        """Close the window as a person would, without the question."""
        self.window.way_out.leave()
        end = time.monotonic() + 60
        while self.window.isVisible() and time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)


COMMAND = Command(
    "tour", "drive the real window through a small run and write pictures of every page", add_options, run, draws=True
)
