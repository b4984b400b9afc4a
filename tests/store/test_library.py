"""Every model on the disk in one list: what is said of each, and what is left out."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import AdapterConfig, RunConfig
from studio.store.files import write_json
from studio.store.library import BASE, CHECKPOINT, checkpoints_of, entries_of, survey
from studio.store.project import Project
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.library.conftest import save as save
from tests.library.conftest import save_adapter as save_adapter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "here", "Here")


def test_an_imported_model_is_listed_with_what_its_source_says(
    project: Project, add_model: Callable[..., Path]
) -> None:
    folder = add_model(project.path, "tiny", origin="/a/tiny.bin", licence="mit", chat_template="{{ x }}",
                       warnings=["odd"])  # fmt: skip
    found = survey(project.path)[0]
    assert (found.kind, found.title, found.folder, found.config) == (BASE, "tiny", folder, TINY)
    assert (found.licence, found.source, found.chat_template, found.warnings) == ("mit", "/a/tiny.bin", True, ("odd",))
    assert (found.tokenizer, found.parameters, found.precision) == ("characters", 26_000, "bf16")
    assert found.sha256 == hashlib.sha256(b"tiny" * 50).hexdigest()


def test_a_model_without_a_tokenizer_says_so(project: Project, add_model: Callable[..., Path]) -> None:
    add_model(project.path, "ids", tokenizer=False)
    assert survey(project.path)[0].tokenizer == ""


def test_checkpoints_come_best_first_and_say_which_is_the_last(project: Project, save: Callable[..., None]) -> None:
    record = project.new_run(RunConfig(), "tale")
    for step, loss in ((10, 3.0), (20, 2.0), (30, 2.5)):
        save(record, step, loss)
    found = checkpoints_of(record)
    assert [(entry.step, entry.best, entry.last) for entry in found] == [
        (20, True, False), (30, False, True), (10, False, False),
    ]  # fmt: skip
    assert found[0].kind == CHECKPOINT
    assert found[0].title == "tale · step 20"
    assert found[0].text == "story"


def test_newest_runs_come_first_after_the_imported_models(
    project: Project, add_model: Callable[..., Path], save: Callable[..., None]
) -> None:
    for name in ("old", "new"):
        save(project.new_run(RunConfig(), name), 5, 1.0)
    add_model(project.path, "base")
    assert [entry.name for entry in survey(project.path)] == ["base", "new", "old"]


def test_models_of_other_projects_carry_their_projects_name(
    project: Project, tmp_path: Path, add_model: Callable[..., Path]
) -> None:
    other = Project.create(tmp_path / "other", "Elsewhere")
    add_model(other.path, "far")
    add_model(project.path, "near")
    found = survey(project.path, [other.path, tmp_path / "gone"])
    assert [(entry.name, entry.project) for entry in found] == [("near", ""), ("far", "Elsewhere")]
    assert [entry.name for entry in survey(None, [other.path])] == ["far"]


@pytest.mark.parametrize("content", [{"version": 1}, {"config": {"version": 99}}, []])
def test_what_cannot_be_read_is_left_out_and_the_rest_stays(
    project: Project, add_model: Callable[..., Path], content: Any
) -> None:
    add_model(project.path, "whole")
    write_json(add_model(project.path, "broken") / "state.json", content)
    assert [entry.name for entry in entries_of(project)] == ["whole"]
    assert [entry.name for entry in survey(project.path)] == ["whole"]


def test_without_a_project_there_is_nothing(tmp_path: Path) -> None:
    assert entries_of(None) == []
    assert survey(None) == []


def test_the_list_is_read_without_torch() -> None:
    code = "import sys, studio.store.library; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_an_adapter_counts_its_own_numbers_and_knows_its_base_which_knows_it(
    project: Project, save: Callable[..., None], save_adapter: Callable[..., None]
) -> None:
    base = project.new_run(RunConfig(), "tale")
    save(base, 10, 2.0)
    record = project.new_run(RunConfig(start_from="tale@10", adapter=AdapterConfig(kind="lora")), "tuned")
    save_adapter(record, 5)
    found = {entry.run: entry for entry in survey(project.path)}
    assert (found["tuned"].adapter, found["tuned"].parameters) == ("lora", 200)
    assert found["tuned"].base == found["tale"].folder
    assert found["tuned"].bytes < 5_000
    assert (found["tale"].adapter, found["tale"].wearers, found["tuned"].wearers) == ("", ("tuned",), ())


def test_an_adapter_whose_base_is_gone_says_so(
    project: Project, save: Callable[..., None], save_adapter: Callable[..., None]
) -> None:
    base = project.new_run(RunConfig(), "gone")
    save(base, 3, 2.0)
    record = project.new_run(RunConfig(start_from="gone@3", adapter=AdapterConfig(kind="qlora")), "tuned")
    save_adapter(record, 5)
    base.delete()
    (found,) = survey(project.path)
    assert (found.adapter, found.base, found.start) == ("qlora", None, "gone@3")
