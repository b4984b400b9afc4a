"""The switch for other programs: off at first, tells what they need, and goes off with the model."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from studio.core.channel import RunControl
from studio.core.config import Sampling
from studio.parts import endpoint_card
from studio.parts.endpoint_card import EndpointCard, answering
from studio.prompts import Turn
from studio.widgets.button import Button
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
MODEL = SimpleNamespace(title="tale · step 9")


@pytest.fixture
def card(qtbot: QtBot, look: Look, scripted_run: Any) -> Iterator[EndpointCard]:
    made = EndpointCard(scripted_run.session, look)
    qtbot.addWidget(made)
    made.resize(600, 200)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    scripted_run.session.endpoint.stop()
    scripted_run.settle()


@pytest.fixture
def loaded(card: EndpointCard, monkeypatch: pytest.MonkeyPatch, scripted_run: Any) -> Any:
    """Pretends that a model is in memory."""

    def load(model: Any) -> None:
        monkeypatch.setattr(type(scripted_run.session), "loaded", property(lambda _session: model))
        scripted_run.session.changed.emit(frozenset({"loaded"}))

    load(MODEL)
    return load


def click(qtbot: QtBot, card: EndpointCard) -> None:
    qtbot.mouseClick(card.switch, Qt.MouseButton.LeftButton, pos=card.switch.rect().center())


def test_without_a_model_there_is_nothing_to_switch_on(qtbot: QtBot, card: EndpointCard, scripted_run: Any) -> None:
    assert not card.switch.isEnabled()
    assert "Load a model" in card.words.text()
    click(qtbot, card)
    assert not scripted_run.session.endpoint.running


def test_it_is_off_until_it_is_switched_on_and_then_says_how_to_ask(
    qtbot: QtBot, card: EndpointCard, loaded: Any, scripted_run: Any
) -> None:
    endpoint = scripted_run.session.endpoint
    assert (card.switch.value(), endpoint.running) == (False, False)
    assert not any(row.isVisible() for row in card.rows)
    click(qtbot, card)
    assert endpoint.running
    assert all(row.isVisible() for row in card.rows)
    assert (card.address.text(), card.token.text()) == (endpoint.address, endpoint.token)
    assert "“tale · step 9” answers" in card.words.text()


def test_address_and_token_can_be_copied(qtbot: QtBot, card: EndpointCard, loaded: Any) -> None:
    click(qtbot, card)
    for row, value in zip(card.rows, (card.address, card.token), strict=True):
        row.findChild(Button).click()
        assert QGuiApplication.clipboard().text() == value.text() != ""


def test_switched_off_it_shows_no_token_any_more(
    qtbot: QtBot, card: EndpointCard, loaded: Any, scripted_run: Any
) -> None:
    click(qtbot, card)
    click(qtbot, card)
    assert not scripted_run.session.endpoint.running
    assert (card.token.text(), card.rows[1].isVisible(), card.switch.value()) == ("", False, False)


@pytest.mark.parametrize("other", [None, SimpleNamespace(title="another")])
def test_it_goes_off_when_another_model_is_loaded_or_none(
    qtbot: QtBot, card: EndpointCard, loaded: Any, scripted_run: Any, other: Any
) -> None:
    click(qtbot, card)
    loaded(MODEL)
    assert scripted_run.session.endpoint.running
    loaded(other)
    assert not scripted_run.session.endpoint.running
    assert card.switch.isEnabled() == (other is not None)


def test_the_engine_answers_for_the_model_that_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(name: str) -> Any:
        assert name == "studio.engine.chat:serve_answers"
        return lambda model: lambda turns, sampling, control: iter([model.title, turns[0].text])

    monkeypatch.setattr(endpoint_card, "resolve", resolve)
    assert list(answering(MODEL)((Turn("user", "Hm?"),), Sampling(), RunControl())) == ["tale · step 9", "Hm?"]
