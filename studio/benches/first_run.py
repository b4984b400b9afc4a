"""From nothing to a moving loss curve: clicks, and seconds, in a fresh process with a home of its own.

The real window on its first start, the real engine, the bundled stories: what a person does who has never seen Atelier.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

from studio.benches import Bench, Child, busy
from studio.core.errors import StudioError

SECONDS, CLICKS = 60.0, 4  # at most, from the painted window to a curve that moves
POINTS = 5  # of a curve that moves
LIMIT = 600.0  # seconds that anything may take


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a child measures."""
    parser.add_argument("--one", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """One row: the window is opened once, as on the first day."""
    if options.one:
        print(json.dumps(first_day()), flush=True)
        return []
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return [judged(Child("first_run", "day").answer())]


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The row of what a child found."""
    reached = found["clicks"] <= CLICKS and found["seconds"] <= SECONDS
    return {"state": "first run", **found, "reached": reached, "load": busy()}


def first_day() -> dict[str, Any]:
    """Press the one primary button of Home and wait until the curve of Pretrain has `POINTS` points."""
    from studio import app

    application = app.make_application(["atelier"])
    application.setQuitOnLastWindowClosed(False)
    studio = app.build(application)
    window, session = studio.window, studio.session

    def until(done: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not done():
            application.processEvents()
            time.sleep(0.005)
            if time.monotonic() > end:
                raise StudioError(f"The window waited {LIMIT / 60:.0f} minutes for something that did not come.")

    window.show()
    until(lambda: window.pages.name == "home")
    began, cpu = time.monotonic(), time.process_time()
    home: Any = window.pages.panels["home"]
    home.start.click()
    until(lambda: session.running is not None)
    model = session.running
    assert model is not None
    until(lambda: len(model.history["training_loss"]) >= POINTS or not model.living)
    found = {
        "clicks": 1,
        "seconds": time.monotonic() - began,
        "cpu_s": time.process_time() - cpu,
        "page": window.pages.name,
        "points": len(model.history["training_loss"]),
    }
    session.stop_run(model, save=False)
    until(lambda: session.running is None)
    window.way_out.leave()
    until(lambda: not window.isVisible())
    if not found["points"]:
        raise StudioError(f"The run ended: {model.ending.message} {model.ending.details}")
    return found


BENCH = Bench("first_run", "clicks and seconds from a first start to a moving loss curve", run, add_options)
