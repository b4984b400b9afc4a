"""Models in and out from the command line: what is said where, and with which exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio import commands
from studio.commands import DONE, REFUSED, WRONG_USAGE, generate
from studio.core.errors import StudioError
from studio.core.shelf import COMMANDS
from studio.store.models import list_models
from studio.store.project import Project
from tests.exchange.conftest import edit as edit
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs

Said = pytest.CaptureFixture[str]


def test_a_command_may_be_called_by_a_word_of_python() -> None:
    assert "import" in COMMANDS.names()
    assert COMMANDS.load("import").name == "import"


@pytest.mark.torch
def test_an_import_prints_the_folder_and_says_what_it_is(folder: Path, tmp_path: Path, capsys: Said) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    assert commands.main(["import", str(folder), "--project", str(tmp_path / "p"), "--name", "tale"]) == DONE
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'p' / 'models' / 'tale'}\n"
    assert "tale: gpt2, 37,120 parameters in fp32" in said.err
    assert "licence: mit" in said.err
    assert "token ids only" in said.err  # a warning of the format
    assert [model.name for model in list_models(tmp_path / "p")] == ["tale"]


@pytest.mark.torch
def test_generate_takes_a_name_a_models_folder_and_somebody_elses_folder(
    folder: Path, tmp_path: Path, capsys: Said
) -> None:
    assert commands.main(["import", str(folder), "--project", str(tmp_path / "p"), "--name", "tale"]) == DONE
    capsys.readouterr()
    answers = []
    for model in ("tale", str(tmp_path / "p" / "models" / "tale"), str(folder), str(folder / "model.safetensors")):
        line = ["generate", model, "--prompt-ids", "5,7", "--ids", "--tokens", "6", "--temperature", "0"]
        assert commands.main([*line, "--project", str(tmp_path / "p")]) == DONE
        answers.append(json.loads(capsys.readouterr().out))
    assert len(answers[0]) == 6
    assert answers.count(answers[0]) == 4


@pytest.mark.torch
@pytest.mark.parametrize("format", ["hugging_face", pytest.param("script", marks=pytest.mark.slow)])
def test_an_export_prints_its_place_and_says_how_it_compared(
    format: str, folder: Path, tmp_path: Path, capsys: Said
) -> None:
    target = tmp_path / "out" / "copy"
    assert commands.main(["export", str(folder), "--format", format, "--to", str(target)]) == DONE
    said = capsys.readouterr()
    assert said.out == f"{target}\n"
    assert "20 of 20 prompts" in said.err
    assert target.is_dir()


@pytest.mark.torch
def test_a_precision_is_passed_on(folder: Path, tmp_path: Path, capsys: Said) -> None:
    line = ["export", str(folder), "--format", "hugging_face", "--to", str(tmp_path / "out"), "--precision"]
    assert commands.main([*line, "q9"]) == REFUSED
    assert "“q9”" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert commands.main([*line, "bf16"]) == DONE


def test_a_format_that_does_not_exist_is_wrong_usage(tmp_path: Path, capsys: Said) -> None:
    assert commands.main(["export", "x", "--format", "onnx", "--to", str(tmp_path / "out")]) == WRONG_USAGE
    assert "hugging_face" in capsys.readouterr().err


@pytest.mark.torch
def test_what_cannot_be_read_is_refused_and_makes_no_project(tmp_path: Path, capsys: Said) -> None:
    (tmp_path / "letter.txt").write_text("Dear", "utf-8")
    line = ["import", str(tmp_path / "letter.txt"), "--project", str(tmp_path / "p")]
    assert commands.main(line) == REFUSED
    said = capsys.readouterr()
    assert "not a model" in said.err
    assert said.out == ""
    assert not (tmp_path / "p").exists()


@pytest.mark.torch
def test_a_hostile_folder_is_refused_with_a_sentence_and_no_traceback(
    folder: Path, edit: Callable[..., None], tmp_path: Path, capsys: Said
) -> None:
    edit("config.json", model_type="mamba", auto_map={"AutoModel": "x.X"})
    assert commands.main(["import", str(folder), "--project", str(tmp_path / "p")]) == REFUSED
    said = capsys.readouterr()
    assert "“mamba”" in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_run_wins_over_a_model_of_the_same_name(tmp_path: Path) -> None:
    from studio.core.config import RunConfig
    from tests.store.test_models import add

    project = Project.create(tmp_path / "p")
    stored = add(project.path, "tale")
    assert generate.find_checkpoint("tale", str(project.path)) == stored
    project.new_run(RunConfig(), "tale")
    with pytest.raises(StudioError, match="no checkpoint yet"):
        generate.find_checkpoint("tale", str(project.path))
