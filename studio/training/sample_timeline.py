"""What the model wrote along the way: one text at a time, and a slider over the steps at which it wrote."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.slider import Slider
from studio.core.events import SampleWritten
from studio.core.language import tr
from studio.parts.plain_text import PlainText, guarded
from studio.parts.wording import count
from studio.training.learning import gaps_of
from studio.training.sample_diff import Changes, changes
from studio.training.sample_moments import before_of, moments
from studio.widgets.button import Button, IconButton
from studio.widgets.label import Label
from studio.widgets.look import Look
from studio.widgets.page import Card

_QUESTION, _ASKED = 60, 280  # characters of a question in the list, and above its answer


class SampleTimeline(Card):
    """Follows the newest sample until a person goes back; the end of the slider follows again.

    Where a model answers several questions at a step, one of them is chosen and followed over the steps.
    """

    chosen = Signal(int)  # the step of the sample that is shown

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Samples"), look, parent)
        self._samples: Sequence[SampleWritten] = ()
        self._moments = moments(())
        self._follow = True
        self._gaps = self._asks = False
        self.place = self.question = 0
        self.back = IconButton("chevron-left", tr("Earlier sample"), self._go_back, look)
        self.ahead = IconButton("chevron-right", tr("Later sample"), self._go_ahead, look)
        self.where = Label("", "small")
        self.compare = IconButton("compare", tr("Mark what is new since the sample before"), self._show, look)
        self.compare.setCheckable(True)
        self.compare.setChecked(True)
        self.header.addWidget(self.where)
        self.header.addWidget(self.compare)
        self.header.addWidget(self.back)
        self.header.addWidget(self.ahead)
        self.slider = Slider(look, tr("Step of the sample"))
        self.slider.moved.connect(self._slid)
        self.questions = ChoiceEdit([], look)
        self.questions.setAccessibleName(tr("Question"))
        self.questions.changed.connect(self._question_chosen)
        self.asked = Label("", "quiet", wrap=True)
        self.text = PlainText(look, tr("Text the model wrote"))
        self.news = Label("", "small", wrap=True)
        self.rule = Label("", "small", wrap=True)
        self.empty = Label(tr("The model's first text appears here."), "quiet", wrap=True)
        self.latest = Button(tr("Show the newest"), self._show_newest, look, "link").set_small()
        self.body.addWidget(self.slider)
        self.body.addWidget(self.questions)
        self.body.addWidget(self.asked)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.text, 1)
        self.body.addWidget(self.news)
        self.body.addWidget(self.rule)
        self.body.addWidget(self.latest, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(0)
        self._show()

    def set_samples(self, samples: Sequence[SampleWritten]) -> None:
        """Show these, oldest first; a list that only grew keeps the place."""
        self._samples, self._moments = samples, moments(samples)
        last = max(0, len(self._moments) - 1)
        self.place = last if self._follow else min(self.place, last)
        self.slider.step = 1 / max(1, last)
        self._show()

    def forget(self) -> None:
        """Another run: follow its newest sample."""
        self._follow, self.question = True, 0
        self.set_samples(())

    def show_step(self, step: int) -> None:
        """Go to the newest sample at or before `step`."""
        places = [place for place, moment in enumerate(self._moments) if moment.step <= step]
        self.go_to(places[-1] if places else 0)

    def go_to(self, place: int) -> None:
        """Show what was written at a moment; the last one follows what comes."""
        self.place = max(0, min(place, len(self._moments) - 1))
        self._follow = self.place >= len(self._moments) - 1
        self._show()
        if self._moments:
            self.chosen.emit(self._moments[self.place].step)

    def set_gaps(self, gaps: bool) -> None:
        """Whether the samples are texts with filled gaps, rather than texts the model wrote."""
        self._gaps = gaps
        self.set_title(tr("Filled gaps") if gaps else tr("Samples"))
        self.text.setAccessibleName(tr("Text whose gaps the model filled") if gaps else tr("Text the model wrote"))
        self._show()

    def set_asks(self, asks: bool) -> None:
        """Whether the model answers questions, so that they stand above and only the answer is compared."""
        self._asks = asks
        if asks:
            self.set_title(tr("Sample answers"))
            self.text.setAccessibleName(tr("What the model answered"))
        self._show()

    def set_empty_text(self, text: str) -> None:
        """What stands here before the first sample."""
        self.empty.setText(text)

    def _slid(self, share: float) -> None:
        self.go_to(round(share * (len(self._moments) - 1)))

    def _question_chosen(self) -> None:
        self.question = int(self.questions.value())
        self._show()

    def _go_back(self) -> None:
        self.go_to(self.place - 1)

    def _go_ahead(self) -> None:
        self.go_to(self.place + 1)

    def _show_newest(self) -> None:
        self.go_to(len(self._moments) - 1)

    def _present(self) -> int:
        """The place of the sample that is shown among all of them."""
        moment = self._moments[self.place]
        return moment.first + min(self.question, len(moment.samples) - 1)

    def _show_questions(self) -> None:
        """The questions of this moment, and the whole of the chosen one."""
        asked = self._moments[self.place].samples if self._moments else ()
        self.questions.setVisible(len(asked) > 1)
        choices = [(number, f"{number + 1} · {_brief(one.prompt, _QUESTION)}") for number, one in enumerate(asked)]
        if [(self.questions.itemData(row), self.questions.itemText(row)) for row in range(self.questions.count())] != (
            choices
        ):
            self.questions.set_choices(choices)
        if asked:
            self.questions.set_value(min(self.question, len(asked) - 1))
        self.asked.setVisible(self._asks and bool(asked))
        if self._asks and asked:
            prompt = self._samples[self._present()].prompt
            self.asked.setText(_brief(prompt, _ASKED))
            self.asked.setToolTip(prompt if len(prompt) > _ASKED else "")

    def _show(self) -> None:
        place, some = self.place, bool(self._samples)
        self.slider.set_share(place / max(1, len(self._moments) - 1))
        self._show_questions()
        for shown in (self.text, self.rule, self.where):
            shown.setVisible(some)
        for mover in (self.slider, self.back, self.ahead):
            mover.setVisible(len(self._moments) > 1)
        self.empty.setVisible(not some)
        self.latest.setVisible(some and place < len(self._moments) - 1)
        self.back.setEnabled(place > 0)
        self.ahead.setEnabled(place < len(self._moments) - 1)
        if some:
            sample = self._samples[self._present()]
            self.where.setText(tr("step {step}", step=count(sample.step)))
            if self._gaps:
                self._show_gaps(sample)
                return
            self.text.set_text(self._shown(sample))
            self.rule.setText(rule_text(sample))
            self._compare(sample, before_of(self._samples, self._present()))
        else:
            self._compare(None, None)

    def _shown(self, sample: SampleWritten) -> str:
        """A text with its prompt; of an answer nothing else, since its question stands above."""
        return sample.text if self._asks else sample.prompt + sample.text

    def _show_gaps(self, sample: SampleWritten) -> None:
        """The guesses lie on a marked ground; how many are right stands below."""
        found = gaps_of(sample)
        self.text.set_text(found.text)
        self.text.mark(found.guesses)
        self.news.setText(found.score)
        self.news.setVisible(bool(found.score))
        self.compare.hide()
        self.rule.setText(gaps_rule(sample))

    def _compare(self, sample: SampleWritten | None, before: SampleWritten | None) -> None:
        """Mark the words that were not in the text before, where a person wants that and it says something."""
        self.compare.setVisible(before is not None)
        shown = sample is not None and before is not None and self.compare.isChecked()
        self.news.setVisible(shown)
        if not shown or before is None or sample is None:
            self.text.mark(())
            return
        found = changes(guarded(self._shown(before)), self.text.toPlainText())
        self.text.mark(() if found.unlike else found.stretches)
        self.news.setText(news_text(found, before.step))


def _brief(text: str, most: int) -> str:
    """A question on one line, or its beginning."""
    words = " ".join(text.split())
    return words if len(words) <= most else f"{words[:most].rstrip()}…"


def news_text(found: Changes, since: int) -> str:
    """How much of a text is new: 7 of 27 words are new since step 450."""
    if not found.changed:
        return tr("The same words as at step {step}.", step=count(since))
    if found.unlike:
        return tr("Almost nothing of it stood there at step {step}.", step=count(since))
    return tr(
        "{changed} of {words} words are new since step {step}.",
        changed=count(found.changed), words=count(found.words), step=count(since),
    )  # fmt: skip


def gaps_rule(sample: SampleWritten) -> str:
    """How the gaps were filled: the likeliest word in each · gaps by seed 7 · asked for."""
    parts = [tr("the likeliest word in each"), tr("gaps by seed {value}", value=sample.seed)]
    return " · ".join([*parts, *([tr("asked for")] if sample.asked else [])])


def rule_text(sample: SampleWritten) -> str:
    """How the tokens were chosen: temperature 0.8 · top-k 200 · seed 7 · asked for."""
    parts = [tr("temperature {value:g}", value=sample.temperature)]
    if sample.top_k:
        parts.append(tr("top-k {value}", value=sample.top_k))
    parts.append(tr("seed {value}", value=sample.seed))
    parts.append(tr("{count} tokens", count=count(sample.tokens)))
    if sample.asked:
        parts.append(tr("asked for"))
    return " · ".join(parts)
