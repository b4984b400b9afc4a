"""What a survey found, as lines and figures of the Contents view."""

from typing import TYPE_CHECKING

import numpy as np

from studio.core.language import tr
from studio.parts.wording import count, short_count
from studio.store.corpus import Text
from studio.tables.finding_rows import Line
from studio.views.bars import percent_text

if TYPE_CHECKING:
    from studio.live.surveys import Surveyed
    from studio.rows.survey import Finding, Survey
    from studio.rows.tally import Rows
    from studio.store.datasets import Dataset

MOST = 8  # classes that have a line of their own
_SPOKEN = 0.01  # the share from which a language has one
_REST = "rest "


def noun(source: "Text | Dataset") -> str:
    """What the rows of a source are."""
    if isinstance(source, Text):
        return tr("Documents") if source.separator.strip() else tr("Paragraphs")
    return tr("Rows")


def figures(found: "Surveyed", source: "Text | Dataset") -> list[tuple[str, str, str]]:
    """The four numbers that matter first, each with its name and a hint."""
    survey, lengths = found.survey, found.survey.lengths
    tokens = lengths.unit == "tokens"
    unit = tr("Tokens") if tokens else tr("Characters")
    mean = lengths.total / survey.rows if survey.rows else 0
    about = "" if found.whole else tr("Of the part that was read.")
    between = tr("What stands between them is not counted.") if isinstance(source, Text) else ""
    return [
        (_figure(survey.rows), noun(source), about),
        (_figure(lengths.total), unit, about or between),
        (f"{mean:,.1f}", tr("{unit} on average", unit=unit), about),
        (percent_text(_copies(survey)), tr("Copies"), tr("Exact and near-duplicates among the rows.")),
    ]


def _figure(number: int) -> str:
    return count(number) if number < 10_000_000 else short_count(number)


def _copies(survey: "Survey") -> float:
    return survey.find("exact").share + survey.find("near").share


def line_of(finding: "Finding") -> Line:
    """One finding as a line; problems have the colour of their weight."""
    return Line(finding.name, tr(finding.label), tr(finding.about), finding.count, finding.share,
                finding.role or "accent")  # fmt: skip


def row_lines(found: "Surveyed") -> list[Line]:
    """Empty rows, copies and leaks; a leak is not judged by a part."""
    findings = [*found.survey.group("rows"), *found.survey.group("duplicates")]
    return [line_of(finding) for finding in findings if finding.name != "leaks" or (found.whole and found.share > 0)]


def row_note(found: "Surveyed") -> str:
    """What the copies were searched in."""
    survey = found.survey
    if survey.compared < survey.rows:
        return tr("copies searched among the first {count}", count=count(survey.compared))
    if not found.whole:
        return tr("leaks are judged when all was read")
    return tr("{count} held back", count=count(survey.held_back)) if found.share > 0 else ""


def character_note(survey: "Survey") -> str:
    """How much of the text is odd."""
    share = survey.odd_characters / max(1, survey.characters)
    return tr("{share} of all characters", share=percent_text(share)) if survey.odd_characters else ""


def _languages(survey: "Survey") -> tuple[list["Finding"], list["Finding"], list["Finding"]]:
    """Languages with a line of their own, the others, and what could not be told."""
    told = [item for item in survey.group("languages") if item.name != "language "]
    large = [item for place, item in enumerate(told) if place == 0 or item.share >= _SPOKEN]
    unknown = [item for item in survey.group("languages") if item.name == "language "]
    return large, told[len(large) :], unknown


def language_lines(survey: "Survey") -> list[Line]:
    """The commonest languages, the others together, and what could not be told."""
    large, rest, unknown = _languages(survey)
    lines = [line_of(item) for item in large]
    if rest:
        names = ", ".join(f"{tr(item.label)} {count(item.count)}" for item in rest)
        amount, share = sum(item.count for item in rest), sum(item.share for item in rest)
        lines.append(Line(f"{_REST}languages", tr("{count} others", count=len(rest)), names, amount, share))
    tip = tr("Too short, or no language: numbers, code, marks.")
    return lines + [Line(item.name, tr(item.label), tip, item.count, item.share, "text_disabled") for item in unknown]


def language_note(survey: "Survey") -> str:
    """Of which rows the languages are."""
    read = survey.rows - survey.find("empty").count
    return tr("a sample of {count}", count=count(survey.sampled)) if survey.sampled < read else ""


def class_lines(survey: "Survey") -> list[Line]:
    """The largest classes and the others together."""
    if survey.balance is None:
        return []
    classes = survey.balance.classes
    tip = tr("Rows with this label.")
    lines = [
        Line(f"class {item.label}", item.label, tip, item.count, item.share, place)
        for place, item in enumerate(classes[:MOST])
    ]
    rest = classes[MOST:]
    if rest:
        amount, share = sum(item.count for item in rest), sum(item.share for item in rest)
        words = tr("{count} others", count=len(rest))
        lines.append(Line(f"{_REST}classes", words, tip, amount, share, "text_disabled"))
    return lines


def class_note(survey: "Survey") -> str:
    """What a classifier has to beat."""
    if survey.balance is None or not survey.balance.classes:
        return ""
    return tr("always “{label}” would be right for {share}", label=survey.balance.classes[0].label,
              share=percent_text(survey.balance.always_largest))  # fmt: skip


def title_of(name: str, label: str) -> str:
    """What stands over the rows behind a line; copies come with what they repeat."""
    if name.startswith("class "):
        return tr("Label “{label}”", label=label)
    return tr("{label}, with the rows that they repeat", label=label) if name in ("exact", "near", "leaks") else label


def rows_behind(survey: "Survey", name: str) -> list[int]:
    """The numbers of the rows behind a line."""
    rows: list[int] = _numbers(survey, name).tolist()
    return rows


def _numbers(survey: "Survey", name: str) -> "Rows":
    if name == f"{_REST}languages":
        return np.sort(np.concatenate([item.rows for item in _languages(survey)[1]]))
    if survey.balance is not None and name == f"{_REST}classes":
        return np.flatnonzero(survey.balance.of_row >= MOST)
    if survey.balance is not None and name.startswith("class "):
        return survey.balance.rows(name.removeprefix("class "))
    return survey.find(name).rows
