"""What the tests of this room share: the look as the window applies it, and a session on a real little run."""

from tests.lenses.trained import project as project
from tests.lenses.trained import stage as stage
from tests.panels.conftest import look as look
from tests.widgets.conftest import on_screen as on_screen
