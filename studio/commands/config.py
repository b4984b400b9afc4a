"""`main.py config OBJECTIVE`: a complete default configuration as JSON, to edit and give to `run`."""

import argparse
import json

from studio.commands import DONE, Command


def add_options(parser: argparse.ArgumentParser) -> None:
    """The objective's name."""
    parser.add_argument("objective", metavar="OBJECTIVE", help="what a run optimizes, such as pretrain")


def run(options: argparse.Namespace) -> int:
    """Print every setting with its default value."""
    from studio.core.config import config_to_json
    from studio.core.shelf import OBJECTIVES

    config = OBJECTIVES.load(options.objective).default
    print(json.dumps(config_to_json(config), indent=2, ensure_ascii=False))
    return DONE


COMMAND = Command("config", "print a complete default configuration as JSON", add_options, run)
