"""Short messages, wanted and unwanted: everyday notes, bait, and many that only their parts together give away.

Notes quote bait to warn of it, bait begins as a friend would, and a false notice speaks of what another house does.
Measured: 62.6 % of the rows are wanted; TF-IDF with logistic regression (scikit-learn, five folds) is right on 86.0 %,
with pairs of words on 86.9 %.
"""

from collections.abc import Iterator

from studio.samples import Draw, Parts, Sample, capitalized, read_parts

COUNT = 4_000
_SHARE = 0.37  # of all messages is unwanted
# How often each kind of message is taken, in each class.
_WANTED = (("plain", 44), ("careful", 10), ("honest", 12), ("notice", 34))
_UNWANTED = (("lure", 32), ("swear", 8), ("pretend", 20), ("notice", 40))
_TELLING = 0.25  # of the notices end with a sentence that tells what they are


def rows(seed: int) -> Iterator[dict[str, str]]:
    """`text` and `label`, no text twice."""
    draw, parts = Draw(seed), read_parts("messages")
    told: set[str] = set()
    while len(told) < COUNT:
        wanted = not draw.chance(_SHARE)
        kind = draw.one([kind for kind, times in (_WANTED if wanted else _UNWANTED) for _ in range(times)])
        sentences = _notice(wanted, draw, parts) if kind == "notice" else _note(kind, draw, parts)
        text = _typed(_joined(sentences), draw)
        if text.casefold() not in told:
            told.add(text.casefold())
            yield {"text": text, "label": "wanted" if wanted else "unwanted"}


def _note(kind: str, draw: Draw, parts: Parts) -> list[str]:
    """What people write, or pretend to be people who write; greetings and everyday news come with every kind."""
    sentences = [f"<{kind}>"]
    if kind in ("plain", "lure") and draw.chance(0.35):
        sentences.append(f"<{kind}>")
    if kind != "plain" and draw.chance(0.4):
        sentences.insert(draw.below(len(sentences) + 1), "<plain>")
    if draw.chance(0.4):
        sentences.insert(0, "<hello>")
    if draw.chance(0.35):
        sentences.append("<bye>")
    return [draw.told(sentence, parts) for sentence in sentences]


def _notice(wanted: bool, draw: Draw, parts: Parts) -> list[str]:
    """From a house: a true one speaks of what that house does, a false one of what another does."""
    house, other = draw.some(parts["houses"], 2)
    sentences = ["<from>", f"<of {house if wanted else other}>"]
    if draw.chance(0.7):
        sentences.append("<steps>")
    if draw.chance(_TELLING):
        sentences.append("<fair>" if wanted else "<foul>")
    if draw.chance(0.15):
        sentences.append("<bye>")
    return [draw.told(sentence, parts, {"house": house}) for sentence in sentences]


def _joined(sentences: list[str]) -> str:
    """One behind the other; behind a greeting that ends in a comma it goes on with a small letter."""
    text = capitalized(sentences[0])
    for sentence in sentences[1:]:
        small = text.endswith(",") and not sentence.startswith(("I ", "I'"))
        text += f" {sentence[0].lower()}{sentence[1:]}" if small else f" {capitalized(sentence)}"
    return text


def _typed(text: str, draw: Draw) -> str:
    """As people type: sometimes all small, in a hurry, loud, or without the last full stop."""
    if draw.chance(0.16):
        text = text.lower()
    elif draw.chance(0.04):
        text = text.upper()
    if draw.chance(0.12):
        text = text.replace("you", "u").replace(" to ", " 2 ").replace(" and ", " & ")
    if draw.chance(0.2):
        text = text.rstrip(".")
    return f"{text.rstrip('.')}!!" if draw.chance(0.05) else text


SAMPLE = Sample(
    name="messages",
    label="Messages",
    about="Short messages, wanted and unwanted: to teach a model to tell the two apart.",
    kind="labelled",
    roles={"text": "text", "label": "label"},
    rows=rows,
    count=COUNT,
)
