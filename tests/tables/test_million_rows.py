"""A dataset of a million rows on the disk: opened, jumped through and searched without holding the window."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from studio.rows.kinds import Reading
from studio.store.datasets import Dataset
from studio.tables.rows_view import RowsView

pytestmark = [pytest.mark.gui, pytest.mark.slow]
MILLION = 1_000_000


class Heart:
    """Beats every ten milliseconds; `longest` is the processor time of the window's thread between two beats."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.thread_time()
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now

    def stop(self) -> None:
        self._timer.stop()


def many(folder: Path) -> Dataset:
    """Written as the store writes it, without the time that it takes to check every value."""
    lines = [f'{{"text":"row {number} of a million","label":{number % 3}}}\n' for number in range(MILLION)]
    folder.mkdir()
    (folder / "rows.jsonl").write_text("".join(lines), "utf-8")
    ends = np.cumsum([len(line) for line in lines], dtype=np.uint64)
    np.concatenate([np.zeros(1, np.uint64), ends[:-1]]).astype("<u8").tofile(folder / "rows.index")
    reading = Reading("labelled", {"text": "text", "label": "label"})
    return Dataset("many", 1, folder, MILLION, ("text", "label"), reading, int(ends[-1]), "", (), "")


def test_the_window_lives_on_while_a_million_rows_are_looked_through(
    session: Any, look: Any, show: Any, tmp_path: Path, qtbot: Any
) -> None:
    dataset = many(tmp_path / "v1")
    view = RowsView(session, look)
    show(view)
    heart = Heart()
    view.set_source(dataset)
    view.go_to(900_000)
    qtbot.waitUntil(lambda: view.grid.book.row(900_000) is not None, timeout=10_000)
    assert view.grid.rows.index(900_000, 0).data() == "row 900000 of a million"
    bar = view.grid.verticalScrollBar()
    for _ in range(100):
        bar.setValue(bar.value() + 700)
        QApplication.processEvents()
    view.find_words("row 77777")
    qtbot.waitUntil(lambda: view.picks.isVisible() and not view.finder.searching, timeout=120_000)
    assert view.grid.rows.rowCount() == 11
    heart.stop()
    assert heart.longest < 0.1
