"""What a run says about itself: small frozen facts, each one JSON line of the run's `events.jsonl`."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The engine is ready to compute; `resumed_from` is the checkpoint's step, or -1 for a fresh start."""

    step: int
    total_steps: int
    parameters: int
    tokens_per_step: int
    training_tokens: int
    validation_tokens: int
    device: str
    precision: str
    threads: int
    resumed_from: int = -1
    exact: bool = True  # whether a resumed run repeats the uninterrupted one bit for bit
    time: float = 0.0  # seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """What is going on before and between steps, with progress where it is known (`total` 0: unknown)."""

    phase: (
        str  # "loading torch", "reading text", "tokenizing", "building", "training", "measuring", "saving", "writing"
    )
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One optimizer step: `loss` is the mean over the step's real targets, before the step moved the weights."""

    step: int  # steps done so far; the first one is 1
    loss: float
    learning_rate: float
    gradient_norm: float  # before clipping
    tokens: int  # seen since the run's beginning
    tokens_per_second: float
    seconds: float  # computing time since the run's beginning, without pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationDone:
    """Mean loss per target over the measured batches of both sides, dropout off.

    `validation_accuracy` is the share of targets that were the likeliest token, where the objective counts it.
    """

    step: int
    training_loss: float
    validation_loss: float | None  # None when nothing is held back
    seconds: float
    validation_accuracy: float | None = None
    measures: dict[str, float] = field(default_factory=dict)  # on the held-back side, and of an adapter's change


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleWritten:
    """A text the model wrote at `step`, without its prompt, and the rule that chose its tokens."""

    step: int
    prompt: str
    text: str
    tokens: int
    temperature: float
    top_k: int
    seed: int
    asked: bool = False  # by a person, rather than by the interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved:
    """A checkpoint folder is complete on disk."""

    step: int
    folder: str  # its name inside the run's `checkpoints`
    bytes: int
    seconds: float
    validation_loss: float | None = None
    best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """The weights in training were looked at; what was seen is complete on disk."""

    step: int
    file: str  # its folder inside the run's
    seconds: float  # that it took
    bytes: int
    share: float = 0.0  # of the computing time since the start or resume that went into looking, this one included
    prompt: str = ""  # the text that a person asked for; empty for the one that is watched all along


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused:
    """The run waits at a step boundary; `reason` is "asked", "non-finite" or "disk"."""

    step: int
    reason: str = "asked"
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContinued:
    """The run goes on after a pause."""

    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something worth knowing that does not stop the run."""

    step: int
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last fact of a stream; `reason` is "finished", "stopped" or "failed"."""

    reason: str
    step: int
    message: str = ""
    hint: str = ""
    details: str = ""  # a traceback as text, for the log and "Copy details"
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event of a newer version: kept as it is, shown by nobody."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)


RunEvent = (
    RunStarted | PhaseChanged | StepDone | EvaluationDone | SampleWritten | CheckpointSaved
    | SnapshotTaken | RunPaused | RunContinued | Warned | RunEnded | Unknown
)  # fmt: skip

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        RunStarted, PhaseChanged, StepDone, EvaluationDone, SampleWritten, CheckpointSaved,
        SnapshotTaken, RunPaused, RunContinued, Warned, RunEnded,
    )
}  # fmt: skip


_FIELDS = {name: tuple(item.name for item in dataclasses.fields(kind)) for name, kind in _KINDS.items()}
_encode = json.JSONEncoder(ensure_ascii=False).encode  # made once: a run may tell thousands of events a second


def event_to_line(event: RunEvent) -> str:
    """One JSON line without its line end; floats keep every bit, and NaN or infinity is allowed."""
    if isinstance(event, Unknown):
        return _encode({"v": VERSION, "kind": event.kind, **event.fields})
    name = type(event).__name__
    return _encode({"v": VERSION, "kind": name} | {field: getattr(event, field) for field in _FIELDS[name]})


def event_from_line(line: str) -> RunEvent:
    """Read one line back; a kind or a field of a newer version is kept or left out, never an error."""
    data = json.loads(line)
    data.pop("v", None)
    name = data.pop("kind")
    kind = _KINDS.get(name)
    if kind is None:
        return Unknown(kind=name, fields=data)
    event: RunEvent = kind(**{field: data[field] for field in _FIELDS[name] if field in data})
    return event
