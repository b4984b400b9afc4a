"""The line that says which run is judged, and by which rows."""

import pytest

from studio.parts.run_bar import RunBar
from tests.panels.conftest import small_config
from tests.scripted_run import finished, started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def runs(session, scripted_run):
    played = [scripted_run.play([started(2), *steps(2), finished(2)], name, small_config()) for name in ("one", "two")]
    return played[::-1]


@pytest.fixture
def bar(session, look, on_screen):
    found = RunBar(session, look, "Rows scored")
    on_screen(found)
    return found


def test_without_a_run_there_is_no_bar_and_the_first_run_is_taken(bar, runs):
    bar.show_runs([])
    assert bar.run is None
    assert not bar.isVisible()
    bar.show_runs(runs)
    assert bar.run is runs[0]
    assert bar.isVisible()
    assert bar.choice.value() == "two"


def test_another_run_begins_with_its_validation_rows(bar, runs, qtbot):
    bar.show_runs(runs)
    with qtbot.waitSignal(bar.split_chosen) as told:
        bar.splits._choose("test")
    assert told.args == ["test"]
    assert bar.split == "test"
    assert not bar.set_run(runs[0]), "the same run keeps its rows"
    assert bar.split == "test"
    assert bar.set_run(runs[1])
    assert (bar.run, bar.split) == (runs[1], "validation")


def test_a_person_wishes_for_a_run_and_a_run_that_is_gone_gives_way(bar, runs, session, qtbot):
    bar.show_runs(runs)
    bar.choice.set_value("one")
    with qtbot.waitSignal(bar.run_chosen) as told:
        bar.choice.changed.emit()
    assert told.args == [runs[1]]
    bar.set_run(runs[1])
    del session.runs["one"]
    bar.show_runs([runs[0]])
    assert bar.run is runs[0]
