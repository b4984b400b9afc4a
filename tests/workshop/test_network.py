"""The outline is read in the background, once for each shape, and what cannot be built is said."""

from dataclasses import replace

import pytest

from studio.core.config import ModelConfig
from studio.live.session import Session
from studio.workshop.network import Network

pytestmark = [pytest.mark.gui, pytest.mark.torch]
SMALL = ModelConfig(n_layers=2, n_heads=2, emb_dim=32, context_length=32, vocab_size=40)


@pytest.fixture
def read(session, monkeypatch, qtbot):
    monkeypatch.setattr(Session, "torch_state", "ready")

    def wait(reader, model, batch=4):
        with qtbot.waitSignal(reader.changed, timeout=60_000):
            reader.want(model, batch)
        return reader.found

    return wait


def test_before_torch_is_there_nothing_is_asked(session):
    reader = Network(session)
    reader.want(SMALL, 4)
    assert session.jobs.jobs == []
    assert reader.found is None


def test_the_outline_has_the_users_batch_and_context(session, read):
    found = read(Network(session), SMALL, 5)
    assert (found.into, found.out) == (((5, 32),), (5, 32, 40))


def test_the_same_shape_is_read_once(session, read):
    reader = Network(session)
    read(reader, SMALL)
    reader.want(SMALL, 4)
    assert session.jobs.jobs == []
    assert read(reader, SMALL, 6).into == ((6, 32),)


def test_without_a_vocabulary_something_stands_in_for_it(session, read):
    reader = Network(session)
    found = read(reader, replace(SMALL, vocab_size=0))
    assert reader.unknown
    assert found.out == (4, 32, 1)
    read(reader, SMALL)
    assert not reader.unknown


def test_a_shape_that_cannot_be_is_not_asked_for(session, read):
    reader = Network(session)
    reader.want(replace(SMALL, emb_dim=33), 4)
    assert session.jobs.jobs == []


def test_a_shape_that_contradicts_its_family_is_refused_in_words_and_the_old_one_stays(session, read):
    reader = Network(session)
    before = read(reader, SMALL)
    assert read(reader, replace(SMALL, activation="relu")) is before
    assert "GPT-2 model cannot have" in reader.error
    read(reader, replace(SMALL, n_layers=3))
    assert reader.error == ""
