"""From a run that trained an adapter to the page that weighs it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.adapting.changes_view import ChangesView
from studio.core.config import AdapterConfig
from studio.live.session import Session
from studio.store.places import places
from tests.lenses.trained import config, make_project

pytestmark = [pytest.mark.gui, pytest.mark.torch, pytest.mark.slow]


@pytest.fixture
def session(tmp_path: Path) -> Any:
    base = config()
    adapted = replace(base, start_from="run0@12", adapter=AdapterConfig(kind="lora", rank=4))
    folder = make_project(tmp_path / "harbour", base, adapted)
    made = Session(places())
    made.open_project(folder)
    yield made
    made.close()


def test_the_adapter_of_a_run_is_laid_on_its_base_and_weighed(
    session: Any, look: Any, on_screen: Any, qtbot: Any
) -> None:
    session.load_model("run0", 12)
    qtbot.waitUntil(lambda: session.loaded is not None, timeout=20_000)
    view = ChangesView(session, look)
    on_screen(view)
    view.refresh()
    assert view.empty.isVisible()
    session.changed.connect(view.refresh)
    assert next(action.text() for action in view.menu().actions()) == "Run run1"
    view.wearing.lay_run("run1")
    qtbot.waitUntil(lambda: view.banner.isVisible() or view.shift is not None, timeout=20_000)
    assert view.banner.message.text() == ""
    qtbot.waitUntil(lambda: view.change is not None, timeout=20_000)
    assert max(one.relative for one in view.change.layers) > 0.0
    assert view.shift.divergence.max() > 0.0
    assert not view.banner.isVisible()
