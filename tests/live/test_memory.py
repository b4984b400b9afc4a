"""What is brought into memory in the background: PyTorch and one model."""

from types import SimpleNamespace

import pytest

from studio.core.errors import StudioError
from studio.live import memory
from tests.scripted_run import small_run

pytestmark = pytest.mark.gui


class FakeModel:
    def __init__(self, folder):
        self.folder, self.here = folder, True

    def unload(self):
        self.here = False


def test_a_model_is_loaded_in_the_background_and_replaces_the_former(stage, session, told, monkeypatch):
    stage.play(small_run(3))
    monkeypatch.setattr(memory, "OPEN_MODEL", FakeModel)
    monkeypatch.setattr(memory, "choose", lambda record, which: SimpleNamespace(folder=f"{record.name}@{which}"))
    session.load_model("tale")
    stage.settle()
    first = session.loaded
    assert first.folder == "tale@best"
    session.load_model("tale", 3)
    stage.settle()
    assert (session.loaded.folder, first.here) == ("tale@3", False)
    assert {"loaded", "torch"} <= told.what
    session.unload_model()
    assert session.loaded is None


def test_a_run_without_a_checkpoint_has_no_model_to_load(stage, session):
    stage.play(small_run(3))
    with pytest.raises(StudioError, match="no checkpoint"):
        session.load_model("tale")


def test_torch_is_imported_in_the_background(stage, session, told, monkeypatch):
    monkeypatch.setattr(memory, "importlib", SimpleNamespace(import_module=lambda name: None))
    session.warm_torch()
    assert session.torch_state == "loading"
    stage.settle()
    assert session.torch_state == "ready"
    assert told.what == {"torch"}


def test_a_missing_torch_is_known_and_can_be_tried_again(stage, session, monkeypatch):
    def missing(name):
        raise StudioError("PyTorch is missing.")

    monkeypatch.setattr(memory, "importlib", SimpleNamespace(import_module=missing))
    for _ in range(2):
        session.warm_torch()
        assert session.torch_state == "loading"
        stage.settle()
        assert session.torch_state == "failed"
