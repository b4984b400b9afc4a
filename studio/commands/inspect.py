"""`main.py inspect MODEL PROMPT`: any view of the pages about the inside, as a picture or as its numbers."""

import argparse
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, Command, UsageError, say
from studio.commands.generate import find_checkpoint
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.live.looking import Subject
    from studio.live.session import Session
    from studio.seeing.view import SceneView
    from studio.shell.theme import ThemeKeeper
    from studio.widgets.look import Look

FORMS = ("png", "svg", "csv", "npz")
PAGES = ("attention", "embeddings", "lenses")  # their names also mean their first views
FIELDS = ("layer", "head", "row", "column", "neuron", "token")
LIMIT = 900.0  # seconds that one view may compute
QUIET = 0.3  # seconds without work after which a view has said all it has to say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, which text, which view, and where it goes."""
    parser.add_argument("model", metavar="MODEL", help="a model's folder or file, RUN, RUN@STEP, or NAME")
    parser.add_argument("prompt", metavar="PROMPT", help="the text to read")
    parser.add_argument("--view", required=True, metavar="NAME", help="attention, lens, embeddings, …; `list` says all")
    parser.add_argument("--out", metavar="FILE", type=Path, help="FILE.png, .svg, .csv or .npz; its ending decides")
    parser.add_argument("--replace", action="store_true", help="write over FILE if it is there")
    parser.add_argument("--project", metavar="DIR", help="where RUN is looked up; else in the project opened last")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="first token shown of a long text (0)")
    for name in FIELDS:
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"the {name} to point at, counted from 0")
    parser.add_argument("--compare", metavar="MODEL", help="another model, B, that is laid over MODEL, A")
    parser.add_argument(
        "--mode",
        choices=("A", "B", "difference"),
        default="difference",
        help="with --compare: which of the two is drawn (difference: A less B)",
    )
    parser.add_argument("--theme", choices=("dark", "light"), default="dark", help="colours of a picture (dark)")
    parser.add_argument("--size", default="1280x800", metavar="WxH", help="pixels of a picture (1280x800)")


def run(options: argparse.Namespace) -> int:
    """Read the text once, and write one file; its path is the result."""
    if options.view == "list":
        print("\n".join(view_names()))
        return DONE
    path, form = target_of(options)
    width, height = size_of(options.size)
    if options.start and not options.prompt:
        raise StudioError("--start counts the tokens of a text, and PROMPT is empty.", "Give a text, or no --start.")
    if options.view == "attention" and form == "npz" and not options.compare:
        data = attention_bytes(find_checkpoint(options.model, options.project), options)
    else:
        data = drawn(options, form, (width, height))
    refuse_existing(path, options.replace)
    write(path, data)
    print(path)
    return DONE


def target_of(options: argparse.Namespace) -> tuple[Path, str]:
    """The file and its form; what could not be written in the end is refused before anything is computed."""
    path = options.out
    form = path.suffix.lower().removeprefix(".") if path is not None else ""
    if path is None or form not in FORMS:
        raise UsageError("--out takes a file that ends in .png, .svg, .csv or .npz.")
    if not path.parent.is_dir():
        raise StudioError(f"There is no folder “{path.parent}”.", "Make it, or choose another one.")
    if path.is_dir():
        raise StudioError(f"“{path}” is a folder.", "Name a file in it.")
    refuse_existing(path, options.replace)
    return path, form


def refuse_existing(path: Path, replace: bool) -> None:
    """A file that is there stays as it is unless somebody says otherwise."""
    if path.exists() and not replace:
        raise StudioError(f"“{path}” exists already; nothing was written.", "Name another file, or add --replace.")


