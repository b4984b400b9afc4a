"""Each imported model has its own words, however large its vocabulary is; checkpoints of a run share theirs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.embeddings.words import Words
from studio.tokenizers import make_tokenizer
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]


def scene(folder: Path, letters: str, config: Any) -> Any:
    model = SimpleNamespace(vocab_size=len(letters))
    return SimpleNamespace(
        folder=folder, tokenizer=make_tokenizer("characters", [letters]),
        config=SimpleNamespace(model=model, data=config.data),
    )  # fmt: skip


def test_two_imported_models_of_one_size_have_their_own_token_names(stage: Stage) -> None:
    config, words = stage.look_at().config, Words.of(stage.looking)
    words.want(scene(Path("/models/one"), "abcd", config))
    stage.until(lambda: words.vocabulary is not None)
    assert words.label(0) == "a"
    words.want(scene(Path("/models/two"), "wxyz", config))
    assert words.vocabulary is None
    stage.until(lambda: words.vocabulary is not None)
    assert words.label(0) == "w"


def test_checkpoints_of_a_run_are_not_asked_for_again(stage: Stage) -> None:
    words = Words.of(stage.looking)
    words.want(stage.look_at())
    stage.until(lambda: words.vocabulary is not None)
    known = words.vocabulary
    words.want(stage.look_at(step=3))
    assert words.vocabulary is known
