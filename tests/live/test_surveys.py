"""Surveys in the background: asked for once, kept, split anew without reading, called off for good."""

from threading import Event

import pytest

from studio.live import surveys as surveys_module
from studio.live.surveys import Portion, Surveys, Wish, survey_source
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.gui

STORY = "\n\n".join(["Mira went to the harbour.", "The ships were gone.", "Mira went to the harbour.", "She waited."])


@pytest.fixture(autouse=True)
def everything_is_english(monkeypatch):
    """Telling languages apart begins with a second of loading."""
    monkeypatch.setattr("studio.rows.survey.languages_of", lambda texts, keep_going=None: ("en" for _ in texts))


@pytest.fixture
def text(session, tmp_path):
    source = tmp_path / "story.txt"
    source.write_text(STORY, "utf-8")
    return session.project.add_text([source], "story")


@pytest.fixture
def dataset(session, tmp_path):
    source = tmp_path / "messages.csv"
    lines = [f"{'spam' if number % 4 == 0 else 'ham'},message number {number} of many" for number in range(40)]
    source.write_text("label,text\n" + "\n".join(lines) + "\n", "utf-8")
    return session.project.add_dataset(source)


@pytest.fixture
def surveys(session):
    return Surveys.of(session)


def known(stage, surveys, source, tokenizer="bytes", share=0.0, whole=False):
    stage.until(lambda: surveys.want(source, tokenizer, share, whole) is not None)
    stage.settle()
    return surveys.want(source, tokenizer, share, whole)


def test_everybody_shares_one_set_of_surveys(session, surveys):
    assert Surveys.of(session) is surveys


def test_the_paragraphs_of_a_text_are_surveyed_as_rows(stage, surveys, text):
    assert surveys.want(text, "bytes", 0.0) is None
    assert surveys.working(text, "bytes")
    found = known(stage, surveys, text)
    assert found.whole
    assert found.survey.rows == 4
    assert found.survey.find("exact").count == 1
    assert found.survey.lengths.values.tolist() == [25, 20, 25, 11]
    assert not surveys.working(text, "bytes")


def test_the_rows_of_a_dataset_are_surveyed_with_their_classes(stage, surveys, dataset):
    found = known(stage, surveys, dataset)
    assert [(item.label, item.count) for item in found.survey.balance.classes] == [("ham", 30), ("spam", 10)]


def test_the_same_wish_twice_is_one_job_and_an_answer_stays(stage, session, surveys, text):
    started = []
    session.jobs.job_added.connect(started.append)
    for _ in range(3):
        surveys.want(text, "bytes", 0.0)
    known(stage, surveys, text)
    assert len(started) == 1


def test_another_tokenizer_is_another_survey(stage, surveys, text):
    assert known(stage, surveys, text, "bytes").survey.lengths.total == 81
    assert known(stage, surveys, text, "words").survey.lengths.values.tolist() == [6, 5, 6, 3]


def test_another_split_needs_no_new_survey(stage, session, surveys, text, monkeypatch):
    known(stage, surveys, text)
    monkeypatch.setattr(surveys_module, "survey_source", None)
    assert surveys.want(text, "bytes", 0.5).share == 0.0
    stage.settle()
    found = surveys.want(text, "bytes", 0.5)
    assert (found.share, found.survey.find("leaks").count) == (0.5, 1)
    assert found.survey.held_back == 2


@pytest.fixture
def held(monkeypatch):
    """Splits that wait until this is set."""
    gate, split = Event(), surveys_module.split_again

    def waiting(known, share):
        assert gate.wait(5)
        return split(known, share)

    monkeypatch.setattr(surveys_module, "split_again", waiting)
    yield gate
    gate.set()


def test_a_split_that_is_no_longer_wanted_ends_without_ending_the_newer_one(stage, session, surveys, text, held):
    known(stage, surveys, text)
    started = []
    session.jobs.job_added.connect(started.append)
    surveys.want(text, "bytes", 0.5)
    surveys.want(text, "bytes", 0.25)
    surveys.changed.connect(lambda: surveys.want(text, "bytes", 0.25))
    held.set()
    stage.settle()
    assert len(started) == 2
    assert surveys.want(text, "bytes", 0.25).share == 0.25


