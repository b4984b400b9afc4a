"""English in order: articles, capitals, contractions and titles."""

from studio.store.prose import contracted, halved, polished, shingles, title_case


def test_sentences_get_capitals_and_articles() -> None:
    assert polished('a owl  sat . "go!" it said. then a hour') == 'An owl sat. "go!" it said. Then an hour'
    assert polished('"come!" he turned round') == '"come!" He turned round'
    assert polished('"come!" cried a owl. "Who?" asked he.') == '"come!" cried an owl. "Who?" asked he.'
    assert polished('a sign: "Come in". It said, "Go!".') == 'A sign: "Come in." It said, "Go!"'
    assert polished("a unicorn, a useful egg") == "A unicorn, a useful egg"


def test_who_speaks_may_contract() -> None:
    assert contracted('He did not go. "I am not sure, it is late, and so I am."') == (
        "He did not go. \"I'm not sure, it's late, and so I am.\""
    )
    assert contracted("He did not go.", everywhere=True) == "He didn't go."


def test_a_long_paragraph_is_halved_after_a_sentence() -> None:
    half = "word " * 99 + "end."
    assert halved(f"{half} Next {half} Then.") == [half, f"Next {half} Then."]
    assert halved("short.") == ["short."]


def test_small_words_of_a_title_stay_small() -> None:
    assert title_case("the kite and the pear tree") == "The Kite and the Pear Tree"


def test_a_run_of_words_ignores_case_and_marks() -> None:
    assert shingles('One, two "Three" four.', 3) == [("one", "two", "three"), ("two", "three", "four")]
