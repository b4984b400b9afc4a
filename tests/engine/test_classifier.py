"""A run that learned classes at work: scored, kept, asked about single texts, and let loose on a file."""

import csv
import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.channel import RunControl
from studio.core.config import (
    AdapterConfig,
    ClassifyConfig,
    ComputeConfig,
    DataConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
    WatchConfig,
)
from studio.core.errors import StudioError
from studio.core.events import EvaluationDone, RunEvent, SampleWritten, StepDone, Warned
from studio.engine import classifier
from studio.engine.classifier import answer_names, attributed, classify_file, classify_texts, opened, scored
from studio.engine.train import train
from studio.store.project import Project

pytestmark = pytest.mark.torch
MODEL = ModelConfig(n_layers=2, n_heads=2, emb_dim=16, context_length=32)
QUIET = WatchConfig(inside=False)
HERE = ComputeConfig(precision="fp32", device="cpu", threads=1, seed=5)
STEPS = TrainingConfig(
    steps=30, batch_size=8, warmup_steps=2, learning_rate=2e-2, evaluate_every=15, evaluation_batches=0,
    sample_every=30, save_every=15, keep_checkpoints=50,
)  # fmt: skip


def play(project: Project, config: RunConfig, name: str, resume: int | None = None) -> list[RunEvent]:
    record = project.new_run(config, name) if resume is None else project.run(name)
    events = []
    with record:
        for event in train(record.config, RunControl(), record, resume):
            record.append(event)
            events.append(event)
    return events


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Messages of which every third is spam and says so, a model that has read them, and two runs that sort them."""
    folder = tmp_path_factory.mktemp("classes")
    words = ("win cash prize", "see you there", "call me soon")
    lines = [f"{('spam', 'ham', 'ham')[n % 3]}\t{words[n % 3]} {n}" for n in range(90)]
    (folder / "sms.tsv").write_text("label\ttext\n" + "\n".join(lines) + "\n", "utf-8")
    (folder / "words.txt").write_text("\n".join(line.partition("\t")[2] for line in lines) * 3, "utf-8")
    project = Project.create(folder / "project")
    project.add_dataset(folder / "sms.tsv")
    project.add_text([folder / "words.txt"], "words")
    reading = dataclasses.replace(STEPS, steps=4, evaluate_every=4, sample_every=0, save_every=4)
    data = DataConfig(text="words", tokenizer="characters")
    play(project, RunConfig(data=data, model=MODEL, training=reading, compute=HERE, watch=QUIET), "base")
    play(project, configured(), "sorts")
    return project


def configured(**parts: object) -> RunConfig:
    """The run `sorts`, with other parts."""
    config = RunConfig(
        objective="classify", start_from="base", data=DataConfig(dataset="sms"), training=STEPS, compute=HERE,
        watch=QUIET, classify=ClassifyConfig(trained_blocks=2),
    )  # fmt: skip
    return config.with_part(**parts)


def test_a_run_learns_its_classes_shows_its_rows_and_pins_them(project: Project) -> None:
    record = project.run("sorts")
    events = list(record.events())
    measured = [event for event in events if isinstance(event, EvaluationDone)]
    assert measured[-1].validation_accuracy > 0.85  # type: ignore[operator]
    assert measured[-1].validation_loss < 0.7 * measured[0].validation_loss  # type: ignore[operator]
    assert [event.text.count("\n") for event in events if isinstance(event, SampleWritten)] == [7]
    assert opened(record.folder).config.data.dataset == "sms@1"
    assert opened(record.folder).labels == ("ham", "spam")


def test_frozen_weights_are_bit_identical_afterwards(project: Project) -> None:
    short = dataclasses.replace(STEPS, steps=4, evaluate_every=4, sample_every=0, save_every=4)
    play(project, configured(classify=ClassifyConfig(trained_blocks=1), training=short), "frozen")
    base = project.run("base").checkpoints()[-1].folder
    from safetensors.torch import load_file

    before, after = (load_file(folder / "model.safetensors")
                     for folder in (base, project.run("frozen").checkpoints()[-1].folder))  # fmt: skip
    changed = {name for name in before if name in after and name != "lm_head.weight"
               and not torch.equal(before[name], after[name])}  # fmt: skip
    assert changed
    assert all(name.startswith(("layers.1.", "norm.")) for name in changed)
    assert any(
        "frozen blocks" in event.message for event in project.run("frozen").events() if isinstance(event, Warned)
    )


def test_resumed_from_its_middle_it_ends_bit_for_bit_like_the_uninterrupted_run(project: Project) -> None:
    whole = [event.loss for event in project.run("sorts").events() if isinstance(event, StepDone)]
    play(project, configured(), "sorts", resume=15)
    again = [event.loss for event in project.run("sorts").events() if isinstance(event, StepDone)]
    assert again == whole
    assert len(whole) == 30


def test_scores_are_of_every_row_of_a_side_in_the_order_of_the_dataset(project: Project) -> None:
    folder = project.run("sorts").folder
    found = scored(folder, "test")
    assert found.labels == ("ham", "spam")
    assert (found.dataset, found.split, found.multi_label) == ("sms@1", "test", False)
    assert len(found.rows) == len(found.truth) == len(found.logits) == 18
    dataset = project.find_dataset("sms")
    for number, truth, text in zip(found.rows.tolist(), found.truth, found.texts(found.rows.tolist()), strict=True):
        row = dataset.rows_at([number])[0]
        assert (found.labels[truth], text) == (row["label"], row["text"])
    assert (found.logits.argmax(1) == found.truth).mean() > 0.8
    _, chances = classify_texts(folder, found.texts(found.rows.tolist()))
    own = np.exp(found.logits - found.logits.max(1, keepdims=True))
    assert np.allclose(chances, own / own.sum(1, keepdims=True), atol=1e-5)


def test_scores_open_at_once_the_second_time_and_belong_to_one_checkpoint(project: Project, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    folder = project.run("sorts").folder
    first = scored(folder, "validation", step=30)
    monkeypatch.setattr(classifier, "opened", lambda *args: pytest.fail("it was computed again"))
    again = scored(folder, "validation", step=30)
    assert np.array_equal(first.logits, again.logits)
    assert np.array_equal(first.rows, again.rows)
    with pytest.raises(pytest.fail.Exception):
        scored(folder, "validation", step=15)
    kept = folder / "scored" / "step-000030-validation"
    assert sorted(path.name for path in kept.iterdir()) == ["scores.json", "scores.safetensors"]
    (kept / "scores.json").write_text('{"version": 1, "key": "of another checkpoint", "facts": {}}', "utf-8")
    with pytest.raises(pytest.fail.Exception):
        scored(folder, "validation", step=30)


def test_scoring_can_be_called_off_and_leaves_nothing(project: Project) -> None:
    folder = project.run("sorts").folder
    with pytest.raises(StudioError, match="stopped"):
        scored(folder, "training", keep_going=lambda: False)
    assert not (folder / "scored" / "step-000030-training").exists()


def test_what_has_learned_to_write_is_no_classifier(project: Project) -> None:
    with pytest.raises(StudioError, match="“base” has not learned classes") as refused:
        scored(project.run("base").folder)
    assert "classify" in refused.value.hint


# --- single texts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gradient", "integrated", "occlusion"])
def test_a_text_is_taken_apart_token_by_token(project: Project, method: str) -> None:
    found = attributed(project.run("sorts").folder, "win cash prize now", method=method)
    assert "".join(found.tokens) == "win cash prize now"
    assert len(found.scores) == len(found.tokens)
    assert found.label == "spam"
    assert found.total == pytest.approx(float(found.scores.sum()))
    assert [name for name, _ in found.chances] == ["ham", "spam"]
    assert sum(chance for _, chance in found.chances) == pytest.approx(1.0)


def test_the_other_class_can_be_asked_about_and_an_unknown_one_is_refused(project: Project) -> None:
    folder = project.run("sorts").folder
    assert attributed(folder, "win cash", label="ham", method="gradient").label == "ham"
    with pytest.raises(StudioError, match="no class “eggs”") as refused:
        attributed(folder, "win cash", label="eggs")
    assert "ham, spam" in refused.value.hint


def test_an_adapter_is_scaled_from_nothing_to_what_it_learned(project: Project) -> None:
    adapter = AdapterConfig(kind="lora", rank=2, alpha=8.0)
    short = dataclasses.replace(STEPS, steps=4, evaluate_every=4, sample_every=0, save_every=4)
    play(project, configured(adapter=adapter, training=short), "thin")
    folder = project.run("thin").folder
    files = {path.name for path in project.run("thin").checkpoints()[-1].folder.iterdir()}
    assert "adapter.safetensors" in files
    assert "model.safetensors" not in files
    one = attributed(folder, "win cash", method="gradient").chances
    assert attributed(folder, "win cash", method="gradient", strength=1.0).chances == one
    assert attributed(folder, "win cash", method="gradient", strength=0.0).chances != one
    assert attributed(folder, "win cash", method="gradient").chances == one


# --- a file -----------------------------------------------------------------------------------------------------------


def test_a_file_comes_back_with_class_and_probabilities_behind_each_row(project: Project, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text,label\nwin cash prize 42,a\n,b\nsee you there 43,c\n", "utf-8")
    assert classify_file(project.run("sorts").folder, source, "text", out) == 3
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["text", "label", "predicted label", "probability", "P(ham)", "P(spam)"]
    assert [row["label"] for row in rows] == ["a", "b", "c"]
    assert [row["predicted label"] for row in rows] == ["spam", "", "ham"]
    assert float(rows[0]["P(spam)"]) + float(rows[0]["P(ham)"]) == pytest.approx(1.0, abs=1e-5)
    assert rows[0]["probability"] == rows[0]["P(spam)"]


def test_a_stopped_or_refused_file_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    source, folder = tmp_path / "in.csv", project.run("sorts").folder
    source.write_text("text\none\ntwo\n", "utf-8")
    with pytest.raises(StudioError):
        classify_file(folder, source, "text", tmp_path / "out.csv", keep_going=lambda: False)
    with pytest.raises(StudioError, match="no column “words”"):
        classify_file(folder, source, "words", tmp_path / "out.csv")
    with pytest.raises(StudioError, match=r"not written as “out\.png”"):
        classify_file(folder, source, "text", tmp_path / "out.png")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_new_columns_never_take_the_name_of_one_that_is_there() -> None:
    assert answer_names(("text", "label", "predicted label"), ("a",)) == ["label 2", "probability", "P(a)"]


def test_padding_of_a_batch_never_changes_a_prediction(project: Project) -> None:
    folder = project.run("sorts").folder
    texts = ["win", "see you there soon you see", "call me"]
    together = classify_texts(folder, texts)[1]
    alone = np.concatenate([classify_texts(folder, [text])[1] for text in texts])
    assert np.allclose(together, alone, atol=1e-6, rtol=0)


def test_a_model_whose_dataset_is_gone_says_so(project: Project, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(project.path, copied)
    shutil.rmtree(copied / "datasets" / "sms")
    with pytest.raises(StudioError, match="no dataset “sms@1”"):
        scored(copied / "runs" / "sorts", "training")
