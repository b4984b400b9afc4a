import pytest

from studio.training.sample_timeline import SampleTimeline, rule_text
from tests.scripted_run import sample

pytestmark = pytest.mark.gui


@pytest.fixture
def timeline(look, on_screen):
    timeline = SampleTimeline(look)
    on_screen(timeline)
    return timeline


def samples(*steps):
    return [sample(step, f"text of {step}") for step in steps]


def shown(timeline):
    return timeline.text.toPlainText()


def test_before_the_first_sample_it_says_what_will_be_here(timeline):
    assert timeline.empty.isVisible()
    assert not timeline.text.isVisible()


def test_the_newest_sample_is_followed(timeline):
    timeline.set_samples(samples(10))
    timeline.set_samples(samples(10, 20))
    assert shown(timeline) == "text of 20"
    assert timeline.where.text() == "step 20"


def test_a_person_who_goes_back_is_left_there_when_more_samples_come(timeline):
    timeline.set_samples(samples(10, 20, 30))
    timeline.back.click()
    timeline.set_samples(samples(10, 20, 30, 40))
    assert shown(timeline) == "text of 20"
    timeline.latest.click()
    timeline.set_samples(samples(10, 20, 30, 40, 50))
    assert shown(timeline) == "text of 50"


def test_the_slider_goes_over_the_steps(timeline):
    timeline.set_samples(samples(10, 20, 30))
    timeline.slider.moved.emit(0.5)
    assert shown(timeline) == "text of 20"


def test_a_mark_of_the_curve_leads_to_its_sample(timeline):
    timeline.set_samples(samples(10, 20, 30))
    timeline.show_step(25)
    assert shown(timeline) == "text of 20"


def test_one_sample_needs_no_slider(timeline):
    timeline.set_samples(samples(10))
    assert not timeline.slider.isVisible()
    assert not timeline.back.isVisible()


def test_the_prompt_stands_before_the_text_and_markup_stays_text(timeline):
    timeline.set_samples([sample(1, "<b>bold</b>", prompt="Once ")])
    assert shown(timeline) == "Once <b>bold</b>"


def test_another_run_forgets_the_place(timeline):
    timeline.set_samples(samples(10, 20))
    timeline.back.click()
    timeline.forget()
    timeline.set_samples(samples(1, 2))
    assert shown(timeline) == "text of 2"


def test_the_rule_of_sampling_is_told():
    assert rule_text(sample(1)) == "temperature 0.8 · seed 7 · 4 tokens"
    assert rule_text(sample(1, asked=True)).endswith("asked for")
