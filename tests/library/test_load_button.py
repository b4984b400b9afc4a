"""Loading and unloading a model from where it is listed."""

from types import SimpleNamespace

import pytest

from studio.core.errors import StudioError
from studio.library.load_button import LoadButton
from studio.store.library import survey
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui


@pytest.fixture
def entry(session, add_model):
    add_model(session.project.path, "tiny")
    return survey(session.project.path)[0]


@pytest.fixture
def button(session, look, entry, monkeypatch):
    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", held)
    found = LoadButton(session, look)
    session.changed.connect(lambda what: found.set_entry(entry))
    found.set_entry(entry)
    return found


def held(folder):
    return SimpleNamespace(path=folder, title=folder.name, unload=lambda: None)


def test_a_press_loads_and_another_one_unloads(button, session, entry, scripted_run):
    assert (button.text(), button.holds) == ("Load", False)
    button.click()
    assert (button.text(), button.isEnabled()) == ("Loading…", False)
    scripted_run.until(lambda: button.holds)
    scripted_run.settle()
    assert session.loaded.path == entry.folder
    assert button.text() == "Unload"
    button.click()
    assert session.loaded is None
    assert button.text() == "Load"


def test_what_cannot_be_loaded_says_so(button, session, entry, monkeypatch, scripted_run):
    def refuse(folder):
        raise StudioError("It is too large.", "Choose another one.")

    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", refuse)
    said = []
    button.failed.connect(said.append)
    button.click()
    scripted_run.settle()
    assert said[0].message == "It is too large."
    assert (button.text(), button.isEnabled()) == ("Load", True)


def test_a_model_of_gaps_is_not_offered(button, session, entry):
    button.set_entry(entry, "It fills gaps.")
    assert not button.isEnabled()
    assert button.toolTip() == "It fills gaps."
    button.press()
    assert session.jobs.jobs == []
