"""The first lesson: tensors."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="first_steps",
    number=1,
    title="First steps",
    words=(
        "Everything a model reads, keeps and computes is a tensor: numbers in rows. Its rank says how many sides it "
        "has, its shape how long they are, its type how exact they are. Change one: torch says what it makes of it."
    ),
    view="studio.teaching.tensors_view:TensorsView",
    exercises=(
        Exercise(
            "A 2 × 3 matrix times a 3 × 4 matrix: which shape comes out?",
            "studio.exercises.checks:product_shape",
            "rows × columns",
        ),
        Exercise(
            "How many bytes does a tensor of 1,024 × 768 take in bfloat16?",
            "studio.exercises.checks:bytes_of",
            "a number",
        ),
    ),
)
