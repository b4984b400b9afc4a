import pytest

from studio.core.config import AdapterConfig, DataConfig, RunConfig, TrainingConfig
from studio.core.events import PhaseChanged
from studio.training.view import RunView, empty_words, phase_text, progress_text
from tests.scripted_run import UNTIL_STOPPED, sample, small_run, started, step, steps

pytestmark = pytest.mark.gui


@pytest.fixture
def run(scripted_run):
    return scripted_run.play(small_run(10))


@pytest.fixture
def view(look, on_screen):
    view = RunView(look)
    on_screen(view)
    return view


def test_a_run_shows_its_settings_its_curves_and_its_newest_text(view, run):
    view.set_run(run)
    assert view.facts.fold.text().endswith("changed")
    assert view.samples.where.text() == "step 10"
    assert view.charts.tiles["learning_rate"].value.text() == "1.0e-3"


def test_what_happens_to_the_run_is_drawn(view, run):
    view.set_run(run)
    run.apply([sample(10, "The end.", asked=True)])
    assert view.samples.text.toPlainText() == "The end."


def test_a_hidden_view_draws_nothing_and_catches_up_when_it_is_shown(view, run):
    view.set_run(run)
    view.hide()
    run.apply([sample(11, "Later.")])
    assert view.samples.text.toPlainText() != "Later."
    view.show()
    assert view.samples.text.toPlainText() == "Later."


def test_a_run_that_is_no_longer_shown_is_not_listened_to(view, run, scripted_run):
    other = scripted_run.play(small_run(3), "other")
    view.set_run(run)
    view.set_run(other)
    run.apply([sample(12, "Unseen.")])
    assert view.samples.text.toPlainText() != "Unseen."


def test_a_deleted_run_can_be_left(view, run, scripted_run, qtbot):
    view.set_run(run)
    with qtbot.waitSignal(run.destroyed):
        scripted_run.session.delete_run(run.name)
    view.set_run(None)
    assert view.run is None


def test_a_mark_of_a_sample_leads_to_its_text(view, run):
    run.apply([sample(4, "early"), sample(8, "late")])
    view.set_run(run)
    view.charts.mark_clicked.emit("sample", 8)
    assert view.samples.text.toPlainText() == "late"


def test_before_the_first_step_the_phase_is_told_with_its_share(run):
    run.apply([PhaseChanged(phase="tokenizing", done=40, total=100)])
    assert phase_text(run) == "Cutting the text into tokens, 40 %"
    run.apply([PhaseChanged(phase="building")])
    assert phase_text(run) == "Building the model…"


def test_the_line_under_the_title_tells_where_a_finished_run_is(run):
    assert progress_text(run) == "tale · finished · step 10 of 10"


def test_the_remaining_time_is_told_after_thirty_steps_and_not_before(scripted_run):
    run = scripted_run.start([started(100), *steps(5), UNTIL_STOPPED])
    scripted_run.until(lambda: run.step == 5)
    assert progress_text(run).endswith("estimating the time")
    run.apply([step(number) for number in range(6, 51)])
    assert progress_text(run).endswith("about 5 s left")
    scripted_run.session.stop_run(run)
    assert "stopping after this step" in progress_text(run)
    scripted_run.until(lambda: not run.living)


def test_in_a_small_window_the_side_column_gives_way_to_the_curve(view, run):
    view.set_run(run)
    shares = {}
    for width in (720, 1_100):
        view.resize(width, 420)
        view.layout().activate()
        shares[width] = view.charts.width()
    assert shares[720] >= 720 - 272 - 16
    assert shares[1_100] >= 600


def test_a_low_window_leaves_the_text_room(view, run):
    view.set_run(run)
    for height, brief in ((420, True), (700, False)):
        view.resize(1_000, height)
        assert view.facts._brief is brief


def test_more_settings_than_the_card_has_room_for_become_the_few_that_tell_runs_apart(view, scripted_run):
    view.resize(1_040, 630)
    view.set_run(scripted_run.play(small_run(), "plain"))
    assert not view.facts._brief
    run = scripted_run.play(small_run(), "sorts")
    run.config = RunConfig(
        objective="classify", start_from="tale", data=DataConfig(dataset="messages"), adapter=AdapterConfig(kind="lora")
    )
    view.set_run(run)
    assert view.facts._brief
    view.resize(1_040, 800)
    assert not view.facts._brief


def test_before_the_first_text_it_says_at_which_step_it_comes(scripted_run, view):
    config = RunConfig(data=DataConfig(text="story"), training=TrainingConfig(sample_every=40))
    run = scripted_run.start([started(100), *steps(45), UNTIL_STOPPED], config=config)
    scripted_run.until(lambda: run.step == 45)
    assert "at step 80" in empty_words(run)
    scripted_run.session.stop_run(run)
    scripted_run.until(lambda: not run.living)
    assert "ended before it wrote a text" in empty_words(run)


def test_a_run_that_writes_nothing_by_itself_says_how_to_get_a_text(scripted_run):
    config = RunConfig(data=DataConfig(text="story"), training=TrainingConfig(sample_every=0))
    run = scripted_run.start([started(100), *steps(2), UNTIL_STOPPED], config=config)
    scripted_run.until(lambda: run.step == 2)
    assert "Sample now" in empty_words(run)
    scripted_run.session.stop_run(run)
    scripted_run.until(lambda: not run.living)


def test_a_run_that_fills_gaps_says_so_before_the_first_and_promises_no_chat(scripted_run):
    run = scripted_run.play([started(10), step(1)], "gaps", RunConfig(objective="masked_words"))
    assert "Chat" not in empty_words(run)
    assert "filled a gap" in empty_words(run)
