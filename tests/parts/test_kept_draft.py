"""A page's draft is kept with its project, and nothing that stands in the file can hurt."""

import json

import pytest

from studio.core.config import RunConfig
from studio.parts.kept_draft import KeptDraft

pytestmark = pytest.mark.gui

FILE = "sort-draft.json"


@pytest.fixture
def kept(session):
    return KeptDraft(session, FILE, ("classify", "regress"), "test.draft")


def test_what_was_written_is_read_by_whoever_opens_the_project_next(kept, session, scripted_run):
    assert kept.follow()
    assert not kept.follow(), "it is the same project"
    assert kept.read() is None
    kept.write(RunConfig(objective="regress"))
    scripted_run.settle()
    again = KeptDraft(session, FILE, ("classify", "regress"), "test.draft")
    assert again.follow()
    assert again.read() == RunConfig(objective="regress")


@pytest.mark.parametrize("held", ["{", "[]", json.dumps({"objective": "instruct"})])
def test_a_damaged_file_or_one_of_another_task_is_no_draft(kept, session, held):
    (session.project.path / FILE).write_text(held, "utf-8")
    kept.follow()
    assert kept.read() is None


def test_without_a_project_nothing_is_kept(session, scripted_run, tmp_path):
    folder = session.project.path
    session.close_project()
    alone = KeptDraft(session, FILE, ("classify",), "test.draft")
    assert not alone.follow()
    alone.write(RunConfig(objective="classify"))
    scripted_run.settle()
    assert alone.read() is None
    assert not (folder / FILE).exists()
