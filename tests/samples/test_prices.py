"""The bundled products: prices that follow from what things are, with room between words and prices."""

import hashlib
import json
import re
import statistics
from collections import defaultdict
from typing import Any

import pytest

from studio.samples import prices
from studio.samples.prices import ENDING, QUESTION

SHA256 = "25dfa4906bda7e8d2ab760f35245f30678450cc3e90c1e8b0865453150d3b795"
COLUMNS = ["title", "category", "brand", "description", "details", "price", "prompt", "completion"]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(prices.rows(1))


def test_the_rows_are_the_ones_that_everything_was_measured_on(rows: list[Row]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    assert hashlib.sha256(lines.encode()).hexdigest() == SHA256


def test_there_are_at_least_3_000_products_with_whole_dollars(rows: list[Row]) -> None:
    assert len(rows) == prices.SAMPLE.count >= 3_000
    assert len({row["prompt"] for row in rows}) == len(rows)
    for row in rows:
        assert list(row) == COLUMNS
        assert isinstance(row["price"], int)
        assert 2 <= row["price"] <= 999
        assert row["completion"] == str(row["price"])


def test_a_prompt_asks_tells_all_and_ends_where_the_number_begins(rows: list[Row]) -> None:
    for row in rows:
        assert row["prompt"].startswith(f"{QUESTION}\n\n{row['title']}\n")
        assert row["prompt"].endswith(f"\n\n{ENDING}")
        assert row["description"] in row["prompt"]
        assert row["details"] in row["prompt"]
        assert "$" not in row["prompt"].removesuffix("$")


def test_every_text_is_plain_and_filled_to_the_end(rows: list[Row]) -> None:
    for row in rows:
        assert row["prompt"].isascii()
        assert not re.search(r"[\[\]<>{}|]|  |\.\.", row["prompt"]), row["prompt"]
        assert row["brand"] in row["title"]
        assert not re.search(r"\b[Aa] [aeio]", row["prompt"]), row["prompt"]


def middle(rows: list[Row]) -> float:
    return statistics.median(row["price"] for row in rows)


def test_prices_follow_from_brand_condition_and_size(rows: list[Row]) -> None:
    by_brand = defaultdict(list)
    for row in rows:
        by_brand[row["brand"]].append(row)
    assert middle(by_brand["Alder & Finch"]) > 2 * middle(by_brand["Thrifty Hare"])
    broken = [row for row in rows if "for parts, not working" in row["details"]]
    assert middle(broken) < 0.4 * middle([row for row in rows if "Condition: new." in row["details"]])
    small = [
        row for row in rows if row["title"].endswith("rug") and int(re.findall(r"(\d+) cm", row["details"])[0]) < 120
    ]
    large = [
        row for row in rows if row["title"].endswith("rug") and int(re.findall(r"(\d+) cm", row["details"])[0]) > 180
    ]
    assert middle(large) > 1.3 * middle(small)


def test_chance_spreads_the_price_of_equal_things() -> None:
    from studio.samples import Draw, read_parts

    parts = {part: lines[:1] for part, lines in read_parts("prices").items()} | {"materials": ["oak 1.0"]}
    product = prices._Product("stool", "Furniture", 200.0, ("oak",), "height", 50)
    found = defaultdict(list)
    for seed in range(1_000):
        row = prices._row(product, Draw(seed), parts | {"conditions": ["new 1.0"] * 5, "extras": ["Blue.", "Old."]})
        found[re.findall(r"(\d+) cm", row["details"])[0]].append(row["price"])
    spreads = [statistics.stdev(prices_) / statistics.mean(prices_) for prices_ in found.values()]
    assert len(found) == 7
    assert all(0.065 < spread < 0.095 for spread in spreads)


def test_always_the_same_price_is_far_off(rows: list[Row]) -> None:
    numbers = [row["price"] for row in rows]
    mean = statistics.mean(numbers)
    assert statistics.mean(abs(number - mean) for number in numbers) == pytest.approx(79.70, abs=0.1)
    assert len(set(numbers)) > 400


def test_another_seed_makes_other_products() -> None:
    first, second = (next(prices.rows(seed))["prompt"] for seed in (1, 2))
    assert first != second


@pytest.mark.slow
def test_words_alone_leave_room(rows: list[Row]) -> None:
    from tests.samples.baseline import ridge

    assert ridge(rows) == pytest.approx(40.20, abs=0.5)
