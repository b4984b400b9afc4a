"""What a model does inside, written by the command line: pictures, numbers, refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio import commands
from studio.commands import DONE, REFUSED, WRONG_USAGE
from studio.commands import inspect as module
from studio.core.channel import RunControl
from studio.core.config import ComputeConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.events import RunEnded
from studio.store.project import Project

pytestmark = [pytest.mark.torch, pytest.mark.gui]
TEXT = "Mira went to the harbour and looked at the ships. " * 60
PROMPT = "Mira went to the harbour"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run of two layers and three heads that was trained for four steps."""
    from studio.live.stream import stream

    folder = tmp_path_factory.mktemp("inspected")
    (folder / "harbour.txt").write_text(TEXT, "utf-8")
    made = Project.create(folder / "project")
    made.add_text([folder / "harbour.txt"], "harbour")
    config = RunConfig(
        data=DataConfig(text="harbour", tokenizer="characters"),
        model=ModelConfig(n_layers=2, n_heads=3, emb_dim=24, context_length=32, drop_rate=0.0),
        training=TrainingConfig(steps=4, batch_size=2, warmup_steps=1, sample_every=0, save_every=4, evaluate_every=4),
        compute=ComputeConfig(device="cpu", precision="fp32", threads=1),
    )
    record = made.new_run(config, "tale")
    ended = list(stream(config, RunControl(), record))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "finished", ended
    return made.path


@pytest.fixture
def inspect(project: Path, tmp_path: Path, qapp: Any, capfd: pytest.CaptureFixture[str]) -> Any:
    """Runs the command on the run; gives exit code, standard output and standard error."""

    def run(prompt: str, view: str, out: str, *more: str) -> tuple[int, str, str]:
        words = ["inspect", "tale", prompt, "--view", view, "--out", str(tmp_path / out), "--project", str(project)]
        code = commands.main([*words, *more])
        said = capfd.readouterr()
        return code, said.out, said.err

    return run


def test_attention_comes_as_one_array_with_its_tokens_beside_it(inspect, project: Path, tmp_path: Path) -> None:
    code, out, said = inspect(PROMPT, "attention", "maps.npz")
    assert (code, out) == (DONE, f"{tmp_path / 'maps.npz'}\n")
    assert "checkpoint:" in said
    found = np.load(tmp_path / "maps.npz", allow_pickle=False)
    time = len(PROMPT)
    assert (found["attention"].shape, found["attention"].dtype) == ((2, 3, time, time), np.float32)
    assert "".join(found["tokens"]) == PROMPT
    np.testing.assert_allclose(found["attention"].sum(-1), 1.0, atol=1e-5)
    assert (np.triu(found["attention"], 1) == 0).all()
    from studio.engine.scene import open_scene

    scene = open_scene(project / "runs" / "tale" / "checkpoints" / "step-000004", PROMPT)
    assert np.array_equal(found["attention"], scene.capture.attention)
    assert found["ids"].tolist() == list(scene.capture.ids)


def test_one_token_is_a_text(inspect, tmp_path: Path) -> None:
    assert inspect("M", "attention", "one.npz")[0] == DONE
    assert np.load(tmp_path / "one.npz")["attention"].tolist() == [[[[1.0]]] * 3] * 2


def test_a_text_longer_than_the_context_says_which_part_is_shown(inspect, tmp_path: Path) -> None:
    code, _, said = inspect(PROMPT * 3, "attention", "long.npz")
    assert code == DONE
    assert "tokens 1 to 32 of 72" in said
    code, _, said = inspect(PROMPT * 3, "attention", "later.npz", "--start", "24")
    assert "tokens 25 to 56 of 72" in said
    assert "".join(np.load(tmp_path / "later.npz")["tokens"]) == (PROMPT * 2)[:32]


