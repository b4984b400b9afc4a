"""Messages that are of use only together."""

from studio.store.chats import Message
from studio.talking.together import Together


def message(number: int) -> Message:
    return Message(number, 1, None, "user", "", {}, 0.0, True)


def told(count: int) -> tuple[Together, list[tuple[str, list[int]]]]:
    """Some that are on their way, and what is heard of them."""
    heard: list[tuple[str, list[int]]] = []
    return Together(
        count,
        lambda kept: heard.append(("kept", [one.id for one in kept])),
        lambda kept: heard.append(("broken", [one.id for one in kept])),
    ), heard


def test_they_are_told_in_their_order_once_the_last_has_come() -> None:
    together, heard = told(3)
    for place in (2, 0):
        together.take(place, message(place))
    assert heard == []
    together.take(1, message(1))
    assert heard == [("kept", [0, 1, 2])]


def test_one_that_was_lost_early_is_told_only_when_it_is_known_which_others_to_take_back() -> None:
    together, heard = told(3)
    together.lose()
    together.take(1, message(1))
    assert heard == []
    together.take(2, message(2))
    assert heard == [("broken", [1, 2])]


def test_where_all_are_lost_there_is_nothing_to_take_back() -> None:
    together, heard = told(2)
    together.lose()
    together.lose()
    assert heard == [("broken", [])]
