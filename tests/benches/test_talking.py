"""The bench of the conversation: it times every append by itself, and says which figure is over its goal."""

import argparse

import pytest

from studio.benches import talking

pytestmark = pytest.mark.gui


@pytest.fixture
def transcript(qapp, qtbot, monkeypatch):
    made = talking.make_transcript(qapp)
    qtbot.addWidget(made)
    yield made
    made.close()


def test_an_answer_is_streamed_to_its_end_in_every_kind(qapp, transcript):
    text = talking.repeated(talking.TEXTS["a list"], 240)
    assert text.startswith("- item **0**")
    assert (len(text), "\n- item **1**" in text) == (240, True)
    found = talking.streaming_row(qapp, transcript, "a list", text)
    assert transcript.rows.rows[-1][0].said.text == text
    assert found["most_ms"] >= found["median_ms"] > 0
    assert found["reached"] == (found["most_ms"] <= talking.APPENDS)


def test_a_slow_append_is_found_out(qapp, transcript, monkeypatch):
    def slow(column, tokens):
        sum(range(1_000_000))

    monkeypatch.setattr(transcript, "add", slow)
    found = talking.streaming_row(qapp, transcript, "slow", "word " * 8)
    assert not found["reached"]


def test_opening_shows_every_message_and_hostile_answers_are_all_tried(qapp, transcript, monkeypatch):
    found = list(talking.opening_rows(qapp, transcript, 60, times=1))
    assert len(transcript.rows.rows) == 60
    assert [row["goal_ms"] for row in found] == [talking.OPENS, talking.HANGS]
    monkeypatch.setattr(talking, "HOSTILE", {"brackets": "[" * 2_000})
    assert [row["what"] for row in talking.hostile_rows(qapp, transcript)] == ["hostile: brackets"]


@pytest.mark.slow
def test_the_whole_bench_runs_at_a_tiny_size():
    rows = talking.run(argparse.Namespace(messages=50, letters=400))
    assert len(rows) == 2 + len(talking.TEXTS) + 1 + len(talking.HOSTILE)
