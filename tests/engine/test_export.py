"""What goes out is read back and compared on twenty prompts; what does not answer alike leaves nothing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from studio.core.errors import StudioError
from studio.core.shelf import EXCHANGES
from studio.engine import export as exporting
from studio.engine.adopt import adopt
from studio.engine.export import PROMPTS, compared, export, prompts_for, refuse_another_answer
from studio.exchange import Exchange, Outgoing
from studio.store.project import Project
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs

pytestmark = pytest.mark.torch


@pytest.fixture
def model(folder: Path, tmp_path: Path) -> Path:
    """A model of a project, with a licence and a place on somebody's disk that must not go out."""
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    return adopt(folder, Project.create(tmp_path / "home").path, "tale").folder


def writing(change: Callable[[Path], None]) -> Exchange:
    """A format that writes a proper folder and then spoils it."""
    real = EXCHANGES.load("hugging_face")

    def write(outgoing: Outgoing, folder: Path, options: Mapping[str, Any]) -> None:
        real.write(outgoing, folder, options)
        change(folder)

    return Exchange("spoiled", "Spoiled folder", "", real.recognises, real.open, write)


@pytest.mark.parametrize("format", ["hugging_face", pytest.param("script", marks=pytest.mark.slow)])
def test_an_exact_export_answers_every_prompt_alike(model: Path, tmp_path: Path, format: str) -> None:
    done = export(model, format, tmp_path / "out")
    assert (done.prompts, done.same) == (PROMPTS, PROMPTS)
    assert done.error < 1e-5
    assert done.bytes == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert not list(tmp_path.glob(".*writing*"))


def test_a_rounded_export_may_differ_by_its_rounding(model: Path, tmp_path: Path) -> None:
    done = export(model, "hugging_face", tmp_path / "out", {"precision": "bf16"})
    assert 0 < done.error < 0.2


def test_nothing_of_this_persons_disk_goes_out(model: Path, folder: Path, tmp_path: Path) -> None:
    export(model, "hugging_face", tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert str(folder).encode() not in path.read_bytes()
    assert "license: mit" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_a_checkpoint_of_a_run_goes_out_with_its_tokenizer(play, config, project, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    transformers = pytest.importorskip("transformers")
    play(config)
    checkpoint = project.run("run").checkpoints()[-1].folder
    done = export(checkpoint, "hugging_face", tmp_path / "out")
    assert done.same == PROMPTS
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    from studio.engine.loaded import open_model

    ours = open_model(checkpoint)
    ids = ours.encode("the cat sat")
    assert tokenizer.encode("the cat sat") == ids
    with torch.no_grad():
        logits = theirs(torch.tensor([ids])).logits[0, -1]
    found = ours.next_logits("the cat sat")
    assert found is not None
    torch.testing.assert_close(logits, torch.from_numpy(found.logits), atol=1e-5, rtol=1e-5)


def test_a_foreign_folder_goes_out_without_being_imported_first(folder: Path, tmp_path: Path) -> None:
    done = export(folder, "hugging_face", tmp_path / "out")
    assert done.same == PROMPTS
    before, after = (load_file(path / "model.safetensors") for path in (folder, tmp_path / "out"))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_tokenizer_that_the_format_cannot_say_is_told(model: Path, tmp_path: Path) -> None:
    from studio.store.checkpoints import commit
    from studio.tokenizers import make_tokenizer

    (model / "tokenizer.json").write_text(json.dumps(make_tokenizer("words", ["a b"]).to_json()), "utf-8")
    model.rename(model.with_name("again.writing"))
    commit(model.with_name("again.writing"), model)
    done = export(model, "hugging_face", tmp_path / "out")
    assert "“words” cannot be said" in done.notes[0]


# --- refused ----------------------------------------------------------------------------------------------------------


def wrong_weights(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["transformer.ln_f.weight"] *= 1.5
    save_file(tensors, folder / "model.safetensors")


def swapped_tokens(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["transformer.wte.weight"] = tensors["transformer.wte.weight"].flip(0)
    save_file(tensors, folder / "model.safetensors")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (wrong_weights, "does not answer like the model"),
        (swapped_tokens, "does not answer"),
        (no_weights, "no weights"),
    ],
)
def test_a_copy_that_is_wrong_leaves_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], words: str
) -> None:
    item = writing(change)
    monkeypatch.setattr(exporting, "EXCHANGES", SimpleNamespace(load=lambda name: item))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StudioError, match=words):
        export(model, "spoiled", tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_a_place_that_is_taken_is_left_alone(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(StudioError, match="there already"):
        export(model, "hugging_face", tmp_path / "out")
    assert (tmp_path / "out" / "letter.txt").read_text("utf-8") == "mine"


def test_an_empty_folder_is_a_good_place(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert export(model, "hugging_face", tmp_path / "out").path == tmp_path / "out"


def test_a_format_that_is_only_read_is_refused(model: Path, tmp_path: Path) -> None:
    names = [name for name in EXCHANGES.names() if EXCHANGES.load(name).write is None]
    for name in names:
        with pytest.raises(StudioError, match="only read"):
            export(model, name, tmp_path / "out")
    with pytest.raises(StudioError, match="hugging_face"):
        export(model, "huging_face", tmp_path / "out")


def test_a_stopped_export_leaves_nothing(model: Path, tmp_path: Path) -> None:
    answers = iter([True, False])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StudioError, match="stopped"):
        export(model, "hugging_face", tmp_path / "out", keep_going=lambda: next(answers))
    assert sorted(tmp_path.iterdir()) == before


# --- the comparison ---------------------------------------------------------------------------------------------------


def test_there_are_twenty_prompts_of_all_lengths_and_always_the_same() -> None:
    prompts = prompts_for(300, 64)
    assert len(prompts) == 20
    assert min(map(len, prompts)) == 1
    assert max(map(len, prompts)) == 32
    assert prompts == prompts_for(300, 64)
    assert max(map(len, prompts_for(300, 8))) == 8
    assert all(0 <= token < 300 for prompt in prompts for token in prompt)


def test_equal_logits_pass_and_one_wrong_row_does_not() -> None:
    ours = torch.randn(20, 50)
    refuse_another_answer(ours, ours.clone())
    assert compared(ours, ours.clone()) == (20, 0.0)
    theirs = ours.clone()
    theirs[3] = ours[4]
    with pytest.raises(StudioError, match="differ by"):
        refuse_another_answer(ours, theirs)
    with pytest.raises(StudioError, match="numbers instead of"):
        refuse_another_answer(ours, ours[:, :49])


def test_a_value_that_is_no_number_is_never_alike() -> None:
    ours = torch.randn(2, 5)
    theirs = ours.clone()
    theirs[0, 0] = float("nan")
    with pytest.raises(StudioError, match="differ"):
        refuse_another_answer(ours, theirs)


def test_a_difference_is_told_as_a_share_of_the_spread_and_by_the_tokens_that_change() -> None:
    ours = torch.tensor([[1.0, 0.9, -3.0, 0.0], [5.0, 0.0, 0.0, 0.0]])
    same, error = compared(ours, ours + torch.tensor([-0.2, 0.0, 0.0, 0.0]))
    assert same == 1
    assert error == pytest.approx(0.2 / ours[0].std().item())