def size_of(text: str) -> tuple[int, int]:
    """`1280x800` as (1280, 800)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()) or not all(200 <= int(side) <= 8_000 for side in (width, height)):
        raise UsageError("--size takes width and height between 200 and 8000 pixels, such as 1280x800.")
    return int(width), int(height)


def write(path: Path, data: bytes) -> None:
    """There whole or not at all."""
    from studio.store.files import write_atomically

    write_atomically(path, data)


# --- attention as numbers: needs no screen ----------------------------------------------------------------------------


def attention_bytes(folder: Path, options: argparse.Namespace) -> bytes:
    """`attention` (layers, heads, time, time) in float32, `tokens` and `ids` (time,)."""
    import numpy as np

    from studio.core.shelf import resolve
    from studio.seeing.export import npz_bytes

    scene = resolve("studio.engine.scene:open_scene")(folder, options.prompt, options.start)
    pointed(scene, options)
    say_window(scene)
    return npz_bytes(
        {
            "attention": scene.capture.attention,
            "tokens": np.array(scene.tokens),
            "ids": np.array(scene.capture.ids, np.int32),
        }
    )


def say_window(scene: Any) -> None:
    """Beside the result: which part of a long text it is."""
    if words := scene.capture.window.sentence():
        say(words)


# --- every other view: drawn as in the window -------------------------------------------------------------------------


def views() -> dict[str, "type[SceneView]"]:
    """Every view by its name, in the order of the pages."""
    from studio.core.shelf import resolve

    found: dict[str, type[SceneView]] = {}
    for page in PAGES:
        own = resolve(f"studio.panels.{page}:{page.capitalize()}Panel").views
        found |= {page: own[0]} if own else {}
        found |= {view.name: view for view in own}
    return found


def view_names() -> list[str]:
    """What --view takes."""
    return list(dict.fromkeys(views()))


def view_named(name: str) -> "type[SceneView]":
    """One of them; an unknown one is refused with the nearest."""
    known = views()
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else f"Choose one of: {', '.join(known)}."
        raise StudioError(f"There is no view “{name}”.", hint)
    return known[name]


def drawn(options: argparse.Namespace, form: str, size: tuple[int, int]) -> bytes:
    """The view as the window would show it, as a picture or as the numbers behind it."""
    with stage(options.theme) as (session, look, themes):
        kind = view_named(options.view)
        if form == "svg" and not kind.vector:
            raise StudioError(f"The view “{options.view}” has no lines to draw.", "Write a .png instead.")
        read(session, find_checkpoint(options.model, options.project), options)
        view = kind(session, look)
        try:
            view.resize(*size)
            themes.dress(view)
            view.show()
            until(lambda: False, QUIET, session)
            if not view.why_nothing():
                view.start_measuring()
                until(lambda: False, QUIET, session)
            view.setFocus()  # or the picture would have a ring around the first control
            return content(session, view, form)
        finally:
            view.close()
            view.deleteLater()


@contextmanager
def stage(theme: str) -> "Iterator[tuple[Session, Look, ThemeKeeper]]":
    """A session and a look without a window or a project, and nothing of them left afterwards."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from studio.commands.doctor import install_qt_libraries

    if trouble := install_qt_libraries():
        raise trouble
    from PySide6.QtCore import QEvent, qInstallMessageHandler

    from studio import app
    from studio.live.session import Session
    from studio.shell.theme import ThemeKeeper
    from studio.store.places import places
    from studio.widgets.look import Look, load_fonts

    before = qInstallMessageHandler(hush)
    application = app.make_application(["atelier"])
    here = places()
    load_fonts(here.resources / "fonts")
    look = Look(here.resources, theme, reduce_motion=True)
    themes = ThemeKeeper(application, look, theme)
    session = Session(here)
    try:
        yield session, look, themes
    finally:
        session.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        look.deleteLater()
        qInstallMessageHandler(before)


def hush(_kind: object, _context: object, message: str) -> None:
    """Qt complains of what a screen that is not there cannot do; that is nothing for the person."""
    logging.getLogger("qt").debug(message)


def read(session: "Session", folder: Path, options: argparse.Namespace) -> None:
    """Look at the model on the text, and point where the options say."""
    looking = session.looking
    if options.prompt:
        looking.read(options.prompt, options.start)
    looking.look_at(subject_of(folder))
    until(lambda: not looking.busy, LIMIT, session)
    if options.compare and looking.trouble is None:
        looking.compare_with(subject_of(find_checkpoint(options.compare, options.project)))
        until(lambda: not looking.busy, LIMIT, session)
        looking.set_mode(options.mode)
    if looking.trouble is not None:
        raise looking.trouble
    if (scene := looking.scene) is None:
        raise StudioError(f"The model was not read within {LIMIT / 60:.0f} minutes.", "Try a smaller one.")
    session.selection.lock(**pointed(scene, options))
    say_window(scene)


def subject_of(folder: Path) -> "Subject":
    """A model, or the checkpoint of a run, whose snapshots and other checkpoints then belong to it."""
    from studio.live.looking import Subject

    step = folder.name.removeprefix("step-")
    if folder.parent.name == "checkpoints" and step.isdecimal():
        run = folder.parent.parent.name
        return Subject(folder, f"{run}@{int(step)}", run, int(step))
    return Subject(folder, folder.name)


def pointed(scene: Any, options: argparse.Namespace) -> dict[str, int]:
    """What the options point at; what the model or the text does not have is refused with what there is."""
    model = scene.config.model
    sizes = {"layer": scene.layers, "head": scene.heads, "row": scene.time, "column": scene.time,
             "neuron": model.feed_forward_dim, "token": model.vocab_size}  # fmt: skip
    chosen = {name: getattr(options, name) for name in FIELDS if getattr(options, name) is not None}
    for name, value in chosen.items():
        if not 0 <= value < sizes[name]:
            raise StudioError(f"There is no {name} {value}.", f"They go from 0 to {sizes[name] - 1:,}.")
    return chosen


def content(session: "Session", view: "SceneView", form: str) -> bytes:
    """The bytes of the file, once the view has computed what it shows."""
    from studio.seeing.export import PICTURES, data_of, numbers_of, picture_of

    if missing := view.why_nothing():
        raise StudioError(missing, "Choose another view or another model.")
    if session.looking.trouble is not None:
        raise session.looking.trouble
    return picture_of(view, form) if form in PICTURES else data_of(numbers_of(view), form)


def until(done: Callable[[], bool], limit: float, session: "Session") -> None:
    """Let events and jobs go on until `done`, or until there was no work for `limit` seconds."""
    from PySide6.QtCore import QCoreApplication

    begun = time.monotonic()
    end = begun + limit
    while not done() and time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.005)
        if session.jobs.jobs and time.monotonic() - begun < LIMIT:
            end = time.monotonic() + limit


COMMAND = Command("inspect", "write what a model does inside on a text, as a picture or as numbers", add_options, run)
