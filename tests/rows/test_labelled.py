"""Rows as classes: their order, what is merged, left out, refused or told, and that copies never come apart."""

import dataclasses

import numpy as np
import pytest

from studio.core.config import ClassifyConfig, DataConfig, RunConfig
from studio.core.errors import StudioError
from studio.rows.duplicates import leaks
from studio.rows.kinds import Reading
from studio.rows.labelled import Labelled, labelled

READING = Reading("labelled", {"text": "text", "label": "label"})


def rows_of(*pairs: tuple[object, object]) -> list[dict[str, object]]:
    return [{"text": text, "label": label} for text, label in pairs]


def many(count: int = 40, every: int = 4) -> list[dict[str, object]]:
    return rows_of(*((f"text {number}", "spam" if number % every == 0 else "ham") for number in range(count)))


def read(rows: list[dict[str, object]], classify: ClassifyConfig | None = None, **data: object) -> Labelled:
    config = RunConfig(objective="classify", data=DataConfig(**data), classify=classify or ClassifyConfig())  # type: ignore[arg-type]
    return labelled(rows, READING, config)


def test_classes_stand_in_one_order_whichever_comes_first() -> None:
    first, other = read(many()), read(many()[::-1])
    assert first.labels == other.labels == ("ham", "spam")
    assert first.truth.tolist() == [1 if number % 4 == 0 else 0 for number in range(40)]
    assert first.rows.tolist() == list(range(40))


def test_labels_that_are_numbers_stand_in_the_order_of_their_values() -> None:
    stars = (10, 9, 2.0, "2")
    assert read(rows_of(*((f"{n}", stars[n % 4]) for n in range(40)))).labels == ("2", "9", "10")


def test_labels_that_differ_by_blanks_are_one_class_and_it_is_told() -> None:
    found = read(rows_of(*((f"{n}", (" spam", "spam", "ham")[n % 3]) for n in range(30))))
    assert found.labels == ("ham", "spam")
    assert any("“spam” is written with and without blanks" in note for note in found.notes)


def test_labels_that_differ_in_capital_letters_stay_two_classes_and_it_is_told() -> None:
    found = read(rows_of(*((f"{n}", ("Spam", "spam")[n % 2]) for n in range(30))))
    assert found.labels == ("Spam", "spam")
    assert any("differ only in capital letters" in note for note in found.notes)


def test_rows_without_text_or_label_are_left_out_and_counted() -> None:
    found = read([*many(), *rows_of(("  ", "ham"), ("word", None), ("other", ""))])
    assert len(found.texts) == 40
    assert any("1 rows have an empty text" in note for note in found.notes)
    assert any("2 rows have no label" in note for note in found.notes)


def test_one_class_only_is_refused_with_its_name_and_size() -> None:
    with pytest.raises(StudioError, match="All 5 rows are of one class, “ham”") as refused:
        read(rows_of(*((f"{n}", "ham") for n in range(5))))
    assert "another column" in refused.value.hint


def test_without_any_row_that_has_both_the_columns_are_named() -> None:
    with pytest.raises(StudioError, match="2 have no text, 1 no label") as refused:
        read(rows_of(("", "a"), ("", "b"), ("text", None)))
    assert "“text” and “label”" in refused.value.hint


def test_a_column_of_amounts_is_refused_and_regression_named() -> None:
    with pytest.raises(StudioError, match="“label” holds 60 different numbers") as refused:
        read(rows_of(*((f"{n}", n + 0.5) for n in range(60))))
    assert "regress" in refused.value.hint


def test_a_column_of_names_is_no_column_of_classes() -> None:
    with pytest.raises(StudioError, match="60 different labels in 60 rows"):
        read(rows_of(*((f"{n}", f"person {n}") for n in range(60))))


def test_a_class_with_one_row_is_learned_from_and_told() -> None:
    found = read([*many(), *rows_of(("rare", "odd"))])
    assert any("“odd” has a single row" in note for note in found.notes)
    assert found.labels.index("odd") in found.truth[found.split.training]


def test_classes_that_the_configuration_does_not_list_are_refused_and_listed_ones_keep_their_order() -> None:
    assert read(many(), ClassifyConfig(labels=("spam", "ham"))).labels == ("spam", "ham")
    with pytest.raises(StudioError, match="class “ham”"):
        read(many(), ClassifyConfig(labels=("spam", "eggs")))


