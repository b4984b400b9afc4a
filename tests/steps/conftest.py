"""The small models and texts of the Attention page's other views."""

from tests.attention.conftest import look_at as look_at
from tests.attention.conftest import session as session
from tests.attention.conftest import settled as settled
from tests.attention.conftest import waiting as waiting
from tests.panels.conftest import look as look
from tests.panels.conftest import on_screen as on_screen
