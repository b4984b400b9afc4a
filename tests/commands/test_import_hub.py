"""`import ORG/NAME@hub`: fetched, imported, tidied up; refused with a sentence."""

from pathlib import Path

import pytest

from studio import commands
from studio.commands import DONE, REFUSED
from studio.store.models import list_models
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs
from tests.hub.conftest import no_hub_of_this_person as no_hub_of_this_person
from tests.hub.conftest import server as server
from tests.hub.loopback_hub import COMMIT, FakeRepo, LoopbackHub

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def at_the_loopback(no_hub_of_this_person: None, server: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.address)


@pytest.mark.torch
def test_a_model_of_the_hub_is_fetched_imported_and_its_download_deleted(
    server: LoopbackHub, folder: Path, tmp_path: Path, capsys: Said, a_home_of_its_own: Path
) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    server.repos["org/tiny"] = FakeRepo(files, {"model.safetensors"}, licence="apache-2.0")
    assert commands.main(["import", "org/tiny@hub", "--project", str(tmp_path / "p")]) == DONE
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'p' / 'models' / 'tiny'}\n"
    assert "org/tiny: safetensors" in said.err
    assert "licence: apache-2.0" in said.err
    (model,) = list_models(tmp_path / "p")
    assert (model.name, model.licence) == ("tiny", "apache-2.0")
    assert model.origin == f"{server.address}/org/tiny/tree/{COMMIT}"  # and not the folder that is gone
    assert list((a_home_of_its_own / "downloads").iterdir()) == []


def test_a_model_that_is_not_there_makes_no_project(tmp_path: Path, capsys: Said) -> None:
    assert commands.main(["import", "org/gone@hub", "--project", str(tmp_path / "p")]) == REFUSED
    assert "no model “org/gone”" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


@pytest.mark.torch
def test_a_file_of_that_name_comes_first(server: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine@hub").write_text("Dear", "utf-8")
    assert commands.main(["import", "mine@hub", "--project", str(tmp_path / "p")]) == REFUSED
    assert server.asked == []
