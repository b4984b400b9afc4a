"""Parts of a scene's model taken away: the numbers of the engine below, with texts, and refusals in sentences."""

import pytest

from studio.core.errors import StudioError
from studio.engine.effects import TOKENS, effect, effects
from studio.insight.ablation import Place, ablate, all_heads, all_parts
from tests.attention.conftest import scene_of

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def scene():
    return scene_of("llama 3.1")


def test_the_loss_is_told_at_once_and_the_texts_afterwards(scene) -> None:
    first, second = effect(scene, ("head", 1, 2), ("zero", ""))
    wanted = ablate(scene.model, scene.capture.ids, Place(1, "head", 2), tokens=TOKENS)
    for found in (first, second):
        assert (found.part, found.layer, found.index) == ("head", 1, 2)
        assert (found.loss_before, found.loss_after) == (wanted.loss_before, wanted.loss_after)
        assert found.divergence == wanted.divergence
        assert found.predictions == 11
    assert first.text_before is first.text_after is None
    assert second.text_before == scene.tokenizer.decode(wanted.text_before)
    assert second.text_after == scene.tokenizer.decode(wanted.text_after)
    assert len(second.text_before.split()) == TOKENS


def test_nobody_waits_for_a_text_that_is_no_longer_wanted(scene) -> None:
    assert len(list(effect(scene, ("layer", 0, 0), ("zero", ""), keep_going=lambda: False))) == 1


def test_all_heads_or_all_parts_are_told_with_their_progress(scene) -> None:
    for kind, places in (("head", all_heads(scene.model)), ("part", all_parts(scene.model))):
        told: list[tuple[int, int]] = []
        found = list(
            effects(scene, kind, ("zero", ""), progress=lambda done, total, told=told: told.append((done, total)))
        )
        assert [(one.layer, one.part, one.index) for one in found] == [(p.layer, p.part, p.index) for p in places]
        assert told == [(number + 1, len(places)) for number in range(len(places))]
        assert found[-1].harm == ablate(scene.model, scene.capture.ids, places[-1]).harm


def test_a_sweep_ends_when_it_is_asked_to(scene) -> None:
    answers = iter([True, True, False])
    assert len(list(effects(scene, "head", ("mean", ""), keep_going=lambda: next(answers)))) == 2


def test_its_own_value_changes_nothing_for_every_head(scene) -> None:
    assert {one.harm for one in effects(scene, "head", ("own", ""))} == {0.0}


def test_another_text_gives_its_values_by_the_models_own_tokens(scene) -> None:
    other = " ".join(["bird"] * 12)
    found = next(iter(effect(scene, ("attention", 1, 0), ("other", other))))
    ids = scene.tokenizer.encode(other)
    assert found.loss_after == ablate(scene.model, scene.capture.ids, Place(1, "attention"), ids).loss_after


@pytest.mark.parametrize(
    ("place", "how", "words"),
    [
        (("head", 0, 0), ("other", "  "), "no other text"),
        (("head", 0, 0), ("other", "bird"), "1 tokens, this one 12"),
        (("head", 0, 9), ("zero", ""), "no head 9"),
        (("head", 0, 0), ("noise", ""), "“noise”"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(scene, place, how, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        next(iter(effect(scene, place, how)))


def test_a_model_without_a_tokenizer_writes_numbers() -> None:
    from dataclasses import replace

    bare = replace(scene_of("gpt2"), tokenizer=None)
    _, written = effect(bare, ("head", 0, 0), ("zero", ""))
    assert all(word.isdigit() for word in written.text_after.split(", "))
