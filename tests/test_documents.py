"""What the documents name is there: files, folders, tests, commands, benches."""

import re
from pathlib import Path

import pytest

from studio.core.shelf import BENCHES, COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATH = re.compile(r"(?<![\w/.])((?:tests|studio|docs|resources)/[\w./]*\w)")
COMMAND = re.compile(r"main\.py ([a-z]\w*)")
BENCH = re.compile(r"\bbench ([a-z]\w*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_command_and_link_of_a_document_exists(page: Path) -> None:
    words = page.read_text("utf-8")
    missing = [name for name in PATH.findall(words) if "NAME" not in name and not (ROOT / name).exists()]
    missing += [link for link in LINK.findall(words) if not (page.parent / link).exists()]
    missing += [f"command {name}" for name in COMMAND.findall(words) if name not in COMMANDS.names()]
    missing += [f"bench {name}" for name in BENCH.findall(words) if name not in BENCHES.names()]
    assert sorted(set(missing)) == []


def test_the_promises_name_tests_and_benches_in_every_page() -> None:
    pages = [page for page in PAGES if page.parent.name == "promises" and page.name != "README.md"]
    assert len(pages) == 6
    assert all(len(PATH.findall(page.read_text("utf-8"))) >= 20 for page in pages)
