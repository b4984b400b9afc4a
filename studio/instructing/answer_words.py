"""What stands where answers will be: why there are none yet, and what asking for them does. No Qt."""

from studio.core.language import tr
from studio.live.run_model import RunModel

GIVING, SOUGHT, UNASKED = "giving", "sought", "unasked"


def waiting_words(run: RunModel, split: str, of_base: bool, state: str) -> tuple[str, str]:
    """A headline and a sentence; answers are being given, are looked for on the disk, or nobody has asked for them."""
    if state == GIVING:
        about = tr("One row after the other, always the likeliest token. What is answered is kept if you stop.")
        return tr("The model answers…"), about
    if state == SOUGHT:
        return tr("Looking for answers…"), ""
    if of_base:
        return (
            tr("The model it began as has not been asked"),
            tr("“{name}” answers the same rows, laid out by the same template; then you see what the tuning changed, "
               "and can vote blind between both.", name=run.config.start_from),
        )  # fmt: skip
    if split == "test":
        return (
            tr("The test rows have not been asked"),
            tr("Ask them once, when nothing is left to choose. Whoever chooses by them has no test any more."),
        )
    return (
        tr("Not asked yet"),
        tr("The best checkpoint of “{name}” answers every held-back row; then you see how often it is right.",
           name=run.name),
    )  # fmt: skip
