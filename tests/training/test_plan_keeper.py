import dataclasses

import pytest

from studio.core.config import DataConfig
from studio.core.errors import StudioError
from studio.training.plan_keeper import PlanKeeper
from tests.scripted_run import started, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def keeper(session):
    return PlanKeeper(session, session)


def known(keeper, session, qtbot):
    with qtbot.waitSignal(keeper.changed):
        keeper.follow(session.draft)
    return keeper.facts(session.draft)


def test_what_is_known_is_answered_at_once_and_the_rest_follows(keeper, session, qtbot):
    assert keeper.facts(session.draft).parameters == 0
    facts = known(keeper, session, qtbot)
    assert facts.parameters > 0
    assert facts.training_tokens > 0


def test_the_same_question_is_asked_once(keeper, session, qtbot):
    known(keeper, session, qtbot)
    keeper.follow(dataclasses.replace(session.draft))
    assert session.jobs.jobs == []


def test_a_text_that_is_gone_leaves_nothing_known(keeper, session, qtbot):
    known(keeper, session, qtbot)
    keeper.follow(session.draft.with_part(data=DataConfig(text="gone")))
    assert keeper.facts(session.draft).parameters == 0


def test_a_text_that_cannot_be_read_is_left_to_the_run_to_tell(keeper, session, qtbot, monkeypatch):
    def refuse(project, config):
        raise StudioError("It cannot be read.")

    monkeypatch.setattr("studio.training.plan_keeper.survey", refuse)
    assert known(keeper, session, qtbot).parameters == 0


def test_the_pace_of_an_earlier_run_gives_the_time(keeper, session, scripted_run):
    scripted_run.play([started(30), *steps(30)], config=session.draft)
    facts = keeper.facts(session.draft)
    assert (facts.tokens_per_second, facts.measured) == (640.0, True)
    assert keeper.plan(session.draft).seconds == 2_000 * 4 * 32 / 640


def test_the_engine_is_asked_for_the_pace_once_torch_is_there(keeper, session, qtbot, monkeypatch):
    asked = []

    def start(target, *args, **options):
        asked.append(target)
        return original(lambda config, steps: 10.0, *args, **options)

    original = session.jobs.start
    known(keeper, session, qtbot)
    monkeypatch.setattr(type(session), "torch_state", "ready")
    monkeypatch.setattr(session.jobs, "start", start)
    assert known(keeper, session, qtbot).tokens_per_second == 1_000 * 32 / 10.0
    assert asked == ["studio.engine.budget:estimate_seconds"]
