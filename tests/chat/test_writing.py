import math
from types import SimpleNamespace

import numpy as np
import pytest

from studio.chat.writing import (
    Rival,
    Written,
    distribution,
    ending_words,
    removed_words,
    summary_words,
    token_words,
    write,
)
from studio.core.config import Sampling
from studio.core.sampling import Candidate, probabilities
from studio.tokenizers import make_tokenizer

LOGITS = np.log([0.4, 0.3, 0.2, 0.06, 0.04])
PLAIN = Sampling(temperature=1.0)


def test_without_controls_the_bars_are_the_models_own_probabilities():
    found = distribution(LOGITS, PLAIN, shown=3)
    assert [bar.id for bar in found.bars] == [0, 1, 2]
    assert [bar.probability for bar in found.bars] == pytest.approx([0.4, 0.3, 0.2])
    assert found.rest == pytest.approx(0.1)
    assert removed_words(found) == "All 5 tokens can come next."


def test_what_is_left_is_exactly_what_the_engine_draws_from():
    sampling = Sampling(temperature=0.7, top_k=4, top_p=0.9, min_p=0.05, repetition_penalty=1.3)
    found = distribution(LOGITS, sampling, seen=[0])
    chances = probabilities(LOGITS, sampling, [0])
    for bar in found.bars:
        assert bar.removed == (chances[bar.id] == 0)
        assert bar.removed or bar.probability == pytest.approx(chances[bar.id])


def test_each_control_tells_how_many_tokens_it_removed():
    found = distribution(LOGITS, Sampling(temperature=1.0, top_k=4, top_p=0.85))
    assert found.left == (("all", 5), ("top_k", 4), ("top_p", 3))
    assert removed_words(found) == "top-k removed 1 · top-p removed 1 · 3 of 5 tokens are left."


def test_a_removed_token_keeps_the_chance_it_had():
    found = distribution(LOGITS, Sampling(temperature=1.0, top_k=2))
    assert [bar.removed for bar in found.bars] == [False, False, True, True, True]
    assert found.bars[2].probability == pytest.approx(0.2)
    assert found.rest == pytest.approx(0.0)


def test_temperature_zero_leaves_one_token_and_still_shows_the_others():
    found = distribution(LOGITS, Sampling(temperature=0.0))
    assert [bar.removed for bar in found.bars] == [False, True, True, True, True]
    assert found.left[-1] == ("temperature", 1)


def test_certainty_has_no_entropy_and_an_even_choice_of_four_has_two_bits():
    assert distribution(np.zeros(4), PLAIN).entropy == pytest.approx(2.0)
    assert distribution(LOGITS, Sampling(temperature=0.0)).entropy == 0.0


def test_surprise_is_counted_in_bits():
    assert Written("a", 1, 0.25, 0.1).surprise == 2.0
    assert Written("", -1, 0.0, 0.1).surprise == 0.0


def test_the_summary_tells_speed_first_token_and_surprise():
    tokens = [Written("a", 1, 0.5, 0.04), Written("b", 2, 0.125, 0.5, "end")]
    words = summary_words(tokens)
    assert words == "2 tokens · 4 tokens/s · first token 40 ms · surprise 2.0 bits · the model ended the text"
    assert summary_words([]) == ""


def test_a_token_under_the_pointer_shows_its_blanks():
    assert token_words(Written(" warm\n", 12, 0.5, 0.0)) == "“·warm↵” had 50 % · surprise 1.0 bits · id 12"


def piece(letter, **fields):
    facts = {"text": letter, "id": 3, "probability": 0.5, "done": "", "sample": 0, "rivals": ()}
    return SimpleNamespace(**(facts | fields))


def test_writing_stamps_each_token_with_its_time():
    model = SimpleNamespace(complete=lambda sampling, control: map(piece, "ab"))
    written = list(write(model, Sampling(), lambda: True))
    assert [item.text for item in written] == ["a", "b"]
    assert 0 <= written[0].seconds <= written[1].seconds
    assert math.isfinite(written[1].seconds)


def test_a_token_brings_its_rivals_as_they_read(monkeypatch):
    tokenizer = make_tokenizer("bytes")
    rivals = (Candidate(104, 0.5), Candidate(0xC3, 0.25, True))
    model = SimpleNamespace(
        tokenizer=tokenizer, complete=lambda sampling, control: iter([piece("h", rivals=rivals, sample=2)] * 3)
    )
    written = list(write(model, Sampling(), lambda: True))
    assert written[0].rivals == (Rival(104, "h", 0.5), Rival(0xC3, "c3", 0.25, True))
    assert written[0].sample == 2
    monkeypatch.setattr("studio.chat.writing.RIVALS_KEPT", 2)  # of a very long text only the first keep theirs
    assert [bool(item.rivals) for item in write(model, Sampling(), lambda: True)] == [True, True, False]


def test_the_model_asks_the_job_whether_to_write_on():
    answers = iter([True, False])
    asked = []

    def complete(sampling, control):
        while control.keep_going():
            asked.append(sampling)
            yield piece("a")

    model = SimpleNamespace(complete=complete)
    assert len(list(write(model, Sampling(tokens=9), lambda: next(answers)))) == 1


def test_a_text_that_ended_at_a_stop_string_says_so():
    assert summary_words([Written("a", 1, 0.5, 0.0, "stop")]).endswith("ended at a stop string")
    assert summary_words([Written("", -1, 0.0, 0.0, "stop")]) == "ended at a stop string"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at the beginning of a text"),
        ("Once\nupon", "after “Once↵upon”"),
        ("The old lighthouse keeper was tired and went home", "after “…keeper was tired and went home”"),
        ("x" * 50, "after “…" + "x" * 40 + "”"),
    ],
)
def test_the_bars_say_what_they_follow_and_cut_no_word(text, words):
    assert ending_words(text) == words
