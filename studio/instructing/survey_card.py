"""All rows of a dataset at a glance: how many tokens are learned, how long the rows are, what is wrong with some."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.painted_tokens import NAMES
from studio.instructing.rows_seen import RowsSeen
from studio.live.jobs import Job
from studio.parts.finding_list import FindingList
from studio.parts.progress import Progress
from studio.parts.row_finding import RowFinding
from studio.parts.wording import count, short_count
from studio.views.share_bar import Share, ShareBar
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look

_SHOWN = ("trained", "ignored", "cut")
_WORST_FIRST = ("danger", "warning", "info")
_SERIES = (2, 7, 5)  # green, grey, red of the series


class SurveyCard(Card):
    """`rows_wanted` carries a finding, `data_wanted` leads to the Data page."""

    rows_wanted = Signal(object)
    data_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("All rows"), look, parent)
        self.progress = Progress(look, tr("Rows read"))
        self.waiting = Label("", "quiet", wrap=True)
        self.bar = ShareBar(look, short_count)
        self.bar.setAccessibleName(tr("Tokens of all rows"))
        self.lengths = Label("", "small", wrap=True)
        self.findings = FindingList(look, _way_out)
        self.findings.wanted.connect(self._way_out_wanted)
        for widget in (self.progress, self.waiting, self.findings, self.bar, self.lengths):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.show_rows(None, None, "")

    def follow(self, job: Job) -> None:
        """Tell how far the reading is."""
        self.progress.follow(job, tr("Reading all rows"))

    def show_rows(self, seen: RowsSeen | None, trouble: StudioError | None, waiting: str) -> None:
        """What was found, why nothing could be read, or what is waited for."""
        if trouble is not None:
            self.findings.set_findings([RowFinding("danger", trouble.message, trouble.hint, "data")])
        else:
            found = seen.findings if seen is not None else ()
            self.findings.set_findings(sorted(found, key=lambda one: _WORST_FIRST.index(one.level)))
        self.waiting.setText(waiting)
        self.waiting.setVisible(seen is None and trouble is None and bool(waiting))
        shown = seen is not None and trouble is None
        for widget in (self.bar, self.lengths):
            widget.setVisible(shown)
        self.set_note("")
        if seen is None or trouble is not None:
            return
        tokens = seen.survey.tokens
        self.set_note(tr("{count} rows", count=count(seen.survey.rows)))
        self.bar.set_shares([
            Share(tr(name), tokens[name], series) for name, series in zip(_SHOWN, _SERIES, strict=True)
            if name in NAMES and (tokens[name] or name != "cut")
        ])  # fmt: skip
        table = seen.lengths
        self.lengths.setText(
            tr("Rows have {median} tokens in the middle, 95 % at most {most}, the longest {longest}. The model reads "
               "{limit} at once.", median=count(table.quantile(0.5)), most=count(table.quantile(0.95)),
               longest=count(table.longest), limit=count(seen.source.rules.longest))
        )  # fmt: skip
        self.lengths.setVisible(len(table.values) > 0)

    def _way_out_wanted(self, finding: RowFinding) -> None:
        if finding.rows:
            self.rows_wanted.emit(finding)
        else:
            self.data_wanted.emit()


def _way_out(finding: RowFinding) -> str:
    if finding.rows:
        several = tr("Look at the {count} rows", count=count(len(finding.rows)))
        return tr("Look at the row") if len(finding.rows) == 1 else several
    return tr("Open on the Data page") if finding.action else ""
