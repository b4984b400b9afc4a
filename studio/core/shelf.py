"""A shelf is a package whose modules are its items: listing the folder lists the feature."""

import importlib
import keyword
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Any

from studio.core.errors import StudioError


@dataclass(frozen=True)
class Shelf:
    """The items of one package: each module holds exactly one constant of the given name."""

    package: str
    constant: str

    def names(self) -> tuple[str, ...]:
        """Module names in alphabetical order, found without importing any of them.

        A module whose name would be a word of Python ends in an underscore, which is no part of the item's name.
        """
        return _modules(self.package)

    def load(self, name: str) -> Any:
        """Import the module `name` and return its constant; an unknown name is a `StudioError`."""
        known = self.names()
        if name not in known:
            from difflib import get_close_matches

            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean “{close[0]}”?" if close else f"Choose one of: {', '.join(known)}."
            raise StudioError(f"There is no “{name}” in {self.package.rpartition('.')[2]}.", hint)
        module = f"{name}_" if keyword.iskeyword(name) else name
        return getattr(importlib.import_module(f"{self.package}.{module}"), self.constant)


@cache  # asked at every frame of a growing curve, and a folder stays as it is while the program runs
def _modules(package: str) -> tuple[str, ...]:
    path = importlib.import_module(package).__path__
    return tuple(sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(path)))


def resolve(target: str) -> Any:
    """Return what a name such as `studio.engine.train:train` points at, importing its module now."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


FORMATS = Shelf("studio.formats", "FORMAT")
TOKENIZERS = Shelf("studio.tokenizers", "TOKENIZER")
FAMILIES = Shelf("studio.families", "FAMILY")
OBJECTIVES = Shelf("studio.objectives", "OBJECTIVE")
COMMANDS = Shelf("studio.commands", "COMMAND")
BENCHES = Shelf("studio.benches", "BENCH")
EXCHANGES = Shelf("studio.exchange", "EXCHANGE")
PROMPTS = Shelf("studio.prompts", "PROMPT")
SAMPLES = Shelf("studio.samples", "SAMPLE")
