"""The rows of the table of runs: what each run is, how far it came and what it reached."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.run_model import RunModel
from studio.parts.wording import (
    NOT_MEASURED,
    column_width,
    count,
    disk_size,
    loss,
    moment,
    short_count,
    state_role,
    state_word,
    task_word,
)  # fmt: skip
from studio.views.record_table import Column

OVERLAY = "Overlay"


@dataclass(frozen=True)
class RunRow:
    """One run as the table shows it; two equal rows look the same."""

    name: str
    state: str
    step: int
    total_steps: int
    what: str
    best: float | None
    parameters: int
    when: float
    size: int
    ticked: bool = False


def row_of(run: RunModel, ticked: Collection[str] = ()) -> RunRow:
    """Read one row off a model and its record; a living run's model knows more than its file."""
    summary = run.record.summary
    best = run.best_validation_loss
    return RunRow(
        name=run.name,
        state=run.state,
        step=max(run.step, summary.step),
        total_steps=run.total_steps or summary.total_steps,
        what=what_text(run.config),
        best=best if best is not None else summary.best_validation_loss,
        parameters=run.started.parameters if run.started is not None else summary.parameters,
        when=summary.ended or summary.started or summary.created,
        size=summary.size,
        ticked=run.name in ticked,
    )


def rows_of(runs: Collection[RunModel], ticked: Collection[str] = ()) -> list[RunRow]:
    """Every run that can be read, newest first; one whose files are damaged is told apart, not left out."""
    rows: list[RunRow] = []
    for run in runs:
        try:
            rows.append(row_of(run, ticked))
        except (StudioError, OSError):
            rows.append(RunRow(run.name, "failed", 0, 0, tr("cannot be read"), None, 0, 0.0, 0))
    return rows[::-1]


def what_text(config: RunConfig) -> str:
    """A run in three words: pretrain · tinyshakespeare · 6 × 384."""
    return f"{task_word(config.objective)} · {config.data.source} · {config.model.n_layers} × {config.model.emb_dim}"


def _best(row: RunRow) -> float:
    return row.best if row.best is not None else float("inf")


def columns() -> list[Column]:
    """What the table of runs shows; the first column lays a run's curve over the others'."""

    def number(
        title: str, value: Callable[[RunRow], Any], text: Callable[[RunRow], str], least: int, spare: bool = False
    ) -> Column:
        return Column(title, value, text, "right", column_width(title, least), spare=spare)

    on, off = tr("Take its curve away"), tr("Lay its curve over the others")
    return [
        Column(tr(OVERLAY), lambda row: row.ticked, lambda row: tr("shown") if row.ticked else tr("add"),
               width=column_width(tr(OVERLAY), 72), link=True, tip=lambda row: on if row.ticked else off),
        Column(tr("Run"), lambda row: row.name, dot=lambda row: state_role(row.state)),
        Column(tr("What"), lambda row: row.what, role=lambda row: "text_quiet", tip=lambda row: row.what, spare=True),
        Column(tr("State"), lambda row: row.state, lambda row: state_word(row.state, row.step, row.total_steps),
               width=196),
        number(tr("Steps"), lambda row: row.step, lambda row: count(row.step), 64),
        number(tr("Validation"), _best, lambda row: loss(row.best), 80),
        number(tr("Parameters"), lambda row: row.parameters,
               lambda row: short_count(row.parameters) if row.parameters else NOT_MEASURED, 88, True),
        number(tr("Disk"), lambda row: row.size,
               lambda row: disk_size(row.size) if row.size else NOT_MEASURED, 72, True),
        number(tr("When"), lambda row: row.when, lambda row: moment(row.when), 112),
    ]  # fmt: skip
