"""Writing: the cache changes nothing but the time, and the same seed writes the same text."""

import dataclasses

import pytest
import torch

from studio.core.config import ModelConfig, Sampling
from studio.core.errors import StudioError
from studio.engine.generate import Reader, generate, stream_after
from studio.families.gpt2 import build, to_hugging_face
from studio.tokenizers import make_tokenizer

pytestmark = pytest.mark.torch

SHAPE = ModelConfig(vocab_size=40, context_length=16, emb_dim=32, n_layers=2, n_heads=4, qkv_bias=True)


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(3)
    made = build(SHAPE).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def _ids(model, sampling: Sampling, prompt=(1, 2, 3), cached: bool = True) -> list[int]:  # type: ignore[no-untyped-def]
    return [chosen.id for chosen in generate(Reader(model, SHAPE, cached), list(prompt), sampling)]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_cached_writing_equals_uncached_token_for_token_also_beyond_the_context(model, temperature) -> None:
    sampling = Sampling(tokens=40, temperature=temperature, seed=4)
    assert _ids(model, sampling) == _ids(model, sampling, cached=False)


def test_greedy_writing_equals_that_of_transformers(model) -> None:
    transformers = pytest.importorskip("transformers")
    shape = transformers.GPT2Config(
        vocab_size=40, n_positions=16, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
    )
    theirs = transformers.GPT2LMHeadModel(shape).eval()
    theirs.generation_config.eos_token_id = None
    theirs.load_state_dict(to_hugging_face(model.state_dict()), strict=False)
    theirs.tie_weights()
    wanted = theirs.generate(torch.tensor([[1, 2, 3]]), max_new_tokens=12, do_sample=False, pad_token_id=0)[
        0, 3:
    ].tolist()
    assert _ids(model, Sampling(tokens=12, temperature=0.0)) == wanted


def test_the_same_seed_writes_the_same_and_another_seed_something_else(model) -> None:
    one = _ids(model, Sampling(tokens=30, temperature=1.0, seed=1))
    assert one == _ids(model, Sampling(tokens=30, temperature=1.0, seed=1))
    assert one != _ids(model, Sampling(tokens=30, temperature=1.0, seed=2))


def test_writing_leaves_torchs_random_numbers_and_the_models_mode_alone(model) -> None:
    model.train()
    before = torch.get_rng_state()
    _ids(model, Sampling(tokens=5, temperature=1.0))
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_a_resting_generator_leaves_gradients_switched_on(model) -> None:
    writing = generate(Reader(model, SHAPE), [1], Sampling(tokens=9))
    next(writing)
    assert torch.is_grad_enabled()


def test_writing_ends_at_a_stop_token_and_says_it(model) -> None:
    greedy = Sampling(tokens=12, temperature=0.0)
    whole = _ids(model, greedy)
    stop = whole[4]
    ended = [chosen.id for chosen in generate(Reader(model, SHAPE), [1, 2, 3], greedy, stop_at=[stop])]
    assert ended == whole[: whole.index(stop) + 1]


def test_it_stops_when_asked(model) -> None:
    answers = iter([True, True, False])
    assert len(list(generate(Reader(model, SHAPE), [1], Sampling(tokens=9), lambda: next(answers)))) == 2


def test_probability_and_entropy_belong_to_the_distribution_that_was_drawn_from(model) -> None:
    certain = next(generate(Reader(model, SHAPE), [1], dataclasses.replace(Sampling(), temperature=0.0)))
    assert (certain.probability, certain.entropy) == (1.0, 0.0)
    even = next(generate(Reader(model, SHAPE), [1], Sampling(temperature=100.0)))
    assert even.entropy == pytest.approx(5.32, abs=0.02)  # log2(40): nearly all forty tokens alike


@pytest.mark.parametrize(("prompt", "words"), [([], "nothing to go on"), ([40], "Token 40"), ([-1], "Token -1")])
def test_a_prompt_that_cannot_be_read_is_refused_with_a_sentence(model, prompt, words) -> None:
    with pytest.raises(StudioError, match=words):
        list(generate(Reader(model, SHAPE), prompt, Sampling()))


def test_a_word_after_the_prompt_keeps_the_space_before_it() -> None:
    tokenizer = make_tokenizer("words", ["once upon a time there was a cat"])
    stream = stream_after(tokenizer, tokenizer.encode("once upon a time"))
    assert "".join(stream(token) for token in tokenizer.encode("there was")) + stream.flush() == " there was"
