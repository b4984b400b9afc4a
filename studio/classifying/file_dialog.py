"""A table whose rows are to be classified: which column, where to, and how far it is."""

from pathlib import Path

from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit, PathEdit, TextEdit
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.parts.progress import Progress
from studio.widgets.banner import Banner
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

CLASSIFY_FILE = "studio.engine.classifier:classify_file"
_USUAL = ("text", "message", "sentence", "content", "review", "sms", "comment")


class FileDialog(QDialog):
    """Not modal; the job goes on in the jobs dock when it is closed."""

    def __init__(self, session: Session, folder: Path, title: str, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._folder = session, folder
        self.setWindowTitle(tr("Classify a file"))
        self.setAccessibleName(tr("Classify a file"))
        self.banner = Banner(look, self)
        self.source, self.column = PathEdit("file", look), ChoiceEdit([("", tr("choose a file first"))], look)
        self.target = TextEdit()
        self.progress = Progress(look, tr("Rows classified"))
        self.go = Button(tr("Choose a file first"), self._go, look, "primary")
        self.go.setEnabled(False)
        names = (tr("Table"), tr("Text column"), tr("Write to"))
        grid = QGridLayout()
        for row, (name, editor) in enumerate(zip(names, (self.source, self.column, self.target), strict=True)):
            grid.addWidget(Label(name, "quiet"), row, 0)
            grid.addWidget(editor, row, 1)
            editor.setAccessibleName(name)
        low = QHBoxLayout()
        low.addWidget(self.progress, 1)
        low.addStretch(1)
        low.addWidget(Button(tr("Close"), self.close, look))
        low.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        about = tr("“{name}” reads one column of every row. The same rows come out with a class and the probability of "
                   "each class behind them.", name=title)  # fmt: skip
        column.addWidget(Label(about, "quiet", wrap=True))
        column.addWidget(self.banner)
        column.addLayout(grid)
        column.addStretch(1)
        column.addLayout(low)
        self.resize(560, 280)
        self.source.changed.connect(self._source_chosen)
        self.column.changed.connect(self._ready)
        self.target.changed.connect(self._ready)

    def choose(self, path: Path) -> None:
        """Take this table."""
        self.source.set_value(str(path))
        self._source_chosen()

    def _source_chosen(self) -> None:
        path = Path(self.source.value()).expanduser()
        self.banner.clear()
        if path.is_file():
            job = self._session.jobs.start(columns_of, path, lane="classify.columns")
            job.succeeded.connect(self._take_columns)
            job.failed.connect(self._failed)
        else:
            self.column.set_choices([("", tr("choose a file first"))])
            self.column.set_value("")
        self._ready()

    def _take_columns(self, columns: tuple[str, ...]) -> None:
        self.column.set_choices([(name, name) for name in columns])
        usual = next((name for name in columns if name.casefold() in _USUAL), columns[-1] if columns else "")
        self.column.set_value(usual)
        path = Path(self.source.value()).expanduser()
        self.target.set_value(str(path.with_name(free_name(path.parent, f"{path.stem}-classified.csv"))))
        self._ready()

    def _ready(self) -> None:
        target = self.target.value().strip()
        ready = bool(self.column.value()) and bool(target) and self.progress.job is None
        name = Path(target).name
        self.go.setEnabled(ready)
        self.go.setText(tr("Write {name}", name=name) if ready else tr("Choose a file first"))

    def _go(self) -> None:
        self.banner.clear()
        source, target = Path(self.source.value()).expanduser(), Path(self.target.value()).expanduser()
        if target.exists():
            self.banner.show_error(tr("“{name}” is there already.", name=target.name), tr("Write to another name."))
            return
        title = tr("Classifying {name}", name=source.name)
        job = self._session.jobs.start(
            CLASSIFY_FILE, self._folder, source, str(self.column.value()), target, title=title
        )
        job.succeeded.connect(self._done)
        job.failed.connect(self._failed)
        self.progress.follow(job, title)
        self.progress.ended.connect(self._ready)
        self._ready()

    def _done(self, rows: int) -> None:
        self.banner.show_note(tr("{rows} rows were written to {path}.", rows=f"{rows:,}", path=self.target.value()),
                              level="good")  # fmt: skip

    def _failed(self, error: StudioError) -> None:
        self.banner.show_error(error.message, error.hint)


def free_name(folder: Path, name: str) -> str:
    """`name`, or one with a number before its suffix that is not in the folder yet."""
    stem, suffix, number, found = Path(name).stem, Path(name).suffix, 1, name
    while (folder / found).exists():
        number += 1
        found = f"{stem} {number}{suffix}"
    return found


def columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a table, in their order."""
    from studio.formats import open_table

    return tuple(open_table(path).facts.columns)
