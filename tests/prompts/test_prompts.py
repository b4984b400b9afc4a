"""Prompt templates: what they write, letter by letter, what of it is learned, and where an answer begins and ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from studio.core.shelf import PROMPTS
from studio.prompts import END_OF_TEXT, Prompt, Segment, Turn

ASKED = [Turn("user", "Name a colour.")]
TALK = [Turn("system", "Be brief."), *ASKED, Turn("assistant", "Blue."), Turn("user", " One more? \n")]
WHOLE = [*TALK, Turn("assistant", "Red,\n\nor green. ")]

# The shape in which each maker publishes it, in Jinja: roles between marks, and where the answer begins.
CHATML = (
    "{% for turn in messages %}{{ '<|im_start|>' + turn.role + '\\n' + turn.content + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
LLAMA3 = (
    "{% for turn in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "{{ '<|start_header_id|>' + turn['role'] + '<|end_header_id|>\\n\\n' + turn['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)


def written(prompt: Prompt, turns: Sequence[Turn], answering: bool = False) -> str:
    return "".join(segment.text for segment in prompt.segments(turns, answering))


def learned(prompt: Prompt, turns: Sequence[Turn]) -> list[str]:
    return [segment.text for segment in prompt.segments(turns, False) if segment.learned]


def by_jinja(template: str, told: list[dict[str, str]], answering: bool) -> str:
    """What `transformers` does with a template, by the library that it uses for it."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    compiled = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(template)
    return compiled.render(messages=told, add_generation_prompt=answering, bos_token="<|begin_of_text|>")


def by_transformers(template: str, told: list[dict[str, str]], answering: bool) -> str:
    """With a vocabulary of three letters; templates need no more."""
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    tiny = Tokenizer(BPE(vocab={"a": 0, "b": 1, "<unk>": 2}, merges=[], unk_token="<unk>"))
    outside = PreTrainedTokenizerFast(tokenizer_object=tiny, bos_token="<|begin_of_text|>")
    return str(
        outside.apply_chat_template(told, chat_template=template, tokenize=False, add_generation_prompt=answering)
    )


BY = [by_jinja, pytest.param(by_transformers, marks=(pytest.mark.slow, pytest.mark.torch))]


@pytest.mark.parametrize("rendered_by", BY)
@pytest.mark.parametrize(("name", "template"), [("chatml", CHATML), ("llama3", LLAMA3)])
@pytest.mark.parametrize("turns", [ASKED, TALK, WHOLE, WHOLE[1:3]], ids=["asked", "talk", "whole", "pair"])
def test_a_prompt_writes_what_its_published_template_writes(
    rendered_by: Any, name: str, template: str, turns: list[Turn]
) -> None:
    told = [{"role": turn.role, "content": turn.text} for turn in turns]
    for answering in (False, True):
        theirs = rendered_by(template, told, answering)
        assert written(PROMPTS.load(name), turns, answering) == theirs


def test_alpaca_writes_what_the_book_writes() -> None:
    turns = [Turn("user", "Rewrite it.", "A cat sat."), Turn("assistant", "A cat was sitting.")]
    text = (
        "Below is an instruction that describes a task. Write a response that appropriately completes the request."
        "\n\n### Instruction:\nRewrite it.\n\n### Input:\nA cat sat.\n\n### Response:\nA cat was sitting."
    )
    assert written(PROMPTS.load("alpaca"), turns) == text + END_OF_TEXT
    assert learned(PROMPTS.load("alpaca"), turns) == ["A cat was sitting.", END_OF_TEXT]
    assert written(PROMPTS.load("alpaca"), [Turn("user", "Rewrite it.", "A cat sat.")], True) == text[:-18]
    assert "### Input:" not in written(PROMPTS.load("alpaca"), ASKED)


def test_alpaca_says_its_preamble_once_and_a_system_text_takes_its_place() -> None:
    text = written(PROMPTS.load("alpaca"), WHOLE)
    assert text.startswith("Be brief.\n\n### Instruction:\nName")
    assert "Below is" not in text
    assert written(PROMPTS.load("alpaca"), [*ASKED, Turn("assistant", "Blue."), *ASKED]).count("Below is") == 1


def test_phi_names_roles_by_tokens_of_their_own() -> None:
    text = "<|user|>\nName a colour.<|end|>\n<|assistant|>\n"
    assert written(PROMPTS.load("phi3"), ASKED, True) == text
    assert written(PROMPTS.load("phi3"), [*ASKED, Turn("assistant", "Blue.")]) == text + f"Blue.<|end|>\n{END_OF_TEXT}"


def test_plain_puts_nothing_between_a_prompt_and_its_completion() -> None:
    turns = [Turn("user", "Price is $"), Turn("assistant", "89.00")]
    assert written(PROMPTS.load("plain"), turns) == f"Price is $89.00{END_OF_TEXT}"
    assert written(PROMPTS.load("plain"), [Turn("system", "Prices."), *turns[:1]], True) == "Prices.\n\nPrice is $"


def test_an_input_stands_below_what_is_asked_where_a_prompt_has_no_heading_for_it() -> None:
    turns = [Turn("user", "Sort them.", "3, 1")]
    assert "Sort them.\n3, 1<|im_end|>" in written(PROMPTS.load("chatml"), turns)
    assert turns[0].whole == "Sort them.\n3, 1"
    assert ASKED[0].whole == "Name a colour."


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("chatml", ["Blue.", "<|im_end|>", "Red,\n\nor green. ", "<|im_end|>"]),
        ("llama3", ["Blue.", "<|eot_id|>", "Red,\n\nor green.", "<|eot_id|>"]),
        ("phi3", ["Blue.", "<|end|>", "Red,\n\nor green. ", "<|end|>"]),
        ("plain", ["Blue.", END_OF_TEXT, "Red,\n\nor green. ", END_OF_TEXT]),
    ],
)
def test_only_answers_and_what_ends_them_are_learned(name: str, parts: list[str]) -> None:
    assert learned(PROMPTS.load(name), WHOLE) == parts


def test_a_segment_is_text_unless_it_says_that_it_is_special() -> None:
    assert Segment("<|im_end|>", False) != Segment("<|im_end|>", False, special=True)
