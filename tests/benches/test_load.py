"""The bench of loading: both sides are whole, and slow loading is found out."""

import argparse
import importlib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.torch
load: Any = importlib.import_module("studio.benches.load")
TINY = {"vocab_size": 61, "context_length": 16, "emb_dim": 32, "n_layers": 1, "n_heads": 2}


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    found: dict[str, Path] = load.write_models(tmp_path, TINY)
    return found


def test_a_model_of_a_project_and_a_foreign_one_are_written_and_become_ready(folders: dict[str, Path]) -> None:
    assert set(folders) == {"hugging_face", "project"}
    for folder in folders.values():
        assert load.read_seconds(folder) >= 0
        assert load.ready_seconds(folder) > 0


def test_the_measured_model_is_the_whole_file(folders: dict[str, Path]) -> None:
    from studio.engine.loaded import open_model

    for folder in folders.values():
        weights = open_model(folder).bytes
        assert weights == pytest.approx((folder / load.FILE).stat().st_size, rel=0.1)


def test_loading_that_takes_twice_as_long_as_reading_misses_the_goal(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    took = {"read": iter([0.1, 0.2, 0.1]), "ready": iter([0.2, 0.2, 0.21])}
    monkeypatch.setattr(load, "in_own_process", lambda what, folder: next(took[what]))
    row = load.compare("project", folders["project"], 3)
    assert row["ratio"] == pytest.approx(2.0)
    assert (row["lowest"], row["highest"]) == (pytest.approx(1.0), pytest.approx(2.1))
    assert not row["reached"]


def test_both_sides_begin_behind_the_same_preparation(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(load, "prepare", lambda: done.append("prepared"))
    for what in ("read", "ready"):
        monkeypatch.setattr(load, f"{what}_seconds", lambda folder, what=what: done.append(what) or 1.0)
        load.run(argparse.Namespace(one=(what, str(folders["project"]))))
    assert done == ["prepared", "read", "prepared", "ready"]
    assert capsys.readouterr().out == "1.0\n1.0\n"


def test_a_child_prints_its_seconds(folders: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("read", "ready"):
        assert load.run(argparse.Namespace(one=(what, str(folders["project"])))) == []
        assert float(capsys.readouterr().out) >= 0
