"""What is looked at on the Data page, asked for from another page."""

from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.parts.rows_asked import RowsAsked
from studio.store.datasets import Dataset
from studio.tables.workplace import Workplace


@pytest.mark.gui
@pytest.mark.parametrize("gone", ["sms@1", "letters@7"])
def test_rows_of_a_dataset_that_is_gone_are_refused_and_those_of_another_are_not_shown(
    session: Any, look: Any, dataset: Dataset, qtbot: Any, gone: str
) -> None:
    place = Workplace(session, look)
    qtbot.addWidget(place)
    place.set_sources([dataset])
    place.show_source()
    before = place.stage.name
    told: list[StudioError] = []
    place.refused.connect(told.append)
    place.look_at(RowsAsked(gone, "ham read as spam", (1, 3)))
    assert [error.message for error in told] == [f"There is no dataset “{gone}” in this project."]
    assert (place.source, place.stage.name) == (dataset, before)
