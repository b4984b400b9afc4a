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
