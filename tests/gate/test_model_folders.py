"""The small files of a foreign folder: plain values within limits, names that stay inside, code only mentioned."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.gate.model_folders import (
    code_mentioned,
    ends_of,
    file_in,
    generation_of,
    licence_of,
    read_index,
    read_table,
    template_of,
)

INDEX = "model.safetensors.index.json"


def put(folder: Path, name: str, value: Any) -> Path:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    (folder / name).write_bytes(raw)
    return folder / name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "JSON"), (b"[1]", "not a table"), (b'{"a": NaN}', "NaN"), (b'{"a": Infinity}', "Infinity"),
        (b'{"a": 1e400}', "too large"), (b'{"a": [{"b": 1000000000000000000000}]}', "too large"),
        (b'{"a":' * 100_000, "JSON"), (b"\xff", "JSON"), (b'{"a": ' + b"9" * 5_000 + b"}", "JSON|too large"),
        (b" " * (4 << 20) + b"{}", "at most"),
    ],
)  # fmt: skip
def test_json_that_is_no_table_of_plain_values_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    put(tmp_path, "config.json", content)
    with pytest.raises(StudioError, match=words) as refused:
        read_table(tmp_path, "config.json")
    assert "config.json" in refused.value.message


def test_the_length_without_a_limit_that_transformers_writes_is_no_reason_to_refuse_a_model(tmp_path: Path) -> None:
    put(tmp_path, "tokenizer_config.json", {"model_max_length": int(1e30), "chat_template": "{{ messages }}"})
    assert read_table(tmp_path, "tokenizer_config.json")["model_max_length"] == int(1e30)
    assert template_of(tmp_path) == "{{ messages }}"
    put(tmp_path, "config.json", {"model_max_length": {"deeper": int(1e30)}})
    with pytest.raises(StudioError, match="too large"):
        read_table(tmp_path, "config.json")


def test_an_absent_table_is_empty_and_a_mark_before_it_is_skipped(tmp_path: Path) -> None:
    assert read_table(tmp_path, "config.json") == {}
    put(tmp_path, "config.json", b"\xef\xbb\xbf" + b'{"a": 1}')
    assert read_table(tmp_path, "config.json") == {"a": 1}


def test_settings_that_ask_for_code_are_named_wherever_they_hide() -> None:
    config = {
        "model_type": "llama", "auto_map": {"AutoModel": "modeling_x.X"}, "_attn_implementation_internal": "x/y",
        "text_config": {"trust_remote_code": True},
    }  # fmt: skip
    assert code_mentioned(config) == ["_attn_implementation_internal", "auto_map", "trust_remote_code"]
    assert code_mentioned({"model_type": "llama", "hidden_size": 8}) == []


@pytest.mark.parametrize(
    ("shard", "words"),
    [
        ("../x.safetensors", "not a file of this folder"), ("/etc/x.safetensors", "not a file of this folder"),
        ("C:\\x.safetensors", "not a file of this folder"), ("\\\\host\\x.safetensors", "not a file of this folder"),
        ("sub/x.safetensors", "not a file of this folder"), (7, "not a file of this folder"),
        ("x.bin", "not a safetensors file"), ("gone.safetensors", "gone.safetensors"),
        ("CON.safetensors", "not a name that is allowed"),
    ],
)  # fmt: skip
def test_an_index_may_only_name_safetensors_files_that_lie_beside_it(tmp_path: Path, shard: Any, words: str) -> None:
    put(tmp_path, "here.safetensors", b"")
    put(tmp_path, INDEX, {"weight_map": {"a": "here.safetensors", "b": shard}})
    with pytest.raises(StudioError, match=words):
        read_index(tmp_path, INDEX)


@pytest.mark.parametrize("content", [{}, {"weight_map": {}}, {"weight_map": ["a"]}])
def test_an_index_without_tensors_is_refused(tmp_path: Path, content: Any) -> None:
    put(tmp_path, INDEX, content)
    with pytest.raises(StudioError, match="lists no tensors"):
        read_index(tmp_path, INDEX)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_lead_out_or_round_are_no_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    put(tmp_path, "secret.safetensors", b"x")
    (folder / "out.safetensors").symlink_to(tmp_path / "secret.safetensors")
    (folder / "round.safetensors").symlink_to(folder / "round.safetensors")
    with pytest.raises(StudioError, match="through a link"):
        file_in(folder, "out.safetensors")
    assert file_in(folder, "round.safetensors") is None
    put(folder, INDEX, {"weight_map": {"a": "out.safetensors"}})
    with pytest.raises(StudioError, match="through a link"):
        read_index(folder, INDEX)


def test_of_the_generation_settings_only_numbers_and_switches_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "generation_config.json", {
        "eos_token_id": [1, 2], "temperature": 0.6, "do_sample": True, "custom_generate": "x/y", "top_k": "50",
        "pad_token_id": ["x"], "cache_implementation": "evil",
    })  # fmt: skip
    kept = generation_of(tmp_path, {"eos_token_id": 9, "bos_token_id": 3})
    assert kept == {"eos_token_id": [1, 2], "temperature": 0.6, "do_sample": True, "bos_token_id": 3}
    assert ends_of(kept) == [1, 2]
    assert ends_of({"eos_token_id": 5}) == [5]
    assert ends_of({"eos_token_id": True}) == ends_of({}) == []


def test_a_chat_template_is_kept_as_text_and_never_rendered(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    hostile = "{{ cycler.__init__.__globals__.os.system('touch " + str(canary) + "') }}"
    put(tmp_path, "tokenizer_config.json", {"chat_template": hostile})
    assert template_of(tmp_path) == hostile
    assert not canary.exists()
    put(tmp_path, "tokenizer_config.json", {"chat_template": [{"name": "default", "template": "{{ a }}"}, 3]})
    assert template_of(tmp_path) == "{{ a }}"
    put(tmp_path, "chat_template.jinja", b"{{ from_file }}")
    assert template_of(tmp_path) == "{{ from_file }}"


@pytest.mark.parametrize("value", ["x" * 200_001, 7, None, [{"name": "tool", "template": "x"}]])
def test_a_template_that_is_too_long_or_no_text_is_left_out(tmp_path: Path, value: Any) -> None:
    put(tmp_path, "tokenizer_config.json", {"chat_template": value})
    assert template_of(tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("README.md", "---\nlicense: apache-2.0\ntags: [x]\n---\n", "apache-2.0"),
        ("README.md", "---\nlicense: other\nlicense_name: llama3\n---\n", "llama3"),
        ("README.md", "# A model\n", ""),
        ("LICENSE", "\n  # MIT License\n\nPermission …", "MIT License"),
        ("LICENSE.txt", "gpj\u202efdp", "gpj\\u202efdp"),
    ],
)
def test_the_licence_is_what_the_files_say(tmp_path: Path, name: str, text: str, licence: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert licence_of(tmp_path) == licence
