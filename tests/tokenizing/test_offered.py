"""Which tokenizers are offered, in which order, and what is known of them before they are built."""

from studio.store.project import Project
from studio.tokenizers import make_tokenizer
from studio.tokenizing.offered import mergers, offered


def test_those_that_learn_come_first_and_the_large_ones_last() -> None:
    names = [item.name for item in offered(None)]
    learned = [item.name for item in offered(None) if item.needs_text]
    assert names[: len(learned)] == learned
    assert names[-2:] == ["cl100k", "o200k"]
    assert [item.name for item in offered(None) if item.large] == ["cl100k", "o200k"]
    assert "tokenizer_json" not in names, "it comes only with a model"


def test_the_project_s_own_stand_behind_with_the_size_of_their_vocabulary(tmp_path) -> None:
    project = Project.create(tmp_path / "project")
    project.add_tokenizer(make_tokenizer("characters", ["abcab"]), "letters")
    own = [item for item in offered(project) if item.own]
    assert [(item.name, item.vocabulary, item.pairs, item.needs_text) for item in own] == [("letters", 3, False, False)]
    assert offered(project)[-1] == own[0]


def test_merges_can_be_followed_of_byte_pairs_only() -> None:
    assert [name for name, _ in mergers(None)] == ["gpt2", "cl100k", "o200k"]
