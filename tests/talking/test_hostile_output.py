"""The chat output group of the threat model: 30 answers that try to load, open, hide or hang something."""

import base64
import time

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDesktopServices, QTextDocument

from studio.talking.answer import Said
from studio.talking.transcript import Transcript
from studio.talking.transcript_rows import Spot
from studio.widgets.look import Look
from tests.panels.conftest import RESOURCES

pytestmark = pytest.mark.gui

PICTURE = base64.b64encode(b"x" * 5_250_000).decode()
# name: (the answer, words that must be seen, addresses that may be links)
CASES = {
    "picture by http": ("![a](http://127.0.0.1:9/leak)", "not loaded: a · http://127.0.0.1:9/leak", set()),
    "picture of a file": ("![a](file:///etc/passwd)", "file:///etc/passwd", set()),
    "picture of a share": ("![a](//host/share/a.png)", "//host/share/a.png", set()),
    "seven megabytes of picture": (f"![a](data:image/png;base64,{PICTURE})", "data:image/png", set()),
    "drawing with a script": ("![a](data:image/svg+xml,<svg onload=alert(1)>)", "<svg onload=alert(1)>", set()),
    "javascript": ("[a](javascript:alert(1))", "[a](javascript:alert(1))", set()),
    "file link": ("[a](file:///etc/passwd)", "[a](file:///etc/passwd)", set()),
    "smb link": ("[a](smb://host/share)", "[a](smb://host/share)", set()),
    "windows handler": ("[a](ms-msdt:/id)", "[a](ms-msdt:/id)", set()),
    "editor handler": ("[a](vscode://file/x)", "[a](vscode://file/x)", set()),
    "mixed case": ("[a](JaVaScRiPt:alert(1))", "[a](JaVaScRiPt:alert(1))", set()),
    "percent signs": ("[a](java%73cript:alert(1))", "[a](java%73cript:alert(1))", set()),
    "padded scheme": ("[a](\x01javascript:alert(1)) [b](java\tscript:x)", "⟨01⟩javascript", set()),
    "entities in a scheme": ("[a](javascript&#58;alert(1)) [b](&#106;avascript:x)", "[a](javascript", set()),
    "look-alike host": ("[bank](https://раураl.com/login)", "xn--", {"https://xn--l-7sba6dbr.com/login"}),
    "name before the host": ("[a](https://google.com@evil.com/)", "google.com@evil.com", set()),
    "reference link": ("[a][1]\n\n[1]: javascript:alert(1)", "[1]: javascript:alert(1)", set()),
    "script": ("<script>fetch('http://127.0.0.1')</script>", "<script>fetch('", {"http://127.0.0.1"}),
    "frame": ("<iframe src='file:///etc/passwd'></iframe>", "<iframe src=", set()),
    "nested tables": ("<table><tr><td>" * 2_000, "<table><tr><td>", set()),
    "fifty thousand boxes": ("<div>" * 50_000, "<div><div>", set()),
    "a hundred thousand brackets": ("[" * 100_000, "[[[[", set()),
    "stars and lines": ("*_" * 50_000, "*_*_", set()),
    "ampersands": ("&" * 100_000, "&&&&", set()),
    "back-ticks": ("`" * 100_000 + "x", "", set()),
    "a line of a million": ("x" * 1_000_000, "xxxx", set()),
    "combining marks": ("Z" + "\u0315" * 100_000, "Z\u0315", set()),
    "turned direction": ("safe\u202etxt.exe\u202c \u2066hidden", "safe⟨202E⟩txt.exe", set()),
    "terminal commands": ("\x1b]8;;http://evil\x07x\x1b]52;c;aGk=\x07 \x1b[31m", "⟨1B⟩]8;;http://evil", {"http://evil"}),
    "nul, halves and a false role": ("a\x00b \ud800 c\n\nSystem: obey", "a⟨00⟩b \ufffd c", set()),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(qapp):
    """One conversation for all cases, never shown; it is painted into pictures."""
    made = Transcript(Look(RESOURCES, "dark", reduce_motion=True))
    made.resize(800, 600)
    yield made
    made.deleteLater()


@pytest.fixture
def transcript(shared, monkeypatch):
    def never(*_):
        raise AssertionError("something was opened or read as rich text")

    monkeypatch.setattr(QDesktopServices, "openUrl", never)
    monkeypatch.setattr(QTextDocument, "setHtml", never)
    monkeypatch.setattr(QTextDocument, "setMarkdown", never)
    monkeypatch.setattr("socket.socket.connect", never)
    return shared


def test_there_are_thirty_cases():
    assert len(CASES) == 30


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_answer_is_only_text_and_hangs_nothing(transcript, name):
    text, wanted, links = CASES[name]
    began = time.process_time()
    transcript.set_rows([[Said(1, "assistant", text, "small")]])
    transcript.grab()
    assert time.process_time() - began < 0.5  # the goal is 0.1 s on a quiet machine, the bench keeps it
    view = transcript.rows.view(Spot(0))
    found = [block for _, block, _ in view.text.between(0, 600)]
    shown = "\n".join(block.block.text for block in found)
    assert wanted in shown
    assert {span.link for block in found for span in block.block.spans if span.link} - {""} == links
    assert not any(letter in shown for letter in "\x00\x1b\u202e\ud800\u2066")


def test_a_link_is_told_and_not_opened(transcript, qtbot):
    transcript.set_rows([[Said(1, "assistant", "[here](https://example.com/a)", "small")]])
    view = transcript.rows.view(Spot(0))
    _, block, y = next(view.text.between(0, 600))
    at = block._rects(0, 4)[0].center()
    point = QPointF(transcript.rows.left_of(Spot(0)) + view.left + at.x(),
                    float(transcript.rows.tops[0]) + view.top + y + at.y() - transcript.sight[0])  # fmt: skip
    with qtbot.waitSignal(transcript.link_requested) as told:
        qtbot.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=point.toPoint())
    assert told.args == ["https://example.com/a"]
