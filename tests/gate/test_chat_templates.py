"""Chat templates that models bring: recognised, understood by what they write, or refused; nothing else runs."""

from collections.abc import Iterator

import pytest

from studio.core.errors import StudioError
from studio.gate import chat_templates, template_child
from studio.gate.chat_templates import LONGEST, look_at, recognised, render_template
from studio.gate.template_patterns import KNOWN, Conversation, Pattern
from studio.prompts import START_OF_TEXT
from tests.gate.template_here import DEFAULT_RULES, GEMMA, NUMBERED, THINKS, TRIGGERED, here
from tests.prompts.test_prompts import CHATML, LLAMA3

__all__ = ["here"]

HI = Conversation((("user", "Hi"),), answering=True)
PHI3 = (
    "{% for turn in messages %}{{ '<|' + turn.role + '|>\\n' + turn.content + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"
)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing remembered from another test."""
    look_at.cache_clear()
    yield
    look_at.cache_clear()


# --- recognised -------------------------------------------------------------------------------------------------------


def test_a_template_is_recognised_by_what_it_writes_in_a_limited_child(fresh: None) -> None:
    assert recognised(CHATML) == "chatml"
    verdict = look_at(CHATML)
    assert "tried on 36 conversations in a limited process" in verdict.why
    assert not verdict.refused


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("template", "name"), [(CHATML, "chatml"), (LLAMA3, "llama3"), (PHI3, "phi3"), (GEMMA, None)])
def test_templates_of_the_field_are_told_apart(template: str, name: str | None) -> None:
    assert recognised(template) == name
    assert recognised("\n".join(["{# written otherwise #}", template])) in (name, None)


@pytest.mark.usefixtures("here")
def test_the_words_around_the_turns_are_found() -> None:
    assert look_at(GEMMA).pattern == Pattern(
        f"{START_OF_TEXT}<start_of_turn>user\n", None, "<end_of_turn>\n<start_of_turn>model\n",
        "<end_of_turn>\n<start_of_turn>user\n", "<end_of_turn>\n", trims=True,
    )  # fmt: skip
    verdict = look_at(DEFAULT_RULES)
    assert verdict.pattern is not None
    assert verdict.pattern.begin == "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\n"
    assert verdict.pattern.system == KNOWN["chatml"].system
    assert "does not run again" in verdict.why


@pytest.mark.usefixtures("here")
def test_what_stands_before_the_last_answer_only_is_found_too() -> None:
    pattern = look_at(THINKS).pattern
    assert pattern is not None
    assert (pattern.silence, pattern.forgets) == ("<think>\n\n</think>\n\n", True)


@pytest.mark.usefixtures("here")
def test_a_template_that_writes_something_else_each_time_has_to_run() -> None:
    verdict = look_at(NUMBERED)
    assert (verdict.pattern, verdict.name, verdict.refused) == (None, None, False)
    assert "has to run" in verdict.why
    assert verdict.behind == "<|im_end|>\n"


@pytest.mark.usefixtures("here")
def test_words_that_wait_for_a_trigger_are_not_among_what_is_found() -> None:
    assert look_at(TRIGGERED).pattern == Pattern(
        "user: ", ("system: ", "\nuser: "), "\nassistant: ", "\nuser: ", "\n", trims=False
    )


@pytest.mark.usefixtures("here")
def test_what_a_template_adds_for_itself_is_seen() -> None:
    pattern = look_at(f"<!-- hidden -->{CHATML}").pattern
    assert pattern is not None
    assert pattern.begin.startswith("<!-- hidden -->")


@pytest.mark.usefixtures("here")
def test_marks_for_answers_and_loops_that_end_early_are_read() -> None:
    marked = CHATML.replace("{{ '<|im_start|>' +", "{% generation %}{{ '<|im_start|>' +", 1).replace(
        "{% endfor %}", "{% endgeneration %}{% if false %}{% break %}{% endif %}{% endfor %}"
    )
    assert recognised(marked) == "chatml"


# --- rendered ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("here")
def test_what_a_template_says_against_a_conversation_stands_in_its_place() -> None:
    good, bad = render_template(GEMMA, [HI, Conversation((("system", "Be."), ("user", "Hi")))])
    assert good == f"{START_OF_TEXT}<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"
    assert isinstance(bad, StudioError)
    assert bad.message.endswith(": it says “No system text here”.")


@pytest.mark.usefixtures("here")
def test_a_template_that_stumbles_says_over_what() -> None:
    stumbled = render_template("{{ messages[0].content + 1 }}", [HI])[0]
    assert isinstance(stumbled, StudioError)
    assert "stumbles over this conversation (TypeError)" in stumbled.message
    verdict = look_at("{{ raise_exception('Never') }}")
    assert verdict.refused
    assert "Never" in verdict.why


@pytest.mark.usefixtures("here")
def test_a_template_that_leaves_out_what_is_said_is_refused() -> None:
    for template in ("{{ messages[0].content }}", "Always the same.", "{{ messages[0].content | upper }}"):
        verdict = look_at(template)
        assert verdict.refused
        assert "changes what is said, or leaves some of it out" in verdict.why


@pytest.mark.usefixtures("here")
def test_a_template_that_writes_too_much_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_child, "MOST_CHARACTERS", 10)
    with pytest.raises(StudioError, match="more than 10 characters"):
        render_template("{% for turn in messages %}twelve letters{% endfor %}", [HI])


def test_a_child_that_dies_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise StudioError("The process that reads foreign files ended without an answer (signal 9).")

    monkeypatch.setattr(chat_templates, "run_limited", die)
    with pytest.raises(StudioError, match="needs more time or memory than any template has to") as refused:
        render_template(CHATML, [HI])
    assert refused.value.hint
    monkeypatch.setattr(chat_templates, "run_limited", lambda *_: 1)
    with pytest.raises(StudioError, match="left nothing"):
        render_template(CHATML, [HI])


# --- hostile ----------------------------------------------------------------------------------------------------------


OVER = "{% for turn in messages %}"
HOSTILE = {
    "class": ("{{ messages.__class__ }}", "attribute “__class__”"),
    "attr": ("{{ messages | attr('__class__') }}", "filter “attr”"),
    "item": ("{{ messages['__class__'] }}", "reaches for “__class__”"),
    "map": ("{{ messages | map(attribute='__class__') | list }}", "reaches for “__class__”"),
    "cycler": ("{{ cycler.__init__.__globals__.os }}", "“"),
    "lipsum": ("{{ lipsum.__globals__ }}", "“"),
    "format": ("{{ '{0.__class__}'.format(messages) }}", "“"),
    "indirect format": ("{% set f = '{0}'.format %}{{ f(messages) }}", "attribute “format”"),
    "self": ("{{ self._TemplateReference__context }}", "“"),
    "private": ("{{ messages._private }}", "attribute “_private”"),
    "append": (OVER + "{{ messages.append(turn) }}{% endfor %}", "none of its business"),
    "include": ("{% include '/etc/passwd' %}", "uses “include”"),
    "import": ("{% import 'os' as os %}", "uses “import”"),
    "extends": ("{% extends 'x' %}", "uses “extends”"),
    "range": ("{% for a in range(10000000) %}{% for b in range(10000000) %}{% endfor %}{% endfor %}", "“range”"),
    "power": ("{{ 10**10**9 }}", "uses “pow”"),
    "times": ("{{ 'A' * 10000000000 }}", "multiplying"),
    "center": ("{{ 'A'.center(10000000000) }}", "attribute “center”"),
    "lorem": ("{{ lipsum(n=1000000) }}", "“lipsum”"),
    "comment": ("{# never closed", "line 1 of it cannot be read"),
    "call": ('{{ a["foo"(', "line 1 of it cannot be read"),
    "huge": ("x" * (14 << 20), "at most 65,536 are read"),
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_template_that_asks_for_more_than_words_is_refused(name: str) -> None:
    template, words = HOSTILE[name]
    verdict = look_at(template)
    assert verdict.refused
    assert words in verdict.why
    assert recognised(template) is None
    assert "Traceback" not in verdict.why


@pytest.mark.usefixtures("here")
def test_a_template_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_child, "_MOST_PARTS", 100)
    assert "more than 100 parts" in look_at("{{ messages[0].content }}" * 30).why


NEVER_ENDING = {
    "loops": OVER
    + "{% for b in messages * 99999 %}{% for c in messages * 99999 %}{% endfor %}{% endfor %}{% endfor %}",
    "recursion": "{% macro more(x) %}{{ more(x) }}{{ more(x) }}{% endmacro %}{{ more(1) }}",
    "parentheses": "{{ " + "(" * 20_000 + ")" * 20_000 + " }}",
    "ifs": "{% if true %}" * 3_000 + "{% endif %}" * 3_000,
    "many": "{{ 1 }}" * 9_000,
    "doubling": "{{ 'a'" + " | replace('a', 'aa')" * 60 + " }}",
    "long": OVER + "{% for b in messages * 9999 %}0123456789012345678901234567890123456789{% endfor %}{% endfor %}",
}


@pytest.mark.slow
@pytest.mark.parametrize("template", [*NEVER_ENDING.values(), *(template for template, _ in HOSTILE.values())])
def test_a_hostile_template_is_refused_by_the_child(template: str, fresh: None) -> None:
    verdict = look_at(template)
    assert verdict.refused
    assert verdict.why.startswith("The chat template of this model is not used: ")
    assert verdict.name is None


def test_a_template_whose_time_is_over_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, here: None) -> None:
    def over() -> None:
        raise template_child._OverError

    monkeypatch.setattr(template_child, "_hurry", over)
    with pytest.raises(StudioError, match="does not come to an end"):
        render_template(CHATML, [HI])


def test_a_template_longer_than_any_is_not_even_read() -> None:
    with pytest.raises(StudioError, match=f"{LONGEST + 1:,} characters"):
        render_template("x" * (LONGEST + 1), [HI])