def test_weights_that_are_no_numbers_are_written_as_such(project: Path, tmp_path: Path, qapp, capfd) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(project / "runs" / "tale" / "checkpoints" / "step-000004", folder)
    (folder / "manifest.json").unlink()
    weights = load_file(folder / "model.safetensors")
    weights[next(name for name in weights if name.startswith("layers.1."))].fill_(torch.nan)
    save_file(weights, folder / "model.safetensors")
    from studio.store.checkpoints import commit

    commit(folder, tmp_path / "step-000004")
    words = ["inspect", str(tmp_path / "step-000004"), PROMPT, "--view", "attention", "--out"]
    assert commands.main([*words, str(tmp_path / "odd.npz")]) == DONE, capfd.readouterr().err
    found = np.load(tmp_path / "odd.npz")["attention"]
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).any()


@pytest.mark.parametrize("view", ["attention", "lens", "embeddings"])
@pytest.mark.parametrize("form", ["png", "npz"])
def test_every_page_gives_a_picture_and_its_numbers(inspect, tmp_path: Path, view: str, form: str) -> None:
    if view not in module.views():
        pytest.skip("this view is not on its page yet")
    code, out, said = inspect(PROMPT, view, f"it.{form}", "--layer", "1", "--head", "2", "--size", "900x600")
    assert code == DONE, said
    path = tmp_path / f"it.{form}"
    assert out == f"{path}\n"
    if form == "npz":
        assert all(array.size for array in np.load(path, allow_pickle=False).values())
        return
    from PySide6.QtGui import QImage

    image = QImage(str(path))
    assert (image.width() > 300, image.height() > 200) == (True, True)
    assert len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}) > 8


@pytest.mark.slow
@pytest.mark.parametrize("view", [name for name in module.view_names() if name not in ("compare", "trajectories")])
def test_every_view_gives_its_numbers_without_a_window(inspect, tmp_path: Path, view: str) -> None:
    code, _, said = inspect(PROMPT, view, "it.npz")
    assert code == DONE, said
    assert np.load(tmp_path / "it.npz", allow_pickle=False).files


