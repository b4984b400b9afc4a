"""The stage of panels' tests, and a model that says what it was told to say."""

from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
from tests.panels.conftest import save_checkpoint as save_checkpoint
from tests.panels.conftest import session as session
