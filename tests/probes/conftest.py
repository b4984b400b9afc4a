"""The look, and the little run, on which the Lenses page's other views are tested too."""

from tests.lenses.trained import project as project
from tests.lenses.trained import stage as stage
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
