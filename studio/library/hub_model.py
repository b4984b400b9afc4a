"""One model of a hub before it is fetched: licence, files, size, whether it fits here; then its way in."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, Switch, TextEdit
from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.hub import Choice, Order, Seen
from studio.library.facts import fit_rows
from studio.library.fits import fits_of
from studio.library.hub_shape import shape_of
from studio.live.downloads import IMPORTING, Downloads
from studio.parts.wording import about, count, disk_size
from studio.widgets.button import Button, IconButton
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

Room = Callable[[], tuple[int, int, str]]  # free bytes, bytes in all, whose they are
_NO_LICENCE = "Its page names no licence; ask its owners before you use it."
_KEEP = "Otherwise they are deleted once the import has its own copy. Kept, they can go on a stick to another computer."


class HubModel(Card):
    """Shows a `Seen`; `wanted` carries (Order, name, keep the files)."""

    wanted = Signal(object, str, bool)
    again = Signal()  # look once more, as after its licence was accepted in a browser

    def __init__(self, room: Room, look: Look) -> None:
        super().__init__(tr("A model"), look)
        self._room = room
        self.seen: Seen | None = None
        self._shape: ModelConfig | None = None
        self.look_again = IconButton("refresh", tr("Look again"), self.again.emit, look)
        self.header.addWidget(self.look_again)
        self.trouble, self.hint = Label("", "warning", wrap=True), Label("", "quiet", wrap=True)
        self.rows, self.fits, self.caution = FactRows(), FactRows(), Label("", "warning", wrap=True)
        self.version = ChoiceEdit([], look)
        self.version.setAccessibleName(tr("Version"))
        self.version.setSizeAdjustPolicy(ChoiceEdit.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.version.changed.connect(self._show_choice)
        self.name = TextEdit()
        self.name.setAccessibleName(tr("What to call it here"))
        self.keep = Switch(look)
        self.keep.setAccessibleName(tr("Keep the files as they came"))
        self.keep.setToolTip(tr(_KEEP))
        self.button = Button("", self._want, look, "primary").set_small()
        self._order = self._order_form()
        self._fit_title = Label(tr("Will it fit here?"), "strong")
        for widget in (self.trouble, self.hint, self._order, self.caution, self.rows, self._fit_title, self.fits):
            self.body.addWidget(widget)
            if widget in (self._order, self.rows):
                self.body.addSpacing(8)

    def _order_form(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._version_label = Label(tr("Version"), "small")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Keep the files as they came"), "small"), 1)
        line.addWidget(self.keep)
        for widget in (self._version_label, self.version, Label(tr("Name"), "small"), self.name):
            column.addWidget(widget)
        column.addLayout(line)
        column.addWidget(self.button)
        return whole

    def set_seen(self, seen: Seen) -> None:
        """Show a model; its first version is proposed."""
        self.seen, self._shape = seen, None
        trouble = seen.trouble
        if trouble is None and seen.config is not None:
            try:
                self._shape = shape_of(seen.config)
            except StudioError as error:
                trouble = error
        self.set_title(seen.repository.repo)
        self.title.setToolTip(seen.repository.repo)
        self._say(trouble)
        self.version.set_choices([(place, choice.label) for place, choice in enumerate(seen.choices)])
        self.version.setCurrentIndex(0)
        for widget in (self.version, self._version_label):
            widget.setVisible(len(seen.choices) > 1)
        self.name.set_value(seen.repository.repo.rpartition("/")[2])
        self._show_choice()

    @property
    def choice(self) -> Choice | None:
        """The version that is chosen."""
        place = self.version.value()
        return self.seen.choices[place] if self.seen is not None and self.seen.choices and place is not None else None

    def set_free(self, free: bool) -> None:
        """Whether another download may begin."""
        choice = self.choice
        self.button.setEnabled(free and choice is not None and self._possible(choice))

    def _possible(self, choice: Choice) -> bool:
        """A GGUF file says itself what it is; everything else only `config.json` does."""
        return self._shape is not None or choice.opens.endswith(".gguf")

    def _show_choice(self) -> None:
        seen, choice = self.seen, self.choice
        if seen is None:
            return
        self._order.setVisible(choice is not None)
        self.caution.setText(choice.note if choice is not None else "")
        self.caution.setVisible(bool(self.caution.text()))
        self.rows.set_rows(self._facts(seen, choice))
        free, _, whose = self._room()
        rows = []
        if choice is not None and self._shape is not None:
            rows = fit_rows(fits_of(self._shape, free, whose))
        elif choice is not None:
            words = tr("{size} of weights, {free} free", size=disk_size(choice.bytes), free=disk_size(free))
            rows = [FactRow(tr("Memory"), words, "", "danger" if choice.bytes > free else "")]
        self.fits.set_rows(rows)
        self._fit_title.setVisible(bool(rows))
        if choice is not None:
            self.button.setText(tr("Download and import {size}", size=disk_size(choice.bytes)))
        self.set_free(True)

    def _facts(self, seen: Seen, choice: Choice | None) -> list[FactRow]:
        repository = seen.repository
        licence = FactRow(
            tr("Licence"), repository.licence or tr("not named"), repository.licence or tr(_NO_LICENCE),
            "" if repository.licence else "warning",
        )  # fmt: skip
        rows = [licence]
        if repository.gated:
            tip = tr("Only people who accepted its licence on the model's page may download it, with their token.")
            rows.append(FactRow(tr("Access"), tr("gated"), tip, "warning"))
        if choice is not None:
            names = "\n".join(f"{file.name}  {disk_size(file.bytes)}" for file in choice.files)
            words = tr("{count} of {all}", count=count(len(choice.files)), all=count(len(repository.files)))
            rows += [FactRow(tr("Files needed"), words, names), FactRow(tr("To download"), disk_size(choice.bytes))]
        rows.append(FactRow(tr("Commit"), repository.commit[:12], repository.commit))
        return rows

    def _want(self) -> None:
        if self.seen is not None and self.choice is not None:
            name = self.name.text().strip() or self.seen.repository.repo.rpartition("/")[2]
            self.wanted.emit(Order(self.seen.repository, self.choice), name, self.keep.value())

    def _say(self, error: StudioError | None) -> None:
        for label, words in ((self.trouble, error.message if error else ""), (self.hint, error.hint if error else "")):
            label.setText(words)
            label.setVisible(bool(words))


class Way(Card):
    """How far the download is: what has come, how fast, how long it will take, and a stop that keeps what came."""

    def __init__(self, downloads: Downloads, look: Look) -> None:
        super().__init__()
        self._downloads = downloads
        self.words, self.figures = ElidedLabel("", "strong"), ElidedLabel("", "small")
        self.stop = Button(tr("Stop"), downloads.stop, look).set_small()
        self.stop.setToolTip(tr("What has arrived is kept; the next try goes on there."))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the download"))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.words)
        words.addWidget(self.figures)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addLayout(words, 1)
        line.addWidget(self.stop)
        self.body.addLayout(line)
        self.body.addWidget(self.bar)
        downloads.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is on its way; hidden while nothing is."""
        job, order = self._downloads.job, self._downloads.order
        self.setVisible(job is not None)
        if job is None or order is None:
            return
        importing, repo = self._downloads.stage == IMPORTING, order.repository.repo
        self.words.setText(tr("Importing {repo}", repo=repo) if importing else tr("Downloading {repo}", repo=repo))
        self.figures.setText(tr("Checked and complete.") if importing else self._figures(job.done, job.total))
        self.bar.setRange(0, 1_000 if job.total else 0)
        self.bar.setValue(int(1_000 * job.done / job.total) if job.total else 0)

    def _figures(self, done: int, total: int) -> str:
        if not total:
            return tr("Asking the hub…")
        words = tr("{done} of {total}", done=disk_size(done), total=disk_size(total))
        speed = self._downloads.speed
        if speed <= 0:
            return words
        return tr("{words} · {speed}/s · {time} left", words=words, speed=disk_size(speed),
                  time=about((total - done) / speed))  # fmt: skip
