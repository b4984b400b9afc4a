"""The step-through as a person uses it: the course's example without a model, the model's own heads with one."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.insight.course import NAMES, PRINTED
from studio.steps.formulas import formula
from studio.steps.step_canvas import Spot
from studio.steps.steps_view import StepsView
from studio.steps.walker import EXAMPLES
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]

STATIONS = ("vectors", "scores", "scaled", "positioned", "masked", "weights", "mixed", "concatenated", "output")


@pytest.fixture
def view(session, look, on_screen, settled):
    """The view on the course's first example."""
    view = StepsView(session, look)
    on_screen(view)
    settled()
    return view


def go(view: StepsView, station: str) -> None:
    view.track.chosen.emit(STATIONS.index(station))


def hover(view: StepsView, spot: Spot, qtbot) -> None:
    place = view.canvas.place_of(spot)
    assert place is not None, spot
    qtbot.mouseMove(view.canvas, place.toPoint())


def click(view: StepsView, spot: Spot, qtbot) -> None:
    place = view.canvas.place_of(spot)
    assert place is not None, spot
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place.toPoint())


# --- the course's example -------------------------------------------------------------------------------------------


def test_without_a_model_the_courses_example_is_there(view) -> None:
    assert view.missing() == ""
    assert view.needs_model is False
    assert view.walker.words == ("Your", "journey", "starts", "with", "one", "step")
    assert not view.header.source._buttons["text"].isEnabled()
    assert "model" in view.header.source._buttons["text"].toolTip()
    assert [stage.name for stage in view.canvas.stages] == list(STATIONS)
    assert view.heading.text() == "Three vectors for every token"


def test_every_printed_number_is_what_the_view_shows(view, settled) -> None:
    for name in NAMES:
        view.header.example.set_value(name)
        view.header.example.changed.emit()
        settled()
        shown = view.numbers()
        assert PRINTED[name]
        for one in PRINTED[name]:
            row = shown[one.stage][one.row, one.column : one.column + len(one.numbers)]
            assert np.abs(row - one.numbers).max() <= (1e-4 if one.places == 4 else 1e-3), (name, one)
            station = next(s for s in view.canvas.stages if any(term.key == one.stage for term in s.terms))
            go(view, station.name)
            assert "Printed in the course" in view.printed.text()
            assert "✓" in view.printed.text()


def test_the_list_of_examples_is_the_courses(view) -> None:
    assert sorted(name for name, _ in EXAMPLES) == sorted(NAMES)


def test_where_the_course_is_off_the_view_says_so(view, settled) -> None:
    view.header.example.set_value("hello")
    view.header.example.changed.emit()
    settled()
    go(view, "output")
    assert "0.3992, 0.3858, 0.8610" in view.printed.text()


def test_pointing_at_a_score_shows_all_its_operands(view, qtbot) -> None:
    go(view, "scores")
    hover(view, Spot("scores", 1, 0), qtbot)
    assert view.strip.written.toPlainText() == "0.55·0.43 + 0.87·0.15 + 0.66·0.89 = 0.9544"
    assert "“journey” looks at “Your”" in view.strip.place.text()
    assert "0.9544" in view.explanation()
    assert view.canvas.spot == Spot("scores", 1, 0)


def test_a_click_keeps_the_number_and_the_next_station_starts_there(view, qtbot) -> None:
    go(view, "scores")
    click(view, Spot("scores", 3, 4), qtbot)
    qtbot.mouseMove(view.canvas, view.canvas.rect().bottomRight())
    assert view.spot == Spot("scores", 3, 4)
    go(view, "weights")
    assert view.spot == Spot("weights", 3, 4)
    assert "“with” gives" in view.explanation()
    go(view, "mixed")
    assert view.spot.row == 3


