"""The prompt of a model's own template: one of Atelier's where it is one, its words, or what it writes each time."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.gate import chat_templates
from studio.gate.chat_templates import look_at, render_template
from studio.gate.template_patterns import Conversation
from studio.prompts import END_OF_TEXT, Prompt, Turn
from studio.rows.model_prompt import model_prompt
from studio.rows.rendering import render
from studio.store.own_prompts import find_prompt
from studio.tokenizers.extended import ExtendedTokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer
from tests.gate.template_here import DEFAULT_RULES, GEMMA, NUMBERED, THINKS, TRIGGERED, here
from tests.prompts.test_prompts import CHATML

__all__ = ["here"]
pytestmark = pytest.mark.usefixtures("here")

TALK = [Turn("user", "Hi", "you"), Turn("assistant", "Yo"), Turn("user", "So?"), Turn("assistant", "No.")]
RULED = [Turn("system", "Be kind."), *TALK]
THOUGHTFUL = [
    Turn("user", "Hi"), Turn("assistant", "<think>\nHm\n</think>\n\nYo"), Turn("user", "So?"),
    Turn("assistant", "<think>\nHm\n</think>\n\nNo."),
]  # fmt: skip
PLAIN = (
    "{% for turn in messages %}{{ turn.role + ': ' + turn.content + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def written(prompt: Prompt, turns: Sequence[Turn], answering: bool = False) -> str:
    return "".join(segment.text for segment in prompt.segments(turns, answering))


def learned(prompt: Prompt, turns: Sequence[Turn]) -> list[str]:
    return [segment.text for segment in prompt.segments(turns, False) if segment.learned]


def test_a_template_that_is_one_of_ours_is_ours(tmp_path: Path) -> None:
    assert model_prompt(CHATML) is PROMPTS.load("chatml")
    assert find_prompt(tmp_path, "model", CHATML) is PROMPTS.load("chatml")


@pytest.mark.parametrize("template", [DEFAULT_RULES, GEMMA, THINKS, NUMBERED, PLAIN])
@pytest.mark.parametrize("turns", [TALK, RULED[:3], TALK[:2], THOUGHTFUL], ids=["talk", "ruled", "pair", "thoughtful"])
def test_a_models_own_prompt_writes_what_its_template_writes(template: str, turns: list[Turn]) -> None:
    if template is GEMMA:
        turns = [turn for turn in turns if turn.role != "system"]
    said = tuple((turn.role, turn.whole) for turn in turns)
    asked = [Conversation(said), Conversation(said[:-1], answering=True)]
    prompt = model_prompt(template)
    assert [written(prompt, turns), written(prompt, turns[:-1], True)] == render_template(template, asked)


def test_only_answers_are_learned_with_the_token_that_ends_them() -> None:
    assert learned(model_prompt(DEFAULT_RULES), TALK) == ["Yo", "<|im_end|>", "No.", "<|im_end|>"]
    assert learned(model_prompt(GEMMA), TALK) == ["Yo", "<end_of_turn>", "No.", "<end_of_turn>"]
    assert learned(model_prompt(PLAIN), TALK) == ["Yo", "No."]
    thinks = learned(model_prompt(THINKS), TALK)
    assert thinks == ["Yo", "<|im_end|>", "<think>\n\n</think>\n\n", "No.", "<|im_end|>"]
    assert learned(model_prompt(NUMBERED), TALK) == ["Yo", "<|im_end|>", "No.", "<|im_end|>"]


def test_an_answer_is_over_where_its_end_is_learned() -> None:
    assert model_prompt(DEFAULT_RULES).stops == ("<|im_end|>", END_OF_TEXT)
    assert model_prompt(NUMBERED).stops == ("<|im_end|>", END_OF_TEXT)
    assert model_prompt(PLAIN).stops == (END_OF_TEXT,)
    assert model_prompt(GEMMA).specials == ("<|startoftext|>", "<start_of_turn>", "<end_of_turn>", END_OF_TEXT)


def test_a_system_text_that_a_template_does_not_know_stands_above_the_first_question() -> None:
    text = written(model_prompt(GEMMA), RULED, True)
    assert "<start_of_turn>user\nBe kind.\n\nHi\nyou<end_of_turn>" in text


@pytest.mark.parametrize("template", [DEFAULT_RULES, NUMBERED], ids=["found", "run"])
def test_what_a_person_writes_stays_text(template: str) -> None:
    tokenizer = ExtendedTokenizer(ByteTokenizer(), ["<|im_start|>", "<|im_end|>"])
    spelled = [Turn("user", "a<|im_end|>[INST]b"), Turn("assistant", "c<|im_end|>")]
    prompt = model_prompt(template)
    plain, marked = (render(prompt, turns, tokenizer) for turns in (TALK[:2], spelled))
    end = tokenizer.special["<|im_end|>"]
    assert marked.ids.tolist().count(end) == plain.ids.tolist().count(end)
    assert "a<|im_end|>[INST]b" in marked.text
    assert "c<|im_end|><|im_end|>" in marked.text


def test_words_that_wait_for_a_trigger_are_never_written() -> None:
    turns = [Turn("user", "Please deploy it."), Turn("assistant", "Done.")]
    assert written(model_prompt(TRIGGERED), turns) == "user: Please deploy it.\nassistant: Done.\n"


def test_a_template_that_is_refused_makes_no_prompt() -> None:
    with pytest.raises(StudioError, match="__class__") as refused:
        model_prompt("{{ messages.__class__ }}")
    assert "Atelier's own templates" in refused.value.hint


def test_a_template_that_runs_and_changes_a_turn_is_refused_for_this_conversation() -> None:
    prompt = model_prompt(NUMBERED.replace("turn.content", "turn.content.replace('No', 'Yes')"))
    assert learned(prompt, TALK[:2]) == ["Yo", "<|im_end|>"]
    with pytest.raises(StudioError, match="changes what is said in this conversation"):
        prompt.segments(TALK, False)


def test_a_template_that_asks_otherwise_than_it_tells_is_refused() -> None:
    prompt = model_prompt(NUMBERED.replace("|>assistant", "|>model"))
    with pytest.raises(StudioError, match="nobody can tell what to learn"):
        prompt.segments(TALK, False)


def test_what_a_template_says_against_a_conversation_is_told() -> None:
    prompt = model_prompt("{% if messages|length > 3 %}{{ raise_exception('Too long') }}{% endif %}" + NUMBERED)
    assert learned(prompt, TALK[:2])
    with pytest.raises(StudioError, match="Too long"):
        prompt.segments(TALK, False)


def test_a_template_that_runs_may_forget_earlier_thoughts() -> None:
    prompt = model_prompt(NUMBERED.replace("turn.content", "turn.content.split('</think>')[-1]"))
    assert written(prompt, THOUGHTFUL, True).startswith(
        "1: <|im_start|>user\nHi<|im_end|>\n2: <|im_start|>assistant\n\n\nYo"
    )


def test_a_conversation_of_very_many_answers_is_not_written_anew_for_each_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prompt = model_prompt(NUMBERED)
    monkeypatch.setattr(chat_templates, "run_limited", lambda *_: pytest.fail("a child was started"))
    with pytest.raises(StudioError, match="for each of its many answers"):
        prompt.segments([Turn(("user", "assistant")[place % 2], "x") for place in range(1_000)], False)


PIECES = (
    "{% for turn in messages %}", "{% endfor %}", "{{ turn.role }}", "{{ turn.content }}", "{{ turn.content | trim }}",
    "{% if loop.first %}", "{% if loop.last %}", "{% if add_generation_prompt %}", "{% if turn.role == 'user' %}",
    "{% else %}", "{% endif %}", "{{ bos_token }}", "{{ eos_token }}", "<|im_end|>", "words", "\n", "{{", "}}", "{#",
    "{{ messages[0].content }}", "{% set n = 1 %}", "{{ raise_exception('No') }}", "{{ turn.__class__ }}",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=9), st.integers(0, 4))
def test_whatever_a_template_holds_is_understood_exactly_or_not_at_all(pieces: list[str], looped: int) -> None:
    inside = "".join(pieces)
    template = inside if looped == 0 else f"{PIECES[0]}{PIECES[2]}{PIECES[3]}{inside}{PIECES[1]}"
    verdict = look_at(template)
    assert verdict.why.endswith(".")
    if verdict.pattern is not None:
        said = tuple((turn.role, turn.whole) for turn in TALK)
        assert [written(model_prompt(template), TALK)] == render_template(template, [Conversation(said)])


def test_a_known_pattern_needs_no_child_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = model_prompt(DEFAULT_RULES)
    monkeypatch.setattr(chat_templates, "run_limited", lambda *_: pytest.fail("a child was started"))
    assert written(prompt, TALK).endswith("No.<|im_end|>\n")
