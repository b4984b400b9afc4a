import math
from types import SimpleNamespace

from studio.chat.writing import (
    Rival,
    Written,
    summary_words,
    token_words,
    write,
)
from studio.core.config import Sampling
from studio.core.sampling import Candidate
from studio.tokenizers import make_tokenizer


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