def test_another_number_typed_into_a_vector_changes_everything_after_it(view, qtbot, settled) -> None:
    before = view.numbers()
    place = view.canvas.place_of(Spot("inputs", 0, 1)).toPoint()
    qtbot.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, pos=place)
    edit = view.canvas.edit
    assert edit.isVisible()
    assert edit.text() == "0.15"
    qtbot.keyClicks(edit, "-0.9")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    settled()
    after = view.numbers()
    assert after["inputs"][0, 1] == pytest.approx(-0.9)
    assert np.array_equal(np.delete(after["inputs"], 0, 0), np.delete(before["inputs"], 0, 0))
    for key in ("queries", "scores", "scaled", "positioned", "masked", "weights", "mixed", "concatenated", "output"):
        assert not np.array_equal(after[key], before[key]), key
    wanted = after["inputs"] @ after["inputs"].T
    assert np.abs(after["scores"] - wanted).max() <= 1e-6
    assert "yours" in view.printed.text()
    qtbot.mouseClick(view.header.reset, Qt.MouseButton.LeftButton)
    settled()
    again = view.numbers()
    assert all(np.array_equal(again[key], before[key]) for key in before)
    assert not view.header.reset.isVisible()


def test_what_is_no_number_is_refused_where_it_was_typed_and_escape_keeps_the_old_one(view, qtbot) -> None:
    before = view.numbers()["inputs"]
    view.canvas.edit_spot(Spot("inputs", 2, 2))
    edit = view.canvas.edit
    for words in ("much", "1e9"):
        edit.setText(words)
        qtbot.keyClick(edit, Qt.Key.Key_Return)
        assert edit.isVisible()
        assert edit.property("invalid")
        assert edit.toolTip()
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert not edit.isVisible()
    assert view.walker.edits is None
    assert np.array_equal(view.numbers()["inputs"], before)


def test_only_the_vectors_of_an_example_can_be_changed(view) -> None:
    view.canvas.edit_spot(Spot("queries", 0, 0))
    assert not view.canvas.edit.isVisible()


def test_a_digit_typed_on_a_vector_starts_the_change(view, qtbot) -> None:
    click(view, Spot("inputs", 4, 0), qtbot)
    view.canvas.setFocus()
    qtbot.keyClick(view.canvas, Qt.Key.Key_3)
    assert view.canvas.edit.isVisible()
    assert view.canvas.edit.text() == "3"


def test_both_heads_of_the_example_can_be_seen(view, settled) -> None:
    view.header.example_wanted.emit("two heads", 0)
    settled()
    one = view.numbers()["weights"]
    view.header.example_wanted.emit("two heads", 1)
    settled()
    assert not np.array_equal(one, view.numbers()["weights"])
    assert view.header.head.isVisible()


def test_before_pytorch_is_there_the_view_waits_and_then_goes_on(
    session, look, on_screen, settled, monkeypatch
) -> None:
    for state, words in (("loading", "One moment…"), ("failed", "PyTorch could not be loaded")):
        monkeypatch.setattr(type(session), "torch_state", property(lambda _session, state=state: state))
        view = StepsView(session, look)
        on_screen(view)
        session.changed.emit(frozenset({"torch"}))
        assert session.jobs.jobs == []
        assert view.heading.text() == words
        assert view.numbers() == {}
        assert view.explanation() == ""
    monkeypatch.setattr(type(session), "torch_state", property(lambda _session: "ready"))
    session.changed.emit(frozenset({"torch"}))
    settled()
    assert view.heading.text() == "Three vectors for every token"


# --- going through it -----------------------------------------------------------------------------------------------


def test_keys_go_from_station_to_station_and_space_plays(view, qtbot) -> None:
    view.track.setFocus()
    qtbot.keyClick(view.track, Qt.Key.Key_Right)
    assert view.canvas.stage.name == "scores"
    qtbot.keyClick(view.track, Qt.Key.Key_End)
    assert view.canvas.stage.name == "output"
    qtbot.keyClick(view.track, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert view.canvas.stage.name == "scores"
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.player.playing
    assert view.header.play.text() == "Pause"
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert not view.player.playing


def test_arrows_walk_over_the_numbers(view, qtbot) -> None:
    go(view, "weights")
    click(view, Spot("weights", 1, 1), qtbot)
    view.canvas.setFocus()
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Right)
    assert view.spot == Spot("weights", 2, 2)
    for _ in range(9):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Left)
    assert view.spot == Spot("weights", 2, 0)


