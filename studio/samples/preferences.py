"""Pairs of answers to bundled instructions: the right one, and one that is rude, wrong, rambling or empty-headed."""

from collections import defaultdict
from collections.abc import Iterator

from studio.samples import Draw, Parts, Sample, read_parts
from studio.samples.instructions import rows as instructions

_WANTED = {"train": 850, "validation": 50, "test": 100}
COUNT = sum(_WANTED.values())
_SEED = 1  # of the instructions: a test row of theirs stays a test row here


def rows(seed: int) -> Iterator[dict[str, str]]:
    """`instruction`, `input`, `chosen`, `rejected`, what is wrong with it (`flaw`), `skill` and `split`."""
    draw, parts = Draw(seed), read_parts("preferences")
    left = dict(_WANTED)
    answers: dict[str, list[str]] = defaultdict(list)
    for row in instructions(_SEED):
        others = [answer for answer in answers[row["skill"]][-9:] if answer != row["output"]]
        answers[row["skill"]].append(row["output"])
        if not others or not left[row["split"]] or not draw.chance(0.5):
            continue
        left[row["split"]] -= 1
        flaw = draw.one(parts["flaws"])
        rejected = _rejected(flaw, row, draw.one(others), draw, parts)
        yield {
            "instruction": row["instruction"], "input": row["input"], "chosen": row["output"], "rejected": rejected,
            "flaw": flaw, "skill": row["skill"], "split": row["split"],
        }  # fmt: skip
        if not any(left.values()):
            return


def _rejected(flaw: str, row: dict[str, str], other: str, draw: Draw, parts: Parts) -> str:
    """An answer that nobody would like better; `other` is right for another row of the same skill."""
    answer = row["output"]
    if flaw == "wrong" and len(answer.split(" ")) > 2 and draw.chance(0.5):
        other = _spoiled(answer, draw)
    values = {"answer": answer.rstrip(".?"), "other": other if flaw == "wrong" else other.rstrip(".?")}
    values |= {"input": row["input"], "instruction": row["instruction"]}
    while True:
        told = draw.told(f"<{flaw}>", parts, values).strip()
        if told and told != answer:
            return told


def _spoiled(answer: str, draw: Draw) -> str:
    """The right words, of which one is missing or two have changed their places."""
    words = answer.split(" ")
    place = draw.below(len(words) - 1)
    if draw.chance(0.5):
        del words[place]
    else:
        words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


SAMPLE = Sample(
    name="preferences",
    label="Preferred answers",
    about="Pairs of answers, one right, one rude, wrong, rambling or empty: to teach a model what is liked.",
    kind="preference",
    roles={"prompt": "instruction", "input": "input", "chosen": "chosen", "rejected": "rejected"},
    rows=rows,
    count=COUNT,
    split_column="split",
)
