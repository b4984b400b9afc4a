"""Opens the window; without a display the same job is done headless, so that the command is never a dead end."""

import argparse

from studio.commands import Command, UsageError, say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which page is shown first."""
    parser.add_argument("--page", default="", metavar="NAME", help="the page to open first; else the one you left")


def run(options: argparse.Namespace) -> int:
    """Show the window until it is closed."""
    from studio.commands.doctor import display_kind, install_qt_libraries

    if display_kind() == "none":
        from studio.commands import headless

        say("There is no display here, so Atelier works without its window.")
        parser = argparse.ArgumentParser()
        headless.COMMAND.add_options(parser)
        return headless.COMMAND.run(parser.parse_args([]))
    if trouble := install_qt_libraries():
        raise trouble
    refuse_unknown(options.page)
    from studio import app

    return app.run(options.page)


def refuse_unknown(page: str) -> None:
    """A page that does not exist is wrong usage, rather than a window without one."""
    from difflib import get_close_matches

    from studio.panels import PANELS

    names = [entry.name for entry in PANELS]
    if page and page not in names:
        close = get_close_matches(page, names, n=1)
        hint = f"Did you mean “{close[0]}”?" if close else f"There are: {', '.join(names)}."
        raise UsageError(f"There is no page “{page}”.", hint)


COMMAND = Command("window", "opens the window (what happens without a command)", add_options, run)
