"""Stands where a loaded model and the engine's `reply` stand: says words, and can be made to think about the next."""

import threading
from types import SimpleNamespace

from studio.core.shelf import PROMPTS
from studio.tokenizers import make_tokenizer

ENOUGH = 5.0  # seconds after which a speaker that nobody wakes goes on by itself


class Speaker:
    """Wears adapters by name; `asked` keeps (adapter, strength, turns, sampling) of every reply."""

    def __init__(self, title="small-stories", adapters=(), template="", template_text=""):
        self.title, self.names = title, adapters
        self.template, self.template_text = template, template_text
        self.tokenizer = make_tokenizer("characters", ["abcdefghijklmnopqrstuvwxyz "])
        self.path, self.step, self.context_length = None, 0, 64
        self.device, self.precision, self.bytes = "cpu", "fp32", 1_000
        self.adapter, self.strength = None, 1.0
        self.asked, self.says = [], ["warm", " and", " cold"]
        self.free = threading.Event()
        self.free.set()
        self.gone = False
        self.holds = -1  # the token before which it waits until it is set `free`

    def adapters(self):
        return self.names

    def use(self, name, strength=1.0):
        self.adapter, self.strength = name, strength

    def precisions(self):
        return ("fp32",)

    def next_logits(self, prompt, keep_going):
        return None

    def unload(self):
        self.gone = True


def reply(model, prompt, turns, sampling, control):
    """Pieces as the engine gives them, ten rivals each."""
    model.asked.append((model.adapter, model.strength, turns, sampling))
    for place, text in enumerate(model.says):
        if place == model.holds:
            model.free.clear()
        model.free.wait(ENOUGH)
        if not control.keep_going():
            return
        rivals = tuple(
            SimpleNamespace(id=id, probability=0.5 / 2**id, removed=id > 7, raw=0.4 / 2**id, rank=id + 1)
            for id in range(10)
        )
        done = "end" if place + 1 == len(model.says) else ""
        yield SimpleNamespace(text=text, id=place, probability=0.5, entropy=1.0, done=done, rivals=rivals)


def context(model, prompt, turns, longest):
    """Four letters are a token here."""
    used = sum(len(turn.text) for turn in turns) // 4
    return SimpleNamespace(tokens=used, room=64, reserved=longest, kept_from=1 if used > 64 else 0)


def plain(model):
    """What a model without a word about itself is talked to with."""
    return PROMPTS.load("plain")
