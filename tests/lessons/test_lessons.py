"""The shelf of lessons: one contract for each of them."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.shelf import resolve
from studio.lessons import LESSONS, Lesson, lessons

ROOT = Path(__file__).resolve().parents[2]
NAMES = LESSONS.names()


def test_lessons_are_numbered_without_gaps() -> None:
    assert [lesson.number for lesson in lessons()] == list(range(1, len(NAMES) + 1))
    assert [lesson.name for lesson in lessons()] == [
        "first_steps", "number_learns", "small_network", "text_windows", "token_vector", "rotation",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_named_after_its_file_and_says_little(name: str) -> None:
    lesson: Lesson = LESSONS.load(name)
    assert lesson.name == name
    assert lesson.title
    assert 60 < len(lesson.words) < 260
    assert lesson.exercises
    assert all(exercise.question and exercise.example for exercise in lesson.exercises)


@pytest.mark.parametrize("name", NAMES)
def test_everything_a_lesson_names_exists(name: str) -> None:
    lesson: Lesson = LESSONS.load(name)
    for target in (lesson.view, *(exercise.check for exercise in lesson.exercises)):
        module, _, attribute = target.partition(":")
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        assert f" {attribute}(" in Path(spec.origin).read_text("utf-8")


@pytest.mark.torch
def test_every_exercise_refuses_what_is_no_answer() -> None:
    from studio.core.errors import StudioError

    for lesson in lessons():
        for exercise in lesson.exercises:
            with pytest.raises(StudioError):
                resolve(exercise.check)("perhaps")


def test_the_shelf_is_read_without_anything_heavy() -> None:
    code = (
        "import sys; from studio.lessons import lessons; lessons();"
        "print(sorted({'torch', 'PySide6', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() in ("[]", "['numpy']"), done.stdout + done.stderr
