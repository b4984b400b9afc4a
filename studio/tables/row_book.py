"""Rows by place, a page at a time: what is wanted is fetched by a job, what was seen is kept for a while."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.core.errors import StudioError
from studio.live.jobs import Job, Jobs
from studio.tables.row_words import ShownRow, shown_row

PAGE = 128  # rows
_LIGHT = 1_000_000  # bytes of a page, roughly
_KEPT = 48  # pages
_AT_ONCE = 3  # pages that one job fetches

Numbered = tuple[int, dict[str, Any]]  # number of a row in its dataset, and its values
Fetch = Callable[[int, int], Sequence[Numbered]]  # first place, count


class RowBook(QObject):
    """`row` answers at once with what is there; what is not is fetched, and `arrived` says when it is."""

    arrived = Signal(int, int)  # first place, count
    failed = Signal(object)  # StudioError

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.rows, self.page = 0, PAGE
        self._fetch: Fetch | None = None
        self._columns: tuple[str, ...] = ()
        self._numbers: Sequence[int] | None = None
        self._pages: dict[int, tuple[ShownRow, ...]] = {}
        self._wanted: dict[int, None] = {}  # pages, the newest wish last
        self._job: Job | None = None
        self._asked: tuple[int, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)  # one job for all that a paint asks for
        self._timer.timeout.connect(self._begin)

    def open(
        self, fetch: Fetch, columns: Sequence[str], rows: int, row_bytes: float = 0.0,
        numbers: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        """Other rows from now on; `row_bytes` is how large one is on average, for pages that are quick to fetch.

        `numbers` are those of the rows in their dataset where they are only some of them.
        """
        self.close()
        self._fetch, self._columns, self.rows, self._numbers = fetch, tuple(columns), rows, numbers
        self.page = max(8, min(PAGE, int(_LIGHT / row_bytes))) if row_bytes > 0 else PAGE

    def show(self, rows: Sequence[ShownRow]) -> None:
        """Exactly these, which are in memory already."""
        self.close()
        self._fetch, self.rows, self.page = None, len(rows), PAGE
        self._numbers = [row.number for row in rows]
        for first in range(0, len(rows), PAGE):
            self._pages[first // PAGE] = tuple(rows[first : first + PAGE])

    def close(self) -> None:
        """Forget everything."""
        self._fetch, self.rows, self._numbers, self._asked = None, 0, None, ()
        self._pages.clear()
        self._wanted.clear()
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
        self._job = None

    def number(self, place: int) -> int:
        """The number in its dataset of the row at a place."""
        return place if self._numbers is None else int(self._numbers[place])

    def row(self, place: int) -> ShownRow | None:
        """The row at a place; None while it is being fetched."""
        number, within = divmod(place, self.page)
        page = self._pages.get(number)
        if page is not None:
            return page[within] if within < len(page) else None
        if self._fetch is not None and 0 <= place < self.rows and number not in self._asked:
            self._wanted.pop(number, None)
            self._wanted[number] = None
            if self._job is None and not self._timer.isActive():
                self._timer.start()
        return None

    def _begin(self) -> None:
        if self._job is not None or self._fetch is None or not self._wanted:
            return
        newest = list(self._wanted)[-_AT_ONCE:]
        self._wanted.clear()  # what is still in sight is asked for again when this has arrived
        self._asked = tuple(newest)
        spans = [(number, number * self.page, min(self.page, self.rows - number * self.page)) for number in newest]
        self._job = self._jobs.start(load_pages, self._fetch, self._columns, spans)
        self._job.succeeded.connect(self._arrived)
        self._job.failed.connect(self._failed)
        self._job.ended.connect(self._ended)

    def _arrived(self, pages: dict[int, tuple[ShownRow, ...]]) -> None:
        if self.sender() is not self._job:
            return
        for number, rows in pages.items():
            self._pages.pop(number, None)
            self._pages[number] = rows
        while len(self._pages) > _KEPT:
            del self._pages[next(iter(self._pages))]

    def _failed(self, error: StudioError) -> None:
        if self.sender() is self._job:
            for number in self._asked:
                self._pages[number] = ()  # or it would be asked for again for ever
            self.failed.emit(error)

    def _ended(self) -> None:
        if self.sender() is not self._job:
            return
        self._job, asked, self._asked = None, self._asked, ()
        for number in asked:
            self.arrived.emit(number * self.page, self.page)
        self._begin()


def load_pages(
    fetch: Fetch, columns: Sequence[str], spans: Sequence[tuple[int, int, int]]
) -> dict[int, tuple[ShownRow, ...]]:
    """Pages (number, first place, count) made ready to be drawn; runs on a thread of its own."""
    return {
        number: tuple(shown_row(at, values, columns) for at, values in fetch(first, count))
        for number, first, count in spans
    }
