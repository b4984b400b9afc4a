"""A change of precision as a job: progress, result, and everything that can come between."""

import threading
from types import SimpleNamespace

import pytest

from studio.core.errors import StudioError
from studio.live import memory
from studio.live.memory import Sample

pytestmark = pytest.mark.gui


class ChangingModel:
    """Changes in four steps, each of which waits until `free` is set."""

    title, bytes, precision = "tale", 400, "fp32"

    def __init__(self):
        self.free, self.begun, self.here = threading.Event(), threading.Event(), True
        self.free.set()

    def precisions(self):
        return ("fp32", "int8")

    def set_precision(self, name, control, sample=""):
        if sample:
            yield SimpleNamespace(perplexity=20.0, tokens_per_second=10.0, bytes=400)
        for done in range(1, 5):
            self.begun.set()
            self.free.wait(5)
            if not control.keep_going():
                raise StudioError("The change was stopped.")
            yield SimpleNamespace(done=done, total=4)
        self.precision, self.bytes = name, 100
        if sample:
            yield SimpleNamespace(perplexity=21.0, tokens_per_second=20.0, bytes=100)

    def unload(self):
        self.here = False


@pytest.fixture
def model(session):
    session._memory.loaded = made = ChangingModel()
    yield made
    made.free.set()


def changing(session, sample=Sample):
    """A change that has begun; what its signals bring lies in the returned lists."""
    job, brought = session.set_precision("int8", sample), SimpleNamespace(results=[], errors=[], progress=[])
    job.succeeded.connect(brought.results.append)
    job.failed.connect(brought.errors.append)
    job.progressed.connect(lambda done, total: brought.progress.append((done, total)))
    return job, brought


def test_the_precisions_are_probed_off_the_gui_thread(stage, session, model):
    found = []
    session.probe_precisions().succeeded.connect(found.append)
    assert found == []
    stage.settle()
    assert found == [("fp32", "int8")]


def test_a_change_tells_its_progress_and_what_it_brought(stage, session, model, told):
    _, brought = changing(session, lambda: Sample("a text", "page"))
    stage.settle()
    change = brought.results[0]
    assert (change.before, change.after, change.bytes) == ("fp32", "int8", (400, 100))
    assert [quality.perplexity for quality in change.quality] == [20.0, 21.0]
    assert change.sample.source == "page"
    assert brought.progress[-1] == (4, 4)
    assert "loaded" in told.what


def test_without_a_sample_the_change_is_made_and_nothing_measured(stage, session, model):
    _, brought = changing(session)
    stage.settle()
    assert (brought.results[0].quality, model.precision) == ((), "int8")


def test_a_change_that_is_called_off_brings_nothing(stage, session, model):
    model.free.clear()
    job, brought = changing(session)
    stage.until(model.begun.is_set)
    job.cancel()
    model.free.set()
    stage.settle()
    assert (model.precision, brought.results, brought.errors) == ("fp32", [], [])


@pytest.mark.parametrize("by", ["unloading", "loading another"])
def test_a_change_ends_when_its_model_goes(stage, session, model, monkeypatch, by):
    model.free.clear()
    job, brought = changing(session)
    stage.until(model.begun.is_set)
    if by == "unloading":
        session.unload_model()
    else:
        monkeypatch.setattr(memory, "OPEN_MODEL", lambda folder: ChangingModel())
        session.load_folder("elsewhere", "other")
    model.free.set()
    assert job.cancelled
    stage.settle()
    assert (model.precision, model.here, brought.errors) == ("fp32", False, [])
    assert session.loaded is not model


def test_a_sample_that_cannot_be_read_fails_before_anything_changes(stage, session, model):
    def unreadable():
        raise StudioError("The disk is gone.")

    _, brought = changing(session, unreadable)
    stage.settle()
    assert [error.message for error in brought.errors] == ["The disk is gone."]
    assert (model.precision, model.begun.is_set()) == ("fp32", False)


@pytest.mark.parametrize("wish", [lambda it: it.probe_precisions(), lambda it: it.set_precision("int8", Sample)])
def test_without_a_model_there_is_nothing_to_change(session, wish):
    with pytest.raises(StudioError, match="No model"):
        wish(session)
