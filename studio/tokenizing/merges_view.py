"""How byte pairs come about: merges learned from a sentence, or a tokenizer's own merges applied to it, one by one."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, TextEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.parts.wording import NOT_MEASURED, count
from studio.tokenizers import Tokenizer
from studio.tokenizing.merge_canvas import Frame, MergeCanvas
from studio.tokenizing.moments import Moment, PairRow, Story, learn_story, read_story
from studio.tokenizing.offered import mergers
from studio.tokenizing.step_player import StepPlayer
from studio.tokenizing.view import TokenizingView
from studio.views.record_table import Column, RecordTable
from studio.views.token_view import TokenView
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.scroll import Scroll

IDEA = (
    "Byte pairs are learned by counting. A text is a row of bytes; the two neighbours that stand together most often "
    "become one new token wherever they stand. Then it is counted again, until the vocabulary is as large as it "
    "should be: GPT-2 did that 50,000 times.\n\n"
    "Reading repeats the same merges in the same order. What was merged early is merged first, so a text is always "
    "cut the same way. Nothing is merged across the gaps: words are parted before.\n\n"
    "Ids below 256 are single bytes. GPT-2 numbers them in an order of its own."
)
CAT, SOME = "the cat in the hat", "This is some text"
LONGEST = 300  # characters of a sentence
_QUIET = 200  # milliseconds without a key before the replay is made anew
_SIDE, _NARROW_SIDE, _NARROW = 320, 240, 900
_ONE_LINE, _MUCH, _LOW = 48, 240, 520  # heights of the list of new tokens, and the view's below which it has one line


class MergesView(TokenizingView):
    """Above the sentence, in the middle its pieces, below the way through; at the right the pairs of that moment."""

    name = "merges"
    label = "Merges, step by step"
    idea = IDEA

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look)
        self._counts = TokenCounts.of(session)  # keeps the tokenizers that were made
        self._counts.changed.connect(self._counted)
        self.story: Story | None = None
        self._asked: object = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._stage(), 1)
        row.addWidget(self._side())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self.replay_now)

    def _stage(self) -> Card:
        card = Card(tr("Merges"), self.look)
        self.mode = Segmented([("learn", tr("Learn from it")), ("read", tr("Read it with"))], self.look, tr("Merges"))
        self.mode.changed.connect(self._mode_changed)
        self.which = ChoiceEdit([("gpt2", "GPT-2")], self.look)
        self.which.setAccessibleName(tr("Tokenizer whose merges are applied"))
        self.which.changed.connect(self.replay_now)
        card.header.addWidget(self.mode)
        card.header.addWidget(self.which)
        self.edit = TextEdit()
        self.edit.setMaxLength(LONGEST)
        self.edit.setText(CAT)
        self.edit.setAccessibleName(tr("Sentence"))
        self.edit.setPlaceholderText(tr("Type a sentence…"))
        self.edit.changed.connect(self._typed)
        self.heading, self.sentence = Label("", "large", wrap=True), Label("", "quiet", wrap=True)
        self.canvas = MergeCanvas(self.look)
        self.player = StepPlayer(self.look)
        self.player.moved.connect(self._go)
        self.canvas.step_wanted.connect(self.player.go)
        self.canvas.play_wanted.connect(self.player.toggle)
        scroll = Scroll()
        scroll.body.addWidget(self.canvas)
        scroll.body.addStretch(1)
        card.body.addLayout(self._sentence_line())
        card.body.addSpacing(8)
        for widget in (self.heading, self.sentence):
            card.body.addWidget(widget)
        card.body.addSpacing(8)
        self.made_words = Label(tr("New tokens so far"), "small")
        self.made = TokenView(self.look)
        self.made.set_show_ids(True)
        self.made.set_empty_text(tr("None yet: every piece is a byte."))
        self.made.setAccessibleName(tr("New tokens so far"))
        self.made.setMinimumHeight(_ONE_LINE)
        card.body.addWidget(scroll, 1)
        card.body.addWidget(self.made_words)
        card.body.addWidget(self.made, 1)
        card.body.addWidget(self.player)
        return card

    def _sentence_line(self) -> QHBoxLayout:
        self.cat = Button(CAT, self._show_cat, self.look, "link").set_small()
        self.some = Button(SOME, self._show_some, self.look, "link").set_small()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.edit, 1)
        for link in (self.cat, self.some):
            link.setToolTip(tr("An example of the course."))
            line.addWidget(link)
        return line

    def _side(self) -> QWidget:
        self.side = Card(tr("Pairs that stand here"), self.look)
        columns = [
            Column(tr("Pair"), lambda row: row.words, dot=lambda row: "accent" if row.chosen else "line", mono=True),
            Column(tr("Times"), lambda row: row.times, lambda row: count(row.times), "right", 64),
            Column(tr("Becomes"), lambda row: row.becomes, _becomes, "right", 80, spare=True,
                   role=lambda row: "text" if row.becomes is not None else "text_quiet"),
        ]  # fmt: skip
        self.pairs = RecordTable(columns, self.look, key=lambda row: (row.left.id, row.right.id))
        self.pairs.setAccessibleName(tr("Pairs that stand next to each other"))
        self.pairs.set_empty_text(tr("No two pieces stand next to each other."))
        self.why = Label("", "small", wrap=True)
        self.side.body.addWidget(self.pairs, 1)
        self.side.body.addWidget(self.why)
        return self.side

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sentence gets what the table can spare."""
        super().resizeEvent(event)
        self.side.setFixedWidth(_NARROW_SIDE if self.width() < _NARROW else _SIDE)
        self.made.setMaximumHeight(_ONE_LINE if self.height() < _LOW else _MUCH)

    # --- showing --------------------------------------------------------------------------------------------------

    @property
    def learns(self) -> bool:
        """Whether merges are learned from the sentence, rather than taken from a tokenizer."""
        return self.mode.value() == "learn"

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Own tokenizers come and go."""
        if not what or what & {"project", "tokenizers"}:
            self.which.set_choices(mergers(self.session.project))
            self.replay_now()

    def replay_now(self) -> None:
        """Make the replay of what stands there, on a worker; never twice the same."""
        self._timer.stop()
        self.which.setVisible(not self.learns)
        tokenizer = None if self.learns else self._tokenizer()
        if tokenizer is None and not self.learns:
            return
        asked = (self.edit.text(), id(tokenizer))
        if asked == self._asked:
            return
        self._asked = asked
        if tokenizer is None:
            job = self.session.jobs.start(learn_story, self.edit.text(), lane="tokenizer.merges")
        else:
            job = self.session.jobs.start(read_story, tokenizer, self.edit.text(), lane="tokenizer.merges")
        job.succeeded.connect(self._take)
        job.failed.connect(self._failed)

    def _tokenizer(self) -> Tokenizer | None:
        """The one that is chosen, once it is in memory."""
        name = str(self.which.value())
        counted = self._counts.want(None, name)
        failure = self._counts.failure(None, name)
        if failure is not None:
            self.refused.emit(failure)
        return counted.tokenizer if counted is not None else None

    def _counted(self) -> None:
        if self.isVisible() and not self.learns:
            self.replay_now()

    def _take(self, story: Story) -> None:
        self.story = story
        self.canvas.set_frames([moment.frame for moment in story.moments], tr("Type a sentence above."))
        self.player.set_steps(len(story.moments))
        self.why.setText(
            tr("The pair that stands there most often is merged next; of several, the one that comes first.")
            if story.learns
            else tr("The pair that was merged earliest in training is merged next, however often it stands here.")
        )
        self._show_moment(0)

    def _failed(self, error: StudioError) -> None:
        self._asked = None
        self.refused.emit(error)

    def _go(self, step: int) -> None:
        self.canvas.show_step(step)
        self._show_moment(step)

    def _show_moment(self, step: int) -> None:
        moments = self.story.moments if self.story is not None else ()
        moment = moments[step] if step < len(moments) else Moment(Frame(()), (), "", "")
        self.heading.setText(moment.heading)
        self.sentence.setText(moment.sentence)
        self.made.set_tokens(moment.made)
        self.made.verticalScrollBar().setValue(self.made.verticalScrollBar().maximum())
        self.pairs.set_rows(moment.pairs)
        self.pairs.scrollToTop()

    # --- what a person does ---------------------------------------------------------------------------------------

    def show_example(self, sentence: str, read_with: str = "") -> None:
        """One of the course's examples: learned from the sentence, or read with a tokenizer's merges."""
        self.mode.set_value("read" if read_with else "learn")
        if read_with:
            self.which.set_value(read_with)
        self.edit.setText(sentence)
        self.replay_now()

    def _show_cat(self) -> None:
        self.show_example(CAT)

    def _show_some(self) -> None:
        self.show_example(SOME, "gpt2")

    def _typed(self) -> None:
        self._timer.start()

    def _mode_changed(self, _value: str) -> None:
        self.replay_now()


def _becomes(row: PairRow) -> str:
    return count(row.becomes) if row.becomes is not None else NOT_MEASURED
