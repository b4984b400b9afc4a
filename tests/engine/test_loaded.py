"""A model in memory: the same text as in training, piece by piece, and logits to play with."""

import numpy as np
import pytest

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.events import SampleWritten
from studio.core.sampling import probabilities
from studio.engine.loaded import LoadedModel, open_model
from tests.engine.writing_model import fed_tokens

pytestmark = pytest.mark.torch


@pytest.fixture
def events(play, config):  # type: ignore[no-untyped-def]
    return play(config)


@pytest.fixture
def loaded(events, project) -> LoadedModel:  # type: ignore[no-untyped-def]
    return open_model(project.run("run").checkpoints()[-1].folder)


def test_it_says_what_it_is(loaded) -> None:
    assert loaded.title == "run · step 12"
    assert loaded.bytes == 4 * loaded.parameters
    assert loaded.context_length == 16


def test_it_writes_what_the_run_wrote_with_the_same_prompt_and_seed(loaded, events, config) -> None:
    sample = [event for event in events if isinstance(event, SampleWritten)][-1]
    pieces = list(loaded.complete(config.sampling))
    assert "".join(piece.text for piece in pieces) == sample.text
    assert pieces[-1].done == "length"


def test_ids_and_pieces_are_the_same_tokens(loaded) -> None:
    sampling = Sampling(prompt="the ", tokens=20, seed=3)
    ids = list(loaded.ids(loaded.encode("the "), sampling))
    assert ids == [piece.id for piece in loaded.complete(sampling)]


def test_a_stopped_text_ends_with_a_piece_that_says_so(loaded) -> None:
    control = RunControl()
    pieces = []
    for piece in loaded.complete(Sampling(prompt="a", tokens=500), control):
        pieces.append(piece)
        if len(pieces) == 4:
            control.stop()
    assert len(pieces) == 5
    assert pieces[-1].done == "stopped"


def test_the_bars_need_one_forward_pass_and_agree_with_what_is_drawn_from(loaded) -> None:
    sampling = Sampling(prompt="the", temperature=0.7, top_k=5)
    found = loaded.next_logits("the")
    chances = probabilities(found.logits, sampling, found.ids)
    first = next(loaded.complete(sampling))
    assert chances[first.id] == pytest.approx(first.probability, rel=1e-6)
    assert np.count_nonzero(chances) == 5


def test_an_unloaded_model_answers_with_a_sentence(loaded) -> None:
    loaded.unload()
    with pytest.raises(StudioError, match="unloaded"):
        list(loaded.complete(Sampling(prompt="the")))


def test_the_next_turn_reads_only_what_is_new(loaded) -> None:
    sampling = Sampling(prompt="the cat ", tokens=4, seed=3)
    with fed_tokens(loaded._model) as sizes:
        written = "".join(piece.text for piece in loaded.complete(sampling))
        loaded.next_logits("the cat " + written)
        "".join(piece.text for piece in loaded.complete(sampling))
    assert sizes == [8, 1, 1, 1, 1, 1, 1, 1, 1]  # 8 for the prompt; the second writing shares all but one of it


def test_bars_asked_for_in_the_middle_of_a_writing_have_a_reader_of_their_own(loaded) -> None:
    sampling = Sampling(prompt="the", tokens=8, seed=3)
    whole = [piece.id for piece in loaded.complete(sampling)]
    writing = loaded.complete(sampling)
    found = [next(writing).id]
    loaded.next_logits("a dog")
    assert found + [piece.id for piece in writing] == whole


def test_unloading_ends_a_writing_after_the_token_it_is_at_and_keeps_nothing(loaded) -> None:
    writing = loaded.complete(Sampling(prompt="the", tokens=500))
    next(writing)
    loaded.unload()
    rest = list(writing)
    assert [piece.done for piece in rest] == ["stopped"]
    assert loaded._idle is None


def test_several_texts_and_beams_come_as_ids_too(loaded) -> None:
    prompt = loaded.encode("the ")
    sampling = Sampling(prompt="the ", tokens=5, seed=3, samples=2)
    texts = loaded.all_ids(prompt, sampling)
    assert texts == [list(loaded.ids(prompt, Sampling(tokens=5, seed=seed))) for seed in (3, 4)]
    best = list(loaded.ids(prompt, Sampling(tokens=5, beams=3)))
    assert best == loaded.all_ids(prompt, Sampling(tokens=5, beams=3))[0]
    stop = loaded.tokenizer.decode(texts[0])[2:4]
    assert list(loaded.ids(prompt, Sampling(tokens=5, seed=3, stop=(stop,)))) == texts[0][:2]


def test_a_model_without_a_tokenizer_writes_several_texts_but_knows_no_stop_strings(loaded) -> None:
    tokenizer, loaded.tokenizer = loaded.tokenizer, None
    prompt = tokenizer.encode("the ")
    assert [len(text) for text in loaded.all_ids(prompt, Sampling(tokens=5, samples=2))] == [5, 5]
    with pytest.raises(StudioError, match="stop strings"):
        loaded.all_ids(prompt, Sampling(stop=("x",)))


def test_a_question_that_is_called_off_before_the_prompt_was_read_has_no_answer(loaded, monkeypatch) -> None:
    monkeypatch.setattr("studio.engine.reader.FEW", 4)
    assert loaded.next_logits("the cat sat", lambda: False) is None
    assert loaded.next_logits("the cat sat") is not None
