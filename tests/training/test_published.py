from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.classifying.experiments import EXPERIMENTS, config_of
from studio.core.config import DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.core.errors import StudioError
from studio.store.files import sha256_of
from studio.store.project import Project
from studio.store.starts import Start
from studio.training.published import published_for, published_runs

RESOURCES = Path(__file__).parents[2] / "resources"
BOOK = RunConfig(
    data=DataConfig(text="the-verdict", tokenizer="gpt2"),
    model=ModelConfig(
        context_length=256, emb_dim=768, n_layers=12, n_heads=12, drop_rate=0.1, tie_embeddings=False
    ),
    training=TrainingConfig(
        epochs=10.0, batch_size=2, learning_rate=4e-4, warmup_steps=0, schedule="constant", weight_decay=0.1
    ),
)  # fmt: skip


@pytest.fixture
def known():
    return published_runs(RESOURCES)


def project_with(known, name="the-verdict"):
    return SimpleNamespace(texts=lambda: [SimpleNamespace(name=name, sha256=known[0].text_sha256)])


def test_the_books_run_is_recognised_by_its_settings_and_its_text(known):
    assert published_for(known, BOOK, project_with(known)) is known[0]


def test_one_different_setting_or_another_text_is_another_run(known):
    other = BOOK.with_part(training=TrainingConfig(batch_size=4, learning_rate=4e-4, warmup_steps=0))
    assert published_for(known, other, project_with(known)) is None
    assert published_for(known, BOOK, project_with(known, "another")) is None
    assert published_for(known, BOOK, None) is None


def test_a_classifier_by_the_books_recipe_has_its_published_losses_and_accuracies_behind_it(known):
    shape = ModelConfig(vocab_size=50_257, emb_dim=768, n_layers=12, n_heads=12, drop_rate=0.0)
    config = config_of(EXPERIMENTS[0], "sms@1", Start("GPT-2", "GPT-2", Path("x"), RunConfig(model=shape)))
    rows = next(run.text_sha256 for run in known if "chapter 6" in run.title)
    here = SimpleNamespace(dataset=lambda title: SimpleNamespace(sha256=rows if title == "sms@1" else ""))
    found = published_for(known, config, here)
    assert found is not None
    assert found.curve_of("loss").points[-1] == (601, 0.083, 0.074)
    assert found.curve_of("accuracy").points[-1] == (650, 1.0, 0.975)
    assert found.curve_of("perplexity") is None
    head_only = config_of(EXPERIMENTS[2], "sms@1", Start("GPT-2", "GPT-2", Path("x"), RunConfig(model=shape)))
    assert published_for(known, head_only, here) is None
    other = config.with_part(data=DataConfig(dataset="mine@1", split="book"))
    assert published_for(known, other, here) is None

    def gone(title):
        raise StudioError("There is no such dataset.")

    assert published_for(known, config, SimpleNamespace(dataset=gone)) is None


def test_the_digest_of_the_rows_is_that_of_the_real_messages(known, data_folder, tmp_path):
    project = Project.create(tmp_path / "project")
    rows = project.add_dataset(data_folder / "SMSSpamCollection.tsv").sha256
    assert rows == next(run.text_sha256 for run in known if "chapter 6" in run.title)


def test_every_published_curve_names_its_source_and_rises_in_steps(known):
    for run in known:
        assert run.title
        for curve in run.curves:
            assert curve.source
            steps = [step for step, _, _ in curve.points]
            assert steps == sorted(set(steps))


def test_the_digest_is_that_of_the_real_text(known, data_folder):
    assert sha256_of(data_folder / "the-verdict.txt") == known[0].text_sha256
