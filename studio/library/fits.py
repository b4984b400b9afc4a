"""Will a model fit into the memory that is free here, said in a mark, a word and a sentence."""

from dataclasses import dataclass

from studio.core.config import ModelConfig
from studio.core.fit import Need, to_adapt, to_chat, to_train, ways_to_chat
from studio.core.language import tr
from studio.parts.wording import count, disk_size

RANK = 8  # of the adapter that is reckoned with
WAYS = ("chat", "train", "lora", "qlora")
_KINDS = {"f16": "f16", "bf16": "bf16", "int8": "int8", "4bit": "4 bit", "fp32": "fp32"}
LABELS = {"chat": "Chat", "train": "Train", "lora": "LoRA", "qlora": "QLoRA"}
MARKS = {"fits": ("●", "good"), "tight": ("◐", "warning"), "too large": ("○", "text_disabled")}


@dataclass(frozen=True)
class Fit:
    """One way to use a model: "fits", "tight" or "too large", the bytes it needs, and a sentence about it."""

    verdict: str
    need: int
    sentence: str

    @property
    def mark(self) -> str:
        """A full, half or empty circle: told apart without colour."""
        return MARKS[self.verdict][0]

    @property
    def role(self) -> str:
        """The mark's colour."""
        return MARKS[self.verdict][1]


def fits_of(model: ModelConfig, free: int, whose: str) -> dict[str, Fit]:
    """For each of `WAYS`, with `free` bytes of memory on `whose` device."""
    values = {"free": disk_size(free), "whose": whose}
    training = to_train(model, 1)
    words = tr("Training all its weights needs {need} with one text at a time", need=disk_size(training.total))
    return {
        "chat": _chat(model, free, values),
        "train": _fit(training, free, words, values),
        "lora": _adapter(model, "bf16", tr("LoRA"), free, values),
        "qlora": _adapter(model, "4bit", tr("QLoRA"), free, values),
    }


def _chat(model: ModelConfig, free: int, values: dict[str, str]) -> Fit:
    """Atelier computes in fp32 first; where its whole context is too much, a shorter one may do."""
    need = to_chat(model)
    words = tr("Chat needs {need}: weights in fp32 and {context} tokens of context",
               need=disk_size(need.total), context=count(model.context_length))  # fmt: skip
    found = _fit(need, free, words, values)
    if found.verdict != "too large":
        return found
    ways = ways_to_chat(model, free)
    shorter = next((way for way in ways if way.kind == "fp32"), None)
    if shorter is not None:
        room = tr("With {context} tokens it needs {need}.",
                  context=count(shorter.context), need=disk_size(shorter.need.total))  # fmt: skip
        return Fit("tight", shorter.need.total, f"{found.sentence} {room}")
    if ways:
        room = tr("It would fit in {kind} with {context} tokens: {need}.", kind=_KINDS[ways[0].kind],
                  context=count(ways[0].context), need=disk_size(ways[0].need.total))  # fmt: skip
    else:
        room = tr("It would not fit in any format; choose a smaller model.")
    return Fit("too large", need.total, f"{found.sentence} {room}")


def _adapter(model: ModelConfig, kind: str, label: str, free: int, values: dict[str, str]) -> Fit:
    need = to_adapt(model, 1, RANK, kind)
    words = tr("{way} of rank {rank} needs {need} beside frozen weights in {kind}, with one text at a time",
               way=label, rank=RANK, need=disk_size(need.total), kind=_KINDS[kind])  # fmt: skip
    return _fit(need, free, words, values)


def _fit(need: Need, free: int, words: str, values: dict[str, str]) -> Fit:
    verdict = need.verdict(free)
    ending = {
        "fits": tr("; {free} are free on {whose}.", **values),
        "tight": tr("; only {free} are free on {whose}, so it may fail.", **values),
        "too large": tr("; only {free} are free on {whose}.", **values),
    }
    return Fit(verdict, need.total, words + ending[verdict])
