"""What runs inside the limited child: a chat template, judged part by part, then written out by sandboxed Jinja."""

import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from studio.core.errors import StudioError
from studio.gate.names import visible

TEXTS = "texts.json"
REFUSED = "The chat template of this model is not used"
HINT = "Choose one of Atelier's own templates instead."
SECONDS = 1.0  # of processor time for everything that is asked at once
MOST_CHARACTERS = 1_000_000  # of one conversation
_MOST_PARTS = 20_000
_NAMES = frozenset(("lipsum", "cycler", "joiner", "self", "range", "caller", "varargs", "kwargs"))
_METHODS = frozenset(("format", "format_map", "center", "ljust", "rjust", "zfill", "expandtabs", "translate"))
_FILTERS = frozenset((
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "int", "items", "join",
    "last", "length", "list", "lower", "map", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select",
    "selectattr", "sort", "string", "strip", "title", "tojson", "trim", "unique", "upper",
))  # fmt: skip
_PARTS = (
    nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends, nodes.Block, nodes.Pow,
    nodes.EnvironmentAttribute, nodes.ExtensionAttribute, nodes.InternalName, nodes.ImportedName,
)  # fmt: skip


def write_out(folder: Path, template: str, asked: Sequence[Mapping[str, Any]], marks: Mapping[str, str]) -> int:
    """Leave in `folder/TEXTS` what the template writes for each conversation, or why it refuses it; how many there are.

    `asked` are `messages` and whether somebody is `answering`; `marks` the words that begin and end a text.
    """
    try:
        _hurry()
        environment = _environment()
        tree = environment.parse(template)
        _judge(tree)
        compiled = environment.from_string(tree)
        written = [_written(compiled, one, marks) for one in asked]
    except _OverError as error:
        raise _refusal("it does not come to an end") from error
    except jinja2.TemplateSyntaxError as error:
        raise _refusal(f"line {error.lineno} of it cannot be read") from error
    except (RecursionError, MemoryError) as error:
        raise _refusal("it goes deeper, or needs more memory, than any template has to") from error
    except SyntaxError as error:  # of the Python that Jinja makes of it
        raise _refusal("it is nested too deep") from error
    (folder / TEXTS).write_text(json.dumps(written), "utf-8")
    return len(written)


class _OverError(BaseException):
    """The time is over; no `Exception`, as Jinja passes over those while it prepares a template."""


def _hurry() -> None:
    """End it in words once its time is over, where the system can count it; elsewhere the child itself is ended."""

    def over(number: int, frame: object) -> NoReturn:
        raise _OverError

    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, over)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)


def _written(compiled: jinja2.Template, asked: Mapping[str, Any], marks: Mapping[str, str]) -> dict[str, str]:
    """One conversation; what the template says against it, or stumbles over, is told."""
    told = {"messages": asked["messages"], "add_generation_prompt": asked["answering"], **marks}
    try:
        return {"text": "".join(_bounded(compiled.generate(told)))}
    except jinja2.exceptions.SecurityError as error:
        raise _refusal("it reaches for what is none of its business") from error
    except _SaidError as error:
        return {"error": f"it says “{visible(str(error), 200)}”"}
    except (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        return {"error": f"it stumbles over this conversation ({type(error).__name__})"}


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MOST_CHARACTERS:
            raise _refusal(f"it writes more than {MOST_CHARACTERS:,} characters")
        yield piece


class _SaidError(Exception):
    """What a template says by `raise_exception`, such as that it knows no system text."""


def _raise(words: object = "") -> NoReturn:
    raise _SaidError(str(words)[:1_000])


class _Generation(Extension):
    """`{% generation %}` marks answers in some templates; what stands in it is written as it is."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The body alone."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> ImmutableSandboxedEnvironment:
    """As `transformers` sets it up, without the time of day: equal conversations are written alike."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"], cache_size=0
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    return environment


def _tojson(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


# --- judging ----------------------------------------------------------------------------------------------------------


def _judge(tree: nodes.Template) -> None:
    """Only what templates need to put words between turns; everything else is refused by name."""
    for count, node in enumerate(tree.find_all(nodes.Node)):
        if count > _MOST_PARTS:
            raise _refusal(f"it consists of more than {_MOST_PARTS:,} parts")
        if isinstance(node, _PARTS):
            raise _refusal(f"it uses “{type(node).__name__.lower()}”, which no template needs")
        if isinstance(node, nodes.Name) and (node.name in _NAMES or node.name.startswith("_")):
            raise _refusal(f"it asks for “{visible(node.name, 40)}”, which no template needs")
        if isinstance(node, nodes.Getattr) and (node.attr.startswith("_") or node.attr in _METHODS):
            raise _refusal(f"it reaches for the attribute “{visible(node.attr, 40)}”")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise _refusal(f"it uses the filter “{visible(node.name, 40)}”, which is not let through")
        if isinstance(node, nodes.Const) and isinstance(node.value, str) and "__" in node.value:
            raise _refusal(f"it reaches for “{visible(node.value, 40)}”")
        if isinstance(node, nodes.Mul) and _is_text(node.left, node.right):
            raise _refusal("it repeats words by multiplying them")


def _is_text(*sides: nodes.Expr) -> bool:
    return any(isinstance(side, nodes.Const | nodes.TemplateData) and not _is_number(side) for side in sides)


def _is_number(side: nodes.Expr) -> bool:
    return isinstance(side, nodes.Const) and isinstance(side.value, int | float)


def _refusal(reason: str) -> StudioError:
    return StudioError(f"{REFUSED}: {reason}.", HINT)
