from dataclasses import replace

import pytest

from studio.training.sample_moments import before_of, moments
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


def pair(before="The dog was sad.", after="The old dog was sad.", prompts=("", "")):
    return [sample(10, before, prompt=prompts[0]), sample(20, after, prompt=prompts[1])]


def test_what_is_new_since_the_sample_before_is_marked_and_counted(timeline):
    timeline.set_samples(pair())
    assert timeline.text.marked == ["old"]
    assert timeline.news.text() == "1 of 6 words are new since step 10."


def test_the_marks_can_be_switched_off_and_on(timeline):
    timeline.set_samples(pair())
    timeline.compare.click()
    assert timeline.text.marked == []
    assert not timeline.news.isVisible()
    timeline.compare.click()
    assert timeline.text.marked == ["old"]


def test_only_a_sample_from_the_same_prompt_is_compared_with(timeline):
    first, second = pair(prompts=("Once ", "Say "))
    third = sample(30, "The dog was glad.", prompt="Once ")
    timeline.set_samples([first, second])
    assert not timeline.compare.isVisible()
    assert timeline.text.marked == []
    assert before_of([first, second, third], 2) is first


def test_the_first_sample_has_nothing_to_be_compared_with(timeline):
    timeline.set_samples(pair()[:1])
    assert not timeline.compare.isVisible()
    assert not timeline.news.isVisible()


def test_a_text_that_shares_almost_nothing_is_not_painted_all_over(timeline):
    timeline.set_samples(pair("x y z", "Mira went to the harbour and looked at ships"))
    assert timeline.text.marked == []
    assert "Almost nothing" in timeline.news.text()


def test_an_emoji_before_them_does_not_shift_the_marks(timeline):
    timeline.set_samples(pair("🌊🌊 the dog was", "🌊🌊 the red dog was"))
    places = [(one.cursor.selectedText()) for one in timeline.text.extraSelections()]
    assert places == ["red"]


def test_filled_gaps_are_titled_so_with_the_guesses_marked_and_the_score_below(timeline):
    first, second = (
        replace(sample(step, f"The [cat] [{guess}sat] down.\n\nSo many are right."), tokens=2, temperature=0.0)
        for step, guess in ((10, "ran|"), (20, ""))
    )
    timeline.set_gaps(True)
    timeline.set_samples([first, second])
    assert timeline.accessibleName() == "Filled gaps"
    assert timeline.text.marked == ["[cat]", "[sat]"]
    timeline.back.click()
    assert timeline.text.marked == ["[cat]", "[ran|sat]"]
    assert shown(timeline) == "The [cat] [ran|sat] down."
    assert timeline.news.text() == "So many are right."
    assert "temperature" not in timeline.rule.text()
    assert not timeline.compare.isVisible()


def answered(step, *said):
    return [sample(step, text, prompt=f"question {number}") for number, text in enumerate(said)]


def test_answers_of_one_step_are_one_moment_with_a_list_of_questions(timeline):
    timeline.set_asks(True)
    timeline.set_samples([*answered(10, "red", "one red dog"), *answered(20, "blue", "one old dog")])
    assert timeline.place == 1
    assert timeline.questions.count() == 2
    assert (timeline.asked.text(), shown(timeline)) == ("question 0", "blue")
    timeline.questions.set_value(1)
    timeline.questions.changed.emit()
    assert (timeline.asked.text(), shown(timeline)) == ("question 1", "one old dog")
    assert timeline.text.marked == ["old"]
    timeline.back.click()
    assert shown(timeline) == "one red dog", "the question is followed over the steps"


def test_a_question_that_is_asked_again_at_the_same_step_is_a_moment_of_its_own():
    found = moments([*answered(10, "a", "b"), sample(10, "c", asked=True, prompt="question 0")])
    assert [(moment.first, len(moment.samples)) for moment in found] == [(0, 2), (2, 1)]


def test_one_text_for_a_step_needs_no_list(timeline):
    timeline.set_samples(samples(10, 20))
    assert not timeline.questions.isVisible()
    assert not timeline.asked.isVisible()
