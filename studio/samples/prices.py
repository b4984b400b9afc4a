"""Products that nobody sells, with prices in whole dollars that follow from what they are, and a little chance.

The kind of thing has a price, which the brand, the material, the size, how it is and some extras multiply; chance adds
a spread of 8 %. Measured, mean absolute error and r2: always the mean $79.70 and 0; ridge regression on TF-IDF
(scikit-learn, five folds) $40.20 and 0.71; the same on the logarithm of the price $22.30 and 0.85.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.samples import Draw, Parts, Sample, articled, capitalized, read_parts

COUNT = 4_000
QUESTION = "How much does this cost to the nearest dollar?"
ENDING = "Price is $"
_DOLLARS = range(2, 1_000)  # what costs more or less is left out
_SPREAD = 0.08  # of the price, one standard deviation
_CONDITIONS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4)  # most things are new
_STEPS, _SMALL_STEPS = (0.5, 0.65, 0.8, 1.0, 1.2, 1.5, 2.0), (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15)
# Measure: how a size is said, what sizes there are beside the usual one, how steeply the price rises with them.
_MEASURES: Mapping[str, tuple[str, tuple[float, ...], float]] = {
    "height": ("{} cm high", _STEPS, 0.8), "width": ("{} cm wide", _STEPS, 0.8), "length": ("{} cm long", _STEPS, 0.6),
    "litres": ("Holds {} l", _STEPS, 0.7), "pieces": ("{} pieces", _STEPS, 0.9), "people": ("For {}", _STEPS, 0.9),
    "pages": ("{} pages", _STEPS, 0.6), "size": ("Size {}", _SMALL_STEPS, 2.0),
    "wheel": ("Wheels of {} inches", _SMALL_STEPS, 3.0),
}  # fmt: skip
_EXTRAS = {"prize": 1.25, "limited": 1.4, "old stock": 0.8, "warranty": 1.1}


@dataclass(frozen=True)
class _Product:
    """One kind of thing."""

    thing: str
    category: str
    dollars: float
    materials: tuple[str, ...]
    measure: str
    usual: int  # size


def rows(seed: int) -> Iterator[dict[str, Any]]:
    """Title, category, brand, description, details, price, and the same as prompt and completion; no prompt twice."""
    draw, parts = Draw(seed), read_parts("prices")
    products = [_product(line) for line in parts["products"]]
    told: set[str] = set()
    while len(told) < COUNT:
        row = _row(draw.one(products), draw, parts)
        if row["price"] in _DOLLARS and row["prompt"] not in told:
            told.add(row["prompt"])
            yield row


def _row(product: _Product, draw: Draw, parts: Parts) -> dict[str, Any]:
    brand, of_brand = _factor(draw.one(parts["brands"]))
    condition, of_condition = _factor(parts["conditions"][draw.one(_CONDITIONS)])
    material = draw.one(product.materials)
    of_material = dict(map(_factor, parts["materials"]))[material]
    words, steps, steepness = _MEASURES[product.measure]
    step = draw.one(steps)
    extras = draw.some(parts["extras"], 1 + draw.below(2))
    told = [draw.told(extra, parts) for extra in extras]
    of_extras = math.prod(factor for word, factor in _EXTRAS.items() if any(word in extra for extra in told))
    chance = math.exp(_SPREAD * draw.normal())
    dollars = product.dollars * of_brand * of_condition * of_material * step**steepness * of_extras * chance
    values = {"thing": product.thing, "material": material, "colour": draw.one(parts["colours"])}
    values["line"] = draw.one(parts["lines"])
    about = draw.told(draw.one(parts["about"]), parts, values)
    facts = draw.shuffled([words.format(max(1, round(product.usual * step))), f"Condition: {condition}"])
    row = {
        "title": f"{brand} {values['line']} {material} {product.thing}" if draw.chance(0.7) else
        articled(f"A {material} {product.thing} by {brand}"),
        "category": product.category,
        "brand": brand,
        "description": capitalized(articled(about)),
        "details": " ".join([f"{'. '.join(facts)}.", *told]),
        "price": round(dollars),
    }  # fmt: skip
    body = f"{row['title']}\n{row['category']}\n{row['description']}\n{row['details']}"
    return row | {"prompt": f"{QUESTION}\n\n{body}\n\n{ENDING}", "completion": str(row["price"])}


def _product(line: str) -> _Product:
    thing, category, dollars, materials, size = (part.strip() for part in line.split("|"))
    measure, usual = size.split()
    return _Product(thing, category, float(dollars), tuple(materials.split(", ")), measure, int(usual))


def _factor(line: str) -> tuple[str, float]:
    """Words, and the number at the end of the line."""
    words, _, number = line.rpartition(" ")
    return words, float(number)


SAMPLE = Sample(
    name="prices",
    label="Prices",
    about="Invented products and what they cost: to teach a model to guess a number.",
    kind="completion",
    roles={"prompt": "prompt", "completion": "completion"},
    rows=rows,
    count=COUNT,
)
