"""What the merge view says of each step: the course's examples to the id."""

from studio.tokenizers import make_tokenizer
from studio.tokenizing.moments import learn_story, read_story


def spelled(moment):
    return [piece.text for piece in moment.frame.pieces]


def test_the_books_sentence_learns_the_books_three_merges_first():
    story = learn_story("the cat in the hat")
    assert [(token.id, token.text) for token in story.moments[3].made] == [(256, "th"), (257, "the"), (258, "the ")]
    assert spelled(story.moments[3]) == ["the ", *"cat in ", "the ", *"hat"]
    assert story.learns


def test_the_frequent_pairs_of_the_moment_are_counted_and_the_next_one_is_marked():
    first = learn_story("the cat in the hat").moments[0]
    assert [(row.words, row.times) for row in first.pairs[:4]] == [
        ("t + h", 2),
        ("h + e", 2),
        ("e + ·", 2),
        ("a + t", 2),
    ]
    assert [row.becomes for row in first.pairs[:2]] == [256, None]
    assert [row.chosen for row in first.pairs[:2]] == [True, False]
    assert first.sentence == "18 pieces. Next: t + h, which stands here 2 times."


def test_learning_ends_where_nothing_stands_there_twice():
    story = learn_story("the cat in the hat")
    assert story.moments[-1].sentence.endswith("No pair stands here twice any more.")
    assert all(row.times == 1 for row in story.moments[-1].pairs)


def test_the_merges_of_gpt2_lead_to_the_ids_of_the_course():
    story = read_story(make_tokenizer("gpt2"), "This is some text")
    assert [piece.id for piece in story.moments[-1].frame.pieces] == [1212, 318, 617, 2420]
    assert story.moments[-1].sentence == "4 pieces. No merge is left for what is here."
    assert not story.learns


def test_a_word_that_nobody_knows_ends_in_the_books_pieces():
    story = read_story(make_tokenizer("gpt2"), "Akwirw ier")
    assert [piece.id for piece in story.moments[-1].frame.pieces] == [33901, 86, 343, 86, 220, 959]


def test_a_merge_is_told_with_its_place_in_the_training():
    third = read_story(make_tokenizer("gpt2"), "This is some text").moments[3]
    assert third.heading == "Merge 3: i + s is now is, token 271"
    assert third.sentence == "13 pieces. Next: o + m, which was merge 41 of the training."


def test_what_joins_next_and_what_was_joined_are_found_in_the_boxes():
    first, second = learn_story("the cat in the hat").moments[:2]
    assert (sorted(first.frame.next), sorted(second.frame.joined)) == ([0, 11], [0, 10])


def test_nothing_typed_is_no_moment():
    assert learn_story("").moments == ()
    assert read_story(make_tokenizer("gpt2"), "").moments == ()


def test_halves_of_a_character_show_their_bytes():
    first = learn_story("ïï").moments[0]
    assert first.pairs[0].words == "⟨C3⟩ + ⟨AF⟩"
