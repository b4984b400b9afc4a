from collections.abc import Callable
from dataclasses import replace

import pytest

from studio.core.config import RunConfig
from studio.views.diff_table import DiffTable, diff_rows
from studio.widgets.look import Look

pytestmark = pytest.mark.gui
SMALL = RunConfig()
WIDE = replace(SMALL, model=replace(SMALL.model, emb_dim=384, tie_embeddings=False))


def test_every_knob_is_a_row_in_its_group() -> None:
    rows = diff_rows([SMALL, WIDE])
    by_label = {(row.group, row.label): row for row in rows}
    assert by_label["model", "Width"].values == ("192", "384")
    assert by_label["model", "Tied output head"].values == ("on", "off")
    assert by_label["training", "Learning rate"].values == ("1.0e-3", "1.0e-3")
    assert by_label["training", "Schedule"].values == ("Cosine", "Cosine")
    assert by_label["training", "Batch"].values == ("16 windows", "16 windows")
    assert [row.label for row in rows if row.differs] == ["Width", "Tied output head"]
    assert diff_rows([]) == []


def test_only_differences_are_shown_until_all_are_asked_for(look: Look, on_screen: Callable[..., None]) -> None:
    table = DiffTable(look)
    table.set_items(["small", "wide"], [SMALL, WIDE])
    on_screen(table, width=700, height=400)
    assert len(table.table.rows()) == 2
    assert table.summary.text().startswith("2 of ")
    table.only.setChecked(False)
    assert len(table.table.rows()) == len(diff_rows([SMALL, WIDE]))
    table.grab()


def test_equal_settings_are_called_equal(look: Look, on_screen: Callable[..., None]) -> None:
    table = DiffTable(look)
    table.set_items(["one", "two"], [SMALL, SMALL])
    on_screen(table, width=700, height=400)
    assert table.table.rows() == []
    assert table.summary.text().startswith("0 of ")


def test_a_single_thing_shows_all_its_settings(look: Look, on_screen: Callable[..., None]) -> None:
    table = DiffTable(look)
    table.set_items(["one", "two"], [SMALL, WIDE])
    table.set_items(["one"], [SMALL])
    on_screen(table, width=700, height=400)
    assert table.only.isHidden()
    assert len(table.table.rows()) == len(diff_rows([SMALL]))
    with pytest.raises(ValueError, match="2 names for 1"):
        table.set_items(["one", "two"], [SMALL])
