"""The model that a run begins with: found by name, shape and tokenizer taken over, what contradicts them refused."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import DataConfig, ModelConfig, RunConfig
from studio.core.errors import StudioError
from studio.store import starts
from studio.store.files import read_json, write_json
from studio.store.project import Project
from studio.store.starts import cut_with, find_start, means, parted, settle, start_name, tokenizer_in, without_start
from studio.tokenizers import make_tokenizer
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.library.conftest import save as save

Add, Save = Callable[..., Path], Callable[..., None]


@pytest.fixture
def project(tmp_path: Path, add_model: Add, save: Save) -> Project:
    """A project with an imported model, a run with two checkpoints, and a run that has saved nothing."""
    project = Project.create(tmp_path / "here", "Here")
    add_model(project.path, "tiny")
    record = project.new_run(RunConfig(), "tale")
    save(record, 10, 2.0)
    save(record, 20, 3.0)
    project.new_run(RunConfig(), "bare")
    return project


def beginning(start: str, **model: Any) -> RunConfig:
    return RunConfig(start_from=start, model=ModelConfig(**model))


@pytest.mark.parametrize(
    ("asked", "name", "title"),
    [
        ("tiny", "tiny", "tiny"),
        ("tale", "tale@10", "tale · step 10"),
        ("tale@best", "tale@10", "tale · step 10"),
        ("tale@last", "tale@20", "tale · step 20"),
        ("tale@20", "tale@20", "tale · step 20"),
    ],
)
def test_names_mean_models_runs_and_checkpoints(project: Project, asked: str, name: str, title: str) -> None:
    start = find_start(project.path, asked)
    assert (start.name, start.title) == (name, title)
    assert find_start(project.path, start.name).folder == start.folder
    assert start.config.model == TINY


def test_a_tokenizer_of_the_project_that_the_model_came_with_is_no_contradiction(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starts, "check_sizes", lambda folder: None)  # of the tokenizer that is written here
    tokenizer = make_tokenizer("characters", ["a cat"])
    write_json(project.path / "models" / "tiny" / "tokenizer.json", tokenizer.to_json())
    project.add_tokenizer(tokenizer, "same")
    project.add_tokenizer(make_tokenizer("words", ["another one"]), "other")
    config = beginning("tiny")
    settled = settle(project.path, config.with_part(data=DataConfig(tokenizer="same")))
    assert settled.data.tokenizer == tokenizer.name
    with pytest.raises(StudioError, match="the run asks for “other”"):
        settle(project.path, config.with_part(data=DataConfig(tokenizer="other")))


def test_a_run_was_cut_with_its_kind_or_with_what_it_saved(project: Project) -> None:
    folder = project.path / "runs" / "tale"
    assert cut_with(folder, RunConfig()) == "gpt2"
    own = RunConfig(data=DataConfig(tokenizer="mine"))
    assert cut_with(folder, own) == "mine"  # nothing was saved yet
    write_json(folder / "tokenizer.json", make_tokenizer("words", ["a b"]).to_json())
    for place in (folder, folder / "checkpoints" / "step-000099"):
        found = cut_with(place, own)
        assert not isinstance(found, str)
        assert found.fingerprint == make_tokenizer("words", ["a b"]).fingerprint


def test_a_folder_is_named_whole_wherever_it_lies(project: Project) -> None:
    for folder in (project.path / "models" / "tiny", project.path / "runs" / "tale" / "checkpoints" / "step-000020"):
        start = find_start(Path("/elsewhere"), str(folder))
        assert (start.folder, start.name) == (folder, str(folder))
    assert find_start(project.path, str(project.path / "runs" / "tale")).folder.name == "step-000010"


def test_a_run_comes_before_a_model_of_its_name_which_is_then_named_by_its_folder(
    project: Project, add_model: Add
) -> None:
    folder = add_model(project.path, "tale")
    assert find_start(project.path, "tale").name == "tale@10"
    assert start_name(project.path, folder) == str(folder)
    assert find_start(project.path, str(folder)).folder == folder


def test_every_place_has_a_name_that_finds_it_again(project: Project, tmp_path: Path, add_model: Add) -> None:
    other = Project.create(tmp_path / "other")
    far = add_model(other.path, "far")
    saved = project.path / "runs" / "tale" / "checkpoints" / "step-000020"
    names = {project.path / "models" / "tiny": "tiny", saved: "tale@20", far: str(far)}
    for folder, name in names.items():
        assert start_name(project.path, folder) == name
        assert find_start(project.path, name).folder == folder


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nobody", "no model or run “nobody”"),
        ("tale@30", "no checkpoint at step 30"),
        ("bare", "has no checkpoint yet"),
        ("./nowhere", "There is no model"),
    ],
)
def test_what_is_not_there_is_refused_by_name(project: Project, asked: str, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        find_start(project.path, asked)


def test_the_refusal_lists_what_there_is(project: Project) -> None:
    with pytest.raises(StudioError) as refused:
        find_start(project.path, "nobody")
    assert all(name in refused.value.hint for name in ("tiny", "tale", "bare"))


def test_somebody_elses_files_are_to_be_imported_first(project: Project, tmp_path: Path) -> None:
    (tmp_path / "gpt2").mkdir()
    with pytest.raises(StudioError, match="no model of Atelier's own") as refused:
        find_start(project.path, str(tmp_path / "gpt2"))
    assert "import PATH" in refused.value.hint


def test_a_model_without_a_tokenizer_cannot_learn_from_text(project: Project, add_model: Add) -> None:
    add_model(project.path, "ids", tokenizer=False)
    with pytest.raises(StudioError, match="without a tokenizer"):
        find_start(project.path, "ids")


# --- what the run asks for --------------------------------------------------------------------------------------------


def test_without_a_model_to_start_from_nothing_changes(project: Project) -> None:
    config = RunConfig()
    assert settle(project.path, config) is config


def test_shape_and_tokenizer_are_taken_over_where_nothing_else_was_asked_for(project: Project) -> None:
    settled = settle(project.path, beginning("tale", drop_rate=0.1))
    assert settled.start_from == "tale@10"
    assert settled.model == dataclasses.replace(TINY, drop_rate=0.1)
    assert settled.data.tokenizer == "characters"
    assert settle(project.path, settled) == settled


def test_the_context_may_be_shorter_but_not_longer(project: Project) -> None:
    assert settle(project.path, beginning("tiny", context_length=16)).model.context_length == 16
    same = dataclasses.replace(TINY, context_length=8)
    assert settle(project.path, RunConfig(start_from="tiny", model=same)).model == same
    with pytest.raises(StudioError, match="sees 32 tokens at once; the run asks for 64"):
        settle(project.path, beginning("tiny", context_length=64))


def test_another_shape_is_refused_field_by_field(project: Project) -> None:
    with pytest.raises(StudioError, match=r"another shape: emb_dim 48 instead of 32, n_layers 9 instead of 2\."):
        settle(project.path, beginning("tiny", emb_dim=48, n_layers=9))


def test_a_size_that_is_written_out_is_the_same_size(project: Project) -> None:
    spelled = dataclasses.replace(TINY, hidden_dim=128, n_kv_heads=2, head_width=16, vocab_size=0)
    assert settle(project.path, RunConfig(start_from="tiny", model=spelled)).model == TINY


def test_another_tokenizer_is_refused(project: Project) -> None:
    config = dataclasses.replace(beginning("tiny"), data=DataConfig(tokenizer="words"))
    with pytest.raises(StudioError, match="with the tokenizer “characters”, but the run asks for “words”"):
        settle(project.path, config)


@pytest.mark.parametrize("name", ["tiny", "tale@10"])
def test_a_start_is_read_once_until_its_files_are_others(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    read: list[str] = []

    def reading(path: Path) -> Any:
        read.append(path.name)
        return read_json(path)

    monkeypatch.setattr(starts, "read_json", reading)
    monkeypatch.setattr("studio.store.checkpoints.read_json", reading)
    settled = settle(project.path, beginning(name))
    assert {"state.json", "tokenizer.json"} <= {*read}
    read.clear()
    assert settle(project.path, settled) == settled
    assert {*read} <= {"manifest.json"}
    folder = find_start(project.path, name).folder
    saved = read_json(folder / "tokenizer.json")
    write_json(folder / "tokenizer.json", saved)  # as large as before, but written anew
    read.clear()
    assert settle(project.path, settled) == settled
    assert "tokenizer.json" in read


def test_a_new_run_is_written_settled_or_not_at_all(project: Project) -> None:
    record = project.new_run(beginning("tale"), "more")
    assert (record.config.start_from, record.config.model) == ("tale@10", dataclasses.replace(TINY, drop_rate=0.0))
    with pytest.raises(StudioError, match="no model or run"):
        project.new_run(beginning("nobody"), "never")
    assert not (project.path / "runs" / "never").exists()


def test_a_learned_vocabulary_is_the_saved_one_and_a_fixed_one_only_a_name(tmp_path: Path) -> None:
    learned = make_tokenizer("characters", ["abc"])
    write_json(tmp_path / "tokenizer.json", learned.to_json())
    found = tokenizer_in(tmp_path)
    assert not isinstance(found, str)
    assert found.fingerprint == learned.fingerprint
    write_json(tmp_path / "tokenizer.json", make_tokenizer("bytes").to_json())
    assert tokenizer_in(tmp_path) == "bytes"


# --- what hangs on what -----------------------------------------------------------------------------------------------


def test_a_settled_name_means_its_folder_and_the_run_around_it(project: Project) -> None:
    run = project.path / "runs" / "tale"
    assert means("tale@20", project.path, run / "checkpoints" / "step-000020")
    assert means("tale@20", project.path, run)
    assert not means("tale@20", project.path, run / "checkpoints" / "step-000010")
    assert means("tiny", project.path, project.path / "models" / "tiny")
    assert means(str(run / "checkpoints" / "step-000010"), project.path, run)
    assert not means("", project.path, run)


def test_a_draft_leaves_its_start_with_another_shape_or_tokenizer_only() -> None:
    draft = RunConfig(start_from="tiny", model=TINY, data=DataConfig(tokenizer="characters"))
    changed = {
        False: [
            draft,
            draft.with_part(model=dataclasses.replace(TINY, drop_rate=0.2, context_length=8)),
            draft.with_part(data=dataclasses.replace(draft.data, text="story")),
            without_start(draft),
            dataclasses.replace(draft, start_from="tale@10", model=ModelConfig()),
        ],
        True: [
            draft.with_part(model=dataclasses.replace(TINY, n_layers=3)),
            draft.with_part(data=dataclasses.replace(draft.data, tokenizer="words")),
        ],
    }
    for expected, afters in changed.items():
        assert [parted(draft, after) for after in afters] == [expected] * len(afters)


def test_without_its_start_the_vocabulary_follows_the_tokenizer_again() -> None:
    free = without_start(RunConfig(start_from="tiny", model=TINY))
    assert (free.start_from, free.model.vocab_size) == ("", 0)


def test_a_model_that_was_deleted_is_not_found(project: Project) -> None:
    shutil.rmtree(project.path / "models" / "tiny")
    with pytest.raises(StudioError, match="no model or run “tiny”"):
        find_start(project.path, "tiny")
