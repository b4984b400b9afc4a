"""A text cut with and without further tokens, and what the folder of a model says before its weights are read."""

import pytest

from studio.core.config import ModelConfig
from studio.tokenizers import make_tokenizer
from studio.tokenizing.growing import Growable, cut_both, open_growable
from tests.engine.stored_model import stored

TOKENS = ("<|user|>", "<|answer|>")


def growable(name="gpt2", rows=50_257):
    return Growable(None, ModelConfig(vocab_size=rows), make_tokenizer(name, ["a cat"]))


def test_a_text_has_fewer_tokens_once_its_marks_are_single_ones():
    cuts = cut_both(growable(), TOKENS, "<|user|>What is it?<|answer|>A cat.<|endoftext|>")
    assert (cuts.before.count, cuts.after.count) == (18, 10)
    assert [token.id for token in cuts.after.tokens if token.special] == [50_257, 50_258, 50_256]
    assert [token.id for token in cuts.before.tokens if token.special] == [50_256]
    assert cuts.after.same
    assert cuts.problem is None


def test_without_tokens_both_sides_are_the_same():
    cuts = cut_both(growable(), (), "A cat.")
    assert cuts.before is cuts.after


def test_what_cannot_be_added_leaves_the_text_as_it_was():
    cuts = cut_both(growable(), ("<|endoftext|>",), "A cat.")
    assert "is there already" in str(cuts.problem)
    assert cuts.after is cuts.before


def test_a_text_that_the_tokenizer_cannot_say_is_part_of_the_answer():
    cuts = cut_both(growable("characters", 4), TOKENS, "a dog")
    assert "is not among" in str(cuts.before.problem)
    assert "is not among" in str(cuts.after.problem)


@pytest.mark.parametrize(("rows", "spare", "grown"), [(50_257, 0, 50_259), (50_258, 1, 50_259), (50_304, 47, 50_304)])
def test_rows_that_are_there_are_used_first(rows, spare, grown):
    found = growable(rows=rows)
    assert (found.rows, found.spare, found.grown(2)) == (rows, spare, grown)


@pytest.mark.torch
def test_the_folder_of_a_model_tells_its_shape_and_its_tokenizer(tmp_path):
    folder = stored(tmp_path, vocab_size=260)
    found = open_growable(folder)
    assert (found.folder, found.rows, found.spare, found.tokenizer.name) == (folder, 260, 4, "bytes")
