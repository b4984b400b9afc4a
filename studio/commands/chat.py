"""`main.py chat MODEL`: talk to a model in a terminal."""

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.commands import DONE, Command, UsageError, say
from studio.commands.generate import add_model, add_sampling, find_checkpoint, sampling_of
from studio.core.errors import StudioError

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.config import Sampling
    from studio.prompts import Prompt, Turn

HELP = """/system TEXT   set the system text; without TEXT show it
/reset         forget what was said
/save FILE.md  write the conversation to a file
/help          this
Ctrl+C stops an answer, Ctrl+D ends. A line that begins with // is said with one / less."""
_NAMES = {"system": "System", "user": "You", "assistant": "Model"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which model, how it is talked to, and the knobs of sampling."""
    from studio.core.config import Sampling

    add_model(parser)
    add_talking(parser)
    parser.add_argument("--system", default="", metavar="TEXT", help="what the model is told before everything else")
    add_sampling(parser, Sampling(tokens=512), without=("samples",))


def add_talking(parser: argparse.ArgumentParser) -> None:
    """By which template, and how much an adapter counts."""
    parser.add_argument("--template", default="", metavar="NAME", help="how it is asked, if not as it was taught")
    parser.add_argument("--strength", type=float, metavar="S", help="how much its adapter counts: 0 is the base alone")


def run(options: argparse.Namespace) -> int:
    """Ask, answer, until the input ends."""
    sampling = sampling_of(options)
    model, prompt = opened(options)
    talk = Conversation(model, prompt, sampling, options.system)
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):  # arrow keys and earlier lines; Windows has its own
            import readline  # noqa: F401
        say(f"{model.title or options.model}, asked as “{prompt.label}”. /help says what else there is.")
    while (line := _line()) is not None:
        try:
            _do(talk, line)
        except StudioError as error:
            say(f"{error.message} {error.hint}".strip())
    return DONE


def opened(options: argparse.Namespace) -> "tuple[Any, Prompt]":
    """The model, with its adapter as strong as wished, and the template that it is asked by."""
    from studio.core.shelf import resolve
    from studio.store.own_prompts import find_prompt

    model = resolve("studio.engine.loaded:open_model")(find_checkpoint(options.model, options.project))
    if options.strength is not None:
        if not model.adapters():
            raise UsageError("This model has no adapter whose strength could be set.", "Leave --strength out.")
        model.use(model.adapters()[-1], options.strength)
    if options.template:
        return model, find_prompt(Path(options.project or ""), options.template, model.template_text)
    return model, resolve("studio.engine.chat:default_prompt")(model)


@dataclass
class Conversation:
    """What was said so far, and to whom."""

    model: Any
    prompt: "Prompt"
    sampling: "Sampling"
    system: str = ""
    said: "list[Turn]" = field(default_factory=list)
    told: bool = False  # that the beginning is forgotten

    @property
    def turns(self) -> "tuple[Turn, ...]":
        """All of it, the system text first."""
        from studio.prompts import Turn

        return (*([Turn("system", self.system)] if self.system else []), *self.said)

    def ask(self, text: str, control: "RunControl") -> Iterator[str]:
        """The answer, piece by piece; a question that gets none is not kept."""
        from studio.core.shelf import resolve
        from studio.prompts import Turn

        self.said.append(Turn("user", text))
        answer = ""
        try:
            use = resolve("studio.engine.chat:context_of")(self.model, self.prompt, self.turns, self.sampling.tokens)
            if use.kept_from and not self.told:
                say("The context is full: from now on the beginning of this conversation is forgotten.")
                self.told = True
            reply = resolve("studio.engine.chat:reply")
            for piece in reply(self.model, self.prompt, self.turns, self.sampling, control):
                answer += piece.text
                yield piece.text
        finally:
            if answer:
                self.said.append(Turn("assistant", answer.strip()))
            else:
                self.said.pop()


def _line() -> str | None:
    """What was typed, or None at the end of the input; Ctrl+C only takes back the line."""
    while True:
        try:
            return input("\n> " if sys.stdin.isatty() else "")
        except EOFError:
            if sys.stdin.isatty():
                say("")  # what the shell says next begins on a line of its own
            return None
        except KeyboardInterrupt:
            say("\nCtrl+D ends the conversation.")


def _do(talk: Conversation, line: str) -> None:
    """Obey a line that begins with a stroke, answer every other one."""
    from studio.core.channel import RunControl

    words = line.strip()
    if words.startswith("/") and not words.startswith("//"):
        _command(talk, *words.partition(" ")[::2])
    elif words:
        control = RunControl()
        with stopped_by_ctrl_c(control):
            _show(talk.ask(words.removeprefix("/") if words.startswith("//") else line, control))


def _show(pieces: Iterator[str]) -> None:
    """The answer as it comes; what would act on the terminal is shown as a mark."""
    from studio.talking.clean_text import Joiner

    joiner = Joiner()
    for piece in pieces:
        print(joiner.take(piece), end="", flush=True)
    print(joiner.flush(), flush=True)


@contextlib.contextmanager
def stopped_by_ctrl_c(control: "RunControl") -> Iterator[None]:
    """Ctrl+C ends the answer; a second one, should the model not let go, the program."""

    def asked(number: int, frame: object) -> None:
        if control.stopping:
            raise KeyboardInterrupt
        control.stop(save=False)

    before: Any = signal.signal(signal.SIGINT, asked)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _command(talk: Conversation, name: str, rest: str) -> None:
    match name:
        case "/system":
            talk.system = rest.strip() or talk.system
            say(f"System: {talk.system}" if talk.system else "There is no system text. /system TEXT sets one.")
        case "/reset":
            talk.said.clear()
            talk.told = False
            say("Everything that was said is forgotten.")
        case "/save":
            _save(talk.turns, rest.strip())
        case "/help":
            say(HELP)
        case _:
            say(f"There is no {name}. /help says what there is; // at the beginning says a line that begins with /.")


def _save(turns: "Sequence[Turn]", name: str) -> None:
    """The conversation as Markdown; a file that is there stays as it is."""
    from studio.store.files import write_atomically

    path = Path(name).expanduser()
    if not name or path.exists():
        raise StudioError(f"“{name}” is there already." if name else "Say where: /save FILE.md", "Choose a new name.")
    parts = [f"## {_NAMES[turn.role]}\n\n{turn.text.strip()}\n" for turn in turns]
    write_atomically(path, "\n".join(parts))
    say(f"{len(turns):,} turns are in {path}.")


COMMAND = Command("chat", "talk to a trained model in the terminal", add_options, run)
