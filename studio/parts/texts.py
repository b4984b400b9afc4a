"""Parts of the Data page: what one text is, how it is split, and the way in for more."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from studio.controls.slider_row import Scale, SliderRow
from studio.core.config import DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.knobs import knobs_of
from studio.core.language import tr
from studio.core.schedule import windows_in
from studio.formats import AS_FOUND, TextChoices, suffixes
from studio.live.jobs import Job
from studio.live.session import Session
from studio.parts.opening import ensure_project
from studio.parts.wording import NOT_MEASURED, count, disk_size
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.project import Project
from studio.store.token_count import TokenCount
from studio.views.share_bar import Share, ShareBar
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.fact_rows import FactRow, FactRows
from studio.widgets.label import Label
from studio.widgets.look import Look

_SOURCES = 12  # paths a tooltip lists


class TextFacts(Card):
    """What is known about one text, and where it came from."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("This text"), look, parent)
        self.delete = Button(tr("Delete"), None, look, "quiet", "trash").set_small()
        self.header.addWidget(self.delete)
        self.rows = FactRows()
        self.encoding = Label("", "small", wrap=True)
        self.left_out = Label("", "warning", wrap=True)
        self.read_again = Button(tr("Read it differently…"), None, look, "link").set_small()
        self.source = Label("", "small", wrap=True)
        self.count_all = Button(tr("Count all of it"), None, look, "link").set_small()
        for widget in (self.rows, self.encoding, self.read_again, self.left_out, self.source):
            self.body.addWidget(widget)
        self.body.addWidget(self.count_all)

    def set_text(self, text: Text, tokenizer: str, counted: TokenCount | None, problem: str = "") -> None:
        """Show a text; `counted` is None while its tokens are being counted, `problem` says why they cannot be."""
        about = "" if counted is None or counted.exact else tr("about ")
        tokens = f"{about}{count(counted.tokens)}" if counted else (problem and NOT_MEASURED) or tr("counting…")
        ratio = f"{text.characters / counted.tokens:.2f}" if counted and counted.tokens else NOT_MEASURED
        kept = tr("{count}, between documents") if text.marked else tr("{count}, as text")
        marks = FactRow(END_OF_TEXT, kept.format(count=count(text.marks)),
                        tr("Choose how it is read to make it the mark between documents, or text."))  # fmt: skip
        self.rows.set_rows([
            FactRow(tr("Characters"), count(text.characters)),
            FactRow(tr("Lines"), count(text.lines)),
            FactRow(tr("Size"), disk_size(text.bytes), tr("As it lies in the project: UTF-8, {bytes} bytes.",
                                                          bytes=count(text.bytes))),
            FactRow(tr("Tokenizer"), tokenizer, tr("Another one can be chosen on the Tokenizer page.")),
            FactRow(tr("Tokens"), tokens, problem, "danger" if problem else ""),
            FactRow(tr("Characters per token"), ratio, tr("More of them mean shorter sequences for the model.")),
            *([marks] if text.marks else []),
        ])  # fmt: skip
        self.encoding.setText(text.encoding)
        self.encoding.set_role("warning" if text.guessed or text.replaced else "small")
        self.read_again.setVisible(bool(text.sources))
        self._show_left_out(text)
        first = text.sources[0] if text.sources else ""
        more = len(text.sources) - 1
        self.source.setText(tr("{path} and {count} more files", path=first, count=more) if more > 0 else first)
        self.source.setVisible(bool(first))
        self.source.setToolTip("\n".join(text.sources[:_SOURCES]) + ("\n…" if len(text.sources) > _SOURCES else ""))
        self.count_all.setVisible(counted is not None and not counted.exact)

    def _show_left_out(self, text: Text) -> None:
        """Which files are not in it: one is named, of more the first is, and the others are under the pointer."""
        count_out = len(text.left_out) + text.more_left_out
        words = text.left_out[0] if text.left_out else ""
        more = tr("And {count} more are left out.", count=count(count_out - 1)) if count_out > 1 else ""
        self.left_out.setText(" ".join(filter(None, (tr("Left out:") if words else "", words, more))))
        self.left_out.setToolTip("\n".join(text.left_out) if count_out > 1 else "")
        self.left_out.setVisible(bool(words))


