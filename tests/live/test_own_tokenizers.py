"""Own tokenizers as wishes of the session: learned, kept, opened, written out, deleted and brought back."""

import pytest

from studio.core.errors import StudioError
from studio.live.own_tokenizers import name_of
from studio.tokenizers.byte_pair import BytePairTokenizer
from studio.vocabularies.training import Recipe

pytestmark = pytest.mark.gui
PAIRS = [bytes([byte]) for byte in range(256)] + [b"th", b"the"]


@pytest.fixture
def session(scripted_run, tmp_path):
    source = tmp_path / "story.txt"
    source.write_text("Mira went to the harbour and looked at the ships. " * 40, "utf-8")
    scripted_run.session.project.add_text([source], "story")
    return scripted_run.session


def result(job, stage):
    found = []
    job.succeeded.connect(found.append)
    job.failed.connect(found.append)
    stage.settle()
    return found[0]


def names(session):
    return [one.name for one in session.project.tokenizers()]


def test_what_is_learned_is_kept_under_its_name_and_told(session, scripted_run, qtbot):
    learned = result(session.tokenizers.learn(session.project.text("story"), Recipe(vocabulary=270), 0.1), scripted_run)
    assert names(session) == []
    with qtbot.waitSignal(session.changed, check_params_cb=lambda what: "tokenizers" in what):
        session.tokenizers.save(learned, "mine")
    assert names(session) == ["mine"]
    assert session.project.tokenizer("mine").fingerprint == learned.tokenizer.fingerprint


def test_written_out_and_opened_again_it_gives_the_same_ids(session, scripted_run, tmp_path):
    tokenizer = BytePairTokenizer(PAIRS, ["<|endoftext|>"])
    forms = result(session.tokenizers.forms(tokenizer), scripted_run)
    assert [form for form, _ in forms] == ["atelier", "gpt2", "tokenizer_json"]
    for form, _ in forms:
        paths = result(session.tokenizers.export(tokenizer, tmp_path / f"as {form}", form), scripted_run)
        name = result(session.tokenizers.open(paths[0]), scripted_run)
        assert name == f"as {form}"
        assert session.project.tokenizer(name).encode("the other") == tokenizer.encode("the other")


def test_a_deleted_one_can_be_brought_back(session, scripted_run):
    session.project.add_tokenizer(BytePairTokenizer(PAIRS), "mine")
    undo = session.tokenizers.delete("mine")
    assert names(session) == []
    assert "“mine”" in undo.text
    undo.undo()
    assert names(session) == ["mine"]


def test_what_is_no_tokenizer_is_refused_by_its_name(session, scripted_run, tmp_path):
    (tmp_path / "notes.json").write_text("[1, 2", "utf-8")
    refusal = result(session.tokenizers.open(tmp_path / "notes.json"), scripted_run)
    assert isinstance(refusal, StudioError)
    assert "notes.json" in refusal.message
    assert names(session) == []


def test_without_a_project_nothing_can_be_kept(session, tmp_path):
    session.close_project()
    with pytest.raises(StudioError, match="No project"):
        session.tokenizers.open(tmp_path)


def test_files_that_are_always_called_the_same_are_named_after_their_folder(tmp_path):
    folder = tmp_path / "gigant"
    folder.mkdir()
    for file in ("tokenizer.json", "mine.json"):
        (folder / file).write_text("{}", "utf-8")
    assert name_of(folder / "tokenizer.json") == "gigant"
    assert name_of(folder / "mine.json") == "mine"
    assert name_of(folder) == "gigant"
