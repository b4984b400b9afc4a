"""The steps of cleaning: each a frozen dataclass of knobs, so that a list of them is a form, a file and a sentence."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from studio.core.errors import StudioError
from studio.core.knobs import Problem, from_json, knob, problems, to_json

_FORMS = (("NFC", "NFC, composed"), ("NFKC", "NFKC, compatible"), ("none", "As it is"))
_KINDS = (("exact", "Exact"), ("near", "Nearly equal"))
_UNITS = (("characters", "Characters"), ("words", "Words"))


class Step(Protocol):
    """One step: its words stand on the class, its knobs are its fields."""

    label: ClassVar[str]
    about: ClassVar[str]


@dataclass(frozen=True)
class Normalise:
    """Spell the same thing in the same way."""

    label: ClassVar[str] = "Normalise"
    about: ClassVar[str] = "Spells the same thing in the same way: one form of each letter, one blank between words."
    form: str = knob(
        "NFC", "Unicode form", "Composed makes é one character; Compatible also turns ﬁ into fi and ２ into 2.",
        choices=_FORMS,
    )  # fmt: skip
    line_ends: bool = knob(True, "Line ends", "Windows' and old line ends become one kind.")
    blanks: bool = knob(True, "Runs of blanks", "Several blanks or tabs in a row become one; line ends stay.")
    strip: bool = knob(True, "Blanks at the ends", "Blanks and empty lines before and after a text are taken away.")
    unseen: bool = knob(False, "Unseen characters", "Control characters, soft hyphens and blanks of no width go.")

    def problems(self) -> list[Problem]:
        """A step without effect."""
        idle = self.form == "none" and not (self.line_ends or self.blanks or self.strip or self.unseen)
        return [Problem("form", "Nothing is chosen, so this step changes nothing.")] if idle else []


@dataclass(frozen=True)
class DropDuplicates:
    """Keep the first of rows that say the same."""

    label: ClassVar[str] = "Drop duplicates"
    about: ClassVar[str] = "Of rows whose text is the same, or nearly so, the first one stays."
    how: str = knob("exact", "Alike", "Exact: character by character. Nearly equal: most word triples in common.",
                    choices=_KINDS)  # fmt: skip
    threshold: float = knob(
        0.8, "Likeness", "The share of word triples that two texts must have in common; for nearly equal ones only.",
        minimum=0.3, maximum=1.0,
    )  # fmt: skip


@dataclass(frozen=True)
class DropByLength:
    """Keep rows of a useful length."""

    label: ClassVar[str] = "Drop by length"
    about: ClassVar[str] = "Rows whose text is too short or too long go."
    minimum: int = knob(1, "At least", "Shorter rows go; 1 drops the empty ones.", minimum=0)
    maximum: int = knob(0, "At most", "Longer rows go; 0 sets no limit.", minimum=0)
    unit: str = knob("characters", "Counted in", "What the two limits count.", choices=_UNITS)

    def problems(self) -> list[Problem]:
        """Limits that cannot both hold."""
        if 0 < self.maximum < self.minimum:
            return [Problem("maximum", "The upper limit lies below the lower one, so no row would stay.")]
        return []


@dataclass(frozen=True)
class Redact:
    """Put a mark in the place of what looks like personal data."""

    label: ClassVar[str] = "Redact"
    about: ClassVar[str] = (
        "What looks like personal data is replaced by its name in brackets, such as [e-mail], in the columns that a "
        "model reads. Other columns stay as they are."
    )
    emails: bool = knob(True, "E-mail addresses", "anna@example.org becomes [e-mail].")
    phones: bool = knob(True, "Phone numbers", "+49 30 123456 becomes [phone].")
    cards: bool = knob(True, "Card numbers", "Numbers whose check digit fits become [card].")
    keys: bool = knob(True, "Keys", "Keys and tokens of well-known services become [key].")

    def problems(self) -> list[Problem]:
        """A step without effect."""
        chosen = self.emails or self.phones or self.cards or self.keys
        return [] if chosen else [Problem("emails", "Nothing is chosen, so this step changes nothing.")]


@dataclass(frozen=True)
class Filter:
    """Keep the rows that fulfil an expression."""

    label: ClassVar[str] = "Filter"
    about: ClassVar[str] = "Rows that fulfil an expression stay, such as length(text) > 20."
    expression: str = knob(
        "length(text) > 0", "Keep rows where",
        'Compares columns, such as length(text) > 20 and label == "ham", or not contains(text, "http").',
    )  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Keep some rows, drawn at random."""

    label: ClassVar[str] = "Sample"
    about: ClassVar[str] = "Keeps so many rows, drawn at random, in their order."
    rows: int = knob(1_000, "Rows", "How many stay; where there are fewer, all do.", minimum=1)
    seed: int = knob(123, "Seed", "The same seed draws the same rows.", minimum=0)


STEPS: dict[str, type[Any]] = {
    "normalise": Normalise,
    "drop_duplicates": DropDuplicates,
    "drop_by_length": DropByLength,
    "redact": Redact,
    "filter": Filter,
    "sample": Sample,
}
_NAMES = {kind: name for name, kind in STEPS.items()}


def step_to_json(step: Any) -> dict[str, Any]:
    """Plain JSON values: `step` names it, the rest are its settings."""
    return {"step": _NAMES[type(step)], **to_json(step)}


def step_from_json(data: Any) -> Any:
    """The step that `step_to_json` wrote or that a person did; what makes no sense is a `StudioError`."""
    name = data.get("step") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in STEPS:
        shown = f"There is no step “{name}”." if name else f"This is no step: {data!r:.60}."
        raise StudioError(shown, f'A step is a group such as {{"step": "normalise"}}; there are {", ".join(STEPS)}.')
    step: Any = from_json(STEPS[name], {key: value for key, value in data.items() if key != "step"}, name)
    for problem in problems(step):
        raise StudioError(f"The step “{name}” cannot work: {problem.message}")
    return step


def step_words(step: Any) -> str:
    """What the step does with these settings, in a few words."""
    match step:
        case Normalise():
            return f"Normalise {_listed(_normalised(step))}"
        case DropDuplicates(how="near"):
            return f"Drop rows that are {step.threshold:.0%} alike"
        case DropDuplicates():
            return "Drop exact duplicates"
        case DropByLength():
            return _range(step)
        case Redact():
            chosen = ("emails", "e-mails"), ("phones", "phone numbers"), ("cards", "card numbers"), ("keys", "keys")
            return f"Redact {_listed([words for field, words in chosen if getattr(step, field)])}"
        case Filter():
            return f"Keep rows where {step.expression.strip()}"
        case Sample():
            return f"Keep {step.rows:,} rows at random"
    raise TypeError(type(step))


def _normalised(step: Normalise) -> list[str]:
    parts = ("line_ends", "line ends"), ("blanks", "blanks"), ("strip", "ends"), ("unseen", "unseen characters")
    letters = [step.form] if step.form != "none" else []
    return letters + [words for field, words in parts if getattr(step, field)]


def _range(step: DropByLength) -> str:
    unit = step.unit if max(step.minimum, step.maximum) != 1 else step.unit[:-1]
    if step.maximum:
        least = f"{step.minimum:,} to" if step.minimum > 1 else "at most"
        return f"Keep {least} {step.maximum:,} {unit}"
    return f"Keep at least {step.minimum:,} {unit}" if step.minimum > 1 else "Drop empty texts"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "nothing"
