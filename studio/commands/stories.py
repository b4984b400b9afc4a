"""`main.py stories`: write the sample corpus anew, or another one from another seed."""

import argparse
import sys
from pathlib import Path

from studio.commands import DONE, Command, say


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where it goes, how long it is, and which one of the many."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="where to write; else to standard output")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number tells other stories")
    parser.add_argument("--characters", type=int, default=1_060_000, metavar="N", help="about how long it becomes")


def run(options: argparse.Namespace) -> int:
    """Tell stories until there are enough."""
    from studio.store.files import write_atomically
    from studio.store.stories import write_stories

    text = write_stories(options.seed, options.characters)
    if options.file:
        write_atomically(Path(options.file).expanduser(), text)
        say(f"{len(text):,} characters in {options.file}")
    else:
        sys.stdout.write(text)
    return DONE


COMMAND = Command("stories", "write a corpus of small stories, such as the sample that comes along", add_options, run)
