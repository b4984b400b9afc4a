"""Where boxes, arrows and shapes stand: nothing overlaps, nothing leaves the drawing, every arrow has its shape."""

import itertools

import pytest

from studio.core.outline import Node
from studio.workshop.flow import Flow, Layout

pytestmark = pytest.mark.gui
WIDTHS = (256.0, 340.0, 520.0)
ALL = frozenset({"layers.0", "layers.0.self_attn", "layers.0.mlp"})


def placed(network: Node, width: float = 340, opened: frozenset[str] = ALL) -> Flow:
    return Layout(width, opened).place(network)


@pytest.mark.parametrize("opened", [frozenset(), frozenset({"layers.0"}), ALL])
@pytest.mark.parametrize("width", WIDTHS)
def test_everything_lies_inside_and_no_boxes_overlap(network: Node, width: float, opened: frozenset[str]) -> None:
    flow = placed(network, width, opened)
    for place in flow.places:
        assert place.box.left() >= 0
        assert place.box.right() <= width
        assert place.box.width() >= 40 or place.round
        assert place.box.bottom() <= flow.height
    for one, other in itertools.combinations(flow.places, 2):
        assert not one.box.intersects(other.box)
    for line in flow.lines:
        assert all(0 <= point.x() <= width and 0 <= point.y() <= flow.height for point in line.points)


def test_what_is_closed_shows_nothing_of_its_inside(network: Node) -> None:
    closed, opened = placed(network, opened=frozenset()), placed(network)
    assert [place.node.name for place in closed.places] == [
        "embed_tokens", "embed_positions", "add", "0", "norm", "lm_head",
    ]  # fmt: skip
    assert len(opened.places) == sum(1 for _ in network.walk()) - 1  # all but the whole
    assert all(place.frame is None for place in closed.places)
    assert opened.height > closed.height


def test_an_open_box_lies_at_the_top_of_its_frame_and_everything_inside(network: Node) -> None:
    flow = placed(network)
    frames = {place.node.path: place.frame for place in flow.places if place.frame is not None}
    assert set(frames) == ALL
    for place in flow.places:
        for path, frame in frames.items():
            if place.node.path.startswith(f"{path}."):
                assert frame.contains(place.box)


def test_every_arrow_says_what_flows_along_it(network: Node) -> None:
    texts = [caption.text for caption in placed(network, opened=frozenset()).captions]
    assert texts == ["token ids (4, 32)", *["(4, 32, 64)"] * 4, "logits (4, 32, 100)"]


def test_attention_shows_heads_and_scores(network: Node) -> None:
    texts = [caption.text.replace("\n", " ") for caption in placed(network).captions]
    assert texts.count("(4, 2, 32, 32)") == 4  # into scores, softmax, mixture and output
    assert len([text for text in texts if text == "(4, 32, 64)"]) > 8


def test_an_unknown_vocabulary_is_a_question_mark(network: Node) -> None:
    from dataclasses import replace

    guessed = replace(network, out=(4, 32, 1))
    captions = Layout(340, frozenset(), unknown=True).place(guessed).captions
    assert captions[-1].text == "logits (4, 32, ?)"
    assert captions[1].text == "(4, 32, 64)"


def test_shapes_break_into_two_lines_where_a_column_is_narrow(network: Node) -> None:
    narrow = [caption for caption in placed(network, 256).captions if caption.centred]
    wide = [caption for caption in placed(network, 520).captions if caption.centred]
    assert len(narrow) == len(wide) == 3
    assert all("\n" in caption.text for caption in narrow)
    assert not any("\n" in caption.text for caption in wide)


def test_shortcuts_run_around_what_they_skip(network: Node) -> None:
    flow = placed(network, opened=frozenset({"layers.0"}))
    sums = [place for place in flow.places if place.round and place.node.since >= 0]
    around = [line for line in flow.lines if line.arrow and len(line.points) == 4]
    assert len(around) == len(sums) == 2
    for line, place in zip(around, sums, strict=True):
        assert line.points[-1].x() == place.box.left()
        assert line.points[-1].y() == place.box.center().y()
        assert line.points[1].x() == line.points[2].x() < place.box.left()
    skipped = next(place for place in flow.places if place.node.kind == "Attention")
    assert around[0].points[0].y() < skipped.box.top() < around[0].points[-1].y()


def test_values_go_past_the_scores(network: Node) -> None:
    flow = placed(network)
    mix = next(place for place in flow.places if place.node.kind == "mix")
    late = next(line for line in flow.lines if len(line.points) == 5)
    assert late.points[-1].x() == mix.box.right()
    scores = next(place for place in flow.places if place.node.kind == "scores")
    assert late.points[2].x() > scores.box.right()
    joins = [line for line in flow.lines if len(line.points) == 3 and line.points[-1].y() < scores.box.top()]
    assert len([line for line in joins if line.points[0].y() > flow.places[6].box.bottom()]) == 2  # queries and keys
