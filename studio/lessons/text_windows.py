"""The fourth lesson: how a text becomes questions."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="text_windows",
    number=4,
    title="Windows of text",
    words=(
        "A text has no labels, and needs none: the next token is the answer. A window slides over it; what it holds is "
        "the input, and the same moved by one token is the target."
    ),
    view="studio.teaching.windows_lesson:WindowsLesson",
    exercises=(
        Exercise(
            "5,145 tokens, context 256, stride 128: how many windows?",
            "studio.exercises.checks:window_count",
            "a number",
        ),
        Exercise(
            "The numbers 0 to 1,000 with a context of 4: which stride gives exactly 125 windows?",
            "studio.exercises.checks:stride_for",
            "a stride",
        ),
    ),
)
