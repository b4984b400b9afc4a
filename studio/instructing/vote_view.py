"""Which answer do you like better? Two runs' answers side by side without their names, and who wins how often."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.instructing.answer_scores import question_of
from studio.instructing.votes import Cast, Duel
from studio.parts.plain_text import PlainText
from studio.parts.wording import column_width, count
from studio.scores.win_table import Record, Vote, Winner, win_table
from studio.views.record_table import Column, RecordTable
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

_KEYS: dict[int, Winner] = {Qt.Key.Key_1: "left", Qt.Key.Key_2: "right", Qt.Key.Key_0: "tie"}
_SEEN = 4  # rows of the win table without scrolling: the answers need the room more
_QUESTION = 58  # pixels: three lines
_TALL_FROM = 440  # pixels of the view from which the win table stands below; else it is told in a line
_EMPTY = (
    "Choose another run that has answered the same rows. Their answers then stand here side by side, in an order that "
    "nobody can foresee, and you say which one is better before you learn whose it was."
)


class VoteView(QWidget):
    """`voted` carries a `Cast`; the names are told once a vote is given. Keys: 1 left, 2 right, 0 neither."""

    voted = Signal(object)
    undone = Signal()
    other_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duels: list[Duel] = []
        self._votes: list[Cast] = []
        self._records: Sequence[Record] = ()
        self._dataset = ""
        self.place = 0
        self.other = ChoiceEdit([("", tr("choose a run"))], look)
        self.other.setAccessibleName(tr("Against"))
        self.where = Label("", "small")
        self.question = PlainText(look, tr("What was asked"))
        self.question.setFixedHeight(_QUESTION)
        self.texts = PlainText(look, tr("Answer A")), PlainText(look, tr("Answer B"))
        self.left = Button(tr("A is better"), self._vote_left, look).set_small()
        self.tie = Button(tr("Neither"), self._vote_tie, look).set_small()
        self.right = Button(tr("B is better"), self._vote_right, look).set_small()
        self.undo = Button(tr("Take the last vote back"), self.undone.emit, look, "link", "undo").set_small()
        self.told = Label("", "small")
        self.table = RecordTable(_columns(), look, key=lambda row: row.name)
        self.table.setAccessibleName(tr("Who wins how often"))
        self.table.set_empty_text(tr("No vote yet."))
        self.empty = Label(tr(_EMPTY), "quiet", wrap=True)
        self.hint = Label("", "small")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._lay_out()
        self.other.changed.connect(self._other_chosen)
        self.set_votes([])

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(Label(tr("Against"), "quiet"))
        head.addWidget(self.other)
        head.addWidget(self.where)
        head.addStretch(1)
        head.addWidget(self.told)
        self._arena = QWidget()
        arena = QVBoxLayout(self._arena)
        arena.setContentsMargins(0, 0, 0, 0)
        arena.addWidget(self.question)
        sides = QHBoxLayout()
        sides.setSpacing(16)
        both = ((tr("A"), self.texts[0], self.left), (tr("B"), self.texts[1], self.right))
        for title, text, button in both:
            side = QFrame()
            side.setProperty("kind", "card")
            inside = QVBoxLayout(side)
            inside.setContentsMargins(16, 12, 16, 12)
            inside.addWidget(Label(title, "strong"))
            inside.addWidget(text, 1)
            inside.addWidget(button)
            sides.addWidget(side, 1)
        arena.addLayout(sides, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.tie)
        buttons.addWidget(self.hint)
        buttons.addStretch(1)
        buttons.addWidget(self.undo)
        arena.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.empty)
        column.addWidget(self._arena, 3)
        column.addWidget(self.table)

    # --- what it is given -------------------------------------------------------------------------------------------

    def set_others(self, names: Sequence[str]) -> None:
        """Runs to vote against."""
        self.other.set_choices([("", tr("choose a run")), *((name, name) for name in names)])

    def set_duels(self, found: Sequence[Duel], dataset: str) -> None:
        """Pairs to vote on, in their order; those voted on before are passed over."""
        self._duels, self._dataset = list(found), dataset
        self.place = 0
        self._skip()
        self._show()

    def set_votes(self, votes: Sequence[Cast]) -> None:
        """All votes of the project so far."""
        self._votes = list(votes)
        self._records = win_table(one.vote for one in self._votes).records
        self.table.set_rows(self._records)
        head, row = self.table.horizontalHeader().height(), self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(head + row * min(len(self._records), _SEEN) + 2)
        self._fit()
        self.undo.setEnabled(bool(self._votes))
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the answers need the room of the table."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        tall = self.height() >= _TALL_FROM
        self.table.setVisible(tall and bool(self._records))
        wins = " · ".join(f"{record.name} {count(record.wins)}" for record in self._records)
        keys = tr("Keys: 1 for A, 2 for B, 0 for neither")
        self.hint.setText(keys if tall or not wins else tr("Won so far: {names}", names=wins))

    @property
    def duel(self) -> Duel | None:
        """The pair that is shown."""
        return self._duels[self.place] if self.place < len(self._duels) else None

    # --- voting -----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """1, 2 and 0 vote."""
        winner = _KEYS.get(event.key())
        if winner is None or self.duel is None:
            super().keyPressEvent(event)
        else:
            self.vote(winner)

    def vote(self, winner: Winner) -> None:
        """Vote on the pair that is shown, tell whose answers they were, and go on."""
        duel = self.duel
        if duel is None:
            return
        names = tr("A was {left}, B was {right}.", left=duel.left, right=duel.right)
        self.told.setText(names)
        self.place += 1
        given = Cast(Vote(duel.left, duel.right, winner), self._dataset, duel.one.answer.row)
        self._votes.append(given)
        self._skip()
        self.voted.emit(given)
        self._show()

    def _skip(self) -> None:
        done = {(frozenset((one.vote.left, one.vote.right)), one.dataset, one.row) for one in self._votes}
        while (duel := self.duel) is not None and (
            (frozenset((duel.left, duel.right)), self._dataset, duel.one.answer.row) in done
        ):
            self.place += 1

    def _show(self) -> None:
        duel = self.duel
        self._arena.setVisible(duel is not None)
        self.empty.setVisible(duel is None)
        words = tr("You have voted on every pair of these two runs.") if self._duels else tr(_EMPTY)
        if self._dataset and not self._duels:
            words = tr("These two runs have answered none of the same rows, or all of them alike.")
        self.empty.setText(words)
        left = len(self._duels) - self.place
        self.where.setText(tr("{count} pairs left", count=count(left)) if duel is not None else "")
        if duel is not None:
            self.question.set_text(question_of(duel.one.answer))
            for text, side in zip(self.texts, (duel.one, duel.other), strict=True):
                text.set_text(side.answer.answered or "–")

    def _vote_left(self) -> None:
        self.vote("left")

    def _vote_right(self) -> None:
        self.vote("right")

    def _vote_tie(self) -> None:
        self.vote("tie")

    def _other_chosen(self) -> None:
        self.told.setText("")
        self.other_wanted.emit(str(self.other.value()))


def _columns() -> list[Column]:
    wins, ties, losses, share = tr("Wins"), tr("Ties"), tr("Losses"), tr("Share")
    return [
        Column(tr("Run"), lambda row: row.name),
        Column(wins, lambda row: row.wins, align="right", width=column_width(wins, 72)),
        Column(ties, lambda row: row.ties, align="right", width=column_width(ties, 72)),
        Column(losses, lambda row: row.losses, align="right", width=column_width(losses, 72)),
        Column(share, lambda row: row.share, text=_share, align="right", width=column_width(share, 150),
               tip=lambda _row: tr("A tie counts as half a win; with its 95 % interval (Wilson).")),
    ]  # fmt: skip


def _share(row: Record) -> str:
    if row.share is None:
        return "–"
    return f"{100 * row.share:.0f} % · {100 * row.low:.0f}–{100 * row.high:.0f}"
