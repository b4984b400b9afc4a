"""Addresses, tokens and names: what may be asked, and that a token is never shown."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from studio.core.errors import StudioError
from studio.hub import PUBLIC, Hub, checked_address, checked_repo, checked_token, hub_of, known_token, repo_in


@pytest.mark.parametrize("address", [PUBLIC, f"{PUBLIC}/", "https://mirror.example/hub", "http://127.0.0.1:8080",
                                     "http://localhost:1", "http://[::1]:9"])  # fmt: skip
def test_https_and_this_computer_may_be_asked(address: str) -> None:
    assert checked_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    ["http://huggingface.co", "ftp://x", "file:///etc/passwd", "huggingface.co", "", "https://user:word@x",
     "https://x/?a=b", "https://x:port", "http://127.0.0.1.x"],
)  # fmt: skip
def test_any_other_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(StudioError, match="not the address") as refused:
        checked_address(address)
    assert PUBLIC in refused.value.hint


def test_the_environment_wins_over_the_preference_and_both_over_the_public_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub_of().address == PUBLIC
    assert hub_of("https://mirror.example").address == "https://mirror.example"
    monkeypatch.setenv("HF_ENDPOINT", "https://other.example")
    assert hub_of("https://mirror.example").address == "https://other.example"


def test_a_token_comes_from_the_window_the_environment_or_the_file_of_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_token() == ""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    (tmp_path / "token").write_text("hf_fromTheFile\n", "utf-8")
    assert hub_of().token == "hf_fromTheFile"
    monkeypatch.setenv("HF_TOKEN", " hf_fromOutside ")
    assert hub_of().token == "hf_fromOutside"
    assert hub_of(token="hf_typed").token == "hf_typed"


def test_a_token_is_never_shown_with_its_hub() -> None:
    assert "secret" not in repr(Hub(PUBLIC, "hf_secret"))
    assert "hf_secret" in json.dumps(asdict(Hub(PUBLIC, "hf_secret")))  # which is why nothing writes a hub down


@pytest.mark.parametrize("token", ["hf_a\r\nHost: evil", "two words", "hf_ü", "x" * 600])
def test_what_no_header_may_hold_is_no_token_and_is_not_repeated(token: str) -> None:
    with pytest.raises(StudioError, match="not a token") as refused:
        checked_token(token)
    assert token not in str(refused.value)


@pytest.mark.parametrize("text", ["org/small", " org/small/ ", f"{PUBLIC}/org/small", f"{PUBLIC}/org/small/tree/main"])
def test_a_name_and_a_copied_web_address_mean_the_same_model(text: str) -> None:
    assert repo_in(text) == "org/small"


@pytest.mark.parametrize("text", ["", "../etc", "org/..", "a/b/c", "org/na me", "-x/y", "org/x\0", "org\\x", "org/ü",
                                  "https://elsewhere.example/org/small"])  # fmt: skip
def test_what_is_no_name_is_refused(text: str) -> None:
    assert repo_in(text) == ""
    with pytest.raises(StudioError, match="not the name"):
        checked_repo(text)
