"""Answers added to a file of questions: every kind that asks, what does not is counted, nothing is overwritten."""

import json
import signal
from collections.abc import Iterator, Sequence
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

BOOK = [
    {"instruction": "Spell it.", "input": "Freind", "output": "Friend."},
    {"instruction": "Name a colour.", "input": "", "output": "Red."},
]


class Echo:
    """Answers with the whole last question; presses Ctrl+C at the word “stop”."""

    template_text = ""

    def __init__(self) -> None:
        self.sampling = Sampling()

    def reply(
        self, model: object, prompt: Prompt, turns: Sequence[Turn], sampling: Sampling, control: RunControl
    ) -> Iterator[Any]:
        self.sampling = sampling
        if turns[-1].text == "too long":
            raise StudioError("It takes 9 tokens.", "Shorten it.")
        if turns[-1].text == "stop":
            signal.raise_signal(signal.SIGINT)
        yield SimpleNamespace(text=f" {len(turns)} ")
        yield SimpleNamespace(text=turns[-1].whole + " ")


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    from studio.core import shelf

    echo = Echo()
    known = {
        "studio.engine.loaded:open_model": lambda folder: echo,
        "studio.engine.chat:default_prompt": lambda model: PROMPTS.load("plain"),
        "studio.engine.chat:reply": echo.reply,
    }
    monkeypatch.setattr(shelf, "resolve", known.__getitem__)
    monkeypatch.setattr(chat, "find_checkpoint", lambda model, project: Path(model))
    return echo


def answer(folder: Path, rows: Any, name: str = "in.json", *options: str) -> tuple[int, Any]:
    """Exit code, and the records that were written."""
    source, out = folder / name, folder / "out.json"
    source.write_text(rows if isinstance(rows, str) else json.dumps(rows), "utf-8")
    code = commands.main(["answer", "tale", "--file", str(source), "--out", str(out), *options])
    return code, json.loads(out.read_text("utf-8")) if out.exists() else None


def test_the_books_file_gets_a_response_for_each_record(tmp_path: Path, echo: Echo) -> None:
    code, found = answer(tmp_path, BOOK)
    assert code == 0
    said = ["1 Spell it.\nFreind", "1 Name a colour."]
    assert found == [{**row, "model_response": text} for row, text in zip(BOOK, said, strict=True)]
    assert echo.sampling == Sampling(tokens=256, temperature=0.0)


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("in.csv", "question\nHow?\n", "1 How?"),
        ("in.jsonl", '{"prompt": "Once"}\n', "1 Once"),
        ("in.json", [{"instruction": "Go.", "chosen": "a", "rejected": "b"}], "1 Go."),
        (
            "in.json",
            [{"messages": [{"role": "system", "content": "Be."}, {"role": "user", "content": "Hm?"}]}],
            "2 Hm?",
        ),
        ("in.json", [{"conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]}], "1 A"),
    ],
)
def test_every_kind_that_asks_is_answered_with_or_without_an_answer_in_it(
    tmp_path: Path, echo: Echo, name: str, rows: Any, said: str
) -> None:
    code, found = answer(tmp_path, rows, name)
    assert (code, [record["model_response"] for record in found]) == (0, [said])


def test_records_that_ask_nothing_or_too_much_are_counted_and_the_rest_goes_on(
    tmp_path: Path, echo: Echo, capsys: pytest.CaptureFixture[str]
) -> None:
    silent, long = {**BOOK[0], "instruction": ""}, {**BOOK[0], "instruction": "too long"}
    code, found = answer(tmp_path, [silent, *BOOK, long])
    error = capsys.readouterr().err
    assert (code, found[0], found[3]) == (0, silent, long)
    assert "1 without an answer: nothing is asked" in error
    assert "1 without an answer: It takes 9 tokens." in error
    assert "2 of 4 records are answered" in error


def test_nothing_is_overwritten(tmp_path: Path, echo: Echo, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out.json").write_text("[]", "utf-8")
    assert answer(tmp_path, BOOK) == (2, [])
    assert "there already" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told_before_the_work(tmp_path: Path, echo: Echo) -> None:
    assert commands.main(["answer", "tale", "--file", "x", "--out", str(tmp_path / "no" / "out.json")]) == 1


def test_a_file_that_asks_nothing_is_refused(tmp_path: Path, echo: Echo, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(tmp_path, "label,text\nham,Hello there my friend\n", "in.csv") == (1, None)
    assert "as a question" in capsys.readouterr().err


def test_ctrl_c_writes_nothing(tmp_path: Path, echo: Echo) -> None:
    code, found = answer(tmp_path, [*BOOK, {**BOOK[0], "instruction": "stop"}])
    assert (code, found) == (commands.STOPPED, None)


def test_every_hundredth_answer_is_told(tmp_path: Path, echo: Echo, capsys: pytest.CaptureFixture[str]) -> None:
    answer(tmp_path, [BOOK[0]] * 250)
    assert [line for line in capsys.readouterr().err.splitlines() if line.endswith("/250 answered")] == [
        "100/250 answered", "200/250 answered",
    ]  # fmt: skip
