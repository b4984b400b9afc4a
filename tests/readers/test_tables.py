"""What was left out of a table is counted, and neither many rows nor many reasons fill the memory."""

from studio.readers.tables import Fault, Faults


def test_all_faults_are_counted_and_the_first_thousand_kept() -> None:
    faults = Faults()
    for line in range(1, 2_501):
        faults.add(line, "odd" if line % 2 else "even")
    assert (faults.count, faults.by_reason) == (2_500, {"odd": 1_250, "even": 1_250})
    assert faults.first[0] == Fault(1, "odd")
    assert len(faults.first) == Faults.KEPT == 1_000


def test_a_flood_of_reasons_is_one_reason() -> None:
    faults = Faults()
    for line in range(500):
        faults.add(line, f"reason {line}")
    assert len(faults.by_reason) == Faults.REASONS + 1
    assert faults.by_reason["something else"] == 400
    assert sum(faults.by_reason.values()) == faults.count == 500


def test_a_reason_is_told_apart_with_its_lines_and_the_sum_stays() -> None:
    faults = Faults()
    for line, reason in ((3, "too long"), (4, "odd"), (1_200, "too long"), (5, "odd")):
        faults.add(line, reason)
    assert faults.located("too long") == {"too long, in line 3": 1, "too long, in line 1,200": 1, "odd": 2}
    assert faults.located("never seen") == {"too long": 2, "odd": 2}


def test_two_rows_of_one_line_and_rows_of_a_format_without_lines_are_told_as_what_they_are() -> None:
    faults = Faults()
    for _ in range(2):
        faults.add(1, "too long")
    assert faults.located("too long", "row") == {"too long, in row 1": 2}


def test_a_reason_that_came_behind_too_many_others_is_told_among_them() -> None:
    faults = Faults()
    for number in range(Faults.REASONS):
        faults.add(number, f"reason {number}")
    faults.add(500, "too long")
    told = faults.located("too long")
    assert "too long" not in "".join(told)
    assert sum(told.values()) == faults.count == Faults.REASONS + 1


def test_of_a_flood_of_one_reason_a_hundred_lines_are_told_and_the_others_counted() -> None:
    faults = Faults()
    for line in range(1, 251):
        faults.add(line, "too long")
    told = faults.located("too long")
    assert told["too long"] == 150
    assert told["too long, in line 100"] == 1
    assert sum(told.values()) == faults.count == 250