def test_a_split_brings_back_nothing_that_was_forgotten_meanwhile(stage, session, surveys, text, held):
    known(stage, surveys, text)
    surveys.want(text, "bytes", 0.5)
    session.changed.emit(frozenset({"tokenizers"}))
    held.set()
    stage.settle()
    assert surveys.want(text, "bytes", 0.5) is None
    stage.settle()


def test_a_split_of_the_beginning_does_not_replace_all_rows(stage, surveys, dataset, held, monkeypatch):
    monkeypatch.setattr(surveys_module, "AUTOMATIC_ROWS", 15)
    known(stage, surveys, dataset)
    surveys.want(dataset, "bytes", 0.5)
    surveys.want(dataset, "bytes", 0.0, whole=True)
    stage.until(lambda: not surveys.working(dataset, "bytes"))
    held.set()
    stage.settle()
    assert surveys.want(dataset, "bytes", 0.0).survey.rows == 40


def test_of_much_only_the_beginning_is_read_until_somebody_asks_for_all(stage, surveys, dataset, monkeypatch):
    monkeypatch.setattr(surveys_module, "AUTOMATIC_ROWS", 15)
    found = known(stage, surveys, dataset)
    assert (found.whole, found.survey.rows) == (False, 15)
    stage.until(lambda: surveys.want(dataset, "bytes", 0.0, whole=True).whole)
    stage.settle()
    assert surveys.want(dataset, "bytes", 0.0).survey.rows == 40


def test_long_rows_end_the_beginning_too(text, monkeypatch):
    monkeypatch.setattr(surveys_module, "AUTOMATIC_CHARACTERS", 30)
    portion = Portion(Wish(text, "bytes", 0.0))
    assert len(list(portion)) == 2
    assert not portion.exhausted
    assert len(portion) == len(STORY) * 2 // 45


def test_a_tokenizer_that_fails_leaves_lengths_in_characters(session, dataset):
    found = survey_source(session.project, Wish(dataset, "nobody", 0.0))
    assert found.survey.lengths.unit == "characters"
    assert "nobody" in found.problem.message


def test_a_tokenizer_that_cannot_say_a_row_leaves_lengths_in_characters(stage, session, surveys, text):
    mine = session.project.add_tokenizer(make_tokenizer("characters", ["Mira went"]), "mine")
    found = known(stage, surveys, text, mine.name)
    assert found.survey.lengths.unit == "characters"
    assert found.survey.lengths.total == 81
    assert found.problem is not None


def test_what_was_called_off_begins_again_only_when_asked_for(stage, session, surveys, text):
    surveys.want(text, "bytes", 0.0)
    surveys.call_off()
    stage.settle()
    assert surveys.stopped(text, "bytes")
    assert surveys.want(text, "bytes", 0.0) is None
    assert session.jobs.jobs == []
    surveys.again(text, "bytes")
    assert known(stage, surveys, text).whole


def test_a_failure_is_kept_and_not_tried_again_and_again(stage, session, surveys, text):
    text.path.unlink()
    surveys.want(text, "bytes", 0.0)
    stage.until(lambda: surveys.failure(text, "bytes") is not None)
    stage.settle()
    assert surveys.want(text, "bytes", 0.0) is None
    assert session.jobs.jobs == []


def test_a_tokenizer_of_ones_own_measures_too(stage, session, surveys, text):
    mine = session.project.add_tokenizer(
        make_tokenizer("characters", ["Mira went to the harbour. The ships waited Song"]), "mine"
    )
    assert known(stage, surveys, text, mine.name).survey.lengths.total == 81


def test_another_project_forgets_what_was_found(stage, session, surveys, text):
    known(stage, surveys, text)
    session.close_project()
    assert surveys.want(text, "bytes", 0.0) is None
    stage.settle()
