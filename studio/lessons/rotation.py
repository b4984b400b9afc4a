"""The sixth lesson: rotary positions."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="rotation",
    number=6,
    title="Rotation",
    words=(
        "Llama and its relatives add nothing for a place. They turn each pair of numbers of a query and a key, further "
        "the later the token stands. Move both along the text: the hands turn, their score stays."
    ),
    view="studio.teaching.rotation_view:RotationView",
    exercises=(
        Exercise(
            "Query at 5, key at 2. The query moves to 25: where must the key stand for the same score?",
            "studio.exercises.checks:same_distance",
            "a place",
        ),
        Exercise(
            "After about how many tokens has the fastest pair gone all the way round?",
            "studio.exercises.checks:full_turn",
            "a whole number",
        ),
    ),
)
