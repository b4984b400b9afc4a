"""Models of a hub as wishes of the session: what outlives its window, what is told where, and what stays."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.hub import Order
from studio.hub.download import held
from studio.live import models as models_module
from studio.live.downloads import FETCHING, IMPORTING, Downloads
from tests.exchange.conftest import folder as folder
from tests.exchange.conftest import saved_models as saved_models
from tests.exchange.conftest import theirs as theirs
from tests.hub.loopback_hub import COMMIT, TOKEN, FakeRepo
from tests.hub.served import asking as asking
from tests.hub.served import no_hub_of_this_person as no_hub_of_this_person
from tests.hub.served import server as server

pytestmark = pytest.mark.gui
LARGE = "large/org/small/model.safetensors"


class Taken:
    """What an import would have been given; stands where the engine's stands."""

    def __init__(self):
        self.calls = []
        self.name = "small"

    def __call__(self, path, project, name, said):
        self.said = said
        self.calls.append((path, project, name, sorted(item.name for item in path.parent.iterdir())))
        return self


@pytest.fixture
def taken(monkeypatch):
    adopt = Taken()
    monkeypatch.setattr(models_module, "ADOPT", adopt)
    return adopt


@pytest.fixture
def downloads(asking):
    return Downloads.of(asking)


def result(stage, job):
    found, failures = [], []
    job.succeeded.connect(found.append)
    job.failed.connect(failures.append)
    stage.until(lambda: job.state in ("done", "failed", "cancelled"))
    stage.settle()
    return (found or failures or [None])[0]


@pytest.fixture
def order(stage, downloads):
    seen = result(stage, downloads.examine("org/small"))
    return Order(seen.repository, seen.choices[0])


def until_idle(stage, downloads):
    stage.until(lambda: not downloads.busy)
    stage.settle()


def test_nothing_is_asked_before_a_person_asks(stage, downloads, server):
    assert Downloads.of(downloads.parent()) is downloads
    assert result(stage, downloads.held()) == []
    assert server.asked == []


def test_a_search_and_a_look_come_back_from_jobs(stage, downloads, server):
    assert [found.repo for found in result(stage, downloads.search("small", ""))] == ["org/small"]
    seen = result(stage, downloads.examine("org/small"))
    assert seen.config["model_type"] == "gpt2"
    assert [choice.label for choice in seen.choices] == ["safetensors"]
    assert seen.trouble is None


def test_a_gated_model_shows_its_files_and_why_its_shape_is_not_known(stage, downloads, server):
    server.repos["org/small"].gated = True
    seen = result(stage, downloads.examine("org/small"))
    assert seen.repository.gated
    assert seen.choices
    assert seen.config is None
    assert "is gated" in seen.trouble.message
    downloads.token = TOKEN
    assert result(stage, downloads.examine("org/small")).trouble is None


def test_a_model_without_usable_weights_says_so_and_its_config_is_not_asked_for(stage, downloads, server):
    server.repos["org/flax"] = FakeRepo({"config.json": b"{}", "flax_model.msgpack": b"x"})
    seen = result(stage, downloads.examine("org/flax"))
    assert (seen.choices, seen.config) == ((), None)
    assert "no weights" in seen.trouble.message
    assert server.headers("config.json") == []


def test_a_download_is_imported_under_its_name_and_its_files_go(stage, downloads, order, taken, asking, server):
    stages, came = [], []
    downloads.changed.connect(lambda: stages.append(downloads.stage))
    downloads.imported.connect(came.append)
    downloads.begin(order, "tale")
    assert downloads.busy
    until_idle(stage, downloads)
    ((path, project, name, _),) = taken.calls
    assert (path.parent, project, name) == (downloads.folder, asking.project.path, "tale")
    assert came == [taken]
    assert taken.said == {"origin": f"{server.address}/org/small/tree/{COMMIT}", "licence": "mit"}
    assert [word for place, word in enumerate(stages) if place == 0 or word != stages[place - 1]] == [
        FETCHING, IMPORTING, "",
    ]  # fmt: skip
    stage.until(lambda: not path.exists())


@pytest.mark.parametrize("address", ["https://another.hub", "no address"])
def test_where_it_comes_from_is_the_hub_that_was_asked_whatever_is_set_meanwhile(
    stage, downloads, order, taken, asking, server, address
):
    downloads.begin(order, "tale")
    asking.preferences = replace(asking.preferences, hub=address)
    until_idle(stage, downloads)
    assert taken.said["origin"] == f"{server.address}/org/small/tree/{COMMIT}"


