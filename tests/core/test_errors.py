"""The exception for people."""

from studio.core.errors import StudioError


def test_a_message_and_its_hint_make_one_sentence_after_the_other() -> None:
    error = StudioError("The disk is full.", "Free 2 GB.")
    assert str(error) == "The disk is full. Free 2 GB."
    assert (error.message, error.hint) == ("The disk is full.", "Free 2 GB.")


def test_a_hint_may_be_missing() -> None:
    assert str(StudioError("It is gone.")) == "It is gone."