def test_equal_texts_never_stand_on_two_sides() -> None:
    rows = rows_of(*((f"text {number // 5}", "ham" if number % 2 else "spam") for number in range(100)))
    found = read(rows)
    sides = [{found.texts[place] for place in found.split.of(side)} for side in ("training", "validation", "test")]
    assert not sides[0] & (sides[1] | sides[2])
    assert not sides[1] & sides[2]
    assert any("80 rows repeat the text" in note for note in found.notes)
    assert any("20 of these texts are labelled in different ways" in note for note in found.notes)


def test_near_copies_stay_on_one_side_where_that_is_wished_for() -> None:
    said = [
        f"please meet me at gate {number} of the old harbour this evening before the boat leaves"
        for number in range(60)
    ]
    rows = rows_of(
        *((f"{text}{end}", "ham" if at % 2 else "spam") for at, text in enumerate(said) for end in ("", " ok"))
    )

    def torn(found: Labelled) -> int:
        learned = [found.texts[place] for place in found.split.training]
        held = np.concatenate([found.split.validation, found.split.test])
        return len(leaks(learned, [found.texts[place] for place in held], threshold=0.8))

    assert torn(read(rows)) > 10
    together = read(rows, near_together=True)
    assert torn(together) == 0
    assert [len(together.split.of(side)) for side in ("training", "validation", "test")] != [0, 0, 0]
    config = RunConfig(objective="classify", data=DataConfig(near_together=True))
    asked = iter([True, False])
    with pytest.raises(StudioError, match="stopped"):
        labelled(rows, READING, config, lambda: next(asked, False))


def test_a_split_that_leaks_says_how_much() -> None:
    rows = [{**row, "split": "test" if number % 2 else "train"} for number, row in enumerate(2 * many())]
    rows[0]["split"] = rows[40]["split"] = "train"
    rows[41]["split"] = "train"  # row 1 is tested on, its copy 41 learned from
    found = read(rows, split="column")
    assert any(note.startswith("1 of 39 held-back rows are also learned from") for note in found.notes)


def test_a_split_by_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(StudioError, match="no column “split”"):
        read(many(), split="column")


def test_each_side_gets_its_share_of_each_class() -> None:
    split = read(many(100), validation_share=0.1, test_share=0.2).split
    assert (len(split.training), len(split.validation), len(split.test)) == (70, 10, 20)


@pytest.mark.parametrize(("how", "size"), [("none", 28), ("undersample", 14), ("oversample", 42)])
def test_balance_changes_the_training_side_alone(how: str, size: int) -> None:
    config = RunConfig(classify=ClassifyConfig(balance=how))
    found = labelled(many(), READING, config)
    learned = found.training(config)
    counts = np.bincount(found.truth[learned])
    assert len(learned) == size
    assert how == "none" or counts[0] == counts[1]
    assert set(learned.tolist()) <= set(found.split.training.tolist())


def test_weights_of_classes_are_one_on_average_and_larger_for_the_rarer_class() -> None:
    config = RunConfig(classify=ClassifyConfig(balance="weights"))
    found = labelled(many(), READING, config)
    weights = found.weights(config)
    assert weights[found.truth[found.split.training]].mean() == pytest.approx(1.0)
    assert weights[1] / weights[0] == pytest.approx(3.0)
    plain = config.with_part(classify=dataclasses.replace(config.classify, balance="none"))
    assert found.weights(plain).tolist() == [1.0, 1.0]


def test_several_classes_of_a_row_come_from_commas_or_from_a_list() -> None:
    pairs = [(f"{n}", ("red, blue", ["blue", "green"], "red", [])[n % 4]) for n in range(40)]
    found = read(rows_of(*pairs), ClassifyConfig(multi_label=True, balance="oversample"))
    assert found.labels == ("blue", "green", "red")
    assert found.several
    assert found.truth[:4].tolist() == [[True, False, True], [True, True, False], [False, False, True], [False] * 3]
    assert any("not balanced" in note for note in found.notes)


def test_reading_can_be_called_off() -> None:
    with pytest.raises(StudioError, match="stopped"):
        labelled(many(), READING, RunConfig(), lambda: False)
