"""Counts made in the background: asked for once, shared by every page, forgotten with the project."""

from threading import Event

import pytest

from studio.live import token_counts
from studio.live.token_counts import TokenCounts
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.gui


@pytest.fixture
def text(session, tmp_path):
    source = tmp_path / "story.txt"
    source.write_text("Mira went to the harbour and looked at the ships. " * 200, "utf-8")
    return session.project.add_text([source], "story")


@pytest.fixture
def counts(session):
    return TokenCounts.of(session)


def test_all_pages_share_one_set_of_counts(session, counts):
    assert TokenCounts.of(session) is counts


def test_what_is_not_known_is_counted_in_the_background(stage, counts, text, qtbot):
    assert counts.want(text, "characters") is None
    with qtbot.waitSignal(counts.changed):
        pass
    counted = counts.want(text, "characters")
    assert counted.tokens == text.characters
    stage.settle()


def test_a_tokenizer_of_the_project_is_counted_and_forgotten_when_it_may_be_another_one(stage, session, counts, text):
    session.project.add_tokenizer(make_tokenizer("words", ["Mira went"]), "mine")
    counts.want(text, "mine")
    counts.want(text, "bytes")
    stage.until(lambda: counts.want(text, "mine") is not None and counts.want(text, "bytes") is not None)
    assert counts.want(text, "mine").vocab_size == 4
    session.changed.emit(frozenset({"tokenizers"}))
    assert counts.want(text, "bytes") is not None
    assert counts.want(text, "mine") is None
    stage.until(lambda: counts.want(text, "mine") is not None)
    stage.settle()


def test_a_count_that_was_begun_with_another_tokenizer_of_that_name_is_made_anew(
    stage, session, counts, text, monkeypatch
):
    loaded, changed, count = Event(), Event(), token_counts.count_tokens

    def counting(*args, **more):
        loaded.set()
        assert changed.wait(5)
        return count(*args, **more)

    monkeypatch.setattr(token_counts, "count_tokens", counting)
    session.project.add_tokenizer(make_tokenizer("words", ["Mira went"]), "mine")
    counts.want(text, "mine")
    assert loaded.wait(5)
    session.project.delete_tokenizer("mine")
    session.project.add_tokenizer(make_tokenizer("words", ["Mira went to the harbour"]), "mine")
    session.changed.emit(frozenset({"tokenizers"}))
    session.changed.emit(frozenset({"tokenizers"}))
    changed.set()
    stage.settle()
    assert counts.want(text, "mine").vocab_size == 7


def test_the_same_wish_twice_is_one_job(stage, session, counts, text):
    started = []
    session.jobs.job_added.connect(started.append)
    for _ in range(3):
        counts.want(text, "bytes")
        counts.want(text, "characters")
    stage.until(lambda: counts.want(text, "characters") is not None)
    counts.want(text, "bytes")
    stage.settle()
    assert len(started) == 2


def test_a_failure_is_kept_and_not_tried_again_and_again(stage, session, counts):
    counts.want(None, "characters")
    stage.until(lambda: counts.failure(None, "characters") is not None)
    assert "learns its vocabulary" in counts.failure(None, "characters").message
    started = []
    session.jobs.job_added.connect(started.append)
    assert counts.want(None, "characters") is None
    assert started == []


def test_of_a_huge_text_the_beginning_is_counted_until_somebody_asks_for_all(stage, counts, text, monkeypatch):
    monkeypatch.setattr(token_counts, "AUTOMATIC", 1_000)
    monkeypatch.setattr(token_counts, "BEGINNING", 500)
    counts.want(text, "bytes")
    stage.until(lambda: counts.want(text, "bytes") is not None)
    assert not counts.want(text, "bytes").exact
    counts.want(text, "bytes", whole=True)
    assert counts.counting == "story"
    assert counts.job.title == "Counting the tokens of “story”"
    stage.until(lambda: counts.want(text, "bytes").exact)
    assert counts.counting == ""


def test_another_project_begins_anew(stage, session, counts, text):
    counts.want(text, "bytes")
    stage.until(lambda: counts.want(text, "bytes") is not None)
    session.close_project()
    assert counts.want(text, "bytes") is None
    stage.settle()


def test_closing_in_the_middle_leaves_nothing_behind(session, counts, text):
    for kind in ("gpt2", "words", "bytes"):
        counts.want(text, kind)
    assert session.close(5_000)
