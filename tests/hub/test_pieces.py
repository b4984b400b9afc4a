"""An answer as it is passed on: up to a stop string, with why it ended, and let go of whatever happens."""

from collections.abc import Iterator

import pytest

from studio.core.errors import StudioError
from studio.hub.pieces import AnswerError, Pieces


def begun(*texts: str, reason: object = None, fails: Exception | None = None) -> Pieces:
    def source() -> Iterator[str]:
        yield from texts
        if fails is not None:
            raise fails
        return reason

    return Pieces(source, ("END", "###"))


def test_what_may_become_a_stop_string_is_held_back_until_it_does_not() -> None:
    assert "".join(begun("a#", "#b#")) == "a##b#"
    assert list(begun("a", "#", "##b", "c")) == ["a"]
    assert list(begun("", "a", "")) == ["a"]


@pytest.mark.parametrize(
    ("told", "said"), [("length", "length"), ("stop", "stop"), (None, "stop"), (5, "stop"), ([], "stop")]
)
def test_why_it_ended_is_one_of_two_words(told: object, said: str) -> None:
    pieces = begun("a", reason=told)
    list(pieces)
    assert pieces.reason == said


def test_an_answer_that_was_stopped_by_a_word_ended_by_itself() -> None:
    pieces = begun("aEND", "b", reason="length")
    assert list(pieces) == ["a"]
    assert pieces.reason == "stop"


def test_failures_are_told_as_programs_expect_them(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AnswerError) as refused:
        list(begun("a", fails=StudioError("Too long.", "Shorten it.")))
    assert refused.value.told[0] == 400
    assert refused.value.told[1]["error"]["message"] == "Too long. Shorten it."
    with pytest.raises(AnswerError) as broken:
        list(begun(fails=MemoryError("secret")))
    assert broken.value.told[0] == 500
    assert "secret" not in str(broken.value.told)
    assert "MemoryError" in caplog.text


def test_a_model_that_refuses_at_once_is_no_crash() -> None:
    def refuse() -> Iterator[str]:
        raise StudioError("No model is loaded.")

    pieces = Pieces(refuse, ())
    with pytest.raises(AnswerError):
        list(pieces)
    pieces.close()


def test_a_plain_iterator_will_do() -> None:
    pieces = Pieces(lambda: iter(["a", "b"]), ())
    assert list(pieces) == ["a", "b"]
    pieces.close()
