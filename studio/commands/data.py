"""`main.py data inspect PATH` and `data clean PATH`: what is in a file or a dataset, and a cleaner copy of it."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, Command, UsageError, say
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.formats import Table
    from studio.rows import Values
    from studio.rows.kinds import Reading
    from studio.rows.survey import Survey
    from studio.store.corpus import Text
    from studio.store.datasets import Dataset
    from studio.store.project import Project

_STEPS = (  # option, step, setting that its value fills ("" for none), its help
    ("--normalise", "normalise", "", "spell the same thing in the same way"),
    ("--drop-duplicates", "drop_duplicates", "", "keep the first of rows whose text is the same"),
    ("--drop-near-duplicates", "drop_duplicates", "threshold", "the same for texts that are nearly equal, 0.3 to 1"),
    ("--shortest", "drop_by_length", "minimum", "drop rows of fewer characters"),
    ("--longest", "drop_by_length", "maximum", "drop rows of more characters"),
    ("--redact", "redact", "", "put marks in the place of e-mail addresses, phone and card numbers, and keys"),
    ("--filter", "filter", "expression", 'keep rows such as: length(text) > 20 and label == "ham"'),
    ("--sample", "sample", "rows", "keep so many rows, drawn at random"),
)
_KINDS: dict[str, type] = {"threshold": float, "minimum": int, "maximum": int, "expression": str, "rows": int}
_NAMES = {"threshold": "SHARE", "minimum": "N", "maximum": "N", "expression": "EXPRESSION", "rows": "N"}


class _AddStep(argparse.Action):
    """Appends a step, so that the steps stand in the order of the options."""

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        name, setting = next((step, setting) for known, step, setting, _ in _STEPS if known == option)
        step = {"step": name}
        if setting:
            step[setting] = values
        if option == "--drop-near-duplicates":
            step["how"] = "near"
        if option == "--longest":
            step["minimum"] = 0  # type: ignore[assignment]
        namespace.chosen = [*(namespace.chosen or []), step]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Two commands in one, both about a file, a folder, or a dataset or text of a project."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="inspect|clean", help="look, or clean")
    inspect = actions.add_parser("inspect", help="format, encoding, roles, counts and warnings")
    inspect.add_argument("--json", action="store_true", help="as one JSON value")
    clean = actions.add_parser("clean", help="write a cleaner copy, or make the next version of a dataset")
    clean.add_argument("--steps", metavar="FILE", help='steps as JSON: [{"step": "normalise"}, …]; they come first')
    for option, _, setting, words in _STEPS:
        more = {"type": _KINDS[setting], "metavar": _NAMES[setting]} if setting else {"nargs": 0}
        clean.add_argument(option, action=_AddStep, dest="chosen", help=words, **more)
    clean.add_argument("--seed", type=int, default=123, metavar="N", help="draws the sample (123)")
    clean.add_argument("--out", metavar="FILE", help="where to write: .jsonl, .json, .csv, .tsv or .txt")
    for part in (inspect, clean):
        part.add_argument("path", metavar="PATH", help="a file, a folder, or NAME or NAME@2 in a project")
        part.add_argument("--project", metavar="DIR", help="where names are looked up; else the project opened last")
        part.add_argument("--encoding", default="", metavar="NAME", help="instead of the one that is found")
        part.add_argument("--replace", action="store_true", help="put � where a text cannot be read, and count it")
        part.add_argument("--delimiter", default="", metavar="MARK", help="between values, instead of the one found")
        part.add_argument("--header", choices=("yes", "no"), help="whether the first row names the columns")


def run(options: argparse.Namespace) -> int:
    """Look, or clean."""
    return _inspect(options) if options.action == "inspect" else _clean(options)


@dataclass
class _Found:
    """What PATH turned out to be."""

    facts: dict[str, Any]
    columns: tuple[str, ...]
    reading: "Reading"
    rows: "Iterator[Values]"
    why: tuple[str, ...]
    table: "Table | None" = None
    source: "Text | Dataset | None" = None
    project: "Project | None" = None

    @property
    def left_out(self) -> dict[str, int]:
        """Why rows were left out, and how many: known when all were read."""
        return dict(self.table.faults.by_reason) if self.table else dict(getattr(self.source, "faults", {}))

    @property
    def first_left_out(self) -> list[tuple[int, str]]:
        """Lines and reasons of the first ones."""
        return [(fault.line, fault.reason) for fault in self.table.faults.first[:10]] if self.table else []


def _inspect(options: argparse.Namespace) -> int:
    from studio.rows.kinds import kind_of, missing
    from studio.rows.survey import survey

    found = _find(options)
    seen = survey(found.rows, found.reading, None)
    report = {
        **found.facts,
        "columns": list(found.columns),
        "kind": found.reading.kind,
        "roles": dict(found.reading.roles),
        "missing roles": [role.label for role in missing(found.reading)],
        "rows": seen.rows,
        "characters": seen.characters,
        "left out": found.left_out,
        "first left out": found.first_left_out,
        "findings": {item.label: item.count for item in seen.findings if item.count and item.group != "languages"},
        "languages": {item.label: item.count for item in seen.group("languages") if item.count},
        "classes": {item.label: item.count for item in seen.balance.classes} if seen.balance else {},
        "why": [*found.why, f"{kind_of(found.reading).label}: {found.reading.why}"],
    }
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else _page(report, seen))
    return DONE


def _page(report: dict[str, Any], seen: "Survey") -> str:
    """The report for people."""
    roles = {column: role for role, column in report["roles"].items()}
    columns = [f"{column} ({roles[column]})" if column in roles else column for column in report["columns"]]
    lines = [(name, str(report[name])) for name in ("format", "encoding", "delimiter", "header") if report.get(name)]
    lines += [("bytes", f"{report['bytes']:,}"), ("kind", report["kind"]), ("columns", ", ".join(columns))]
    lines += [("missing", ", ".join(report["missing roles"]))] if report["missing roles"] else []
    lines += [("rows", f"{report['rows']:,}"), ("characters", f"{report['characters']:,}")]
    if seen.rows:
        middle, most = seen.lengths.quantile(0.5), seen.lengths.quantile(0.95)
        words = f"half of the rows up to {middle:,} {seen.lengths.unit}, 95 % up to {most:,}"
        lines.append(("lengths", f"{words}, the longest {seen.lengths.longest:,}"))
    lines += [("class", f"{label}: {count:,}") for label, count in list(report["classes"].items())[:20]]
    lines += [("found", f"{label}: {count:,}") for label, count in report["findings"].items()]
    languages = [f"{label} {count:,}" for label, count in list(report["languages"].items())[:8]]
    lines += [("languages", ", ".join(languages))] if languages else []
    lines += [("left out", f"{reason}: {count:,}") for reason, count in report["left out"].items()]
    lines += [("", f"line {line:,}: {reason}") for line, reason in report["first left out"]]
    lines += [("why", why) for why in report["why"]]
    return "\n".join(f"{name:<12}{words}" for name, words in lines)


def _clean(options: argparse.Namespace) -> int:
    from studio.rows.cleaning import Tally, clean
    from studio.store.dataset_texts import changed_words
    from studio.store.row_export import require_writable, write_rows

    steps = _steps(options)
    found = _find(options)
    if options.out is None:
        return _make(found, steps)
    out = Path(options.out).expanduser()
    require_writable(out)
    tallies: list[Tally] = []
    rows = clean(found.rows, steps, found.reading, tallies=tallies, columns=found.columns)
    count = write_rows(out, rows, found.columns, found.reading)
    say(changed_words(tallies))
    for reason, number in found.left_out.items():
        say(f"left out: {number:,}, {reason}")
    print(f"{out}: {count:,} row{'' if count == 1 else 's'}")
    return DONE


def _make(found: _Found, steps: list[Any]) -> int:
    """The next version in the project, or the cleaned text."""
    from studio.store.dataset_texts import cleaned

    if found.source is None or found.project is None:
        raise UsageError("There is no place for the cleaner copy.", "Give --out FILE.")
    lock = found.project.lock()
    try:
        made = cleaned(found.project, found.source, steps)
    finally:
        lock.release()
    print(getattr(made, "title", made.name))
    say(getattr(made, "changed", "") or " ".join(made.notes))
    return DONE


def _steps(options: argparse.Namespace) -> list[Any]:
    from studio.rows.steps import step_from_json
    from studio.store.files import read_json

    listed = read_json(Path(options.steps).expanduser()) if options.steps else []
    if not isinstance(listed, list):
        raise StudioError(f"“{options.steps}” is not a list of steps.", 'Write [{"step": "normalise"}, …] into it.')
    chosen = [{**step, "seed": options.seed} if step["step"] == "sample" else step for step in options.chosen or []]
    steps = [step_from_json(step) for step in [*listed, *chosen]]
    if not steps:
        raise UsageError(
            "No step was chosen.", f"Give --steps FILE or some of {', '.join(step[0] for step in _STEPS)}."
        )
    return steps


def _find(options: argparse.Namespace) -> _Found:
    """A path that is there, else a name in the project."""
    from studio.formats import is_table
    from studio.store.places import places
    from studio.store.preferences import load_preferences

    path = Path(options.path).expanduser()
    if path.exists():
        return _table(path, options) if is_table(path) else _plain(path, options)
    folder = options.project or load_preferences(places().preferences, say).last_project
    if not folder:
        raise StudioError(f"There is no file or folder {path}.", "Check the name; or say in which --project it is.")
    if options.replace or options.encoding:
        raise UsageError(
            f"“{options.path}” was read when it came into the project.",
            "--encoding and --replace are for files: give the file that it came from, or leave them out.",
        )
    return _kept(Path(folder).expanduser(), options.path)


def _table(path: Path, options: argparse.Namespace) -> _Found:
    from studio.formats import Choices, open_table
    from studio.rows.kinds import recognise

    if options.replace:
        raise UsageError(
            f"“{path.name}” is a table: rows of it that cannot be read are left out and counted.",
            "--replace is for texts. Leave it out, or name another --encoding.",
        )
    header = None if options.header is None else options.header == "yes"
    delimiter = options.delimiter.replace("\\t", "\t")
    table = open_table(path, Choices(encoding=options.encoding, delimiter=delimiter, header=header))
    facts = table.facts
    reading = recognise(facts.columns, [row.values for row in table.head()])
    said = {"path": str(path), "format": facts.format, "encoding": facts.encoding, "bytes": facts.bytes}
    if facts.delimiter:
        mark = {"\t": "tab", " ": "blank"}.get(facts.delimiter, facts.delimiter)
        said |= {"delimiter": mark, "header": "yes" if facts.header else "no"}
    return _Found(said, facts.columns, reading, (row.values for row in table.rows()), facts.why, table=table)


def _plain(path: Path, options: argparse.Namespace) -> _Found:
    """A text, whose rows are its paragraphs."""
    from studio.formats import TextChoices, format_for
    from studio.store.dataset_texts import PLAIN, documents_in

    reader = format_for(path)
    facts = reader.describe(path, None, TextChoices(options.encoding, options.replace))
    said = {"path": str(path), "format": reader.name, "encoding": facts.encoding, "bytes": facts.bytes}
    said |= {"replaced": facts.replaced} if facts.replaced else {}
    codec = options.encoding if options.encoding and path.is_dir() else facts.encoding  # that of a file knows its mark
    pieces = reader.read(path, codec, options.replace)
    rows = ({"text": paragraph} for paragraph in documents_in(pieces))
    return _Found(said, ("text",), PLAIN, rows, (facts.why, *facts.left_out, "Its paragraphs are the rows."))


def _kept(folder: Path, name: str) -> _Found:
    """A dataset or a text of a project."""
    from studio.store.dataset_texts import PLAIN, rows_of
    from studio.store.project import Project

    project = Project.open(folder)
    texts = {text.name: text for text in project.texts()}
    if name in texts and not any(name in (item.name, item.title) for item in project.datasets()):
        text = texts[name]
        said = {"path": str(text.folder), "format": "text", "encoding": "utf-8", "bytes": text.bytes}
        return _Found(said, ("text",), PLAIN, rows_of(text), (text.encoding,), source=text, project=project)
    dataset = project.dataset(name)
    said = {"path": str(dataset.folder), "format": "dataset", "encoding": "utf-8", "bytes": dataset.bytes}
    said |= {"version": dataset.version, "changed": dataset.changed}
    rows = dataset.stream()
    return _Found(said, dataset.columns, dataset.reading, rows, dataset.why, source=dataset, project=project)


COMMAND = Command("data", "show what is in a file or dataset, and make a cleaner copy", add_options, run)
