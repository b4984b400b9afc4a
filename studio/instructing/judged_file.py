"""What a judge said, kept beside the answers that it judged: one file for each set of answers, the newest judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from studio.core.errors import StudioError
from studio.hub.local_judge import Judged
from studio.instructing.judging_work import RowJudged
from studio.scores.judging import RUBRICS, Kind, Reading
from studio.store.answers import Answers
from studio.store.files import read_json, write_json

VERSION = 1


@dataclass(frozen=True)
class KeptJudgement:
    """Who judged, by which rubric's name, and what came of it."""

    judge: str
    rubric: str
    rows: tuple[RowJudged, ...]


def judged_path(answers: Answers) -> Path:
    """Where it lies; no name of answers ends like this."""
    return answers.path.with_suffix(".judged.json")


def write_judged(answers: Answers, judge: str, rubric: str, rows: Sequence[RowJudged]) -> None:
    """Keep a judgement in place of the former one; for a worker."""
    told = [
        {"row": one.row, "kind": one.judged.reading.kind, "score": one.judged.reading.score, "said": one.judged.said,
         "trouble": one.judged.trouble} for one in rows
    ]  # fmt: skip
    write_json(judged_path(answers), {"version": VERSION, "judge": judge, "rubric": rubric, "rows": told})


def read_judged(answers: Answers) -> KeptJudgement | None:
    """The judgement of these answers; None where there is none, or one that is damaged, newer or of other rows."""
    if not judged_path(answers).is_file():
        return None
    try:
        data = read_json(judged_path(answers))
        if data["version"] != VERSION or data["rubric"] not in [one.name for one in RUBRICS]:
            return None
        rows = tuple(_row(one) for one in data["rows"])
        known = {answer.row for answer in answers.answers}
        kept = KeptJudgement(str(data["judge"]), str(data["rubric"]), rows)
    except (StudioError, KeyError, TypeError, ValueError):
        return None
    return kept if rows and known.issuperset(one.row for one in rows) else None


def _row(data: Any) -> RowJudged:
    kind, score = data["kind"], data["score"]
    if kind not in get_args(Kind):
        raise ValueError(kind)
    reading = Reading(kind, None if score is None else float(score))
    return RowJudged(int(data["row"]), Judged(reading, str(data["said"]), str(data["trouble"])))
