"""The fifth lesson: embeddings."""

from studio.lessons import Exercise, Lesson

LESSON = Lesson(
    name="token_vector",
    number=5,
    title="A token as a vector",
    words=(
        "An id means nothing by itself: 12 is not closer to 13 than to 40. So each id gets a row of numbers that can "
        "learn, and each place in the text another one. Their sum is what the model reads."
    ),
    view="studio.teaching.vectors_view:VectorsView",
    exercises=(
        Exercise(
            "The token's row is [0.5, −0.2, 0.1], its place's [0.1, 0.3, −0.1]. What does the model read?",
            "studio.exercises.checks:sum_of_vectors",
            "three numbers",
        ),
        Exercise(
            "GPT-2 has 1,024 places and a width of 768: how many weights is its table of places?",
            "studio.exercises.checks:table_size",
            "a number",
        ),
    ),
)
