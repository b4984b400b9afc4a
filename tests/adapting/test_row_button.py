"""A row of one's own as the example of a training step."""

from typing import Any

import pytest

from studio.adapting.row_button import RowButton, drawn, example_of
from studio.core.errors import StudioError
from studio.rows.kinds import Reading

pytestmark = pytest.mark.gui


@pytest.mark.parametrize(
    ("kind", "values", "wanted"),
    [
        ("completion", {"prompt": "A lamp.\n\nPrice is $", "completion": "42"}, ("A lamp. Price is $", "42")),
        ("alpaca", {"instruction": "Add", "input": "1 and 2", "output": "3"}, ("Add 1 and 2", " 3")),
        ("preference", {"prompt": "Hi", "chosen": "Hello!", "rejected": "no"}, ("Hi", " Hello!")),
        ("labelled", {"text": "win now", "label": "spam"}, ("win now", " spam")),
        ("text", {"text": "Once upon\na time"}, ("Once upon a time", "")),
    ],
)
def test_each_kind_of_row_says_what_is_read_and_what_is_learned(kind: str, values: Any, wanted: tuple[str, str]):
    assert example_of(Reading(kind, {name: name for name in values}), values) == wanted


def test_a_row_without_an_answer_is_refused():
    with pytest.raises(StudioError, match="nothing to learn"):
        example_of(Reading("labelled", {"text": "text", "label": "label"}), {"text": "win", "label": ""})
    with pytest.raises(StudioError, match="nothing to learn"):
        example_of(Reading("labelled", {"text": "text"}), {"text": "win"})  # nobody has said which column it is
    with pytest.raises(StudioError, match="no text"):
        example_of(Reading("text", {"text": "text"}), {"text": " "})


def test_a_dataset_is_chosen_and_each_time_another_row_is_drawn(
    session: Any, look: Any, scripted_run: Any, qtbot: Any, tmp_path: Any
):
    button = RowButton(session, look)
    qtbot.addWidget(button)
    assert not button.menu_of_datasets().actions()[0].isEnabled()
    lines = [f"{('ham', 'spam')[number % 2]},text {number}" for number in range(50)]
    (tmp_path / "sms.csv").write_text("label,text\n" + "\n".join(lines), "utf-8")
    session.project.add_dataset(tmp_path / "sms.csv")
    found: list[tuple[str, str]] = []
    button.picked.connect(lambda text, answer: found.append((text, answer)))
    for _ in range(2):
        (action,) = button.menu_of_datasets().actions()
        assert action.text() == "sms"
        action.trigger()
        scripted_run.settle()
    assert found == [drawn(session.project, "sms", 1), drawn(session.project, "sms", 2)]
    assert found[0] != found[1]
    assert found[0][1] in (" ham", " spam")
