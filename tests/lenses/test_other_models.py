"""Every view on models that are not the usual: one that fills gaps, one with weights that are no numbers, one token."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from studio.core.shelf import FAMILIES
from studio.engine.scene import Scene
from studio.lenses.attribution_view import AttributionView
from studio.lenses.compare_view import CompareView
from studio.lenses.laboratory_view import LaboratoryView
from studio.lenses.lens_view import LensView
from studio.lenses.stream_view import StreamView
from tests.families.conftest import shaken, tiny
from tests.lenses.scenes import LETTERS, scene_of, show
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch]
VIEWS = (LensView, LaboratoryView, AttributionView, StreamView, CompareView)


@pytest.fixture(scope="module")
def bert() -> Scene:
    wide = {"vocab_size": LETTERS.vocab_size, "emb_dim": 24, "n_layers": 2, "n_heads": 4}
    config = replace(FAMILIES.load("bert").presets[0].config, **wide)
    return scene_of(shaken(config), config)


@pytest.fixture
def broken() -> Scene:
    config = tiny("gpt2", vocab_size=LETTERS.vocab_size)
    model = shaken(config)
    with torch.no_grad():
        model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    return scene_of(model, config)


def test_a_model_that_fills_gaps_says_where_it_has_nothing_to_show(stage: Stage, bert: Scene) -> None:
    show(stage, bert)
    said = {view.name: stage.show(view).missing() for view in VIEWS}
    stage.settle()
    assert said["lens"] == said["stream"] == ""
    assert "no next token" in said["laboratory"]
    assert "no sum" in said["attribution"]


def test_its_lens_expects_the_tokens_themselves(stage: Stage, bert: Scene) -> None:
    show(stage, bert)
    view = stage.show(LensView)
    stage.until(lambda: view.shown is not None)
    assert view.numbers()["targets"].tolist() == list(bert.ids)
    assert view.table.cells.following == ()
    assert view.side.place.text().startswith("at “")


def test_its_layers_have_their_health(stage: Stage, bert: Scene) -> None:
    show(stage, bert)
    view = stage.show(StreamView)
    stage.until(lambda: view.shown is not None)
    assert len(view.table.rows()) == 3


@pytest.mark.parametrize("kind", VIEWS)
def test_weights_that_are_no_numbers_are_shown_as_such(stage: Stage, broken: Scene, kind: type) -> None:
    show(stage, broken, scene_of(shaken(tiny("gpt2", vocab_size=LETTERS.vocab_size)), broken.config.model)
         if kind is CompareView else None)  # fmt: skip
    view = stage.show(kind)
    stage.until(lambda: bool(view.numbers()))
    stage.settle()
    numbers = view.numbers()
    assert any(not np.isfinite(array).all() for array in numbers.values() if array.dtype.kind == "f")
    view.grab()
    assert view.explanation()


@pytest.mark.parametrize("kind", VIEWS[:4])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_one_token_is_enough_to_draw_something_true(stage: Stage, kind: type, theme: str) -> None:
    config = tiny("llama 3.1", vocab_size=LETTERS.vocab_size)
    show(stage, scene_of(shaken(config), config, "a"))
    stage.look.set_theme(theme)
    view = stage.show(kind)
    stage.until(lambda: bool(view.numbers()))
    stage.settle()
    view.grab()
    assert view.missing() == ""
    assert view.explanation()


@pytest.mark.parametrize("kind", VIEWS)
def test_nothing_to_look_at_draws_and_tells_nothing(stage: Stage, kind: type) -> None:
    view = stage.show(kind)
    stage.settle()
    view.grab()
    assert view.numbers() == {}
    assert view.explanation() == ""


@pytest.mark.parametrize("kind", VIEWS[:4])
def test_what_was_looked_at_is_let_go_with_the_model(stage: Stage, kind: type) -> None:
    config = tiny("gpt2", vocab_size=LETTERS.vocab_size)
    show(stage, scene_of(shaken(config), config))
    view = stage.show(kind)
    stage.until(lambda: bool(view.numbers()))
    stage.settle()
    stage.looking.scene = None
    stage.looking.changed.emit(frozenset({"scene"}))
    stage.settle()
    assert view.numbers() == {}
    assert view.explanation() == ""


@pytest.mark.slow
def test_views_that_nobody_sees_hold_no_model_back(stage: Stage) -> None:
    config = tiny("gpt2", vocab_size=LETTERS.vocab_size)
    show(stage, *(scene_of(shaken(config, seed), config) for seed in (1, 2)))
    views = [stage.show(kind) for kind in VIEWS]
    stage.until(lambda: all(view.numbers() for view in views))
    stage.settle()
    held = [weakref.ref(scene.model) for scene in (stage.looking.scene, stage.looking.other)]
    for view in views:
        view.hide()
    show(stage, scene_of(shaken(config, 3), config))
    gc.collect()
    assert [reference() for reference in held] == [None, None]
    for view in views:
        view.show()
    stage.until(lambda: all(view.numbers() or view.missing() for view in views))
    stage.settle()
