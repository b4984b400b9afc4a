"""A job in a card: how far it is, and that only the newest one is followed."""

import pytest
import shiboken6

from studio.parts.progress import Progress

pytestmark = pytest.mark.gui


@pytest.fixture
def bar(look, on_screen):
    progress = Progress(look, "Progress of the test")
    on_screen(progress)
    progress.hide()
    return progress


def half_way(progress, keep_going):
    progress(1, 2)
    while keep_going():
        pass


def test_it_shows_how_far_the_job_is_and_ends_with_it(bar, session, scripted_run):
    ends = []
    bar.ended.connect(ends.append)
    bar.follow(session.jobs.start(half_way), "Halving…")
    assert bar.isVisible()
    assert bar.words.text() == "Halving…"
    scripted_run.until(lambda: bar.bar.value() == 500)
    bar.cancel.click()
    scripted_run.settle()
    assert ends == [True]
    assert not bar.isVisible()


def test_a_job_that_comes_through_is_not_called_off(bar, session, scripted_run):
    ends = []
    bar.ended.connect(ends.append)
    bar.follow(session.jobs.start(sum, [1, 2]), "Adding…")
    scripted_run.settle()
    assert ends == [False]


def test_the_end_of_an_older_job_leaves_the_newer_one_alone(bar, session, scripted_run):
    ends = []
    bar.ended.connect(ends.append)
    bar.follow(session.jobs.start(half_way), "Old…")
    bar.call_off()
    newer = session.jobs.start(half_way)
    bar.follow(newer, "New…")
    scripted_run.until(lambda: session.jobs.jobs == [newer])
    assert bar.isVisible()
    assert ends == []
    bar.call_off()
    scripted_run.settle()
    assert ends == [True]


def test_a_page_that_is_destroyed_while_its_job_runs_hears_nothing_more_of_it(look, session, scripted_run):
    progress = Progress(look, "Progress of the test")
    job = session.jobs.start(half_way)
    progress.follow(job, "Halving…")
    scripted_run.until(lambda: job.done == 1)
    shiboken6.delete(progress)
    job.cancel()
    scripted_run.settle()
    assert job.state == "cancelled"