def test_what_waits_for_a_button_in_the_window_is_measured(inspect, project: Path, tmp_path: Path) -> None:
    from studio.engine.scene import open_scene
    from studio.insight.ablation import all_heads, sweep

    assert inspect(PROMPT, "ablation", "heads.npz")[0] == DONE
    scene = open_scene(project / "runs" / "tale" / "checkpoints" / "step-000004", PROMPT)
    wanted = [done.change.harm for done in sweep(scene.model, scene.capture.ids, all_heads(scene.model))]
    assert np.allclose(np.load(tmp_path / "heads.npz")["harm"].ravel(), wanted)
    assert inspect(PROMPT, "landscape", "line.npz")[0] == DONE
    assert np.isfinite(np.load(tmp_path / "line.npz")["loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "view", ["attention", "lens", "compare", "rollout", "steps", "query_key", "laboratory", "neurons", "positions"]
)
def test_a_model_less_itself_is_nothing(inspect, tmp_path: Path, view: str) -> None:
    code, _, said = inspect(PROMPT, view, "it.npz", "--compare", "tale")
    assert code == DONE, said
    found = np.load(tmp_path / "it.npz", allow_pickle=False)
    name = {"attention": "map", "lens": "apart", "compare": "divergence", "steps": "output",
            "query_key": "scores", "laboratory": "difference", "neurons": "difference",
            "positions": "cosines"}.get(view, view)  # fmt: skip
    assert found[name].size
    assert not found[name].any()


@pytest.mark.slow
def test_of_two_models_one_can_be_drawn(inspect, tmp_path: Path) -> None:
    assert inspect(PROMPT, "rollout", "a.npz")[0] == DONE
    assert inspect(PROMPT, "rollout", "b.npz", "--compare", "tale", "--mode", "B")[0] == DONE
    assert np.array_equal(*(np.load(tmp_path / name)["rollout"] for name in ("a.npz", "b.npz")))


def test_what_cannot_be_compared_is_a_sentence(inspect) -> None:
    code, _, said = inspect(PROMPT, "rollout", "it.npz", "--compare", "nobody")
    assert code == REFUSED
    assert "nobody" in said
    code, _, said = inspect(PROMPT, "compare", "it.npz")
    assert code == REFUSED
    assert "second checkpoint or model" in said


def test_the_views_are_listed(inspect) -> None:
    code, out, _ = inspect("", "list", "unused.png")
    assert code == DONE
    assert out.split() == module.view_names()


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_an_unknown_view_is_refused_with_the_nearest_one(inspect, tmp_path: Path) -> None:
    code, out, said = inspect(PROMPT, "atention", "it.png")
    assert (code, out) == (REFUSED, "")
    assert "no view “atention”" in said
    assert not (tmp_path / "it.png").exists()


def test_a_file_that_is_there_is_not_overwritten_by_accident(inspect, tmp_path: Path) -> None:
    (tmp_path / "it.npz").write_text("mine", "utf-8")
    code, _, said = inspect(PROMPT, "attention", "it.npz")
    assert (code, (tmp_path / "it.npz").read_text("utf-8")) == (REFUSED, "mine")
    assert "--replace" in said
    assert inspect(PROMPT, "attention", "it.npz", "--replace")[0] == DONE
    assert "attention" in np.load(tmp_path / "it.npz")


@pytest.mark.parametrize(
    ("out", "more", "code", "words"),
    [
        ("it.jpg", (), WRONG_USAGE, ".png, .svg, .csv or .npz"),
        ("it", (), WRONG_USAGE, ".png"),
        ("nowhere/it.npz", (), REFUSED, "There is no folder"),
        ("it.png", ("--size", "9x9"), WRONG_USAGE, "between 200 and 8000"),
        ("it.png", ("--size", "big"), WRONG_USAGE, "between 200 and 8000"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_computed(
    inspect, monkeypatch, out: str, more: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.setattr(module, "find_checkpoint", lambda *_: pytest.fail("the model was looked for"))
    found, _, said = inspect(PROMPT, "attention", out, *more)
    assert found == code
    assert words in said


def test_a_folder_that_may_not_be_written_is_a_sentence(inspect, monkeypatch, tmp_path: Path) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("studio.store.files.replace", denied)
    code, _, said = inspect(PROMPT, "attention", "it.npz")
    assert code == REFUSED
    assert "no permission" in said
    assert list(tmp_path.glob("it*")) == list(tmp_path.glob(".it*")) == []


def test_an_unknown_model_and_a_text_that_cannot_be_said_are_sentences(inspect, project: Path, tmp_path, capfd) -> None:
    words = ["--view", "attention", "--out", str(tmp_path / "it.npz"), "--project", str(project)]
    assert commands.main(["inspect", "nobody", PROMPT, *words]) == REFUSED
    assert "nobody" in capfd.readouterr().err
    code, _, said = inspect("猫", "attention", "it.npz")
    assert code == REFUSED
    assert said.strip()


@pytest.mark.parametrize("out", ["it.png", "it.npz"])
@pytest.mark.parametrize("neuron", ["-1", "96"])
def test_a_neuron_that_is_not_there_is_refused_with_what_is(inspect, out: str, neuron: str) -> None:
    code, _, said = inspect(PROMPT, "attention", out, "--neuron", neuron)
    assert code == REFUSED
    assert f"no neuron {neuron}" in said
    assert "0 to 95" in said


def test_a_start_without_a_text_is_refused(inspect, tmp_path: Path) -> None:
    code, _, said = inspect("", "attention", "it.npz", "--start", "3")
    assert code == REFUSED
    assert "--start" in said
    assert not (tmp_path / "it.npz").exists()


def test_a_model_that_takes_too_long_is_a_sentence(inspect, monkeypatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 0.0)
    code, _, said = inspect(PROMPT, "attention", "it.png")
    assert code == REFUSED
    assert "was not read within" in said


def test_a_head_that_is_not_there_is_refused_with_what_is(inspect) -> None:
    if "attention" not in module.views():
        pytest.skip("this view is not on its page yet")
    code, _, said = inspect(PROMPT, "attention", "it.png", "--head", "3")
    assert code == REFUSED
    assert "no head 3" in said
    assert "0 to 2" in said
