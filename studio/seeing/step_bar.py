"""The bar below a view that moves through a run's training: a slider over its steps, and the keys of a film."""

import math

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.parts.wording import count
from studio.seeing.step_slider import StepSlider
from studio.seeing.subjects import of_run
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

_ROOMY = 900  # pixels from which the number of snapshots has room


class StepBar(Card):
    """Every page has its own, and all show the one film of `session.looking`."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("", look, parent)
        self._session, self._looking, self._film = session, session.looking, session.looking.film
        self.setAccessibleName(tr("Through the training"))
        self.back = IconButton("chevron-left", tr("Earlier snapshot"), self._back, look)
        self.play = IconButton("play", tr("Play as a film"), self._play, look)
        self.ahead = IconButton("chevron-right", tr("Later snapshot"), self._ahead, look)
        self.where = Label("", "strong")
        self.kind = Label("", "small")
        self.slider = StepSlider(look)
        self.exact = Button("", self._go_exact, look, "link").set_small()
        self.hold = Button("", self._looking.hold, look, "link").set_small()
        self.probe = Button(tr("Look now"), self._probe, look, "link").set_small()
        self.probe.setToolTip(tr("Reads the text with the weights as they are in this moment of the training"))
        self.kept = ElidedLabel("", "small")
        row = QHBoxLayout()
        row.setSpacing(8)
        before: tuple[QWidget, ...] = (self.back, self.play, self.ahead, self.where, self.kind)
        after: tuple[QWidget, ...] = (self.hold, self.exact, self.probe, self.kept)
        for widget in before:
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        for widget in after:
            row.addWidget(widget)
        self.body.addLayout(row)
        if (frame := self.layout()) is not None:
            frame.setContentsMargins(12, 6, 16, 6)  # a bar, not a page
        self.slider.chosen.connect(self._chosen)
        self.slider.moved.connect(self._film.next)
        self.slider.played.connect(self._play)
        self._looking.changed.connect(self._news)
        look.changed.connect(self._measure)
        self.refresh()

    def refresh(self) -> None:
        """Show where the film stands."""
        film = self._film
        steps, place, exact = film.steps, self._place(), film.wanted is None
        self.slider.set_marks(steps, film.kept.checkpoints)
        self.slider.set_place(place, exact)
        self._measure()
        self.where.setText(tr("Step {step}", step=count(place)) if place is not None else "")
        self.kind.setText(self._kind_words())
        self.kind.set_role("danger" if film.trouble is not None else "small")
        self.kind.setToolTip(str(film.trouble) if film.trouble is not None else film.kept.prompt)
        self.back.setEnabled(bool(steps) and (exact or place != steps[0]))
        self.ahead.setEnabled(bool(steps) and (exact or place != steps[-1]))
        self.play.setEnabled(len(steps) > 1)
        self._show_play()
        nearest = self._nearest_checkpoint()
        self.exact.setText(tr("Exact at step {step}", step=count(nearest)) if nearest is not None else tr("Exact"))
        self.exact.setVisible(not exact)
        self._show_hold()
        run = self._looking.run
        self.probe.setVisible(run is not None and run.state in ("running", "paused"))
        self.kept.setText(self._kept_words())
        self.kept.setToolTip(self._share_words())

    def _news(self, what: frozenset[str]) -> None:
        if what & {"film", "snapshot", "subject", "scene"}:
            self.refresh()

    def _place(self) -> int | None:
        """The step of what is shown or wanted."""
        if self._film.wanted is not None:
            return self._film.wanted
        scene = self._looking.scene
        return int(scene.step) if scene is not None else None

    def _kind_words(self) -> str:
        film = self._film
        if film.trouble is not None:
            return tr("cannot be read")
        if film.wanted is None:
            return tr("exact") if self._looking.scene is not None else ""
        if film.step != film.wanted:
            return tr("reading…")
        return tr("≈ your text, 8 bit") if film.probing else tr("≈ snapshot, 8 bit")

    def _kept_words(self) -> str:
        steps = len(self._film.steps)
        words = tr("1 snapshot") if steps == 1 else tr("{count} snapshots", count=count(steps))
        return tr("{words} · live", words=words) if self._film.live else words

    def _share_words(self) -> str:
        share = self._film.share
        if math.isnan(share):
            return ""
        return tr("Looking inside took {share:.1f} % of the run's computing time.", share=100 * share)

    def _show_hold(self) -> None:
        """Keep this moment, or what is kept: then every other one is shown less it."""
        snapshot, held = self._looking.moments
        self.hold.setVisible(snapshot is not None)
        self.hold.setText(tr("− step {step}", step=count(held.step)) if held is not None else tr("Subtract this step"))
        self.hold.setToolTip(
            tr("Every moment is shown less this one; press to show them whole again") if held is not None
            else tr("Keep this moment and show every other one less it")
        )  # fmt: skip

    def _show_play(self) -> None:
        playing = self._film.playing
        words = tr("Pause") if playing else tr("Play as a film")
        if words != self.play.accessibleName():
            self.play.set_icon("pause" if playing else "play")
            self.play.setAccessibleName(words)
            self.play.setToolTip(words)

    def _nearest_checkpoint(self) -> int | None:
        place = self._place()
        if place is None or self._looking.run is None:
            return None
        return min(self._film.kept.checkpoints, key=lambda step: abs(step - place), default=None)

    # --- what a person does -------------------------------------------------------------------------------------

    def _chosen(self, step: int) -> None:
        self._film.pause()
        self._film.go(step)

    def _back(self) -> None:
        self._film.pause()
        self._film.next(-1)

    def _ahead(self) -> None:
        self._film.pause()
        self._film.next(1)

    def _play(self) -> None:
        if self._film.playing:
            self._film.pause()
        else:
            self._film.play()

    def _go_exact(self) -> None:
        """The checkpoint nearest to the moment that is shown, computed again to the last digit."""
        nearest, run = self._nearest_checkpoint(), self._looking.run
        subject = of_run(run, nearest) if run is not None and nearest is not None else None
        self._film.go(None)
        if subject is not None:
            self._looking.look_at(subject)

    def _probe(self) -> None:
        run = self._looking.run
        if run is not None:
            self._session.probe_now(run, self._looking.prompt)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the slider keeps its room."""
        super().resizeEvent(event)
        self.kept.setVisible(self.width() >= _ROOMY)

    def _measure(self) -> None:
        """Room for the longest words, so that the slider does not dance while the film plays."""
        step = count(10 ** len(str(self.slider.ends[1])) - 1).replace("9", "8")  # no digit is wider
        self.where.setMinimumWidth(self.where.fontMetrics().horizontalAdvance(tr("Step {step}", step=step)))
        longest = max((tr("≈ snapshot, 8 bit"), tr("≈ your text, 8 bit"), tr("reading…")), key=len)
        self.kind.setMinimumWidth(self.kind.fontMetrics().horizontalAdvance(longest))
