"""Names from outside: harmless when we make them, refused when they want out."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.gate.names import LONGEST, LONGEST_BYTES, inside, safe_name, visible

HOSTILE = [
    "../x", "a/../../x", "/etc/passwd", "..", ".", "", "a//b", "a/", "C:\\x", "C:x", "\\\\host\\share", "//host/share",
    "a\\b", "a\0b", "a\nb", "CON", "con.txt", "Nul", "COM1.json", "lpt9", "LPT¹", "name.", "name ", "a:b", "a|b",
    "x" * 256,    "gpj\u202efdp.txt", "a\u2066b", "\ud800", "~/x/../..", "CON/x", "x/aux", "..\\x", "conin$", "a\x85b",
]  # fmt: skip
GOOD = [
    "a",
    "a b",
    "été 🦊",
    "日本語.txt",
    "runs/first",
    "..a",
    "a..b",
    ".hidden",
    "~",
    "console",
    "com10",
    "a-b_c (1)",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_that_is_not_plain_everywhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudioError, match="not a name that is allowed"):
        inside(tmp_path, name)


@pytest.mark.parametrize("name", GOOD)
def test_a_plain_name_stays_under_its_root(tmp_path: Path, name: str) -> None:
    assert inside(tmp_path, name) == tmp_path.joinpath(*name.split("/"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "within").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    (root / "in").symlink_to(root / "within")
    (root / "round").symlink_to(root / "round")
    with pytest.raises(StudioError, match="through a link"):
        inside(root, "out/x")
    assert inside(root, "in/x") == root / "in" / "x"
    inside(root, "round")


@given(st.text(max_size=300))
def test_every_text_becomes_a_name_that_is_accepted_and_stable(text: str) -> None:
    name = safe_name(text)
    assert inside(Path("/root"), name) == Path("/root") / name
    assert safe_name(name) == name
    assert 0 < len(name) <= LONGEST + 1
    assert len(name.encode("utf-8")) <= LONGEST_BYTES + 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the verdict", "the verdict"), ("Grüße 🦊 日本", "Grüße 🦊 日本"), ("a/b\\c:d", "a-b-c-d"), ("  ..x.. ", "x"),
        ("CON", "_CON"), ("", "untitled"), ("...", "untitled"), ("a\n\t b", "a b"), ("e\u0301", "é"),
        ("👩‍👩‍👧", "👩‍👩‍👧"), ("gpj\u202efdp", "gpjfdp"), ("x" * 500, "x" * 80),
    ],
)  # fmt: skip
def test_a_safe_name_stays_close_to_what_was_meant(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_marks_that_cannot_be_seen_are_spelled_out() -> None:
    assert visible("a\u202eb\0c\n") == "a\\u202eb\\u0000c\\u000a"
    assert visible("x" * 101) == "x" * 100 + "…"