def test_playing_ends_where_nobody_looks(view) -> None:
    view.toggle()
    assert view.player.playing
    view.hide()
    assert not view.player.playing


def test_a_drag_may_rest_between_two_stations_and_draws_both(view, qtbot) -> None:
    track = view.track
    start, end = (round(track.x_of(place)) for place in (0, 1.4))
    qtbot.mousePress(track, Qt.MouseButton.LeftButton, pos=track.rect().topLeft() + _at(start))
    qtbot.mouseMove(track, track.rect().topLeft() + _at(end))
    assert view.canvas.position == pytest.approx(1.4, abs=0.02)
    assert view.canvas.spot_at(view.canvas.rect().center().toPointF()) is None
    assert not view.canvas.grab().isNull()
    qtbot.mouseRelease(track, Qt.MouseButton.LeftButton, pos=track.rect().topLeft() + _at(end))
    assert view.canvas.position == 1.0


def _at(x: int):
    from PySide6.QtCore import QPoint

    return QPoint(x, 12)


# --- the model's own heads ------------------------------------------------------------------------------------------


def test_the_models_own_head_ends_where_the_network_does(session, view, look_at, settled) -> None:
    session.selection.lock(layer=2, head=3)
    for kind in ("gpt2", "llama 3.1", "qwen3", "mistral"):
        scene = scene_of(kind)
        look_at(scene)
        settled()
        shown, record = view.numbers(), scene.capture.layers[2]
        assert np.abs(shown["weights"] - scene.capture.attention[2, 3]).max() <= 1e-5
        assert np.abs(shown["mixed"] - record.mixed[3]).max() <= 1e-5 * max(1.0, np.abs(record.mixed).max())
        scale = max(1.0, float(np.abs(record.attention_out).max()))
        assert np.abs(shown["output"] - record.attention_out).max() <= 1e-5 * scale
        assert view.walker.words == scene.tokens
        assert (view.header.heads.layer.value(), view.header.heads.head.value()) == (2, 3)


def test_a_place_is_shared_with_every_other_view(session, view, look_at, settled, qtbot) -> None:
    look_at(scene_of())
    settled()
    session.selection.lock(row=6, column=2)
    go(view, "weights")
    assert view.spot == Spot("weights", 6, 2)
    hover(view, Spot("weights", 9, 5), qtbot)
    assert (session.selection.value("row"), session.selection.value("column")) == (9, 5)
    assert (session.selection.locked("row"), session.selection.locked("column")) == (6, 2)
    click(view, Spot("weights", 8, 1), qtbot)
    assert (session.selection.locked("row"), session.selection.locked("column")) == (8, 1)
    go(view, "scores")
    hover(view, Spot("keys", 4, 0), qtbot)
    assert session.selection.value("column") == 4


def test_the_example_can_be_had_beside_a_model_and_leaves_its_places_alone(
    session, view, look_at, settled, qtbot
) -> None:
    look_at(scene_of())
    settled()
    assert view.walker.example is None
    view.header.course_wanted.emit(True)
    settled()
    assert view.walker.example is not None
    go(view, "weights")
    click(view, Spot("weights", 2, 2), qtbot)
    assert session.selection.is_free
    view.header.course_wanted.emit(False)
    settled()
    assert view.walker.words == session.looking.scene.tokens


