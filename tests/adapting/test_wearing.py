"""Wishes about adapters reach the model in memory on a worker, and news of them every page."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.adapting.wearing import Wearing
from studio.core.config import AdapterConfig, RunConfig
from studio.core.errors import StudioError

pytestmark = pytest.mark.gui


class Loaded:
    """A model as this object sees it."""

    title, adapter, strength = "tale", "prices", 0.5

    def __init__(self):
        self.asked = []

    def adapters(self):
        return ("prices", "jokes")

    def use(self, name, strength):
        self.asked.append(("use", name, strength))

    def lay(self, folder):
        self.asked.append(("lay", folder))
        if folder.name == "bad":
            raise StudioError("“bad” is no adapter.", "Choose another folder.")
        return folder.name

    def unload(self):
        """Nothing to free."""


@pytest.fixture
def loaded(session):
    session._memory.loaded = Loaded()
    return session.loaded


def test_what_lies_on_the_model_is_said_as_it_is(session, loaded):
    wearing = Wearing(session)
    assert (wearing.names, wearing.worn, wearing.strength) == (("prices", "jokes"), "prices", 0.5)


def test_without_a_model_there_is_nothing_and_nothing_happens(session):
    wearing = Wearing(session)
    assert (wearing.names, wearing.worn, wearing.strength) == ((), None, 1.0)
    wearing.use("prices", 1.0)
    wearing.take_off("prices")
    wearing.lay(Path("x"))
    wearing.write("prices", Path("x"), "peft")
    assert session.jobs.jobs == []


def test_a_wish_is_granted_and_told_to_every_page(session, loaded, qtbot):
    wearing = Wearing(session)
    with qtbot.waitSignals([wearing.changed, session.changed]):
        wearing.use("jokes", 1.5)
    assert loaded.asked == [("use", "jokes", 1.5)]


def test_a_refusal_is_handed_on_in_words(session, loaded, qtbot):
    wearing = Wearing(session)
    with qtbot.waitSignal(wearing.failed) as told, qtbot.assertNotEmitted(wearing.changed):
        wearing.lay(Path("/somewhere/bad"))
    assert told.args[0].message == "“bad” is no adapter."


def test_news_of_a_model_that_was_exchanged_meanwhile_are_dropped(session, loaded, qtbot):
    wearing = Wearing(session)
    with qtbot.assertNotEmitted(wearing.changed):
        wearing.use("jokes", 1.5)
        session._memory.loaded = Loaded()
        qtbot.waitUntil(lambda: not session.jobs.jobs)


def test_runs_that_trained_an_adapter_are_offered_the_newest_first(session, monkeypatch):
    def run(name, kind, saved):
        config = RunConfig(adapter=AdapterConfig(kind=kind))
        return SimpleNamespace(name=name, config=config, record=SimpleNamespace(checkpoints=lambda: saved))

    runs = [run("plain", "none", [1]), run("old", "lora", [1]), run("unsaved", "lora", []), run("new", "qlora", [1])]
    monkeypatch.setattr(type(session), "runs", property(lambda _session: {one.name: one for one in runs}))
    assert Wearing(session).of_runs() == ["new", "old"]
