"""What the child of an encoder process reads and answers."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from studio.store import encoding_child
from studio.store.encoding_child import REFUSED, frame, ids_of, read_frame
from studio.tokenizers import make_tokenizer
from studio.tokenizers.raw_bytes import ByteTokenizer


def test_a_frame_comes_back_and_one_that_breaks_off_is_the_end() -> None:
    stream = io.BytesIO(frame(b"one") + frame(b"") + frame(b"three")[:-1])
    assert [read_frame(stream) for _ in range(4)] == [b"one", b"", None, None]
    assert read_frame(io.BytesIO(REFUSED.to_bytes(4, "big"))) is None


def test_ids_are_32_bits_each_and_what_cannot_be_said_is_none() -> None:
    raw = ids_of(make_tokenizer("gpt2"), b"Once upon", marked=False)
    assert np.frombuffer(raw or b"", "<u4").tolist() == [7454, 2402]
    assert ids_of(make_tokenizer("characters", ["ab"]), b"c", marked=False) is None
    assert ids_of(ByteTokenizer(), b"\xff", marked=False) is None


def test_every_piece_has_an_answer_until_the_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    order = {"tokenizer": make_tokenizer("characters", ["ab"]).to_json(), "marked": False}
    told = b"".join(map(frame, [json.dumps(order).encode(), b"ab", b"x", b"ba"]))
    answered = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(told)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=answered))
    encoding_child.main()
    answered.seek(0)
    found = [read_frame(answered) for _ in range(3)]
    assert [len(ids or b"") for ids in found] == [8, 0, 8]
    assert found[1] is None


def test_an_owner_that_says_nothing_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=io.BytesIO()))
    encoding_child.main()
