"""The pages about the inside drawn again and again, as a film and a restless hand do: nothing is left behind."""

from typing import Any

import psutil
import pytest

from studio.core.shelf import resolve
from tests.lenses.trained import Stage

pytestmark = [pytest.mark.gui, pytest.mark.torch, pytest.mark.slow]
REPAINTS = 5_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["embeddings", "lenses"])
def test_five_thousand_repaints_of_a_page_leave_nothing_behind(stage: Stage, name: str) -> None:
    """Reference/insight.md, G9: at most 20 MB more after all of them; the first quarter warms every cache up."""
    page: Any = resolve(f"studio.panels.{name}:{name.capitalize()}Panel")(stage.session, stage.look)
    stage.bot.addWidget(page)
    page.resize(1_080, 720)
    with stage.bot.waitExposed(page):
        page.show()
    page.refresh()
    stage.until(lambda: stage.looking.scene is not None)
    shown = []
    for kind in page.views:
        page.open_view(kind.name)
        stage.settle()
        if page.stack.currentWidget() is page.view:
            shown.append(kind.name)
    process, before, time = psutil.Process(), 0, stage.looking.scene.time
    for number in range(REPAINTS):
        if number == REPAINTS // 4:
            stage.settle()
            before = process.memory_info().rss
        if number % 50 == 0:
            page.open_view(shown[number // 50 % len(shown)])
        if number % 10 == 0:
            stage.session.selection.hover(row=number % time, column=number % 7, layer=number % 2, head=number // 2 % 2)
        page.view.repaint()
    stage.settle()
    assert (process.memory_info().rss - before) / (1 << 20) <= 20