def test_a_long_text_is_walked_through_in_parts(session, view, look_at, settled, qtbot) -> None:
    scene = scene_of("gpt2", " ".join(["the", "cat", "sat"] * 30))
    look_at(scene)
    settled()
    assert view.numbers()["weights"].shape == (64, 90)
    assert "queries 0 to 63 of 90" in view.header.rows.text()
    qtbot.mouseClick(view.header.on, Qt.MouseButton.LeftButton)
    settled()
    assert view.numbers()["weights"].shape == (26, 90)
    assert np.abs(view.numbers()["weights"] - scene.capture.attention[0, 0, 64:]).max() <= 1e-5
    session.selection.lock(row=3)
    settled()
    assert view.numbers()["weights"].shape == (64, 90)
    for station in STATIONS:
        go(view, station)
        assert not view.canvas.grab().isNull()


def test_a_text_of_one_token_is_walked_through(session, view, look_at, settled) -> None:
    look_at(scene_of("llama 3.1", "the"))
    settled()
    assert view.numbers()["weights"].tolist() == [[1.0]]
    for station in STATIONS:
        go(view, station)
        assert not view.canvas.grab().isNull()
        assert view.explanation()


def test_without_its_model_the_example_comes_back(session, view, look_at, settled) -> None:
    look_at(scene_of())
    settled()
    session.looking.subject = session.looking.scene = None
    session.looking.changed.emit(frozenset({"scene"}))
    settled()
    assert view.walker.example is not None


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_station_is_drawn_in_every_theme(view, look, theme: str) -> None:
    look.set_theme(theme)
    pictures = []
    for station in STATIONS:
        go(view, station)
        pictures.append(view.canvas.grab().toImage())
    assert all(one != other for one, other in pairwise(pictures))


# --- two models -----------------------------------------------------------------------------------------------------


def test_every_matrix_of_two_models_is_subtracted(session, view, look_at, settled) -> None:
    one, other = (scene_of("llama 3.1", seed=seed) for seed in (1, 2))
    alone = []
    for scene in (one, other):
        look_at(scene)
        settled()
        alone.append(view.numbers())
    look_at(one, other)
    settled()
    shown = view.numbers()
    assert shown.keys() == alone[0].keys()
    for key, values in shown.items():
        if key != "masked":
            assert np.array_equal(values, alone[0][key] - alone[1][key]), key
    hidden = np.isneginf(alone[0]["masked"])
    assert np.array_equal(np.isneginf(shown["masked"]), hidden)
    assert view.canvas.pictures["weights"].colouring.signed
    assert not any(term.sign for stage in view.canvas.stages for term in stage.terms)
    assert "less that of B" in view.sentence.text()


def test_a_number_of_a_difference_shows_the_operands_of_both(session, view, look_at, settled) -> None:
    one, other = (scene_of("llama 3.1", seed=seed) for seed in (1, 2))
    look_at(one, other)
    settled()
    go(view, "scores")
    session.selection.lock(row=5, column=2)
    written = view.strip.written.toPlainText().splitlines()
    walk, beside = view.walker.walk, view.walker.beside
    less = walk.scores[5, 2] - beside.scores[5, 2]
    assert view.strip.place.text().endswith(f" = {less:.4f}".replace("-", "−"))
    assert written == [f"A: {formula(walk, 'scores', 5, 2)}", f"B: {formula(beside, 'scores', 5, 2)}"]
    assert view.explanation().startswith("A − B: ")
    go(view, "masked")
    session.selection.lock(row=2, column=5)
    assert "hidden in both" in view.strip.place.text()


def test_a_model_against_itself_is_nowhere_apart(view, look_at, settled) -> None:
    scene = scene_of()
    look_at(scene, scene)
    settled()
    assert not any(np.nan_to_num(values, neginf=0.0).any() for values in view.numbers().values())


def test_the_example_stays_while_two_models_are_compared(view, look_at, settled) -> None:
    look_at(scene_of(), scene_of(seed=2))
    settled()
    view._choose(True)
    settled()
    assert view.walker.beside is None
    assert view.walker.example is not None
    assert any(term.sign for stage in view.canvas.stages for term in stage.terms)
