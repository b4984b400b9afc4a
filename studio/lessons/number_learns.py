"""The second lesson: a computation graph."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="number_learns",
    number=2,
    title="A number learns",
    words=(
        "Values flow from left to right, up to the loss. Each edge says how much its end moves when its start does; "
        "multiplied along the way to the loss they are the gradient. A step moves w and b a little against theirs."
    ),
    view="studio.teaching.graph_view:GraphView",
    exercises=(
        Exercise(
            "With x = 1.1, b = 0, y = 1: find a weight whose loss is below 0.01.",
            "studio.exercises.checks:weight_below",
            "a weight",
        ),
        Exercise("What is the gradient of w at w = 0?", "studio.exercises.checks:slope_at", "such as −0.25"),
    ),
)
