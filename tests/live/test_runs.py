"""Going on with a run, deleting it, and what is offered after a crash."""

import pytest

from studio.core.config import AdapterConfig, DataConfig, RunConfig
from studio.core.errors import StudioError
from tests.library.conftest import save as save
from tests.scripted_run import UNTIL_STOPPED, finished, small_run, started, steps

pytestmark = pytest.mark.gui


def test_a_run_goes_on_from_its_newest_checkpoint_and_no_step_is_there_twice(stage):
    run = stage.play([started(10), *steps(6), StudioError("Power cut.")])
    (run.record.checkpoints_folder / "step-000004").mkdir()
    again = [started(10, step=4, resumed_from=4), *steps(6, first=5), finished(10)]
    assert stage.resume("tale", again) is run
    stage.until(lambda: run.state == "finished")
    assert stage.engine.calls[-1] == ("tale", -1)
    assert run.history["training_loss"].step.tolist() == list(range(1, 11))


def test_a_run_goes_on_from_the_step_that_was_asked_for(stage):
    run = stage.play([started(10), *steps(6), StudioError("Power cut.")])
    stage.resume("tale", [started(10, step=2, resumed_from=2), finished(2)], step=2)
    stage.until(lambda: run.state == "finished")
    assert stage.engine.calls[-1] == ("tale", 2)


def test_a_run_without_a_checkpoint_starts_afresh(stage):
    run = stage.play([started(10), *steps(3), StudioError("Power cut.")])
    stage.resume("tale", small_run(5))
    stage.until(lambda: run.state == "finished")
    assert stage.engine.calls[-1] == ("tale", None)
    assert list(run.record.events()) == small_run(5)


def test_a_living_run_cannot_go_on_twice(stage, session):
    run = stage.start([started(), UNTIL_STOPPED])
    with pytest.raises(StudioError, match="going on already"):
        session.resume_run(run.name)
    session.stop_run(run)
    stage.settle()


def test_an_interrupted_run_is_known_as_such_and_offered(stage, session, reopened, notices):
    record = session.project.new_run(RunConfig(data=DataConfig(text="story")), "cut")
    for event in (started(10), *steps(4)):
        record.append(event)
    record.release()
    run = reopened().runs["cut"]
    assert run.state == "interrupted"
    assert session.open_run("cut").state == "interrupted"
    assert "was interrupted at step 4" in notices[-1].text
    stage.engine.script = [started(10, step=4, resumed_from=4), finished(4)]
    notices[-1].action[1]()
    stage.until(lambda: run.state == "finished")


def test_a_deleted_run_can_be_brought_back(stage, session):
    stage.play(small_run(3))
    undo = session.delete_run("tale")
    assert "tale" in undo.text
    assert session.runs == {}
    undo.undo()
    assert session.open_run("tale").step == 3


def test_a_living_run_is_not_deleted(stage, session):
    run = stage.start([started(), UNTIL_STOPPED])
    with pytest.raises(StudioError, match="Stop it first"):
        session.delete_run("tale")
    session.stop_run(run)
    stage.settle()


def test_a_run_that_another_process_still_writes_is_left_alone_until_it_has_ended(session, reopened):
    record = session.project.new_run(RunConfig(data=DataConfig(text="story")), "elsewhere")
    for event in (started(10), *steps(4)):
        record.append(event)
    run = reopened().runs["elsewhere"]
    assert run.state == "running"
    with pytest.raises(StudioError, match="going on already"):
        session.resume_run("elsewhere")
    record.append(finished(4))
    assert session.open_run("elsewhere") is run
    assert (run.state, run.step) == ("finished", 4)


def test_an_offer_to_go_on_that_came_too_late_is_answered_with_a_notice(stage, session, reopened, notices):
    record = session.project.new_run(RunConfig(data=DataConfig(text="story")), "cut")
    record.append(started(10))
    record.release()
    reopened()
    session.delete_run("cut")
    notices[-1].action[1]()
    assert notices[-1].level == "danger"


def test_a_run_that_is_refused_before_its_first_step_leaves_nothing_but_a_sentence(stage, session, notices):
    run = stage.start([StudioError("The text has only 8 tokens.", "Choose a longer text.")])
    folder = run.record.folder
    stage.settle()
    assert session.runs == {}
    assert not folder.exists()
    assert notices[-1].level == "danger"
    assert notices[-1].text == "“tale” could not start: The text has only 8 tokens. Choose a longer text."


def test_a_run_that_goes_on_and_is_refused_stays(stage, session):
    stage.play([started(10), *steps(3), StudioError("Power cut.")])
    stage.resume("tale", [StudioError("The text is gone.", "Import it again.")])
    stage.settle()
    assert list(session.runs) == ["tale"]
    assert session.runs["tale"].record.folder.exists()


def test_what_went_wrong_inside_before_the_first_step_can_still_be_looked_at(stage, session, caplog):
    stage.play([ZeroDivisionError("a bug")])
    assert session.runs["tale"].ending.details


def test_an_undo_that_comes_after_the_trash_was_emptied_is_answered_with_a_notice(stage, session, notices):
    stage.play(small_run(3))
    undo = session.delete_run("tale")
    session.empty_trash()
    stage.settle()
    undo.undo()
    assert session.runs == {}
    assert "not in the trash any more" in notices[-1].text


def test_deleting_a_run_names_what_began_with_its_checkpoints(stage, session, save):
    save(stage.play(small_run(10)).record, 10, 2.0)
    stage.play(small_run(5), "tuned", RunConfig(start_from="tale", data=DataConfig(text="story")))
    assert session.runs["tuned"].config.start_from == "tale@10"
    undo = session.delete_run("tale")
    assert undo.text.startswith("“tale” was moved to the trash. Saved nothing yet")
    assert undo.text.endswith("tuned.")
    assert session.delete_run("tuned").text == "“tuned” was moved to the trash."


def test_deleting_the_base_of_an_adapter_says_that_the_adapter_cannot_be_opened_without_it(stage, session, save):
    save(stage.play(small_run(10)).record, 10, 2.0)
    laid = RunConfig(start_from="tale", data=DataConfig(text="story"), adapter=AdapterConfig(kind="lora"))
    save(stage.play(small_run(5), "tuned", laid).record, 5, 1.0)
    words = session.delete_run("tale").text
    assert words.endswith("Hold only an adapter, and cannot be opened without it: tuned.")
