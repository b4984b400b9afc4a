"""Opens the window; without a display the same job is done headless, so that the command is never a dead end."""

import argparse

from studio.commands import Command, say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which page is shown first."""
    parser.add_argument("--page", default="home", metavar="NAME", help="the page to open first, e.g. pretrain")


def run(options: argparse.Namespace) -> int:
    """Show the window until it is closed."""
    from studio.commands.doctor import display_kind

    if display_kind() == "none":
        from studio.commands import headless

        say("There is no display here, so Atelier works without its window.")
        parser = argparse.ArgumentParser()
        headless.COMMAND.add_options(parser)
        return headless.COMMAND.run(parser.parse_args([]))
    from studio import app

    return app.run(options.page)


COMMAND = Command("window", "opens the window (what happens without a command)", add_options, run, draws=True)
