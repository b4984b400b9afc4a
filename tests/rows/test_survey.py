"""A look at all rows: every finding counts what is there and points at the rows behind it."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows import survey as survey_module
from studio.rows.kinds import Reading, recognise
from studio.rows.survey import Survey, split, survey
from studio.rows.tally import EvenSample, RowSets
from studio.tokenizers import make_tokenizer

LABELLED = Reading("labelled", {"text": "text", "label": "label"})
TEXT = Reading("text", {"text": "text"})


def guess(texts: Iterable[str], keep_going: object = None) -> Iterator[str]:
    """Stands for the detector, which takes a second to load: Hangul is Korean, four letters and more are English."""
    for text in texts:
        yield "ko" if "가" <= text[:1] <= "힣" else "en" if len(text) >= 4 else ""


@pytest.fixture(autouse=True)
def languages_by_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "languages_of", guess)


def words(text: str) -> list[int]:
    return [0] * len(text.split())


def texts(*lines: str) -> list[Values]:
    return [{"text": line} for line in lines]


def rows_of(result: Survey, name: str) -> list[int]:
    return result.find(name).rows.tolist()


def test_every_row_is_counted_and_measured() -> None:
    result = survey(texts("one two", "", "three four five"), TEXT, words)
    assert (result.rows, result.characters) == (3, 22)
    assert result.lengths.values.tolist() == [2, 0, 3]
    assert result.lengths.unit == "tokens"
    assert result.cut(2).rows == 1
    assert survey(texts("one two"), TEXT, None).lengths.unit == "characters"


def test_a_long_row_is_as_many_tokens_as_if_it_were_encoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.rows.tally._LONG", 256)
    text = "It's 9,876 o'clock; the don't-know-whats went to town!  \n\n" * 60
    encode = make_tokenizer("words", [text]).encode
    assert survey(texts(text), TEXT, encode).lengths.values.tolist() == [len(encode(text))]


def test_empty_rows_are_found_and_are_no_duplicates_of_each_other() -> None:
    result = survey(texts("a b c", "", " \n", ""), TEXT, None)
    assert rows_of(result, "empty") == [1, 2, 3]
    assert result.find("exact").count == 0


def test_copies_are_counted_without_the_first_and_shown_with_it() -> None:
    rows = texts("I was here before", "quite different words here", "I was here before", "i was here before!")
    result = survey(rows, TEXT, None)
    assert (result.find("exact").count, rows_of(result, "exact")) == (1, [0, 2])
    assert (result.find("near").count, rows_of(result, "near")) == (1, [0, 3])
    assert result.find("exact").share == pytest.approx(0.25)
    assert result.find("exact").role == "warning"


def test_held_back_rows_that_are_trained_on_are_leaks_shown_beside_their_source() -> None:
    rows = texts("one two three four", "five six seven eight", "nine ten eleven twelve", "Five six, seven eight")
    result = survey(rows, TEXT, None, validation_share=0.25)
    leaks = result.find("leaks")
    assert (result.held_back, leaks.count, leaks.share, leaks.role) == (1, 1, 1.0, "danger")
    assert leaks.rows.tolist() == [1, 3]
    assert survey(rows, TEXT, None).find("leaks").count == 0


def test_odd_characters_and_personal_data_point_at_their_rows() -> None:
    rows = texts("fine", "broken \ufffd\ufffd", "mail a@b.example or c@d.example", "call 09061701461")
    result = survey(rows, TEXT, None)
    assert rows_of(result, "replaced") == [1]
    assert result.odd_characters == 2
    assert (rows_of(result, "email"), result.find("email").count) == ([2], 1)
    assert rows_of(result, "phone") == [3]
    assert result.find("card").role == ""


def test_classes_and_rows_without_a_label_are_counted() -> None:
    rows: list[Values] = [{"text": f"message {number}", "label": "spam" if number % 3 == 0 else "ham"}
                          for number in range(9)] + [{"text": "who knows", "label": None}]  # fmt: skip
    result = survey(rows, LABELLED, None)
    assert result.balance is not None
    assert [(item.label, item.count) for item in result.balance.classes] == [("ham", 6), ("spam", 3)]
    assert rows_of(result, "unlabelled") == [9]
    assert survey(rows, TEXT, None).balance is None


def test_languages_come_from_the_commonest_to_what_could_not_be_told() -> None:
    rows = texts(*["The weather is lovely today, is it not?"] * 3, "ok", "오늘 날씨가 아주 좋습니다.")
    found = survey(rows, TEXT, None).group("languages")
    assert [(item.label, item.count) for item in found] == [("English", 3), ("Korean", 1), ("Could not be told", 1)]
    assert found[-1].rows.tolist() == [3]


def test_of_many_rows_an_even_sample_is_kept() -> None:
    sample = EvenSample(10)
    for row in range(1_000):
        sample.add(row, "x" * 1_000)
    kept = [row for row, _ in sample.kept]
    assert 5 <= len(kept) <= 10
    assert len(set(np.diff(kept))) == 1
    assert kept[-1] > 800


def test_a_row_is_listed_once_however_often_it_matches() -> None:
    sets = RowSets()
    for row in (3, 3, 5):
        sets.add("email", row)
    assert (sets.rows("email").tolist(), sets.counts["email"], sets.rows("phone").tolist()) == ([3, 5], 3, [])


def test_rows_beyond_the_limit_are_measured_but_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "COMPARED", 3)
    result = survey(texts("a b c", "d e f", "a b c", "a b c"), TEXT, None)
    assert (result.rows, result.compared, result.find("exact").count) == (4, 3, 1)


def test_rows_are_walked_over_once_and_progress_only_rises() -> None:
    told: list[int] = []
    asked: list[int] = []

    class Rows:
        def __len__(self) -> int:
            return 1_000

        def __iter__(self) -> Iterator[Values]:
            asked.append(1)
            return iter(texts(*(f"row number {number}" for number in range(1_000))))

    survey(Rows(), TEXT, words, progress=lambda done, total: told.append(done))
    assert asked == [1]
    assert told == sorted(told)
    assert told[-1] == 100


def test_a_survey_that_nobody_wants_any_more_ends_with_a_sentence() -> None:
    answers = iter([True] * 3 + [False] * 100)
    with pytest.raises(StudioError, match="stopped"):
        survey(texts(*["some words here"] * 1_000), TEXT, None, keep_going=lambda: next(answers))


def test_nothing_at_all_can_be_surveyed() -> None:
    result = survey([], TEXT, words, validation_share=0.1)
    assert (result.rows, result.lengths.longest, result.held_back) == (0, 0, 0)
    assert all(finding.count == 0 for finding in result.findings)


def test_the_spam_messages_hold_what_is_known_of_them(data_folder: Path) -> None:
    lines = (data_folder / "SMSSpamCollection.tsv").read_text("utf-8").splitlines()
    rows: list[Values] = [dict(zip(("label", "text"), line.split("\t", 1), strict=True)) for line in lines[:800]]
    result = survey(rows, LABELLED, None)
    distinct = {row["text"] for row in rows}
    assert result.find("exact").count == len(rows) - len(distinct)
    assert result.balance is not None
    assert [item.label for item in result.balance.classes] == ["ham", "spam"]
    assert result.balance.classes[1].count == sum(line.startswith("spam") for line in lines[:800])
    assert {rows[row]["label"] for row in rows_of(result, "phone")} == {"spam", "ham"}


def test_instructions_are_read_with_their_inputs_and_outputs(data_folder: Path) -> None:
    rows = json.loads((data_folder / "instruction-data.json").read_text("utf-8"))
    result = survey(rows, recognise(list(rows[0]), rows), words)
    assert result.rows == 1_100
    assert result.find("exact").count == 0
    assert result.find("near").count == 2


def test_another_split_is_looked_up_without_reading_anything_again() -> None:
    rows = texts("one two three four", "five six seven eight", "nine ten eleven twelve", "five six seven eight")
    whole = survey(rows, TEXT, None)
    assert whole.find("leaks").count == 0
    assert split(whole, 0.25).find("leaks").rows.tolist() == [1, 3]
    assert split(split(whole, 0.25), 0.0).held_back == 0
    names = [item.name for item in whole.findings]
    assert [item.name for item in split(whole, 0.5).findings] == names
    assert names[names.index("near") + 1] == "leaks"


def test_leaks_in_one_huge_group_are_found_in_one_walk_and_can_be_called_off() -> None:
    rows = 8_000
    whole = replace(survey([], TEXT, None), rows=rows, alike=[tuple(range(rows))], ends=np.arange(1, rows + 1))
    began = time.process_time()
    assert split(whole, 0.5).find("leaks").count == rows // 2
    assert time.process_time() - began < 0.5  # seconds where the first row is looked for again with every row
    with pytest.raises(StudioError, match="stopped"):
        split(whole, 0.5, lambda: False)
