"""What templates are found to write: patterns that fill in exactly what was written, and none where nothing fits."""

from collections.abc import Callable

import pytest

from studio.core.shelf import PROMPTS
from studio.gate.template_patterns import (
    BEGIN,
    KNOWN,
    Conversation,
    Pattern,
    around,
    behind_answer,
    known_as,
    pattern_of,
    pieces_of,
    probes,
)
from studio.prompts import Turn

TALK = (("user", "Hi"), ("assistant", "<think>\nHm\n</think>\n\nYo"), ("user", "So?"), ("assistant", "No."))
RULED = (("system", "Be."), *TALK)
SIMPLE = Pattern("U:", ("S:", "\nU:"), "\nA:", "\nU:", "\n")


def found(write: Callable[[Conversation], str | None]) -> Pattern | None:
    plain, blank, thinking = ([write(one) for one in told] for told in probes())
    return pattern_of(plain, blank, thinking)


def filled(pattern: Pattern, turns: tuple[tuple[str, str], ...], answering: bool = False) -> str:
    return "".join(piece.text for piece in pieces_of(pattern, Conversation(turns, answering)))


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_of_a_template_is_what_the_shelf_writes(name: str) -> None:
    prompt = PROMPTS.load(name)

    def write(one: Conversation) -> str:
        return "".join(piece.text for piece in prompt.segments([Turn(*turn) for turn in one.turns], one.answering))

    assert found(write) == KNOWN[name]


@pytest.mark.parametrize(
    "pattern",
    [
        SIMPLE,
        Pattern("U:", None, "\nA:", "\nU:", "\n", trims=True),
        Pattern("U:", ("S:", "\nU:"), "\nA:", "\nU:", "\n", silence="<think>\n\n</think>\n\n", forgets=True),
        Pattern("Help.\nU:", ("", "\nU:"), "", "\n", ""),
    ],
)
def test_a_pattern_is_found_in_what_it_writes(pattern: Pattern) -> None:
    def write(one: Conversation) -> str | None:
        ruled = one.turns[0][0] == "system"
        return None if ruled and pattern.system is None else filled(pattern, one.turns, one.answering)

    assert found(write) == pattern


def test_what_follows_no_pattern_is_not_found() -> None:
    assert found(lambda one: "Always the same.") is None
    assert found(lambda one: None) is None
    assert found(lambda one: f"{len(one.turns)}{filled(SIMPLE, one.turns, one.answering)}") is None
    assert found(lambda one: filled(SIMPLE, one.turns, one.answering).replace("zqidea", "")) is None
    assert found(lambda one: filled(SIMPLE, one.turns, one.answering).lstrip()) == SIMPLE
    assert found(lambda one: filled(SIMPLE, one.turns).replace("zqtellc", "zqtella")) is None
    assert found(lambda one: None if len(one.turns) == 7 else filled(SIMPLE, one.turns, one.answering)) is None


def test_an_answer_begins_otherwise_than_it_is_asked_for() -> None:
    last = {"assistant": "\nB:"}

    def write(one: Conversation) -> str:
        text = filled(SIMPLE, one.turns, one.answering)
        return text if one.answering else text[::-1].replace("\nA:"[::-1], last["assistant"][::-1], 1)[::-1]

    assert found(write) is None


def test_earlier_answers_lose_their_thoughts_where_the_template_forgets_them() -> None:
    forgets = Pattern("U:", None, "\nA:", "\nU:", "\n", silence="<none>", forgets=True)
    assert filled(forgets, TALK) == "U:Hi\nA:Yo\nU:So?\nA:<none>No.\n"
    assert filled(forgets, TALK[:2]) == "U:Hi\nA:<think>\nHm\n</think>\n\nYo\n"
    assert filled(forgets, TALK[:3], True) == "U:Hi\nA:Yo\nU:So?\nA:"
    assert filled(SIMPLE, TALK[:3], True).count("Hm") == 1


def test_a_system_text_has_its_place_or_stands_above_the_first_question() -> None:
    assert filled(SIMPLE, RULED[:2], True) == "S:Be.\nU:Hi\nA:"
    assert filled(Pattern("U:", None, "\nA:", "\nU:", "\n"), RULED[:2], True) == "U:Be.\n\nHi\nA:"


def test_llama_calls_the_beginning_by_its_own_name() -> None:
    llama = KNOWN["llama3"]
    assert llama.system is not None
    begin, system = (text.replace("<|begin_of_text|>", BEGIN) for text in (llama.begin, llama.system[0]))
    found = Pattern(begin, (system, llama.system[1]), llama.answer, llama.between, llama.end, trims=True)
    assert known_as(found) == "llama3"
    assert known_as(SIMPLE) is None


def test_words_are_cut_out_in_order_and_only_once() -> None:
    assert around("<a>b<c>", ("a", "c")) == ["<", ">b<", ">"]
    assert around("<a>b<a>", ("a",)) is None
    assert around("<c><a>", ("a", "c")) is None
    assert behind_answer(["", "zqaska zqtella</s>"]) == "</s>"
    assert behind_answer(["", None]) == ""
