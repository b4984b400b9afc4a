"""`main.py headless`: the first job without a window: a text, a model trained on it, what it writes, and pictures."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.commands import DONE, Command, say
from studio.commands.doctor import install_qt_libraries
from studio.commands.generate import find_checkpoint, write_text
from studio.commands.run import Progress, compute, open_or_create
from studio.core.shelf import COMMANDS, resolve

if TYPE_CHECKING:
    from studio.store.corpus import Text
    from studio.store.project import Project


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where, how long, and whether to draw."""
    parser.add_argument("--project", metavar="DIR", help="the project's folder; else Atelier's first project")
    parser.add_argument("--steps", type=int, metavar="N", help="train for fewer or more steps than the first run has")
    parser.add_argument("--pictures", metavar="DIR", help="where the pictures of every page go; else into the project")


def run(options: argparse.Namespace) -> int:
    """Train on the bundled stories, write a paragraph to standard output, draw every page."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from studio.core.channel import RunControl
    from studio.live.first_run import PROJECT, RUN, first_config
    from studio.store.places import places

    project = open_or_create(Path(options.project) if options.project else places().projects / PROJECT, True)
    say(f"The project is in {project.path}")
    text = bundled_text(project)
    if text.guessed:
        say(f"The encoding of “{text.name}”: {text.encoding}")
    config = first_config(text.name)
    if options.steps:
        warmup = min(config.training.warmup_steps, options.steps)
        config = config.with_part(training=replace(config.training, steps=options.steps, warmup_steps=warmup))
    record = project.new_run(config, RUN)
    code = compute(record, None, RunControl(), Progress(sys.stderr).show)
    record.withdraw()  # if it was refused before its first step
    if code == DONE:
        model = resolve("studio.engine.loaded:open_model")(find_checkpoint(str(record.folder), None))
        say("It writes:")
        write_text(model, config.sampling, RunControl())
        code = draw(Path(options.pictures) if options.pictures else project.path / "pictures")
    return code


def bundled_text(project: "Project") -> "Text":
    """The stories that come with Atelier, imported into the project if they are not there yet."""
    from studio.live.first_run import sample_path
    from studio.store.places import places

    path = sample_path(places().resources)
    for text in project.texts():
        if path.name in [Path(source).name for source in text.sources]:
            return text
    return project.add_text([path], path.stem)


def draw(folder: Path) -> int:
    """Pictures of every page, as the tour makes them; where Qt cannot draw, the sentence that says what it lacks."""
    if trouble := install_qt_libraries():
        say(f"The pictures were left out. {trouble.message}")
        say(trouble.hint)
        return DONE
    say(f"Drawing every page into {folder} …")
    tour: Command = COMMANDS.load("tour")
    parser = argparse.ArgumentParser(prog="main.py tour")
    tour.add_options(parser)
    return tour.run(parser.parse_args([str(folder)]))


COMMAND = Command("headless", "do the first job without a window", add_options, run)
