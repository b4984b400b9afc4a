"""Small news of a village in five classes: what the main clause tells is the topic, whatever else is mentioned.

Measured: the largest class has 20.5 % of the rows; TF-IDF with logistic regression (scikit-learn, five folds) is right
on 86.4 %, with pairs of words on 86.5 %: it cannot see which of two clauses is the main one.
"""

from collections.abc import Iterator

from studio.samples import Draw, Parts, Sample, capitalized, read_parts

COUNT = 5_000
_MIXED, _SAME = 0.27, 0.3  # with a clause of another topic beside; with one more of its own. The rest is plain.


def rows(seed: int) -> Iterator[dict[str, str]]:
    """`text` and `label`, no text twice."""
    draw, parts = Draw(seed), read_parts("topics")
    told: set[str] = set()
    while len(told) < COUNT:
        topic, other = draw.some(parts["topics"], 2)
        text = _item(topic, other, draw, parts)
        if text not in told:
            told.add(text)
            yield {"text": text, "label": topic}


def _item(topic: str, other: str, draw: Draw, parts: Parts) -> str:
    """One piece of news; every clause can be the main one, and every one can stand beside another."""
    kind = draw.below(1_000) / 1_000
    side = other if kind < _MIXED else topic if kind < _MIXED + _SAME else "plain"
    clauses = {"main": draw.told(f"<{topic}>", parts), "side": draw.told(f"<{side}>", parts)}
    text = capitalized(draw.told("<joined>", parts, clauses))
    if draw.chance(0.2):
        text += f" {capitalized(draw.told('<plain>.', parts))}"
    return text


SAMPLE = Sample(
    name="topics",
    label="Village news",
    about="Small news about weather, music, cooking, animals and sport: to teach a model five classes.",
    kind="labelled",
    roles={"text": "text", "label": "label"},
    rows=rows,
    count=COUNT,
)
