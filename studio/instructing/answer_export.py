"""Answers written to a file of one's own: the book's JSON, or a table with every figure."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from studio.instructing.answer_scores import Measured, Scored
from studio.store.answers import export_answers
from studio.store.disk import explained
from studio.store.files import replace

Judgements = Mapping[int, str]  # row -> what the judge gave it


def write_answers(found: Measured, judged: Judgements, path: Path) -> str:
    """Write all answers: .csv with their figures, else JSON as in the book's chapter 7. For a worker."""
    if path.suffix.lower() == ".csv":
        write_csv(path, found.rows, judged)
    else:
        with explained(f"“{path.name}”", path.parent):
            path.unlink(missing_ok=True)  # whoever chose the name was asked
        export_answers(found.answers, path)
    return path.name


def write_csv(path: Path, rows: Sequence[Scored], judged: Judgements) -> None:
    """Answers with their figures, in one rename at the end."""
    temporary = path.with_name(f".{path.name[:80]}.tmp")
    names = ["row", "instruction", "input", "output", "model_response", "skill", "exact", "f1", "rouge_l",
             "shared_run", "tokens", "seconds", "judge"]  # fmt: skip
    with explained(f"“{path.name}”", path.parent):
        try:
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file)
                lines.writerow(names)
                for row in rows:
                    one = row.answer
                    lines.writerow([
                        one.row, one.asked, one.given, one.wanted, one.answered, one.skill, int(row.exact),
                        f"{row.f1:.4f}", f"{row.rouge:.4f}", "" if row.shared is None else row.shared, one.tokens,
                        one.seconds, judged.get(one.row, ""),
                    ])  # fmt: skip
            replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