class SplitCard(Card):
    """What is trained on and what is held back; `share_changed` while a person moves the slider."""

    share_changed = Signal(float)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(tr("Split"), look, parent)
        knob = knobs_of(DataConfig)["validation_share"]
        self.bar = ShareBar(look)
        self.bar.setAccessibleName(tr("What is trained on and what is held back"))
        self.slider = SliderRow(tr(knob.label), Scale(0.0, 0.5), look, tr(knob.help))
        self.slider.changed.connect(self.share_changed)
        self.rows = FactRows()
        self.warning = Label("", "warning", wrap=True)
        self.cut = Label("", "small", wrap=True)
        for widget in (self.bar, self.slider, self.rows, self.warning, self.cut):
            self.body.addWidget(widget)

    def set_split(self, text: Text, counted: TokenCount | None, draft: RunConfig) -> None:
        """Show how the draft cuts this text; in tokens where they are known, else in characters."""
        share = draft.data.validation_share
        self.slider.set_value(share)
        cut = int((1 - share) * text.characters)
        training, held_back = counted.split(share) if counted else (cut, text.characters - cut)
        self.set_note(tr("in tokens") if counted else tr("in characters"))
        self.bar.set_shares([Share(tr("Trained on"), training, 0), Share(tr("Held back"), held_back, 1)])
        self._show_windows(counted, draft, training, held_back)
        _, after = counted.around(share, 80) if counted and share > 0 else ("", "")
        words = " ".join(after.split())
        self.cut.setText(tr("Held back begins: “{words}…”", words=words))
        self.cut.setVisible(bool(words))

    def _show_windows(self, counted: TokenCount | None, draft: RunConfig, training: int, held_back: int) -> None:
        context, stride = draft.model.context_length, draft.data.stride
        both = [windows_in(side, context, stride) for side in (training, held_back)] if counted else []
        tip = tr("How many windows of the model's context fit: what one pass over the text is made of.")
        self.rows.set_rows([
            FactRow(tr("Windows of {context} tokens", context=count(context)),
                    count(both[0]) if both else NOT_MEASURED, tip),
            FactRow(tr("Windows held back"), count(both[1]) if both else NOT_MEASURED, tip),
        ])  # fmt: skip
        words = ""
        if both and not both[0]:
            words = tr("Too short to learn from: one window needs {count} tokens. "
                       "Take a longer text or a smaller context.", count=count(context + 1))  # fmt: skip
        elif both and draft.data.validation_share > 0 and not both[1]:
            words = tr("The part held back is shorter than one window, so nothing could be measured on it.")
        self.warning.setText(words)
        self.warning.setVisible(bool(words))


class TextIntake(QObject):
    """Brings files into the project, one import after the other, and tells how it goes."""

    progressed = Signal(str, object, object)  # name, bytes done, bytes in all; an empty name: nothing is read now
    selected = Signal(list)  # of Path, chosen in a dialog
    added = Signal(object)  # Text
    refused = Signal(object)  # StudioError

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self.paths: list[Path] = []  # that are read now, or were read last
        self._name = ""
        self._job: Job | None = None
        self._waiting: list[tuple[Project | None, list[Path], TextChoices]] = []

    def add(self, paths: Sequence[Path], choices: TextChoices = AS_FOUND) -> None:
        """Import these as one text, into a new project if none is open; what comes meanwhile waits for its turn."""
        if self._job is not None:
            self._waiting.append((self._session.project, list(paths), choices))
        else:
            self._begin(list(paths), choices)

    def _begin(self, paths: list[Path], choices: TextChoices) -> None:
        self.paths = paths
        try:
            ensure_project(self._session, tr("My project"))
            job = self._session.add_texts(self.paths, choices=choices)
        except StudioError as error:
            self.refused.emit(error)
            return
        name = paths[0].name
        self._name = tr("{name} and {count} more", name=name, count=len(paths) - 1) if len(paths) > 1 else name
        self._job = job
        self.progressed.emit(self._name, 0, 0)
        job.progressed.connect(self._progressed)
        job.succeeded.connect(self.added)
        job.failed.connect(self.refused)
        job.ended.connect(self._ended)

    def cancel(self) -> None:
        """Stop reading this one; nothing of it stays, and what waits comes next."""
        if self._job is not None:
            self._job.cancel()

    def ask_files(self) -> None:
        """Ask for files of texts and tables."""
        dialog = QFileDialog(self._window, tr("Add texts and tables"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([file_filter(), tr("All files (*)")])
        self._ask(dialog)

    def ask_folder(self) -> None:
        """Ask for a folder of texts, or of tables."""
        dialog = QFileDialog(self._window, tr("Add a folder of texts or tables"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog)

    def _ask(self, dialog: QFileDialog) -> None:
        dialog.filesSelected.connect(self._selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _selected(self, files: list[str]) -> None:
        self.selected.emit([Path(file) for file in files])

    def _progressed(self, done: object, total: object) -> None:
        self.progressed.emit(self._name, done, total)

    def _ended(self) -> None:
        self._job, self._name = None, ""
        self.progressed.emit("", 0, 0)
        strangers: dict[str, list[str]] = {}
        while self._waiting and self._job is None:
            project, paths, choices = self._waiting.pop(0)
            if _path(project) == _path(self._session.project):
                self._begin(paths, choices)
            else:  # nobody may write into a project that is closed
                name = project.name if project is not None else tr("My project")
                strangers.setdefault(name, []).append(paths[0].name)
        for name, files in strangers.items():
            self._session.notices.post("warning", _left_words(name, files))


def _path(project: Project | None) -> Path | None:
    return project.path if project is not None else None


def _left_words(project: str, files: Sequence[str]) -> str:
    """What was not imported, since it was meant for a project that is not open any more."""
    if len(files) == 1:
        return tr("“{file}” was not imported: it was meant for “{project}”, which is closed. Open it, then add it "
                  "again.", file=files[0], project=project)  # fmt: skip
    return tr("“{file}” and {count} more were not imported: they were meant for “{project}”, which is closed. Open "
              "it, then add them again.", file=files[0], count=count(len(files) - 1), project=project)  # fmt: skip


def file_filter() -> str:
    """What a dialog offers: every kind of text and table that is read, packed or not."""
    packed = ("", ".gz", ".zst")
    return tr("Texts and tables ({suffixes})", suffixes=" ".join(f"*{suffix}{more}" for suffix in suffixes()
                                                                 for more in packed))  # fmt: skip
