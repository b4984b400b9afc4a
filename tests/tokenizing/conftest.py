"""What the tests of this room share: the look as the window applies it, a project with a text, a way to show a view."""

import pytest

from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import session as session


@pytest.fixture
def show(session, look, on_screen, scripted_run):
    """Makes a view, follows the session with it as the page does, and waits until it has what it asked for."""

    def show_view(kind):
        view = kind(session, look)
        view.refusals = []
        view.refused.connect(view.refusals.append)
        session.changed.connect(view.refresh)
        on_screen(view)
        view.refresh(frozenset())
        scripted_run.settle()
        return view

    return show_view
