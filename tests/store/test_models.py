"""The models of a project on disk: whole or not there, listed without torch, deleted with a way back."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.store.files import write_json
from studio.store.models import CARD, adding, delete_model, find_model, list_models, read_model
from studio.store.project import Project

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Project.create(tmp_path / "project").path


def add(project: Path, name: str, **facts: Any) -> Path:
    """A model's folder as the engine writes it, without its weights."""
    with adding(project, name, 100) as (folder, final):
        write_json(folder / "state.json", {"version": 1, "config": {"model": {"family": "gpt2"}}, "step": 0})
        write_json(folder / CARD, {"version": 1, "parameters": 12, "precision": "bf16", "facts": facts})
        (folder / "model.safetensors").write_bytes(b"x" * 50)
    return final


def test_a_model_is_listed_with_what_is_known_of_it(project: Path) -> None:
    folder = add(project, "tiny", origin="/somewhere", licence="mit", chat_template="{{ x }}")
    model = list_models(project)[0]
    assert (model.name, model.family, model.parameters, model.precision) == ("tiny", "gpt2", 12, "bf16")
    assert (model.origin, model.licence, model.step, model.folder) == ("/somewhere", "mit", 0, folder)
    assert model.bytes == sum(path.stat().st_size for path in folder.iterdir() if path.name != "manifest.json")
    assert find_model(project, "tiny") == model


def test_a_name_that_is_taken_gets_a_number_and_the_old_model_stays(project: Path) -> None:
    first, second = add(project, "tiny"), add(project, "Tiny")
    assert first.name == "tiny"
    assert second.name == "Tiny 2"
    assert [model.name for model in list_models(project)] == ["tiny", "Tiny 2"]


def test_a_name_that_could_be_a_path_becomes_a_plain_one(project: Path) -> None:
    assert add(project, "org/model:7b").parent == project / "models"


def test_what_fails_half_way_leaves_nothing(project: Path) -> None:
    def fail() -> None:
        with adding(project, "tiny", 100) as (folder, _):
            (folder / "model.safetensors").write_bytes(b"x")
            raise StudioError("broken off")

    with pytest.raises(StudioError, match="broken off"):
        fail()
    assert list_models(project) == []
    assert list((project / "models").iterdir()) == []


def test_a_model_that_needs_more_than_the_disk_has_is_refused_first(project: Path) -> None:
    with pytest.raises(StudioError, match="too little space"), adding(project, "huge", 1 << 60):
        pytest.fail("it was begun")
    assert not (project / "models").exists()


def test_a_damaged_description_is_told_and_left_out_of_the_list(project: Path) -> None:
    folder = add(project, "tiny")
    write_json(folder / CARD, {"version": 1})
    assert list_models(project) == []
    with pytest.raises(StudioError, match="“tiny” is damaged"):
        read_model(folder)


def test_names_lead_nowhere_else(project: Path) -> None:
    assert find_model(project, "nothing") is None
    with pytest.raises(StudioError, match="not a name that is allowed"):
        find_model(project, "../models/tiny")


def test_a_deleted_model_lies_in_the_trash_and_comes_back(project: Path) -> None:
    add(project, "tiny")
    delete_model(list_models(project)[0])
    assert list_models(project) == []
    trash = Project.open(project).trash()
    assert [item.name for item in trash] == ["tiny"]
    trash[0].restore()
    assert [model.name for model in list_models(project)] == ["tiny"]


def test_what_a_killed_import_left_is_swept_with_the_next_window(project: Path) -> None:
    left = project / "models" / ".making-999999999-x"
    left.mkdir(parents=True)
    with Project.open(project).lock():
        assert not left.exists()


def test_listing_needs_no_torch() -> None:
    code = "import sys, studio.store.models; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False"
