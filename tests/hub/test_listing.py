"""What a hub lists, and which files of a model are needed: asked of a server on this computer."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from studio.core.errors import StudioError
from studio.hub import Hub, Listed, RemoteFile, Repository
from studio.hub.listing import choices, config_of, look, search
from tests.hub.loopback_hub import COMMIT, CONFIG, TOKEN, FakeRepo, LoopbackHub, git_blob, small_repo


def repository(*names: str, **values: Any) -> Repository:
    return Repository("org/x", COMMIT, tuple(RemoteFile(name, 10, "a" * 64) for name in names), **values)


def names(*given: str) -> list[list[str]]:
    return [sorted(file.name for file in choice.files) for choice in choices(repository(*given))]


# --- search ---------------------------------------------------------------------------------------------------------


def test_a_search_brings_names_licences_and_sizes_most_fetched_first(hub: Hub, server: LoopbackHub) -> None:
    server.repos["org/smaller"] = FakeRepo({}, licence="apache-2.0", gated=True, downloads=2_000, parameters=77)
    assert search(hub, " small ") == [
        Listed("org/smaller", "apache-2.0", True, 2_000, 77),
        Listed("org/small", "mit", False, 1_000, None),
    ]


def test_a_search_narrows_to_a_format_and_asks_for_no_more_than_a_page(hub: Hub, server: LoopbackHub) -> None:
    search(hub, "small")
    search(hub, "small", "gguf")
    search(hub, "small", "")
    asked = [parse_qs(urlsplit(path).query) for path in server.paths()]
    assert [query.get("filter") for query in asked] == [["safetensors"], ["gguf"], None]
    assert all(query["limit"] == ["40"] and query["sort"] == ["downloads"] for query in asked)


def test_a_copied_web_address_finds_its_model(hub: Hub, server: LoopbackHub) -> None:
    assert [found.repo for found in search(hub, f"{hub.address}/org/small")] == ["org/small"]


def test_what_is_no_model_in_the_answer_is_passed_over(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [None, 3, {}, {"id": 4}, {"id": "../../etc"}, {"id": "a/b", "downloads": -1, "tags": [3, "license:x\u202e"],
           "safetensors": {"total": "many"}}]  # fmt: skip
    monkeypatch.setattr("studio.hub.listing.get_json", lambda *_: odd)
    assert search(hub, "a") == [Listed("a/b", "x\\u202e")]


def test_an_answer_that_is_no_list_is_refused(hub: Hub, server: LoopbackHub) -> None:
    server.faults["/api/models"] = ["raw"]
    with pytest.raises(StudioError, match="does not answer as a model hub"):
        search(hub, "small")


# --- one model ------------------------------------------------------------------------------------------------------


def test_a_model_is_looked_at_with_its_commit_and_every_files_size_and_checksum(hub: Hub, server: LoopbackHub) -> None:
    found = look(hub, "org/small")
    assert (found.repo, found.commit, found.licence, found.gated) == ("org/small", COMMIT, "mit", False)
    files = {file.name: file for file in found.files}
    assert files["config.json"].blob == git_blob(server.repos["org/small"].files["config.json"])
    assert files["config.json"].sha256 == ""
    assert files["model.safetensors"].bytes == 256 * 1_200
    assert len(files["model.safetensors"].sha256) == 64
    assert files["model.safetensors"].blob == ""  # that one would be the pointer's
    assert server.paths() == ["/api/models/org/small?blobs=true"]


def test_looking_fetches_no_file_and_the_shape_only_the_config(hub: Hub, server: LoopbackHub) -> None:
    found = look(hub, "org/small")
    assert config_of(hub, found) == CONFIG
    assert server.paths()[1:] == [f"/org/small/resolve/{COMMIT}/config.json"]
    assert server.paths("store") == []
    assert config_of(hub, repository("model.gguf")) is None


def test_a_name_that_leads_elsewhere_is_never_asked_for(hub: Hub, server: LoopbackHub) -> None:
    for name in ("../../secret", "org/x?y=z", "https://elsewhere.example/a/b"):
        with pytest.raises(StudioError, match="not the name"):
            look(hub, name)
    assert server.asked == []


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"siblings": []}, {"siblings": [], "sha": "main"}, {"siblings": {}, "sha": COMMIT},
     {"siblings": [], "sha": "../" + COMMIT[3:]}],
)  # fmt: skip
def test_an_answer_without_files_or_commit_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr("studio.hub.listing.get_json", lambda *_: answer)
    with pytest.raises(StudioError, match="does not hold what it should"):
        look(hub, "org/x")


def test_a_private_model_is_seen_with_a_token_only(hub: Hub, server: LoopbackHub) -> None:
    server.repos["me/mine"] = small_repo(private=True)
    with pytest.raises(StudioError, match="no model “me/mine”"):
        look(hub, "me/mine")
    assert look(Hub(hub.address, TOKEN), "me/mine").repo == "me/mine"


# --- what is needed -------------------------------------------------------------------------------------------------


def test_only_what_a_model_needs_is_chosen() -> None:
    chosen = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
              "chat_template.jinja", "LICENSE", "README.md"]  # fmt: skip
    others = ["pytorch_model.bin", "tf_model.h5", "model.onnx", "modeling_x.py", ".gitattributes", "rng_state.pth",
              "optimizer.pt", "onnx/config.json", "adapter_model.safetensors"]  # fmt: skip
    assert names(*chosen, *others) == [sorted(chosen)]


def test_shards_come_with_their_index_and_only_all_of_them() -> None:
    shards = [f"model-{number:05d}-of-00003.safetensors" for number in (1, 2, 3)]
    index = "model.safetensors.index.json"
    assert names("config.json", index, *shards) == [sorted(["config.json", index, *shards])]
    for given in ([index, *shards[:2]], shards, [index, *shards[:2], "model-00003-of-00004.safetensors"]):
        with pytest.raises(StudioError, match="no weights"):
            names("config.json", *given)


def test_every_gguf_file_is_a_version_of_its_own() -> None:
    found = choices(repository("x-Q8_0.gguf", "x-f16.gguf", "big-00001-of-00002.gguf", "README.md", "config.json"))
    assert [(choice.label, choice.opens) for choice in found] == [("x-Q8_0.gguf",) * 2, ("x-f16.gguf",) * 2]
    assert [file.name for file in found[0].files] == ["README.md", "x-Q8_0.gguf"]


def test_a_pickle_is_taken_only_where_there_is_nothing_else_and_that_is_explained() -> None:
    (found,) = choices(repository("config.json", "pytorch_model.bin"))
    assert found.opens == "pytorch_model.bin"
    assert "run programs" in found.note
    (better,) = choices(repository("config.json", "pytorch_model.bin", "model.safetensors"))
    assert "pytorch_model.bin" not in [file.name for file in better.files]
    assert better.note == ""


@pytest.mark.parametrize("given", [[], ["README.md"], ["model.safetensors"], ["config.json"], ["flax_model.msgpack"]])
def test_a_model_without_usable_weights_is_refused_by_name(given: list[str]) -> None:
    with pytest.raises(StudioError, match="“org/x” has no weights") as refused:
        names(*given)
    assert "GGUF" in refused.value.hint


@pytest.mark.parametrize("name", ["../x.gguf", "/etc/x.gguf", "C:\\x.gguf", "a\\b.gguf", "x.gguf\0.gguf", "con.gguf",
                                  "\\\\host\\share\\x.gguf", "x\u202e.gguf", "a:b.gguf"])  # fmt: skip
def test_a_name_that_would_leave_its_folder_is_never_chosen(name: str) -> None:
    with pytest.raises(StudioError, match="no weights"):
        names(name)


@pytest.mark.parametrize("file", [RemoteFile("x.gguf", -1, "a" * 64), RemoteFile("x.gguf", 10)])
def test_a_file_of_unknown_size_or_content_is_never_chosen(file: RemoteFile) -> None:
    with pytest.raises(StudioError, match="no weights"):
        choices(Repository("org/x", COMMIT, (file,)))


def test_a_tokenizer_of_absurd_size_stays_where_it_is() -> None:
    files = (*repository("config.json", "model.safetensors").files, RemoteFile("tokenizer.json", 1 << 40, "a" * 64))
    (found,) = choices(Repository("org/x", COMMIT, files))
    assert "tokenizer.json" not in [file.name for file in found.files]


def test_the_smallest_files_come_first() -> None:
    files = (RemoteFile("model.safetensors", 900, "a" * 64), RemoteFile("config.json", 3, "", "b" * 40))
    (found,) = choices(Repository("org/x", COMMIT, files))
    assert [file.name for file in found.files] == ["config.json", "model.safetensors"]
    assert found.bytes == 903
