"""A classifier taken elsewhere: the same answers there, a bias folded exactly, and what cannot be said refused."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from studio import commands
from studio.core.config import AdapterConfig, ClassifyConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.core.shelf import FAMILIES
from studio.engine import classifier_export
from studio.engine.classifier import checkpoint_of, classify_texts
from studio.engine.classifier_export import export_adapter, export_classifier, fold_bias, refuse_unlike
from studio.store.project import Project
from tests.engine.test_classifier import STEPS, configured, play
from tests.engine.test_classifier import project as project
from tests.engine.test_classifier_script import imported

pytestmark = pytest.mark.torch
SHORT = dataclasses.replace(STEPS, steps=3, evaluate_every=3, sample_every=0, save_every=3)


def network(family: str) -> torch.nn.Module:
    torch.manual_seed(4)
    item = FAMILIES.load(family)
    shape = ModelConfig(family=family, vocab_size=20, context_length=16, emb_dim=16, n_layers=1, n_heads=2)
    config = dataclasses.replace(shape, outputs=3, outputs_bias=True, tie_embeddings=False, **dict(item.traits))
    return item.build(config).eval()  # type: ignore[no-any-return]


def test_a_bias_is_moved_into_the_norm_before_the_head_exactly() -> None:
    model, ids, lengths = network("gpt2"), torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([3, 2])
    with torch.no_grad():
        model.lm_head.bias += torch.tensor([1.0, -2.0, 0.5])  # type: ignore[union-attr, operator]
        before = model.classes(ids, lengths)  # type: ignore[operator]
        assert "bias" in fold_bias(model)[0]  # type: ignore[arg-type]
        assert model.lm_head.bias is None  # type: ignore[union-attr]
        assert torch.allclose(model.classes(ids, lengths), before, atol=1e-5)  # type: ignore[operator]
    assert fold_bias(model) == ()  # type: ignore[arg-type]


def test_an_rms_norm_has_no_place_for_a_bias() -> None:
    with pytest.raises(StudioError, match="RMSNorm"):
        fold_bias(network("llama"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("classify", "words"), [({"read_at": "mean"}, "reads at “mean”"), ({"causal_mask": False}, "both ways")]
)
def test_what_a_folder_of_that_kind_would_compute_otherwise_is_refused(classify: dict[str, object], words: str) -> None:
    with pytest.raises(StudioError, match=words):
        refuse_unlike(RunConfig(classify=ClassifyConfig(**classify)))  # type: ignore[arg-type]


def test_a_run_is_written_read_back_and_answers_alike_on_twenty_rows(project: Project, tmp_path: Path) -> None:
    done = export_classifier(project.run("sorts").folder, tmp_path / "there")
    assert (done.rows, done.same) == (20, 20)
    assert done.error < 1e-4
    assert {path.name for path in (tmp_path / "there").iterdir()} >= {"config.json", "model.safetensors"}
    assert "AutoModelForSequenceClassification" in (tmp_path / "there" / "README.md").read_text("utf-8")
    with pytest.raises(StudioError, match="there already"):
        export_classifier(project.run("sorts").folder, tmp_path / "there")
    with pytest.raises(StudioError, match="has not learned classes"):
        export_classifier(project.run("base").folder, tmp_path / "base")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def in_this_process(folder: Path, rows: list[str]) -> torch.Tensor:
    """What the page computes; the tests of the page itself run it alone."""
    page = imported(folder)
    network = page.load(folder)
    with torch.no_grad():
        return torch.cat([network(torch.tensor([page.prepared(page.encode(folder, row))])) for row in rows])


def test_as_a_script_it_is_asked_for_the_same_twenty_texts(project: Project, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(classifier_export, "answer", in_this_process)
    done = export_classifier(project.run("sorts").folder, tmp_path / "page", "script")
    assert (done.rows, done.same, done.notes) == (20, 20, ())
    assert done.error < 1e-4
    assert {path.name for path in (tmp_path / "page").iterdir()} == {"model.py", "model.safetensors", "tokenizer.json"}
    with pytest.raises(StudioError, match="“gguf”, which has no place"):
        export_classifier(project.run("sorts").folder, tmp_path / "file", "gguf")


def test_a_script_that_answers_otherwise_or_is_called_off_is_not_kept(project: Project, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(classifier_export, "answer", lambda folder, rows: in_this_process(folder, rows[::-1]))
    with pytest.raises(StudioError, match="does not answer like the model"):
        export_classifier(project.run("sorts").folder, tmp_path / "page", "script")
    monkeypatch.setattr(classifier_export, "answer", in_this_process)
    with pytest.raises(StudioError, match="stopped"):
        export_classifier(project.run("sorts").folder, tmp_path / "page", "script", lambda: False)
    written: list[str] = []
    asked = iter([True, True, False])  # before the model is read, after it, once it has answered
    monkeypatch.setitem(classifier_export.FORMS, "script", lambda *given: written.append("script"))
    with pytest.raises(StudioError, match="stopped"):
        export_classifier(project.run("sorts").folder, tmp_path / "page", "script", lambda: next(asked))
    assert written == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_command_writes_a_script_that_runs_alone(project: Project, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    folder = str(checkpoint_of(project.run("sorts").folder))
    assert commands.main(["export", folder, "--format", "script", "--to", str(tmp_path / "page")]) == 0
    assert "20 of 20 rows get the same class" in capsys.readouterr().err
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(tmp_path / "page" / "model.py"), "win cash prize 42"],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    labels, chances = classify_texts(project.run("sorts").folder, ["win cash prize 42"])
    assert done.stdout.decode().startswith(f"{labels[int(chances[0].argmax())]} {chances[0].max():.1%}")


@pytest.mark.slow
def test_transformers_gives_the_same_probabilities(project: Project, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    transformers = pytest.importorskip("transformers")
    monkeypatch.setattr(pytest.importorskip("tqdm").tqdm, "monitor_interval", 0)  # a thread that nobody ends
    folder = project.run("sorts").folder
    export_classifier(folder, tmp_path / "there")
    theirs = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "there").eval()
    assert theirs.config.id2label == {0: "ham", 1: "spam"}
    from studio.engine.classifier import opened

    text = "win cash prize 42"
    with torch.no_grad():
        found = theirs(torch.tensor([opened(folder).ids(text)])).logits.softmax(-1).numpy()
    assert np.allclose(found, classify_texts(folder, [text])[1], atol=1e-5)


def test_an_adapter_is_written_for_peft_and_merged_into_a_script(project: Project, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(classifier_export, "answer", in_this_process)
    adapter = AdapterConfig(kind="lora", rank=2)
    play(project, configured(adapter=adapter, training=SHORT), "thin")
    export_adapter(project.run("thin").folder, tmp_path / "peft")
    assert {path.name for path in (tmp_path / "peft").iterdir()} >= {"adapter_config.json", "adapter_model.safetensors"}
    done = export_classifier(project.run("thin").folder, tmp_path / "page", "script")
    assert (done.same, done.rows) == (20, 20)
    with pytest.raises(StudioError, match="“sorts” has no adapter"):
        export_adapter(project.run("sorts").folder, tmp_path / "none")


def test_the_command_writes_both_and_refuses_other_forms(project: Project, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    folder = str(checkpoint_of(project.run("sorts").folder))
    assert commands.main(["export", folder, "--format", "gguf", "--to", str(tmp_path / "x")]) != 0
    assert "hugging_face" in capsys.readouterr().err
    assert commands.main(["export", folder, "--format", "hugging_face", "--to", str(tmp_path / "there")]) == 0
    assert "20 of 20 rows get the same class" in capsys.readouterr().err
    assert commands.main(["export", folder, "--format", "peft", "--to", str(tmp_path / "peft")]) == 1
    assert "no adapter" in capsys.readouterr().err
