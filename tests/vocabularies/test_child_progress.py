"""How far a learning child is: from lines of JSON, and from the bars that are drawn for a terminal."""

import os
from pathlib import Path

import pytest

from studio.vocabularies import child_progress
from studio.vocabularies.child_progress import BarProgress, LogProgress, SilentProgress, progress_of


def test_the_last_whole_line_of_json_counts(tmp_path: Path) -> None:
    progress = LogProgress(tmp_path / "log")
    handle = progress.handle()
    assert not isinstance(handle, int)
    assert progress.newest() is None
    handle.write(b'{"stage":"Tokenize words","current":1,"total":2}\n{"stage":"Compute merges","current":5,"tot')
    handle.flush()
    assert progress.newest() == 425
    handle.write(b'al":10}\n')
    handle.flush()
    assert progress.newest() == 750
    handle.write(b'{"stage":"Something else","current":5,"total":10}\n{"stage":"Count pairs","current":0,"total":0}\n')
    handle.flush()
    assert progress.newest() is None
    progress.close()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no terminals of that kind")
def test_bars_are_read_where_the_library_draws_them() -> None:
    progress = BarProgress()
    handle = progress.handle()
    assert isinstance(handle, int)
    assert os.isatty(handle)
    assert progress.newest() is None
    os.write(handle, b"[00:00:01] Suffix array seeds \xe2\x96\x91    0      /     1000\r")
    assert progress.newest() == 400
    os.write(handle, b"[00:00:01] Suffix array seeds \xe2\x96\x88\xe2\x96\x91  500      /     1000\r")
    assert progress.newest() == 600
    os.write(handle, b"[00:00:02] EM training    \xe2\x96\x88 1 / 10\r[00:00:02] EM training  \xe2\x96\x88 3  /  10")
    assert progress.newest() == 860
    assert progress.newest() is None
    progress.begun()
    progress.close()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no terminals of that kind")
def test_a_terminal_whose_other_side_is_gone_says_nothing() -> None:
    progress = BarProgress()
    progress.begun()
    assert progress.newest() is None
    progress.close()
    progress.close()


def test_each_kind_has_its_way_and_without_terminals_nobody_can_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("bpe", "wordpiece"):
        progress = progress_of(kind, tmp_path)
        assert isinstance(progress, LogProgress)
        progress.close()
    monkeypatch.delattr(child_progress.os, "openpty", raising=False)
    silent = progress_of("unigram", tmp_path)
    assert isinstance(silent, SilentProgress)
    assert silent.newest() is None
