"""What a run learns, in words: its task, the model that task needs, and how a text of filled gaps is shown."""

import re
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.config import ModelConfig, RunConfig
from studio.core.events import SampleWritten
from studio.core.language import tr
from studio.core.shelf import FAMILIES, OBJECTIVES
from studio.live.run_model import RunModel
from studio.parts.plain_text import guarded
from studio.widgets.button import Button
from studio.widgets.label import Label
from studio.widgets.look import Look

FIELD = "objective"
WRITING_ONLY = ("sampling.tokens", "sampling.temperature", "sampling.top_k")  # of no use where gaps are filled
_GUESS = re.compile(r"\[[^\[\]]*\]")
NO_CHAT = "This model learned to fill gaps, not to write on, so there is nothing to chat with."

NO_CHAT_OF_CLASSES = "This model tells classes apart and writes nothing, so there is nothing to chat with."


@dataclass(frozen=True)
class Mismatch:
    """A task and a model that do not go together: why, and the family whose shape would."""

    reason: str
    family: str  # the name on the shelf
    label: str  # what people call it


def mismatch(config: RunConfig) -> Mismatch | None:
    """What must change before this model learns this task, or None; an unknown task is no matter of the model."""
    if config.objective not in OBJECTIVES.names():
        return None
    objective = OBJECTIVES.load(config.objective)
    if not (reason := objective.obstacle(config.model)):
        return None
    return Mismatch(reason, objective.family, FAMILIES.load(objective.family).label)


def switch_words(found: Mismatch) -> str:
    """What the button says that mends it."""
    return tr("Switch to {family} of this size", family=found.label)


def switched_words(found: Mismatch, model: ModelConfig) -> str:
    """What it did."""
    return tr(
        "The next run takes the shape of {family}: {layers} × {width}.",
        family=found.label, layers=model.n_layers, width=model.emb_dim,
    )  # fmt: skip


def tasks_of_texts() -> list[tuple[str, str]]:
    """The objectives that learn from a text, and so are chosen on the Pretrain page: name and label."""
    shelf = [OBJECTIVES.load(name) for name in OBJECTIVES.names()]
    return [(one.name, tr(one.label)) for one in sorted(shelf, key=lambda one: one.name != "pretrain") if not one.rows]


def fills_gaps(config: RunConfig) -> bool:
    """Whether such a run shows filled gaps instead of texts it wrote."""
    known = OBJECTIVES.load(config.objective) if config.objective in OBJECTIVES.names() else None
    return known is not None and not known.writes and known.rows is None


def sorts_rows(config: RunConfig) -> bool:
    """Whether such a run says classes of rows instead of words."""
    known = OBJECTIVES.load(config.objective) if config.objective in OBJECTIVES.names() else None
    return known is not None and not known.writes and known.rows is not None


def asks_questions(config: RunConfig) -> bool:
    """Whether such a run shows answers to fixed questions instead of texts that go on."""
    known = OBJECTIVES.load(config.objective) if config.objective in OBJECTIVES.names() else None
    return known is not None and known.questions is not None


def weighs_pairs(config: RunConfig) -> bool:
    """Whether such a run compares two answers, so that its measures are those of pairs."""
    return config.objective == "prefer"


def guesses_numbers(config: RunConfig) -> bool:
    """Whether such a run completes texts with numbers, so that how far off they are says more than a perplexity."""
    return config.objective == "regress"


def no_chat_words(run: RunModel | None) -> str:
    """Why a run's model cannot be chatted with; nothing where it can."""
    if run is None or run.writes:
        return ""
    return tr(NO_CHAT_OF_CLASSES if sorts_rows(run.config) else NO_CHAT)


class TaskNote(QWidget):
    """The line of help of the chosen task and, where the model is not made for it, what must change with a button."""

    switch_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.about, self.reason = Label("", "small", wrap=True), Label("", "warning", wrap=True)
        self.switch = Button("", self.switch_requested.emit, look).set_small()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.about)
        column.addWidget(self.reason)
        column.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignLeft)

    def set_config(self, config: RunConfig) -> None:
        """Tell about the task of `config`."""
        known = config.objective in OBJECTIVES.names()
        self.about.setText(tr(OBJECTIVES.load(config.objective).about) if known else "")
        found = mismatch(config)
        self.reason.setVisible(found is not None)
        self.switch.setVisible(found is not None)
        if found is not None:
            self.reason.setText(found.reason)
            self.switch.setText(switch_words(found))


@dataclass(frozen=True)
class Gaps:
    """A sample of filled gaps as it is read: the text, where each guess stands in it, and how many were right."""

    text: str
    guesses: tuple[tuple[int, int], ...]  # start and length, brackets included
    score: str


def gaps_of(sample: SampleWritten) -> Gaps:
    """Take a sample apart; brackets that belong to the text itself cannot be told from guesses, so none is marked."""
    whole = sample.prompt + sample.text
    text, _, score = whole.rpartition("\n\n")
    text = guarded(text or whole)
    found = tuple((match.start(), match.end() - match.start()) for match in _GUESS.finditer(text))
    return Gaps(text, found if len(found) == sample.tokens else (), score if text != whole else "")
