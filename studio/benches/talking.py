"""The conversation of the Chat page: ten thousand messages opened, a long answer that streams, hostile answers.

Figures are processor time of the GUI thread; the slowest append counts, not the usual one.
"""

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, busy

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from studio.talking.transcript import Transcript

MESSAGES, LETTERS = 10_000, 100_000
OPENS, APPENDS, HANGS = 300.0, 4.0, 100.0  # milliseconds
TOKEN, FRAME = 4, 8  # letters of a token, and tokens that come in one frame of 40 ms: 200 in a second
SIZE = (1_100, 800)
PROSE = "The harbour was quiet and the ships lay still, while Mira counted the **{n} lanterns** along `quay {n}`. "
TEXTS = {  # `{n}` is another number every time, so that nothing was read before
    "paragraphs": PROSE * 3 + "\n\n",
    "one line without an end": PROSE,
    "a list": "- item **{n}** `x` and some more words\n",
    "code": "```python\ndef f{n}(x):\n    return [n for n in range(x)]\n```\nand so on\n\n",
    "one block of code": "    return [n for n in range(10)]  # line {n}\n",
    "a table": "| {n} | **two** | three `four` |\n",
    "stars and ticks": "*a _b `c ",
    "brackets": "[",
}
HEADS = {"one block of code": "```python\n", "a table": "| a | b | c |\n|---|---|---|\n"}
HOSTILE = {
    "a line of a million": "x" * 1_000_000, "ten megabytes": "![a](data:image/png;base64," + "x" * 10_000_000,
    "brackets": "[" * 100_000, "pictures": "![" * 50_000, "stars": "*_" * 50_000, "quotes": ">" * 100_000,
    "a list": "1. a\n" * 20_000, "a table": "|a|b|\n|-|-|\n" + "|x|y|\n" * 16_000, "headings": "# a\n" * 25_000,
    "combining marks": "Z" + "\u0315" * 100_000, "tags": "<div>" * 20_000, "ticks": "` " * 50_000,
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """How much of each."""
    parser.add_argument("--messages", type=int, default=MESSAGES, help=f"that are opened (default: {MESSAGES:,})")
    parser.add_argument("--letters", type=int, default=LETTERS, help=f"of a streamed answer (default: {LETTERS:,})")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Opening, then streaming every kind of text, then hostile answers; offscreen without `QT_QPA_PLATFORM`."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from studio.app import make_application

    application = make_application(["atelier"])
    gc.disable()  # as in the window, which looks for garbage while nothing else happens
    transcript = make_transcript(application)
    rows = list(opening_rows(application, transcript, options.messages))
    for name, text in TEXTS.items():
        whole = (HEADS.get(name, "") + repeated(text, options.letters))[: options.letters]
        rows.append(streaming_row(application, transcript, name, whole))
    whole = repeated(TEXTS["paragraphs"], options.letters)
    rows.append(streaming_row(application, transcript, "coloured", whole, True))
    rows += hostile_rows(application, transcript)
    transcript.close()
    gc.enable()
    return rows


def repeated(text: str, letters: int) -> str:
    """A text again and again, numbered, until there are so many letters."""
    times = letters // len(text.replace("{n}", "0")) + 1
    return "".join(text.replace("{n}", str(n)) for n in range(times))[:letters]


def row(what: str, most: float, median: float, goal: float) -> dict[str, Any]:
    """One line of the table: milliseconds of processor time."""
    return {"what": what, "median_ms": median, "most_ms": most, "goal_ms": goal, "reached": most <= goal,
            "load": busy()}  # fmt: skip


def make_transcript(application: "QApplication") -> "Transcript":
    """A conversation in a window of its own, with the look of the studio."""
    from studio.store.places import places
    from studio.talking.transcript import Transcript
    from studio.widgets.look import Look, load_fonts

    resources = places().resources
    load_fonts(resources / "fonts")
    look = Look(resources, "dark", reduce_motion=True, parent=application)
    made = Transcript(look)
    made.setStyleSheet(look.style_sheet())
    made.resize(*SIZE)
    made.show()
    application.processEvents()
    return made


def opening_rows(
    application: "QApplication", transcript: "Transcript", messages: int, times: int = 3
) -> Iterator[dict[str, Any]]:
    """From the list of messages to the painted end of the conversation, and a page further up."""
    from studio.talking.answer import Said

    opened, pages = [], []
    for _ in range(times):
        texts = [repeated(PROSE, 100 * (1 + n)) for n in range(4)]
        said = [[Said(n, ("user", "assistant")[n % 2], texts[n % 4], "small")] for n in range(messages)]
        opened.append(spent(application, transcript.set_rows, said))
        bar = transcript.verticalScrollBar()
        pages += [spent(application, bar.setValue, bar.value() - bar.pageStep()) for _ in range(10)]
    yield row(f"opening {messages:,} messages", max(opened), statistics.median(opened), OPENS)
    yield row("a page further up", max(pages), statistics.median(pages), HANGS)


def spent(application: "QApplication", act: Callable[..., object], *arguments: object) -> float:
    """Milliseconds of this thread until everything that `act` set off is painted."""
    began = time.thread_time()
    act(*arguments)
    application.processEvents()
    return 1000 * (time.thread_time() - began)


def streaming_row(
    application: "QApplication", transcript: "Transcript", name: str, text: str, colored: bool = False
) -> dict[str, Any]:
    """Every append by itself; between two of them the page is painted, which is not part of the figure."""
    from studio.talking.answer import AnswerToken, Said

    transcript.set_colored(colored)
    said = Said(2, "assistant", "", "small", growing=True)
    transcript.set_rows([[Said(1, "user", "go")]])
    transcript.append_row([said])
    step, times = TOKEN * FRAME, []
    for frame, at in enumerate(range(0, len(text), step)):
        part = text[at : at + step]
        tokens = [AnswerToken(part[n : n + TOKEN], 1, 0.3) for n in range(0, len(part), TOKEN)]
        said.text += part
        said.tokens.extend(tokens)
        began = time.thread_time()
        transcript.add(0, tokens)
        times.append(1000 * (time.thread_time() - began))
        if frame % 25 == 0:
            application.processEvents()
    transcript.finish()
    application.processEvents()
    return row(f"append to {len(text):,} letters, {name}", max(times), statistics.median(times), APPENDS)


def hostile_rows(application: "QApplication", transcript: "Transcript") -> Iterator[dict[str, Any]]:
    """From a hostile answer to its painted end."""
    from studio.talking.answer import Said

    transcript.set_colored(False)
    for name, text in HOSTILE.items():
        rows = [[Said(1, "assistant", text, "small")]]
        most = spent(application, transcript.set_rows, rows)
        yield row(f"hostile: {name}", most, most, HANGS)
    transcript.set_rows([])


BENCH = Bench("talking", "a conversation: opening, streaming, hostile answers", run, add_options)
