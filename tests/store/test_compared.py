"""Comparing a tokenizer whose encoder is still to be built does not hold up the process that asks."""

from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store import compared as module
from studio.store.compared import compared, holds_up
from studio.tokenizers import make_tokenizer
from studio.tokenizers.cl100k import Cl100kTokenizer
from studio.vocabularies.comparison import Comparison, compare

TEXT = "Mira's 12 ships sail.\n" * 20


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As in a window that has encoded little with it so far."""
    tokenizer = make_tokenizer("cl100k")
    monkeypatch.setattr(Cl100kTokenizer, "_spent", 0)
    tokenizer.__dict__.pop("encoding", None)
    assert holds_up(tokenizer)
    return tokenizer


@pytest.mark.slow
def test_its_encoder_is_built_by_another_process_which_says_the_same(unbuilt: Any) -> None:
    first, found, last = compared(
        {"bytes": make_tokenizer("bytes"), "GPT-4": unbuilt, "again": make_tokenizer("bytes")}, TEXT, lambda: True
    )
    assert (first.name, found.name, last.name) == ("bytes", "GPT-4", "again")
    assert "encoding" not in unbuilt.__dict__
    assert holds_up(unbuilt), "it is still to be built here"
    (here,) = compare({"GPT-4": unbuilt}, TEXT)
    told, known = vars(found) | {"megabytes_per_second": 0}, vars(here) | {"megabytes_per_second": 0}
    assert told == known
    assert found.megabytes_per_second > 0
    assert not holds_up(unbuilt), "once it is here, it is measured here"


def test_a_comparison_that_is_not_wanted_any_more_ends_with_its_process(
    unbuilt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []
    real = module.subprocess.Popen

    def popen(command: list[str], **more: Any) -> Any:
        begun.append(real(["sleep", "60"], **more))
        return begun[-1]

    monkeypatch.setattr(module.subprocess, "Popen", popen)
    asked = iter((True, True, False))
    with pytest.raises(StudioError, match="stopped"):
        compared({"GPT-4": unbuilt}, TEXT, lambda: next(asked))
    assert begun[0].poll() is not None


@pytest.mark.parametrize("command", [["false"], ["no such program"], ["echo", "{}"], ["echo", "[]"]])
def test_what_no_process_can_say_is_measured_here(
    unbuilt: Any, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", lambda _command, **more: real(command, **more))
    monkeypatch.setattr(module, "_here", lambda tokenizers, *_: [Comparison(name=n, vocabulary=1, by_language={})
                                                                for n in tokenizers])  # fmt: skip
    (found,) = compared({"GPT-4": unbuilt}, TEXT, lambda: True)
    assert (found.name, found.vocabulary) == ("GPT-4", 1)
