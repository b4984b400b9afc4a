"""Which model is looked at: runs with a checkpoint, their steps, and models that are no run's."""

from typing import Any

import pytest

from studio.live.looking import Subject
from studio.seeing.subject_choice import SubjectChoice
from studio.seeing.subjects import BEST, NEWEST, chosen, default_subject, glance_at, of_entry, of_run
from studio.store.library import entries_of
from tests.scripted_run import UNTIL_STOPPED, small_run, started, step

pytestmark = pytest.mark.gui


@pytest.fixture
def choice(look: Any) -> Any:
    made = SubjectChoice(look)
    yield made
    made.deleteLater()


def texts(editor: Any) -> list[str]:
    return [editor.itemText(place) for place in range(editor.count())]


def offer(choice: SubjectChoice, session: Any) -> None:
    choice.set_models(list(session.runs.values()), entries_of(session.project))


def test_runs_come_newest_first_then_models_and_runs_without_a_checkpoint_do_not(
    choice, session, tale, plain, scripted_run, save
) -> None:
    scripted_run.play(small_run(10), "empty")
    newer = scripted_run.play(small_run(10), "newer")
    save(newer.record, 10, 1.0)
    offer(choice, session)
    assert texts(choice.model) == ["newer", "tale", "plain"]


def test_the_checkpoints_of_a_run_are_the_best_and_all_of_them(choice, session, tale) -> None:
    offer(choice, session)
    assert texts(choice.checkpoint) == [
        "best · step 20 · 2.000", "step 30 · 2.500", "step 20 · 2.000", "step 10 · 3.000",
    ]  # fmt: skip
    assert choice.subject() == of_run(tale, 20)
    assert not choice.follows


def test_a_choice_tells_its_subject(choice, session, tale, plain, qtbot) -> None:
    offer(choice, session)
    choice.checkpoint.set_value(30)
    with qtbot.waitSignal(choice.chosen) as heard:
        choice.checkpoint.changed.emit()
    assert heard.args == [of_run(tale, 30)]
    choice.model.setCurrentIndex(1)
    with qtbot.waitSignal(choice.chosen) as heard:
        choice.model.changed.emit()
    assert heard.args == [Subject(plain, "plain")]
    assert choice.checkpoint.isHidden()


def test_what_is_looked_at_is_shown_and_stays_when_the_lists_come_anew(choice, session, tale, save) -> None:
    offer(choice, session)
    choice.show_subject(of_run(tale, 10))
    assert (choice.model.value(), choice.checkpoint.value()) == ("tale", 10)
    save(tale.record, 40, 1.0)
    offer(choice, session)
    assert choice.checkpoint.value() == 10
    choice.show_subject(None)
    assert choice.subject() == of_run(tale, 10)


def test_a_model_of_elsewhere_joins_the_list_while_it_is_looked_at(choice, session, tale, tmp_path) -> None:
    offer(choice, session)
    theirs = Subject(tmp_path / "theirs", "theirs · step 7", "theirs", 7)
    choice.show_subject(theirs)
    assert choice.subject() == theirs
    offer(choice, session)
    assert texts(choice.model) == ["tale", "theirs · step 7"]
    assert choice.subject() == theirs


def test_of_a_living_run_the_newest_checkpoint_is_followed(choice, session, scripted_run, models, save) -> None:
    run = scripted_run.start([started(100), step(1), UNTIL_STOPPED], "living")
    scripted_run.until(lambda: run.step == 1)
    save(run.record, 1, 2.0)
    offer(choice, session)
    choice.show_subject(default_subject(session))
    assert texts(choice.checkpoint)[:2] == ["newest · followed", "best · step 1 · 2.000"]
    save(run.record, 2, 3.0)
    assert choice.subject().step == 1  # the list is as old as its last reading
    choice.show_subject(of_run(run, NEWEST))
    offer(choice, session)
    session.stop_run(run)
    scripted_run.settle()


def test_the_best_stands_in_for_a_step_that_is_gone(tale) -> None:
    infos = tale.record.checkpoints()
    assert [chosen(infos, step).step for step in (BEST, NEWEST, 10, 99)] == [20, 30, 10, 20]
    assert chosen([], BEST) is None


def test_whatever_a_page_hands_over_is_understood(session, tale, plain) -> None:
    entry = entries_of(session.project)[0]
    best = of_run(tale)
    assert best is not None
    for thing, subject in (
        (tale, best), ("tale", best), (("tale", 30), of_run(tale, 30)), (entry, of_entry(entry)), (best, best),
        ("nobody", None), (None, None),
    ):  # fmt: skip
        assert glance_at(session, thing).subject == subject
    assert glance_at(session, entry).subject.folder == plain


def test_an_empty_project_has_nothing_to_look_at(session, models) -> None:
    assert default_subject(session) is None
