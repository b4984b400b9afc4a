"""The bundled messages: two classes that no template gives away."""

import hashlib
import json
import re
from collections import Counter, defaultdict

import pytest

from studio.samples import messages, read_parts

SHA256 = "ac69ed742449b84e6177048d1f2321be70a48a324ff1ab892189df3621fa922e"
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(messages.rows(1))


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_the_rows_are_the_ones_that_everything_was_measured_on(rows: list[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    assert hashlib.sha256(lines.encode()).hexdigest() == SHA256


def test_there_are_at_least_3_000_rows_of_two_classes_and_no_text_twice(rows: list[Row]) -> None:
    assert len(rows) == messages.SAMPLE.count >= 3_000
    labels = Counter(row["label"] for row in rows)
    assert set(labels) == {"wanted", "unwanted"}
    assert 0.6 < labels["wanted"] / len(rows) < 0.7
    assert len({row["text"].casefold() for row in rows}) == len(rows)


def test_every_text_is_plain_and_filled_to_the_end(rows: list[Row]) -> None:
    for row in rows:
        assert row["text"].isascii()
        assert not re.search(r"[\[\]<>{}|]|  |\.!", row["text"]), row
        assert 2 <= len(row["text"].split()) <= 90, row


def test_hardly_a_frequent_word_belongs_to_one_class_alone(rows: list[Row]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for word in set(words_of(row["text"])):
            counts[word][row["label"]] += 1
    frequent = {word: found for word, found in counts.items() if found.total() >= 40}
    alone = [word for word, found in frequent.items() if min(found["wanted"], found["unwanted"]) == 0]
    assert len(frequent) > 150
    assert len(alone) <= 0.05 * len(frequent), alone


def test_the_same_sentences_stand_in_both_classes(rows: list[Row]) -> None:
    sentences: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for sentence in re.split(r"(?<=[.?!:]) ", row["text"].lower()):
            sentences[sentence.strip(' .?!"')].add(row["label"])
    both = sum(len(labels) == 2 for labels in sentences.values())
    assert both > 250


def test_bait_is_quoted_in_notes_that_are_wanted(rows: list[Row]) -> None:
    wanted = [row["text"].lower() for row in rows if row["label"] == "wanted"]
    unwanted = [row["text"].lower() for row in rows if row["label"] == "unwanted"]
    for bait in ("your account is", "lose ten pounds", "gift card over"):
        assert any(bait in text for text in wanted), bait
        assert any(bait in text for text in unwanted), bait


def test_a_false_notice_speaks_of_what_another_house_does(rows: list[Row]) -> None:
    parts = read_parts("messages")
    telling = {
        "library": "somebody else waits for",
        "swimming pool": "you left your towel",
        "bakery": "your order: two",
    }
    found = Counter()
    for row in rows:
        for house, line in telling.items():
            if line in row["text"].lower():
                sender = next((name for name in parts["houses"] if name in row["text"].lower().split(":")[0]), "")
                found[row["label"], sender == house] += 1
    assert found["wanted", False] == found["unwanted", True] == 0
    assert min(found["wanted", True], found["unwanted", False]) > 20


def test_people_type_in_their_own_ways(rows: list[Row]) -> None:
    small = sum(row["text"].islower() for row in rows) / len(rows)
    loud = sum(row["text"].isupper() for row in rows) / len(rows)
    assert (0.1 < small < 0.25, 0.01 < loud < 0.06) == (True, True)
    for label in ("wanted", "unwanted"):
        of_class = [row["text"] for row in rows if row["label"] == label]
        assert 0.1 < sum(text.islower() for text in of_class) / len(of_class) < 0.25


def test_another_seed_writes_other_messages() -> None:
    first, second = (next(messages.rows(seed))["text"] for seed in (1, 2))
    assert first != second


@pytest.mark.slow
def test_words_alone_do_not_solve_it(rows: list[Row]) -> None:
    from tests.samples.baseline import accuracy

    assert accuracy(rows) == pytest.approx(0.860, abs=0.01)
