"""Talking in a terminal: what is typed, what is said, and the small commands between."""

import io
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import commands
from studio.commands import chat
from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.prompts import Prompt, Turn


class Echo:
    """A model that repeats the last question with what it was told; `heard` is all that it was asked."""

    title, template, template_text = "tale · step 9", "", ""
    adapted = False

    def __init__(self) -> None:
        self.heard: list[tuple[Turn, ...]] = []
        self.sampling = Sampling()
        self.strength: tuple[str, float] | None = None
        self.interrupt = 0  # how often Ctrl+C is pressed during an answer
        self.forgets = 0

    def adapters(self) -> tuple[str, ...]:
        return ("thin",) if self.adapted else ()

    def use(self, name: str, strength: float) -> None:
        self.strength = (name, strength)

    def reply(
        self, model: object, prompt: Prompt, turns: Sequence[Turn], sampling: Sampling, control: RunControl
    ) -> Iterator[Any]:
        self.heard.append(tuple(turns))
        self.sampling = sampling
        for piece in (f"{prompt.name}: ", turns[-1].text, "\x1b[31m!"):
            yield SimpleNamespace(text=piece)
            for _ in range(self.interrupt):
                signal.raise_signal(signal.SIGINT)
            if not control.keep_going():
                return

    def context_of(self, model: object, prompt: Prompt, turns: Sequence[Turn], longest: int) -> Any:
        if turns[-1].text == "too long":
            raise StudioError("It takes 9 tokens.", "Shorten it.")
        return SimpleNamespace(kept_from=self.forgets)


Talk = Callable[..., tuple[int, str, str]]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    from studio.core import shelf

    echo = Echo()
    known = {
        "studio.engine.loaded:open_model": lambda folder: echo,
        "studio.engine.chat:default_prompt": lambda model: PROMPTS.load("plain"),
        "studio.engine.chat:reply": echo.reply,
        "studio.engine.chat:context_of": echo.context_of,
    }
    monkeypatch.setattr(shelf, "resolve", known.__getitem__)
    monkeypatch.setattr(chat, "find_checkpoint", lambda model, project: Path(model))
    return echo


@pytest.fixture
def talk(echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Type these lines; the exit code, what went to standard output, and what to standard error."""

    def talk(*lines: str, options: Sequence[str] = ()) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = commands.main(["chat", "tale", *options])
        return code, *capsys.readouterr()

    return talk


def test_every_line_is_answered_with_all_that_was_said_before(talk: Talk, echo: Echo) -> None:
    code, out, _ = talk("Hello.", "", "And then?")
    assert code == 0
    assert out == "plain: Hello.⟨1B⟩[31m!\nplain: And then?⟨1B⟩[31m!\n"
    assert [(turn.role, turn.text) for turn in echo.heard[1]] == [
        ("user", "Hello."), ("assistant", "plain: Hello.\x1b[31m!"), ("user", "And then?"),
    ]  # fmt: skip


def test_the_knobs_of_sampling_and_a_system_text_are_options(talk: Talk, echo: Echo) -> None:
    talk("Hi.", options=["--temperature", "0", "--top-k", "3", "--stop", "\\n", "--system", "Be kind."])
    assert echo.sampling == Sampling(tokens=512, temperature=0.0, top_k=3, stop=("\n",))
    assert echo.heard[0][0] == Turn("system", "Be kind.")


def test_another_template_can_be_chosen(talk: Talk) -> None:
    assert talk("Hi.", options=["--template", "chatml"])[1].startswith("chatml: Hi.")
    code, _, error = talk(options=["--template", "nothing", "--project", "/nowhere"])
    assert (code, "no template called “nothing”" in error) == (1, True)


def test_the_adapter_counts_as_much_as_wished(talk: Talk, echo: Echo) -> None:
    code, _, error = talk(options=["--strength", "0.5"])
    assert (code, "no adapter" in error) == (2, True)
    echo.adapted = True
    assert talk(options=["--strength", "0.5"])[0] == 0
    assert echo.strength == ("thin", 0.5)


def test_the_system_text_can_be_changed_and_everything_said_forgotten(talk: Talk, echo: Echo) -> None:
    _, _, error = talk("/system", "/system Be brief.", "One.", "/reset", "Two.")
    assert "There is no system text" in error
    assert echo.heard[1] == (Turn("system", "Be brief."), Turn("user", "Two."))


def test_a_conversation_is_saved_and_nothing_overwritten(talk: Talk, tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    _, _, error = talk("Hello.", f"/save {file}", f"/save {file}", "/save")
    assert file.read_text("utf-8") == "## You\n\nHello.\n\n## Model\n\nplain: Hello.\x1b[31m!\n"
    assert "there already" in error
    assert "Say where" in error


def test_ctrl_c_stops_an_answer_and_not_the_program(talk: Talk, echo: Echo) -> None:
    before = signal.getsignal(signal.SIGINT)
    echo.interrupt = 1
    code, out, _ = talk("Hello.", "Again.")
    assert (code, out) == (0, "plain: \nplain: \n")
    assert echo.heard[1][1] == Turn("assistant", "plain:")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_ends_a_model_that_does_not_let_go(talk: Talk, echo: Echo) -> None:
    echo.interrupt = 2
    assert talk("Hello.", "Again.")[0] == commands.STOPPED
    assert len(echo.heard) == 1


def test_ctrl_c_while_typing_only_says_how_to_end(talk: Talk, echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[Any] = [KeyboardInterrupt, "Hello.", EOFError]

    def type_line(words: str) -> str:
        line = typed.pop(0)
        if isinstance(line, str):
            return line
        raise line

    monkeypatch.setattr("builtins.input", type_line)
    code, out, error = talk()
    assert (code, "Ctrl+D ends" in error) == (0, True)
    assert "plain: Hello." in out


def test_a_question_that_cannot_be_answered_is_told_and_not_kept(talk: Talk, echo: Echo) -> None:
    _, _, error = talk("too long", "Hello.")
    assert "It takes 9 tokens. Shorten it." in error
    assert echo.heard == [(Turn("user", "Hello."),)]


def test_it_is_said_once_that_the_beginning_is_forgotten(talk: Talk, echo: Echo) -> None:
    echo.forgets = 2
    assert talk("One.", "Two.")[2].count("forgotten") == 1


def test_a_line_may_begin_with_a_stroke(talk: Talk, echo: Echo) -> None:
    _, _, error = talk("//well", "/well", "/help")
    assert echo.heard == [(Turn("user", "/well"),)]
    assert "There is no /well" in error
    assert "/save FILE.md" in error
