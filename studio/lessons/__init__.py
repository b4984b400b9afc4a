"""A shelf of lessons, one idea each; a module's constant `LESSON` says what it shows and asks, and imports nothing."""

from dataclasses import dataclass

from studio.core.shelf import Shelf


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is tried out: `check` names the function that computes the verdict."""

    question: str
    check: str
    example: str  # of how an answer is written


@dataclass(frozen=True)
class Lesson:
    """One lesson: `view` names the widget it plays with, `number` is its place in the list."""

    name: str
    number: int
    title: str
    words: str
    view: str
    exercises: tuple[Exercise, ...]


LESSONS = Shelf("studio.lessons", "LESSON")


def lessons() -> tuple[Lesson, ...]:
    """All of them, in their order."""
    found: list[Lesson] = [LESSONS.load(name) for name in LESSONS.names()]
    return tuple(sorted(found, key=lambda lesson: lesson.number))
