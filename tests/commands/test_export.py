"""`export`: what is refused before a model is opened, and what is handed on; no weights are read here."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import commands
from studio.commands import DONE, REFUSED, WRONG_USAGE
from studio.commands import export as module
from studio.core import shelf
from studio.core.errors import StudioError
from studio.store.files import write_json

Said = pytest.CaptureFixture[str]
DONE_WELL = {"path": Path("/out/tiny"), "bytes": 52_000, "notes": ("Mind the gap.",), "same": 20, "prompts": 20,
             "rows": 12, "error": 0.00012}  # fmt: skip


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...]]]:
    """Stands in for the engine; keeps what it was asked for, by name."""
    asked: list[tuple[str, tuple[Any, ...]]] = []

    def resolve(name: str) -> Any:
        def answer(*values: Any) -> Any:
            asked.append((name.rpartition(":")[2], values))
            return Path("/out/adapter") if name.endswith("export_adapter") else SimpleNamespace(**DONE_WELL)

        return answer

    monkeypatch.setattr(shelf, "resolve", resolve)
    monkeypatch.setattr(module, "writable", lambda: ["gguf", "hugging_face", "script"])
    return asked


def checkpoint(folder: Path, objective: str) -> Path:
    """A checkpoint's folder as far as the command reads it."""
    folder.mkdir()
    write_json(folder / "state.json", {"version": 1, "config": {"objective": objective}})
    return folder


def test_a_model_goes_out_as_asked_and_its_place_is_the_only_result(
    engine: list[Any], tmp_path: Path, capsys: Said
) -> None:
    folder = checkpoint(tmp_path / "model", "pretrain")
    line = ["export", str(folder), "--format", "gguf", "--to", "~/tiny.gguf", "--precision", "q8_0"]
    assert commands.main(line) == DONE
    assert engine == [("export", (folder, "gguf", Path.home() / "tiny.gguf", {"precision": "q8_0"}))]
    said = capsys.readouterr()
    assert said.out == "/out/tiny\n"
    assert "Mind the gap." in said.err
    assert "52.0 kB; read back: 20 of 20 prompts" in said.err
    assert "0.0001" in said.err


def test_without_a_precision_none_is_chosen_for_the_format(engine: list[Any], tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "model", "instruct")
    commands.main(["export", str(folder), "--format", "script", "--to", str(tmp_path / "out")])
    assert engine[0][1][3] == {}


def test_a_format_that_nobody_writes_is_wrong_usage_with_those_that_are(
    engine: list[Any], tmp_path: Path, capsys: Said
) -> None:
    folder = checkpoint(tmp_path / "model", "pretrain")
    assert commands.main(["export", str(folder), "--format", "onnx", "--to", "x"]) == WRONG_USAGE
    assert "gguf, hugging_face, script, peft" in capsys.readouterr().err
    assert engine == []


def test_a_place_without_a_model_is_refused_before_anything_is_written(
    engine: list[Any], tmp_path: Path, capsys: Said
) -> None:
    assert commands.main(["export", str(tmp_path / "nowhere"), "--format", "gguf", "--to", "x"]) == REFUSED
    assert "There is no file or folder" in capsys.readouterr().err
    assert engine == []


def test_an_adapter_goes_out_by_itself(engine: list[Any], tmp_path: Path, capsys: Said) -> None:
    folder = checkpoint(tmp_path / "model", "classify")
    assert commands.main(["export", str(folder), "--format", "peft", "--to", str(tmp_path / "out")]) == DONE
    assert engine == [("export_adapter", (folder, tmp_path / "out"))]
    assert capsys.readouterr().out == "/out/adapter\n"


@pytest.mark.parametrize("form", ["hugging_face", "script"])
def test_a_model_of_classes_is_compared_on_rows(form: str, engine: list[Any], tmp_path: Path, capsys: Said) -> None:
    folder = checkpoint(tmp_path / "model", "classify")
    assert commands.main(["export", str(folder), "--format", form, "--to", str(tmp_path / "out")]) == DONE
    assert engine == [("export_classifier", (folder, tmp_path / "out", form))]
    assert "20 of 12 rows get the same class" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--format", "gguf"], ["--format", "script", "--precision", "fp16"]])
def test_classes_have_no_place_in_a_gguf_file_and_no_other_precision(
    more: list[str], engine: list[Any], tmp_path: Path, capsys: Said
) -> None:
    folder = checkpoint(tmp_path / "model", "classify")
    assert commands.main(["export", str(folder), *more, "--to", str(tmp_path / "out")]) == WRONG_USAGE
    assert "hugging_face or script, in fp32" in capsys.readouterr().err
    assert engine == []


def test_what_the_engine_refuses_is_said_and_nothing_is_printed(
    engine: list[Any], tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise StudioError("“out” is there already.", "Choose a new name.")

    monkeypatch.setattr(shelf, "resolve", lambda _name: refuse)
    folder = checkpoint(tmp_path / "model", "pretrain")
    assert commands.main(["export", str(folder), "--format", "gguf", "--to", "out"]) == REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert "Choose a new name." in said.err
