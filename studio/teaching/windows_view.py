"""How a run reads a text: windows that slide over it, the loader's very batches, packing against padding."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.controls.segmented import Segmented
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.session import Session
from studio.parts.source_view import SourceView
from studio.parts.wording import count
from studio.store.corpus import Text
from studio.teaching.window_bar import OWN, Numbers, WindowBar, numbers_of, with_numbers
from studio.teaching.window_numbers import Cut
from studio.teaching.window_pages import BatchPage, DocumentsPage
from studio.teaching.window_slide import WindowSlide
from studio.widgets.button import Button
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.windows import Batch, Documents, Stream
    from studio.parts.source_view import Source

OPEN = "studio.exercises.windows:open_stream"
PRESET = "studio.exercises.windows:preset"
BATCH = "studio.exercises.windows:first_batch"
DOCUMENTS = "studio.exercises.windows:documents"
TABS = (("slide", "Sliding window"), ("batch", "First batch"), ("documents", "Documents"))
PRESETS = (("numbers", "Numbers 0 to 1,000"), ("sentence", "A sentence of the book"))
_BOOK = (4, 4, 8)  # context, stride and batch of the book's examples
_QUIET = 150  # milliseconds without a key before the loader is asked


class WindowsView(SourceView):
    """For a text of the project, or for the book's two examples where there is none."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.stream: Stream | None = None
        self.batch: Batch | None = None
        self.documents: Documents | None = None
        self._shown_source = "numbers"
        self._opened: tuple[Any, ...] = ()
        self._asked: tuple[Any, ...] = ()  # what the loader was asked for
        self._edited = False  # whether the numbers are a person's, not the draft's
        self.bar = WindowBar(look)
        self.tabs = Segmented([(name, tr(words)) for name, words in TABS], look, tr("What is shown"))
        self.formula = ElidedLabel("", "small")
        self.slide, self.batch_page, self.documents_page = WindowSlide(look), BatchPage(look), DocumentsPage(look)
        self.stack = QStackedWidget()
        self.pages: dict[str, QWidget] = {
            "slide": self.slide, "batch": self.batch_page, "documents": self.documents_page,
        }  # fmt: skip
        for page in self.pages.values():
            self.stack.addWidget(page)
        self.trouble = Label("", "warning", wrap=True)
        self.make = Button(tr("Cut this text into tokens"), self._make, look).set_small()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_QUIET)
        self._timer.timeout.connect(self._ask)
        self._lay_out()
        self.bar.changed.connect(self._numbers_changed)
        self.bar.chosen.connect(self.show_source)
        self.bar.wanted.connect(self.use)
        self.tabs.changed.connect(self._show_tab)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.tabs)
        line.addWidget(self.formula, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.bar)
        column.addLayout(line)
        column.addWidget(self.trouble)
        column.addWidget(self.make)
        column.addWidget(self.stack, 1)
        self.trouble.hide()
        self.make.hide()

    # --- what is cut ----------------------------------------------------------------------------------------------

    @property
    def text(self) -> Text | None:
        """The project's text that can be shown."""
        return self.source if isinstance(self.source, Text) and self.session.project is not None else None

    def set_source(self, source: "Source | None") -> None:
        """A text is shown at once; without one there are the book's examples."""
        self.source = source
        self._shown_source = OWN if self.text is not None else PRESETS[0][0]
        self._edited = False
        self._opened = ()
        self.refresh()

    def show_source(self, name: str) -> None:
        """The text, or one of the book's examples with the book's numbers."""
        self._shown_source = name
        self._edited = False
        self._opened = ()
        self.refresh()

    def refresh(self, what: frozenset[str] = frozenset()) -> None:
        """Follow the draft, as long as nobody wrote other numbers here."""
        if what and not what & {"project", "texts", "draft"}:
            return
        own = self.text
        if own is None and self._shown_source == OWN:
            self._shown_source = PRESETS[0][0]
        choices = [(OWN, tr("This text"))] if own is not None else []
        self.bar.set_sources([*choices, *((name, tr(words)) for name, words in PRESETS)], self._shown_source)
        if not self._edited:
            self.bar.set_numbers(*self._usual())
        if self.isVisible():
            self._open()
        self._recut()

    def showEvent(self, event: QShowEvent) -> None:
        """Nothing is read before somebody looks."""
        super().showEvent(event)
        if not self.bar.source.count():
            self.refresh()
        self._open()
        self._recut()

    def _usual(self) -> Numbers:
        """The numbers that belong to what is shown: the draft's, or the book's."""
        return numbers_of(self.session.draft) if self._shown_source == OWN else _BOOK

    def _open(self, asked: bool = False) -> None:
        draft, text = self.session.draft, self.text
        wish: tuple[Any, ...] = (self._shown_source,)
        if self._shown_source == OWN and text is not None:
            wish = (OWN, text.sha256, text.name, draft.data.tokenizer, draft.data.validation_share, draft.start_from)
        if wish == self._opened and not asked:
            return
        self._opened = wish
        self._let_go()
        if text is not None and self._shown_source == OWN:
            title = tr("Cutting “{name}” into tokens", name=text.name) if asked else ""
            job = self.session.jobs.start(
                OPEN, self.session.project, text, draft, asked, lane="windows.stream", title=title
            )
        else:
            job = self.session.jobs.start(PRESET, self._shown_source, lane="windows.stream")
        self.slide.text.set_empty_text(tr("The text is being cut into tokens…"))
        self._hear(job, self._stream_came)

    def _let_go(self) -> None:
        for lane in ("windows.batch", "windows.documents"):
            self.session.jobs.cancel_lane(lane)
        self._timer.stop()
        self.batch_page.clear()
        self.stream = self.batch = self.documents = None
        self.make.hide()
        self.trouble.hide()
        self._recut()

    def _hear(self, job: Job, slot: Any) -> None:
        job.succeeded.connect(slot)
        job.failed.connect(self._failed)

    def _failed(self, error: StudioError) -> None:
        self.trouble.setText(str(error))
        self.trouble.show()
        self.slide.text.set_empty_text("")

    def _stream_came(self, stream: "Stream | None") -> None:
        self.stream = stream
        self.make.setVisible(stream is None)
        if stream is None:
            self.slide.text.set_empty_text(tr("This text is large; cutting it into tokens takes a while. A run does "
                                              "it too, and finds them here."))  # fmt: skip
        self._recut()
        self._ask()

    def _make(self) -> None:
        self._open(asked=True)

    # --- how it is cut --------------------------------------------------------------------------------------------

    @property
    def cut(self) -> Cut | None:
        """The windows as the numbers above say; None where they cannot be used."""
        numbers = self.bar.numbers()
        if numbers is None or self.stream is None:
            return None
        return Cut(len(self.stream.ids), *numbers)

    @property
    def config(self) -> RunConfig:
        """The draft with the numbers above in it."""
        return with_numbers(self.session.draft, self.bar.numbers() or self._usual())

    def _numbers_changed(self) -> None:
        self._edited = True
        self._recut()

    def _recut(self) -> None:
        cut = self.cut
        if self.stream is not None and self._asked != (self.bar.numbers(), *_drawn_by(self.session.draft)):
            self._ask_soon()
        self.slide.set_stream(self.stream, cut or Cut(0, 1, 1))
        self._show_formula(cut)
        own = self._shown_source == OWN
        differs = self.bar.numbers() not in (None, numbers_of(self.session.draft))
        why = "" if differs else tr("The next run reads like this already.")
        self.bar.use.setVisible(own)
        self.bar.set_usable(own and differs, why)
        self._show_documents()

    def _show_formula(self, cut: Cut | None) -> None:
        self.formula.setText(formula_words(cut, self.batch.counted if self.batch is not None else None))

    def _ask_soon(self) -> None:
        """A batch that was cut otherwise is no longer shown; a new one comes when the person rests."""
        self.session.jobs.cancel_lane("windows.batch")
        self.batch, self._asked = None, ()
        self.batch_page.clear()
        if self.isVisible():
            self._timer.start()

    def _ask(self) -> None:
        """The loader's batch, and the documents where they are looked at."""
        cut, stream = self.cut, self.stream
        self._timer.stop()
        self.batch, self._asked = None, (self.bar.numbers(), *_drawn_by(self.session.draft))
        self._show_formula(cut)
        self.trouble.hide()
        if stream is None or cut is None:
            return
        self._hear(self.session.jobs.start(BATCH, stream, self.config, lane="windows.batch"), self._batch_came)
        if self.tabs.value() == "documents":
            self._ask_documents()

    def _batch_came(self, batch: "Batch") -> None:
        self.batch = batch
        self._show_formula(self.cut)
        if self.stream is not None:
            self.batch_page.show_batch(self.stream, batch, self.session.draft.compute.seed)

    def _ask_documents(self) -> None:
        text, project = self.text, self.session.project
        own = self._shown_source == OWN and text is not None
        self.documents_page.setEnabled(own)
        if not own:
            self.documents_page.sentence.setText(tr("This example is one document; choose a text of your own."))
        elif self.documents is None:
            self.documents_page.sentence.setText(tr("Measuring the documents…"))
            job = self.session.jobs.start(DOCUMENTS, project, text, self.session.draft, lane="windows.documents")
            self._hear(job, self._documents_came)

    def _documents_came(self, documents: "Documents") -> None:
        self.documents = documents
        self._show_documents()

    def _show_documents(self) -> None:
        cut = self.cut
        if self.documents is not None and cut is not None and self.stream is not None:
            self.documents_page.show_documents(self.documents, cut.context, self.stream.end is not None)

    def _show_tab(self, name: str) -> None:
        self.stack.setCurrentWidget(self.pages[name])
        if name == "documents":
            self._ask_documents()

    # --- what a person does ---------------------------------------------------------------------------------------

    def use(self) -> None:
        """Write the numbers into the next run."""
        context, stride, _ = self.bar.numbers() or self._usual()
        config = self.config
        if stride == context:  # one window after the other, whatever the context becomes later
            config = config.with_part(data=replace(config.data, stride=0))
        self._edited = False
        self.session.set_draft(config)
        self._recut()


def _drawn_by(draft: RunConfig) -> tuple[int, str]:
    """What a batch follows from, beside the text and the numbers."""
    return draft.compute.seed, draft.objective


def formula_words(cut: Cut | None, counted: int | None) -> str:
    """The number of windows by its formula, and as it was counted by cutting the text."""
    if cut is None:
        return ""
    if not cut.windows:
        return tr("{have} tokens; one window takes {need}.", have=count(cut.tokens), need=count(cut.context + 1))
    words = tr("{windows} windows = ({tokens} − {context}) / {stride}, rounded up", windows=count(cut.windows),
               tokens=count(cut.tokens), context=count(cut.context), stride=count(cut.stride))  # fmt: skip
    return words if counted is None else f"{words} · {tr('counted {count}', count=count(counted))}"
