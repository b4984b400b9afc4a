"""Who speaks in the columns of a chat: kept while nobody is in memory, and replaced only by who is really there."""

from types import SimpleNamespace

import pytest

from studio.talking import voices as module
from studio.talking.voices import Offer, Voice, Voices
from tests.talking.scripted_speaker import Speaker

pytestmark = pytest.mark.gui


@pytest.fixture
def voices(session, tmp_path):
    made = Voices(session)
    made.set_offers([Offer("run:a@10", "a · step 10", tmp_path / "10", listed=False),
                     Offer("run:a@20", "a · step 20", tmp_path / "20")])  # fmt: skip
    yield made
    made.close()


def load(session, voices, model):
    session._memory.loaded = model
    voices.model_changed()


def keys(voices):
    return [voice.key for voice in voices.chosen]


def test_columns_wait_for_the_model_that_they_were_held_with(session, voices):
    voices.restore([Voice("base"), Voice("adapter:instruct"), Voice("run:a@10")])
    assert keys(voices) == ["base", "adapter:instruct", "run:a@10"]
    assert [words for _, words in voices.choices()] == ["base", "+ instruct", "a · step 10", "a · step 20"]
    load(session, voices, Speaker(adapters=("instruct",)))
    assert keys(voices) == ["base", "adapter:instruct", "run:a@10"]
    load(session, voices, Speaker())
    assert keys(voices) == ["model", "model", "run:a@10"]


def test_a_checkpoint_that_is_not_listed_is_offered_to_who_speaks_with_it(session, voices):
    load(session, voices, Speaker())
    assert [key for key, _ in voices.choices()] == ["model", "run:a@20"]
    voices.restore([Voice(), Voice("run:a@10")])
    assert [key for key, _ in voices.choices()] == ["model", "run:a@10", "run:a@20"]


def test_a_model_that_comes_into_memory_or_goes_from_the_disk_is_no_guest(session, voices, tmp_path):
    voices.restore([Voice(), Voice("run:a@10"), Voice("run:a@20")])
    model = Speaker()
    model.path = tmp_path / "10"
    load(session, voices, model)
    assert keys(voices) == ["model", "model", "run:a@20"], "it is not loaded a second time"
    voices.set_offers([])
    assert keys(voices) == ["model", "model", "model"]


@pytest.fixture
def guest(session, scripted_run, voices, monkeypatch):
    """A model that was loaded for the second column."""
    found = Speaker("other")
    monkeypatch.setattr(module, "_open", lambda target, folder, project: (found, SimpleNamespace(label="Plain")))
    load(session, voices, Speaker())
    voices.set_count(2)
    voices.set_voice(1, "run:a@20")
    scripted_run.settle()
    assert [speaker.model for speaker in voices.speakers()][1] is found
    return found


def test_a_guest_goes_from_memory_when_the_same_model_becomes_the_one_in_memory(session, voices, guest, tmp_path):
    model = Speaker()
    model.path = tmp_path / "20"
    load(session, voices, model)
    assert (keys(voices), guest.gone) == (["model", "model"], True)
    assert [speaker.model for speaker in voices.speakers()] == [model, model]


def test_a_guest_stays_when_another_model_comes_into_memory_or_none(session, voices, guest):
    load(session, voices, Speaker())
    load(session, voices, None)
    assert (keys(voices)[1], guest.gone) == ("run:a@20", False)


def test_a_guest_goes_with_its_column_and_with_another_voice(voices, guest):
    voices.set_count(1)
    assert guest.gone


def test_closing_frees_a_guest(voices, guest):
    voices.close()
    assert guest.gone


def test_a_guest_that_comes_when_its_column_has_another_voice_is_freed_at_once(
    session, scripted_run, voices, monkeypatch
):
    late = Speaker("other")
    monkeypatch.setattr(module, "_open", lambda target, folder, project: (late, SimpleNamespace(label="Plain")))
    load(session, voices, Speaker())
    voices.set_count(2)
    voices.set_voice(1, "run:a@20")
    voices.set_voice(1, "model")
    scripted_run.settle()
    assert late.gone
    assert not voices.waiting


def test_a_guest_that_is_on_its_way_stays_though_it_is_offered_no_more(session, scripted_run, voices, monkeypatch):
    guest = Speaker("other")
    monkeypatch.setattr(module, "_open", lambda target, folder, project: (guest, SimpleNamespace(label="Plain")))
    load(session, voices, Speaker())
    voices.set_count(2)
    voices.set_voice(1, "run:a@20")
    voices.set_offers([])
    scripted_run.settle()
    assert [speaker.title for speaker in voices.speakers()] == ["small-stories", "a · step 20"]
    assert not guest.gone
