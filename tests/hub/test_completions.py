"""Requests of other programs: read strictly, and what is not supported is named."""

import json
from typing import Any

import pytest

from studio.core.config import Sampling
from studio.hub.completions import MOST_STOPS, RefusedError, Reply, event, read_request
from studio.prompts import Turn

DEFAULTS = Sampling(tokens=64, temperature=0.7)
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "Where?"}]}


def read(value: Any, chat: bool = True) -> Any:
    return read_request(value if isinstance(value, bytes) else json.dumps(value).encode(), chat, "tale", DEFAULTS)


def refused(value: Any, chat: bool = True) -> RefusedError:
    with pytest.raises(RefusedError) as found:
        read(value, chat)
    return found.value


def test_what_is_left_out_is_as_it_is_by_default() -> None:
    asked = read(ASK)
    assert (asked.sampling.tokens, asked.sampling.temperature, asked.stream) == (64, 0.7, False)
    assert read(ASK).sampling.seed != read(ASK).sampling.seed, "chance, unless a seed is told"
    nulls = dict.fromkeys(("temperature", "max_tokens", "stop", "seed", "stream", "n", "tools", "model"))
    assert read({**ASK, **nulls}).sampling.temperature == 0.7


def test_every_control_is_taken_over() -> None:
    more = {"temperature": 0, "top_p": 0.5, "top_k": 7, "min_p": 0.1, "repetition_penalty": 1.1, "seed": -1}
    found = read({**ASK, **more, "max_completion_tokens": 9, "stop": ["a", "", "b"], "stream": True})
    sampling = found.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.0, 0.5, 7)
    assert (sampling.min_p, sampling.repetition_penalty, sampling.tokens) == (0.1, 1.1, 9)
    assert (sampling.seed, sampling.stop, found.stream) == ((1 << 31) - 1, ("a", "b"), True)


def test_turns_may_come_in_parts_and_with_newer_names() -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Where "}, {"type": "text", "text": "now?"}]},
        {"role": "assistant", "content": None},
        {"role": "user", "content": "a\ud800b", "name": "Ada"},
    ]
    assert read({"messages": messages}).turns == (
        Turn("system", "Be brief."), Turn("user", "Where now?"), Turn("assistant", ""), Turn("user", "a\ufffdb"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "messages",
    [None, [], "hello", [1], [{"role": "robot", "content": "x"}], [{"content": "x"}],
     [{"role": ["user"], "content": "x"}], [{"role": "user", "content": 5}],
     [{"role": "user", "content": [{"type": "image_url"}]}],
     [{"role": "user", "content": [{"type": "text"}]}], [{"role": "tool", "content": "x"}], [{"role": "user"}] * 5_000],
)  # fmt: skip
def test_messages_that_are_none_are_refused(messages: Any) -> None:
    assert refused({"messages": messages}).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff\xfe", b"[" * 100_000, b'"x"', b"null"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert refused(body).status == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", -1), ("temperature", "1"), ("temperature", True), ("temperature", 1e400), ("top_p", 1.5),
     ("max_tokens", 0), ("max_tokens", 10**40), ("top_k", -1), ("seed", 1.5), ("seed", True), ("stop", 5),
     ("stop", [1]), ("stop", ["x"] * (MOST_STOPS + 1)), ("stop", {"a": 1}), ("stream", "yes"), ("min_p", [1])],
)  # fmt: skip
def test_a_control_out_of_its_range_is_refused_by_its_name(name: str, value: Any) -> None:
    body = json.dumps({**ASK, name: value}).replace("Infinity", "1e400").encode()
    error = refused(body)
    assert (error.status, f"“{name}”" in error.message) == (400, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 2), ("tools", [{}]), ("logprobs", True), ("logprobs", 5), ("response_format", {"type": "json_object"}),
     ("presence_penalty", 0.5), ("logit_bias", {"1": 5}), ("echo", True), ("best_of", 3)],
)  # fmt: skip
def test_what_would_change_the_answer_and_is_not_supported_is_named(name: str, value: Any) -> None:
    error = refused({**ASK, name: value})
    assert (error.code, f"“{name}”" in error.message) == ("unsupported", True)
    harmless = {"n": 1, "tools": [], "logprobs": False, "response_format": {"type": "text"}, "presence_penalty": 0}
    assert read({**ASK, **harmless}).turns


def test_a_number_beyond_all_floats_is_out_of_its_range_like_any_other() -> None:
    for digits in (b"1" + b"0" * 4_000, b"-1" + b"0" * 400, b"1e999"):
        body = b'{"messages": [{"role": "user", "content": "x"}], "temperature": ' + digits + b"}"
        assert "temperature" in refused(body).message


def test_an_endless_stop_string_is_refused() -> None:
    assert "1,000 characters" in refused({**ASK, "stop": "a" * 1_001}).message


def test_another_model_is_not_pretended_to_be() -> None:
    assert read({**ASK, "model": "tale"}).turns
    error = refused({**ASK, "model": "gpt\u202e-4\ud800"})
    assert (error.status, error.code) == (404, "model_not_found")
    assert "\u202e" not in error.message
    error.message.encode("utf-8")


def test_a_prompt_is_one_text() -> None:
    assert read({"prompt": "Once"}, chat=False).sampling.prompt == "Once"
    assert read({"prompt": ["Once"]}, chat=False).sampling.prompt == "Once"
    for prompt in (None, ["a", "b"], [1, 2], 5, []):
        assert refused({"prompt": prompt}, chat=False).status == 400


def test_an_event_is_one_line_whatever_it_holds() -> None:
    value = Reply.begun("tale", True).piece("a\n\ndata: [DONE]\r\u2028\x00 猫")
    sent = event(value)
    assert sent.count(b"\n") == 2
    assert json.loads(sent.removeprefix(b"data: ")) == value
