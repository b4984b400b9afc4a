"""`main.py config OBJECTIVE`: a complete default configuration as JSON, to edit and give to `run`."""

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from studio.commands import DONE, Command

if TYPE_CHECKING:
    from studio.core.config import RunConfig


def add_options(parser: argparse.ArgumentParser) -> None:
    """The objective's name, and whether an adapter is trained instead of the weights."""
    from studio.core.config import AdapterConfig
    from studio.core.knobs import knobs_of

    kinds = [name for name, _ in knobs_of(AdapterConfig)["kind"].choices]
    parser.add_argument("objective", metavar="OBJECTIVE", help="what a run optimizes, such as pretrain")
    parser.add_argument("--adapter", choices=kinds, help="train thin matrices beside frozen weights, or not")


def run(options: argparse.Namespace) -> int:
    """Print every setting with its default value."""
    from studio.core.config import config_to_json
    from studio.core.shelf import OBJECTIVES

    config: RunConfig = OBJECTIVES.load(options.objective).default
    if options.adapter:
        config = with_adapter(config, options.adapter)
    print(json.dumps(config_to_json(config), indent=2, ensure_ascii=False))
    return DONE


def with_adapter(config: "RunConfig", kind: str) -> "RunConfig":
    """The same with an adapter of this kind."""
    return config.with_part(adapter=dataclasses.replace(config.adapter, kind=kind))


COMMAND = Command("config", "print a complete default configuration as JSON", add_options, run)
