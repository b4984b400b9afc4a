"""Mixing: sources in and out, weights and a temperature, what comes of them before it is made, and the new text."""

from collections import Counter
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from studio.rows.kinds import Reading
from studio.store.corpus import END_OF_TEXT
from studio.store.mixed_texts import weigh
from studio.tables.mixing_dialog import MixingDialog
from studio.tables.mixing_rows import MixingRows, title_of
from studio.tables.workplace import Workplace
from tests.store.rows import dataset_of

pytestmark = pytest.mark.gui


@pytest.fixture
def sources(session: Any, tmp_path: Any) -> list[Any]:
    """A text of 100 words and a dataset of 300 rows, each of ten characters."""
    (tmp_path / "words.txt").write_text("\n\n".join(f"word{number:06d}" for number in range(100)), "utf-8")
    text = session.project.add_text([tmp_path / "words.txt"])
    rows = [{"text": f"rows{number:06d}"} for number in range(300)]
    return [text, dataset_of(session.project, rows, Reading("text", {"text": "text"}), "table")]


@pytest.fixture
def dialog(session: Any, look: Any, sources: list[Any], show: Any) -> MixingDialog:
    """All sources in, weighed."""
    dialog = MixingDialog(session, look, sources, sources)
    show(dialog)
    return dialog


def shares(dialog: MixingDialog) -> list[str]:
    return [line.share.text() for line in dialog.rows.lines]


def type_into(box: Any, words: str) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, words)


def test_weights_begin_as_sizes_and_the_mixture_as_long_as_all_of_them(dialog: MixingDialog) -> None:
    assert [line.name.text() for line in dialog.rows.lines] == ["words", "table@1"]
    assert [line.weight.value() for line in dialog.rows.lines] == [2.3, 6.9]
    assert [line.size.text() for line in dialog.rows.lines] == ["2.3 k", "6.9 k"]
    assert dialog.characters.value() == 9_200
    assert shares(dialog) == ["25 %", "75 %"]
    assert [line.read.text() for line in dialog.rows.lines] == ["1.00 ×", "1.00 ×"]
    assert [line.tokens.text() for line in dialog.rows.lines] == ["2.3 k", "6.9 k"]
    assert (dialog.button.text(), dialog.button.isEnabled()) == ("Make a text of 9.2 k characters", True)


def test_the_temperature_moves_the_shares_by_mouse_and_keyboard(dialog: MixingDialog) -> None:
    type_into(dialog.alpha.box, "0")
    assert shares(dialog) == ["50 %", "50 %"]
    assert dialog.rows.lines[0].read.text() == "2.00 ×"
    dialog.alpha.slider.setFocus()
    QTest.keyClick(dialog.alpha.slider, Qt.Key.Key_End)
    assert dialog.mixture.alpha == 2.0
    assert shares(dialog)[1] == "90 %"


def test_a_weight_is_typed_and_a_source_is_taken_out(dialog: MixingDialog) -> None:
    type_into(dialog.rows.lines[0].weight, "20.7")
    assert shares(dialog) == ["75 %", "25 %"]
    dialog.rows.lines[1].switch.setFocus()
    QTest.keyClick(dialog.rows.lines[1].switch, Qt.Key.Key_Space)
    assert shares(dialog) == ["100 %", ""]
    assert not dialog.rows.lines[1].weight.isEnabled()
    assert dialog.characters.value() == 2_300
    dialog.rows.lines[0].switch.click()
    assert not dialog.button.isEnabled()
    assert "do not make a mixture" in dialog.trouble.text()


def test_a_source_that_is_read_often_is_marked_and_too_often_is_refused(dialog: MixingDialog) -> None:
    type_into(dialog.characters, "40000")
    assert dialog.rows.lines[0].read.property("role") == "warning"
    assert "by heart" in dialog.rows.lines[0].read.toolTip()
    assert dialog.button.isEnabled()
    type_into(dialog.characters, "4000000")
    assert "more than 100 times" in dialog.trouble.text()
    assert not dialog.button.isEnabled()
    type_into(dialog.characters, "0")
    assert "at least one character" in dialog.trouble.text()
    type_into(dialog.characters, "many")
    assert dialog.trouble.text().startswith("Characters: ")


def test_the_button_makes_the_text_and_closes(dialog: MixingDialog, scripted_run: Any, session: Any) -> None:
    made: list[Any] = []
    dialog.made.connect(made.append)
    type_into(dialog.characters, "4600")
    type_into(dialog.alpha.box, "0")
    dialog.name.setText("both")
    QTest.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    assert not dialog.button.isEnabled()
    scripted_run.until(lambda: bool(made))
    text = session.project.text("both")
    assert text == made[0] or text.folder == made[0].folder
    kinds = Counter(document[:4] for document in text.path.read_text("utf-8").split(END_OF_TEXT))
    assert kinds == {"word": 100, "rows": 100}
    assert not dialog.isVisible()


def test_escape_calls_the_mixing_off_and_leaves_nothing(dialog: MixingDialog, scripted_run: Any, session: Any) -> None:
    dialog.make()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    scripted_run.settle()
    assert not dialog.isVisible()
    assert "Mixture" not in [text.name for text in session.project.texts()]


def test_a_refusal_is_said_in_the_dialog(dialog: MixingDialog, scripted_run: Any, sources: list[Any]) -> None:
    (sources[1].folder / "rows.jsonl").write_bytes(b"{\n")
    dialog.make()
    scripted_run.until(lambda: dialog.banner.isVisible())
    scripted_run.settle()
    assert "damaged" in dialog.banner.message.text()
    assert dialog.button.isEnabled()


def test_a_large_dataset_is_weighed_by_its_first_rows(
    session: Any, sources: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.store import mixed_texts

    monkeypatch.setattr(mixed_texts, "_FIRST_ROWS", 30)
    found = weigh(session.project, sources, "characters")
    assert [item.characters for item in found] == [2_300, 6_900]
    monkeypatch.setattr(mixed_texts, "_FIRST_DOCUMENTS", 30)
    assert weigh(session.project, sources[:1], "characters")[0].characters == pytest.approx(2_300, abs=5)
    assert all(item.tokens_per_character == pytest.approx(1, abs=0.001) for item in found)
    unknown = weigh(session.project, sources, "no such tokenizer")
    assert [item.tokens_per_character for item in unknown] == [None, None]


def test_without_a_tokenizer_no_tokens_are_claimed(session: Any, sources: list[Any], look: Any, show: Any) -> None:
    rows = MixingRows(look)
    rows.set_sources(sources, sources)
    show(rows)
    rows.set_weighed(weigh(session.project, sources, "no such tokenizer"))
    rows.show_parts([])
    assert [line.tokens.text() for line in rows.lines] == ["", ""]
    assert [title_of(source) for source in sources] == ["words", "table@1"]


def test_the_list_offers_mixing_from_two_sources_on(session: Any, look: Any, sources: list[Any], show: Any) -> None:
    work = Workplace(session, look)
    show(work)
    work.set_sources(sources[:1])
    assert not work.mix.isVisible()
    work.set_sources(sources)
    made: list[Any] = []
    work.made.connect(made.append)
    work.mix.click()
    dialog = work.findChild(MixingDialog)
    assert [line.name.text() for line in dialog.rows.lines] == ["words", "table@1"]
    dialog.made.emit("text")
    assert made == ["text"]
    dialog.reject()
