"""Let a judge read the answers: which one, by which question, and what came of it; or two runs compared by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, NumberEdit, TextEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub.local_judge import LocalJudge, local_judge
from studio.instructing.judging_work import Comparison, Judge, Judgement, first_verdicts
from studio.parts.progress import Progress
from studio.parts.wording import count
from studio.scores.judging import RUBRICS, Rubric
from studio.widgets.button import Button
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

SERVER = "server"
_FEW = 100  # rows that are judged unless a person wants more
_NAMES = 76  # pixels of the words before the editors
_ABOUT = (
    "A larger model reads question, wanted answer and answer, and gives a number. It is a guess with a taste of its "
    "own: a judge likes long answers and the one it reads first. Nothing leaves this computer."
)


@dataclass(frozen=True)
class Models:
    """Models of the project that can judge: (folder, words)."""

    names: tuple[tuple[str, str], ...] = ()


class JudgeView(QWidget):
    """What is wished leaves as a signal with everything that the work needs."""

    judge_wanted = Signal(object, object, int)  # Judge, Rubric, rows at most
    compare_wanted = Signal(object, str, int)  # Judge, the other run, rows at most
    models_wanted = Signal(object)  # LocalJudge

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.who = ChoiceEdit([(SERVER, tr("A server on this computer"))], look)
        self.who.setAccessibleName(tr("Judge"))
        self.kind = Segmented((("ollama", "Ollama"), ("openai", "OpenAI")), look, tr("Kind of server"))
        self.kind.set_value("ollama")
        self.address, self.model = TextEdit(), ChoiceEdit([("", tr("list them first"))], look)
        self.address.setText("localhost:11434")
        self.address.setAccessibleName(tr("Address of the judge"))
        self.token = TextEdit()
        self.token.setEchoMode(TextEdit.EchoMode.Password)
        self.token.setAccessibleName(tr("Token of the judge"))
        self.token.setPlaceholderText(tr("only if the server wants one"))
        self.model.setAccessibleName(tr("Model of the server"))
        self.list_models = Button(tr("List models"), self._list, look).set_small()
        self.problem = Label("", "danger", wrap=True)
        self.rubric = ChoiceEdit([(one.name, tr(one.label)) for one in RUBRICS], look)
        self.rubric.setAccessibleName(tr("Rubric"))
        self.rubric.set_value(RUBRICS[0].name)
        self.most = NumberEdit(look, True, tr("rows"))
        self.most.minimum, self.most.default = 1, _FEW
        self.most.set_value(_FEW)
        self.most.setAccessibleName(tr("Rows that are judged"))
        self.start = Button(tr("Judge the answers"), self._judge, look)
        self.other = ChoiceEdit([("", tr("no other run"))], look)
        self.other.setAccessibleName(tr("Compare with"))
        self.compare = Button(tr("Compare"), self._compare, look)
        self.progress = Progress(look, tr("Rows judged"))
        self.facts, self.unread = FactRows(), Label("", "warning", wrap=True)
        self.none_yet = Label(tr("No answer has been judged yet. Scores also stand in the table of answers."), "quiet",
                              wrap=True)  # fmt: skip
        self.pairs, self.pairs_note = FactRows(), Label("", "small", wrap=True)
        self._lay_out()
        self.who.changed.connect(self._show_server)
        self.kind.changed.connect(self._kind_chosen)
        self.address.changed.connect(self._judge_address)
        self.set_judgement(None)
        self.set_comparison(None)
        self._show_server()

    def _lay_out(self) -> None:
        settings, results = Scroll(), Scroll()
        self._server = QWidget()
        lines = QVBoxLayout(self._server)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(12)
        lines.addWidget(_line(tr("Kind"), self.kind))
        lines.addWidget(_line(tr("Address"), self.address, self.list_models))
        self._token_line = _line(tr("Token"), self.token)
        lines.addWidget(self._token_line)
        lines.addWidget(_line(tr("Model"), self.model))
        lines.addWidget(self.problem)
        for widget in (
            Label(tr(_ABOUT), "small", wrap=True), _line(tr("Judge"), self.who), self._server,
            _line(tr("Rubric"), self.rubric), _line(tr("At most"), self.most, self.start),
        ):  # fmt: skip
            settings.body.addWidget(widget)
        for widget in (
            Label(tr("Scores"), "strong"), self.progress, self.none_yet, self.facts, self.unread,
            Label(tr("Compared with another run"), "strong"), _line(tr("Run"), self.other, self.compare), self.pairs,
            self.pairs_note,
        ):  # fmt: skip
            results.body.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        for column in (settings, results):
            column.body.setSpacing(12)
            column.body.addStretch(1)
            row.addWidget(column, 1)

    # --- what it is given -------------------------------------------------------------------------------------------

    def set_choices(self, models: Models, others: Sequence[str]) -> None:
        """The project's models that can judge, and the runs to compare with."""
        self.who.set_choices([(SERVER, tr("A server on this computer")), *models.names])
        self.other.set_choices([("", tr("no other run")), *((name, name) for name in others)])
        self.compare.setEnabled(bool(others))
        self._show_server()

    def set_models(self, names: Sequence[str]) -> None:
        """What the server has."""
        self.model.set_choices([(name, name) for name in names] or [("", tr("it has none"))])
        if names and self.model.value() not in names:
            self.model.set_value(names[0])
        self.problem.setText("")
        self.problem.hide()

    def set_trouble(self, error: StudioError) -> None:
        """Why the judge said nothing."""
        self.problem.setText(f"{error.message} {error.hint}".strip())
        self.problem.show()

    def set_judgement(self, found: Judgement | None) -> None:
        """The mean score, and how many answers of the judge were no score."""
        self.facts.setVisible(found is not None)
        self.none_yet.setVisible(found is None)
        self.unread.setVisible(found is not None and bool(found.unread))
        if found is None:
            return
        mean = found.mean
        scale = tr("of {low} to {high}", low=found.rubric.low, high=found.rubric.high)
        value = f"{mean.value:.2f} {scale}" if mean is not None else tr("no score")
        rows = [
            FactRow(tr("Mean score"), value, role="strong"),
            FactRow(tr("95 % interval"), f"{mean.low:.2f}–{mean.high:.2f}" if mean is not None else "–",
                    tr("From drawing the rows again 1,000 times (bootstrap).")),
            FactRow(tr("Judged"), tr("{count} rows by {judge}", count=count(len(found.rows)), judge=found.judge)),
        ]  # fmt: skip
        self.facts.set_rows(rows)
        self.unread.setText(found.unread)

    def set_comparison(self, found: Comparison | None) -> None:
        """How often each run won, and how steady the judge was when the answers changed places."""
        for widget in (self.pairs, self.pairs_note):
            widget.setVisible(found is not None)
        if found is None:
            return
        wins = first_verdicts(found)
        self.pairs.set_rows([
            FactRow(tr("Better: {name}", name=found.first), count(wins[found.first])),
            FactRow(tr("Better: {name}", name=found.second), count(wins[found.second])),
            FactRow(tr("Neither, or not when swapped"), count(wins["tie"])),
        ])  # fmt: skip
        steady = found.steady
        share = "–" if steady.share is None else f"{100 * steady.share:.0f} %"
        self.pairs_note.setText(
            tr("Each pair was judged in both orders; the verdict held in {share} of {pairs}. It named the first place "
               "both times {first} times, the second {second} times. {unread} pairs got no verdict.", share=share,
               pairs=count(steady.pairs), first=count(steady.first), second=count(steady.second),
               unread=count(found.unread))
        )  # fmt: skip

    # --- what a person does -----------------------------------------------------------------------------------------

    def judge(self) -> Judge:
        """The chosen judge; a `StudioError` says what of it is missing."""
        who = str(self.who.value())
        if who != SERVER:
            return Judge(self.who.currentText(), folder=Path(who))
        server = self._typed()
        if not server.model:
            raise StudioError(tr("No model is chosen as the judge."), tr("List the models of the server first."))
        return Judge(server.model, server)

    def _typed(self) -> LocalJudge:
        kind = "openai" if self.kind.value() == "openai" else "ollama"
        token = self.token.text() if kind == "openai" else ""
        return local_judge(self.address.text(), str(self.model.value() or ""), kind, token=token)  # type: ignore[arg-type]

    def chosen_rubric(self) -> Rubric:
        """The rubric that is asked by."""
        return next(one for one in RUBRICS if one.name == self.rubric.value())

    def _show_server(self) -> None:
        self._server.setVisible(self.who.value() == SERVER)
        self._token_line.setVisible(self.kind.value() == "openai")
        self.problem.setVisible(bool(self.problem.text()))

    def _kind_chosen(self, kind: str) -> None:
        if kind == "openai" and self.address.text() == "localhost:11434":
            self.address.setText("localhost:8080")
        self._show_server()
        self._judge_address()

    def _judge_address(self) -> None:
        """Say at once what is wrong with an address."""
        try:
            self._typed()
        except StudioError as error:
            self.set_trouble(error)
        else:
            self.problem.setText("")
            self.problem.hide()

    def _list(self) -> None:
        try:
            self.models_wanted.emit(self._typed())
        except StudioError as error:
            self.set_trouble(error)

    def _judge(self) -> None:
        try:
            self.judge_wanted.emit(self.judge(), self.chosen_rubric(), int(self.most.value()))
        except StudioError as error:
            self.set_trouble(error)

    def _compare(self) -> None:
        other = str(self.other.value())
        try:
            if not other:
                raise StudioError(tr("Choose a run to compare with."))
            self.compare_wanted.emit(self.judge(), other, int(self.most.value()))
        except StudioError as error:
            self.set_trouble(error)


def _line(words: str, *editors: QWidget) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    label = Label(words, "quiet")
    label.setFixedWidth(_NAMES)
    line.addWidget(label)
    for editor in editors:
        line.addWidget(editor)
    line.addStretch(1)
    return row
