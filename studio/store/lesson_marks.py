"""Which exercises a person has solved: a small file beside the preferences."""

from pathlib import Path

from studio.core.errors import StudioError
from studio.store.files import read_json, write_json

VERSION = 1


def path_beside(preferences: Path) -> Path:
    """Where the marks lie."""
    return preferences.with_name("lessons.json")


def load_marks(path: Path) -> dict[str, frozenset[int]]:
    """Solved exercises, by their numbers from 0, of each lesson; what cannot be read counts as nothing done."""
    try:
        data = read_json(path) if path.exists() else {}
        if not isinstance(data, dict) or data.get("version", 0) > VERSION:
            return {}
        solved = data.get("solved", {})
        return {str(name): frozenset(int(number) for number in numbers) for name, numbers in solved.items()}
    except (StudioError, AttributeError, TypeError, ValueError):
        return {}


def save_marks(path: Path, marks: dict[str, frozenset[int]]) -> None:
    """Write them; an empty lesson is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"version": VERSION, "solved": {name: sorted(done) for name, done in marks.items() if done}})
