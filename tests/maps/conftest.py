"""The stage of widgets' tests, for the rooms that grew out of it."""

from tests.widgets.conftest import look as look
from tests.widgets.conftest import on_screen as on_screen
from tests.widgets.conftest import resources as resources
