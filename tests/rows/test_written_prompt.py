"""A template that a person wrote: filled in turn by turn, its special tokens found, refused with the reason."""

from collections.abc import Sequence

import pytest

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.prompts import END_OF_TEXT, Prompt, Turn
from studio.rows.rendering import render
from studio.rows.written_prompt import LONGEST, literal, written_prompt
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer

ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request."
    "\n\n### Instruction:\n{user}[[\n\n### Input:\n{input}]]\n\n### Response:\n{assistant}"
)
CHATML = (
    "[[<|im_start|>system\n{system}<|im_end|>\n]]<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"
    "{assistant}<|im_end|>\n"
)
ASKED = [Turn("user", "Hi", "you")]
PAIR = [*ASKED, Turn("assistant", "Yo")]
TALK = [Turn("system", "Be kind."), *PAIR, Turn("user", "So?"), Turn("assistant", "No.")]


def written(prompt: Prompt, turns: Sequence[Turn], answering: bool = False) -> str:
    return "".join(segment.text for segment in prompt.segments(turns, answering))


@pytest.mark.parametrize("turns", [PAIR, TALK], ids=["pair", "talk"])
def test_chatml_written_by_hand_is_chatml(turns: list[Turn]) -> None:
    own, known = written_prompt("mine", CHATML), PROMPTS.load("chatml")
    tokenizer = ExtendedTokenizer(ByteTokenizer(), ["<|im_start|>", "<|im_end|>"])
    for answering in (False, True):
        told = turns[:-1] if answering else turns
        mine, theirs = (render(prompt, told, tokenizer, answering=answering) for prompt in (own, known))
        assert mine.ids.tolist() == theirs.ids.tolist()
        assert mine.learned.tolist() == theirs.learned.tolist()
    assert (own.specials, own.stops) == (("<|im_start|>", "<|im_end|>"), ("<|im_end|>",))


def test_alpaca_written_by_hand_is_alpaca() -> None:
    own, known = written_prompt("mine", ALPACA), PROMPTS.load("alpaca")
    for turns in (PAIR, [Turn("user", "Hi"), Turn("assistant", "Yo")]):
        assert own.segments(turns, False)[-2:] == known.segments(turns, False)[-2:]
        assert written(own, turns) == written(known, turns)
        assert written(own, turns[:1], True) == written(known, turns[:1], True)
    assert own.stops == known.stops


def test_what_is_written_once_is_not_repeated() -> None:
    own = written_prompt("mine", "Know: {system}\n\nQ: {user}\nA: {assistant}\n\n")
    assert (
        written(own, TALK) == f"Know: Be kind.\n\nQ: Hi\nyou\nA: Yo{END_OF_TEXT}\n\n\n\nQ: So?\nA: No.{END_OF_TEXT}\n\n"
    )
    assert written(own, ASKED, True) == "Know: \n\nQ: Hi\nyou\nA: "


def test_a_system_text_without_a_place_stands_above_the_first_question() -> None:
    own = written_prompt("mine", "Q: {user} A: {assistant}")
    assert written(own, TALK).startswith("Q: Be kind.\n\nHi\nyou A: Yo")
    assert written(own, TALK).count("Be kind.") == 1


def test_the_next_heading_ends_an_answer_when_it_says_enough() -> None:
    assert written_prompt("m", "Question: {user}\n{assistant}").stops == (END_OF_TEXT, "Question:")
    assert written_prompt("m", "Q: {user}\n{assistant}").stops == (END_OF_TEXT,)
    assert written_prompt("m", "Question: {user}\n{assistant}</s>").stops == ("</s>",)


def test_only_the_words_of_the_template_are_special() -> None:
    segments = written_prompt("m", "<s>{user}[INST]{assistant}").segments([Turn("user", "<s>"), *PAIR[1:]], False)
    assert [(segment.text, segment.special) for segment in segments if segment.text] == [
        ("<s>", True), ("<s>", False), ("[INST]", True), ("Yo", False), (END_OF_TEXT, True),
    ]  # fmt: skip
    assert [segment.special for segment in literal("a<|b|>c<｜d｜><end_of_turn> <| e|>")] == [
        False, True, False, True, True, False,
    ]  # fmt: skip


def test_braces_that_are_no_places_are_words() -> None:
    assert (
        written(written_prompt("m", 'Write {"a": 1} {}: {user} {assistant}'), ASKED[:1], True)[:16]
        == 'Write {"a": 1} {'
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "have to stand in it once each"),
        ("{user}", "have to stand in it once each"),
        ("{user} {assistant} {assistant}", "once each"),
        ("{system}{system}{user}{assistant}", "at most once"),
        ("{assistant} {user}", "has to come last"),
        ("{user} {system} {assistant}", "before everything else"),
        ("{user} {instruction} {assistant}", "a place for “instruction”"),
        ("{user} [[{input} {assistant}", "never closed"),
        ("{user} ]] {assistant}", "do not belong together"),
        ("[[ [[{system}]] ]]{user}{assistant}", "do not belong together"),
        ("[[{user}]]{assistant}", "either {system} or {input}"),
        ("[[nothing]]{user}{assistant}", "either {system} or {input}"),
        ("{user}{assistant}" + "x" * LONGEST, "characters"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(text: str, words: str) -> None:
    with pytest.raises(StudioError) as refused:
        written_prompt("mine", text)
    assert words in refused.value.message
    assert "{user}" in refused.value.hint
