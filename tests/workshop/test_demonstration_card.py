"""The three experiments on their card: computed by name in the background, shown as they came."""

from dataclasses import dataclass

import pytest

from studio.core.config import ModelConfig
from studio.live.session import Session
from studio.workshop.demonstration_card import DemonstrationCard

pytestmark = pytest.mark.gui


@dataclass
class Normed:
    mean: tuple[float, float]
    variance: tuple[float, float]
    length: tuple[float, float]


@dataclass
class Bend:
    name: str
    x: tuple[float, ...] = (-4.0, 0.0, 4.0)
    y: tuple[float, ...] = (0.0, 0.0, 4.0)
    slope: tuple[float, ...] = (0.0, 0.5, 1.0)


@dataclass
class Shortcuts:
    without: tuple[float, ...]
    with_them: tuple[float, ...]


FOUND = {
    "norm": [Normed((0.5, -1e-9), (0.04, 1.0), (0.6, 1.0)), Normed((0.2, 0.0), (0.1, 1.0), (0.3, 1.0))],
    "bends": [Bend("gelu_tanh"), Bend("relu"), Bend("silu")],
    "shortcuts": Shortcuts((0.0002, 0.005), (0.2, 1.3)),
}


@pytest.fixture
def card(session, look, on_screen):
    made = DemonstrationCard(session, look)
    on_screen(made)
    return made


@pytest.fixture
def shown(card):
    card.set_model(ModelConfig(activation="silu"))
    card.show_found(FOUND)
    return card


def test_before_torch_is_there_the_card_says_what_will_stand_in_it(card, session):
    card.set_model(ModelConfig())
    assert session.jobs.jobs == []
    assert "as soon as PyTorch is loaded" in card.words.text()
    assert not any(page.isVisible() for page in card.pages.values())


def test_one_experiment_is_shown_at_a_time(shown):
    for name in ("norm", "bends", "shortcuts"):
        shown.tabs._choose(name)
        assert [other for other, page in shown.pages.items() if page.isVisible()] == [name]
        assert len(shown.words.text()) > 20


def test_mean_and_variance_stand_before_and_after(shown):
    rows = {shown.cells[row, 0].text(): (shown.cells[row, 1].text(), shown.cells[row, 2].text()) for row in range(1, 7)}
    assert rows["Token 1, mean"] == ("0.5000", "0.0000")  # no minus before a rounded 0
    assert rows["Token 1, variance"] == ("0.0400", "1.0000")
    assert rows["Token 2, length"] == ("0.3000", "1.0000")


def test_the_norm_is_called_by_its_name(shown):
    assert "LayerNorm" in shown.words.text()
    shown.set_model(ModelConfig(norm="rms"))
    shown.tabs._choose("norm")
    assert "RMSNorm" in shown.words.text()


def test_the_models_own_bend_is_marked(shown):
    shown.tabs._choose("bends")
    said = [widget.text() for widget in shown._legend if hasattr(widget, "text")]
    assert said == ["GELU", "ReLU", "SiLU, this model's"]
    assert [line.name for line in shown.curves.lines] == ["GELU", "ReLU", "SiLU"]
    assert shown.slopes.lines[0].y == (0.0, 0.5, 1.0)


def test_bars_stand_for_each_layer_and_the_words_say_how_much_louder(shown):
    shown.tabs._choose("shortcuts")
    assert [(group.name, tuple(group.values)) for group in shown.bars.groups] == [
        ("1", (0.0002, 0.2)), ("2", (0.005, 1.3)),
    ]  # fmt: skip
    assert "1,000 times louder" in shown.words.text()


@pytest.mark.torch
def test_the_real_numbers_arrive_and_follow_what_is_asked(card, monkeypatch, qtbot):
    monkeypatch.setattr(Session, "torch_state", "ready")
    card.set_model(ModelConfig())
    qtbot.waitUntil(lambda: bool(card.found), timeout=60_000)
    assert f"{card.found['shortcuts'].with_them[4]:.4f}" == "1.3259"
    assert card.cells[1, 1].text() == "0.1324"
    assert not card.book.isVisible()
    card.layers._choose("8")
    qtbot.waitUntil(lambda: len(card.bars.groups) == 8, timeout=10_000)
    card.other.click()
    qtbot.waitUntil(lambda: card.cells[1, 1].text() != "0.1324", timeout=10_000)
    card.tabs._choose("norm")
    assert card.book.isVisible()
    card.book.click()
    qtbot.waitUntil(lambda: card.cells[1, 1].text() == "0.1324", timeout=10_000)


@pytest.mark.torch
def test_the_same_question_is_not_asked_twice(card, monkeypatch, qtbot, session):
    monkeypatch.setattr(Session, "torch_state", "ready")
    card.set_model(ModelConfig(n_layers=3))
    qtbot.waitUntil(lambda: not session.jobs.jobs, timeout=60_000)
    card.set_model(ModelConfig(n_layers=7))  # neither norm nor bend is another
    assert session.jobs.jobs == []
