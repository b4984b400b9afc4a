"""Jobs and log in docks: hidden until asked for."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from studio.shell.docks import Dock, LogFeed
from studio.shell.job_list import JobList, JobRow
from studio.shell.log_list import LogList
from studio.widgets.look import Look

pytestmark = pytest.mark.gui


@pytest.fixture
def feed(qapp: Any) -> Iterator[LogFeed]:
    made = LogFeed(logging.getLogger("atelier.test-docks"))
    logging.getLogger("atelier.test-docks").setLevel(logging.INFO)
    yield made
    made.close()


def test_a_named_job_is_listed_with_its_progress_until_it_ends(qtbot: QtBot, look: Look, scripted_run: Any) -> None:
    jobs, go = JobList(scripted_run.session, look), threading.Event()
    qtbot.addWidget(jobs)

    def work(progress: Any) -> None:
        progress(5, 20)
        assert go.wait(5)

    scripted_run.session.jobs.start(work, title="Reading")
    row = jobs.findChildren(JobRow)[0]
    qtbot.waitUntil(lambda: row.figures.text() == "5 of 20")
    assert row.bar.value() == 250
    go.set()
    scripted_run.settle()
    assert jobs._rows == {}


def test_a_job_without_a_name_is_too_small_to_be_listed(qtbot: QtBot, look: Look, scripted_run: Any) -> None:
    jobs = JobList(scripted_run.session, look)
    qtbot.addWidget(jobs)
    scripted_run.session.jobs.start(int)
    assert jobs._rows == {}
    scripted_run.settle()


def test_a_job_can_be_cancelled_from_its_row(qtbot: QtBot, look: Look, scripted_run: Any) -> None:
    jobs = JobList(scripted_run.session, look)
    qtbot.addWidget(jobs)

    def work(keep_going: Any) -> None:
        while keep_going():
            pass

    job = scripted_run.session.jobs.start(work, title="Reading")
    qtbot.mouseClick(jobs.findChildren(JobRow)[0].cancel, Qt.MouseButton.LeftButton)
    assert job.cancelled
    scripted_run.settle()


def test_the_log_shows_lines_from_every_thread(qtbot: QtBot, look: Look, feed: LogFeed) -> None:
    logger = logging.getLogger("atelier.test-docks")
    logger.info("before it was opened")
    view = LogList(feed, look)
    qtbot.addWidget(view)
    thread = threading.Thread(target=logger.info, args=("from a thread",))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: "from a thread" in view.view.text.toPlainText())
    assert "before it was opened" in view.view.text.toPlainText()


def test_a_closed_feed_hears_nothing(feed: LogFeed) -> None:
    feed.close()
    logging.getLogger("atelier.test-docks").info("nobody")
    assert not feed.lines


def test_a_dock_makes_its_content_when_it_is_first_seen(qtbot: QtBot, look: Look) -> None:
    made: list[QLabel] = []

    def make() -> QLabel:
        made.append(QLabel("content"))
        return made[-1]

    dock = Dock("jobs", "Jobs", make, look)
    qtbot.addWidget(dock)
    assert (dock.objectName(), dock.accessibleName()) == ("jobs", "Jobs")
    assert made == []
    dock.show()
    dock.close()
    dock.show()
    assert len(made) == 1
    dock.close()
    assert not dock.isVisible()
