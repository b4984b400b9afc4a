"""The third lesson: a network in training."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="small_network",
    number=3,
    title="A small network",
    words=(
        "The same with 752 numbers instead of two: two coordinates in, two classes out. Go through its six steps, or "
        "drag a point, give it the other class by a double click, and watch the run come out differently. "
        "The book's 2,213 learn from one input."
    ),
    view="studio.teaching.network_view:NetworkView",
    exercises=(
        Exercise(
            "A network of 50 inputs, layers of 30 and 20, and 3 outputs: how many numbers does it learn?",
            "studio.exercises.checks:parameter_count",
            "a number",
        ),
        Exercise(
            "Find a learning rate with which the last loss of the book's run stays above 0.5.",
            "studio.exercises.checks:rate_that_lags",
            "a rate",
        ),
    ),
)
