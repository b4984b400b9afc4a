"""A model in memory: the same text as in training, piece by piece, and logits to play with."""

import numpy as np
import pytest

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.events import SampleWritten
from studio.core.sampling import probabilities
from studio.engine.loaded import LoadedModel, open_model

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