def test_files_that_are_to_be_kept_stay(stage, downloads, order, taken):
    downloads.begin(order, "tale", keep=True)
    until_idle(stage, downloads)
    (kept,) = held(downloads.folder)
    assert kept.whole


def test_one_file_is_imported_as_a_file_and_goes_with_its_folder(stage, downloads, taken, server):
    server.repos["org/packed"] = FakeRepo({"x.gguf": b"GGUF" * 99, "LICENSE": b"MIT"})
    seen = result(stage, downloads.examine("org/packed"))
    downloads.begin(Order(seen.repository, seen.choices[0]), "packed")
    until_idle(stage, downloads)
    ((path, _, _, beside),) = taken.calls
    assert path.name == "x.gguf"
    assert "LICENSE" in beside
    stage.until(lambda: not path.parent.exists())


def test_a_stop_keeps_what_came_and_says_nothing(stage, downloads, order, taken, server):
    server.faults[LARGE] = ["silent 100000"]
    told = []
    downloads.failed.connect(told.append)
    downloads.begin(order, "tale")
    stage.until(lambda: (downloads.folder / "x").parent.exists() and sum(one.arrived for one in held(downloads.folder))
                >= 100_000)  # fmt: skip
    downloads.stop()
    until_idle(stage, downloads)
    assert told == []
    assert taken.calls == []
    (part,) = held(downloads.folder)
    assert 100_000 <= part.arrived < order.choice.bytes
    downloads.begin(part.order, "tale")
    until_idle(stage, downloads)
    assert len(taken.calls) == 1


def test_only_one_model_at_a_time_is_fetched(stage, downloads, order, taken, server):
    server.faults[LARGE] = ["slow"]
    downloads.begin(order, "tale")
    with pytest.raises(StudioError, match="Another model"):
        downloads.begin(order, "again")
    downloads.stop()
    until_idle(stage, downloads)


def test_what_fails_is_told_as_a_notice_unless_somebody_shows_it(stage, downloads, order, taken, server, asking):
    posted, told = [], []
    asking.notices.posted.connect(posted.append)
    downloads.failed.connect(told.append)
    for attended in (True, False):
        server.faults[LARGE] = ["wrong"]
        downloads.attended = attended
        downloads.begin(order, "tale")
        until_idle(stage, downloads)
    assert [("arrived damaged" in error.message) for error in told] == [True, True]
    assert len(posted) == 1
    assert "arrived damaged" in posted[0].text


def test_a_failed_import_keeps_the_files_for_another_try(stage, downloads, order, monkeypatch):
    def refuse(path, project, name, said):
        raise StudioError("Not like this.")

    monkeypatch.setattr(models_module, "ADOPT", refuse)
    told = []
    downloads.failed.connect(told.append)
    downloads.begin(order, "tale")
    until_idle(stage, downloads)
    assert [error.message for error in told] == ["Not like this."]
    (kept,) = held(downloads.folder)
    assert kept.whole
    downloads.forget(kept)
    stage.until(lambda: not kept.folder.exists())
    stage.settle()


def test_the_token_stays_in_memory(stage, downloads, order, taken, server, asking, a_home_of_its_own):
    downloads.token = TOKEN
    downloads.begin(order, "tale", keep=True)
    until_idle(stage, downloads)
    assert any(headers.get("Authorization") == f"Bearer {TOKEN}" for _, _, headers in server.asked)
    for root in (a_home_of_its_own, asking.project.path):
        files = [path for path in root.rglob("*") if path.is_file()]
        assert files
        assert all(TOKEN.encode() not in path.read_bytes() for path in files)


def test_an_address_that_is_none_is_refused_at_once(downloads, asking):
    from dataclasses import replace

    asking.preferences = replace(asking.preferences, hub="http://elsewhere.example")
    with pytest.raises(StudioError, match="not the address"):
        downloads.search("x", "")


@pytest.mark.torch
def test_a_real_model_comes_from_the_hub_into_the_project(stage, downloads, server, asking, folder: Path):
    from studio.store.models import list_models

    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    server.repos["org/tiny"] = FakeRepo(files, {"model.safetensors"})
    seen = result(stage, downloads.examine("org/tiny"))
    downloads.begin(Order(seen.repository, seen.choices[0]), "tiny")
    until_idle(stage, downloads)
    (model,) = list_models(asking.project.path)
    assert (model.name, model.family, model.parameters) == ("tiny", "gpt2", 37_120)
    assert model.origin == f"{server.address}/org/tiny/tree/{COMMIT}"
