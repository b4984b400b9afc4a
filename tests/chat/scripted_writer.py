"""Stands where the engine's `LoadedModel` stands; says letters, and can be made to think about the next one."""

import threading
from types import SimpleNamespace

import numpy as np

from studio.tokenizers import make_tokenizer

ENOUGH = 5.0  # seconds after which a model that nobody wakes goes on by itself


class ScriptedWriter:
    """`thinking` makes every token wait until it is set; `writing` says that a text is being written."""

    def __init__(self, folder):
        self.tokenizer = make_tokenizer("characters", ["abcdefgh "])
        self.step = int(folder.name.removeprefix("step-"))
        self.title = f"{folder.parent.parent.name} · step {self.step:,}"
        self.path = folder
        self.context_length = 32
        self.device, self.precision, self.bytes = "cpu", "fp32", 4_000_000
        self.ended = threading.Event()
        self.free = threading.Event()
        self.free.set()
        self.gone = False
        self._pace = threading.Event()  # never set: a token takes two milliseconds

    def complete(self, sampling, control):
        try:
            for place in range(sampling.tokens):
                self.free.wait(ENOUGH)
                if not control.keep_going():
                    return
                letter = SimpleNamespace(text="ab"[place % 2], id=place % 2, probability=0.5, done="")
                letter.sample, letter.rivals = 0, ()
                yield letter
                self._pace.wait(0.002)
        finally:
            self.ended.set()

    def next_logits(self, prompt, keep_going):
        ids = tuple(self.tokenizer.encode(prompt))
        return SimpleNamespace(ids=ids, logits=np.linspace(3, 0, 9)) if keep_going() else None

    def precisions(self):
        return ("fp32",)

    def unload(self):
        self.gone = True
