"""What of the window is on the screen first: the rail between two empty strips. It waits for Qt and a look alone."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMainWindow, QStatusBar, QWidget

from studio.core.language import tr
from studio.panels import PANELS, PanelEntry
from studio.shell.sidebar import WIDTH, Sidebar
from studio.widgets.look import Look

FIRST_SIZE, SMALLEST = QSize(1440, 900), QSize(960, 600)
TOP, FOOT = 44, 28  # pixels of height of the two strips, as those that come later have


class Frame(QMainWindow):
    """Stands where it stood last time. What it frames comes later; until then each part's place is held empty."""

    def __init__(self, look: Look, layout: dict[str, Any], entries: Sequence[PanelEntry] = PANELS) -> None:
        super().__init__()
        self.look, self.entries, self.painted = look, entries, False
        self.setObjectName("window")
        self.setWindowTitle("Atelier")
        self.setMinimumSize(SMALLEST)
        self.rail = Sidebar(entries, look)
        centre = QWidget()
        self._line = QHBoxLayout(centre)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)
        self._line.addWidget(self.rail)
        self.setCentralWidget(centre)
        self._hold_places()
        geometry = layout.get("geometry")
        if not isinstance(geometry, str) or not self.restoreGeometry(QByteArray.fromBase64(geometry.encode())):
            self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize()))

    def _hold_places(self) -> None:
        """Two strips and a page, empty and in their colours, so that nothing moves when the real ones come."""
        top, self._page, foot = QFrame(), QWidget(), QStatusBar()
        top.setObjectName("topStrip")
        top.setFixedHeight(TOP)
        name = QLabel(tr("Atelier"), top)
        name.setObjectName("productName")
        name.setGeometry(16, 0, WIDTH - 16, TOP - 1)
        self.setMenuWidget(top)
        self._page.setObjectName("pages")
        self._page.setFocus()  # not the first word of the rail, whose ring would be the first thing to meet the eye
        self._line.addWidget(self._page, 1)
        foot.setSizeGripEnabled(False)
        foot.setFixedHeight(FOOT)
        self.setStatusBar(foot)

    def replace_page(self, pages: QWidget) -> None:
        """The real pages take the place that was held for them."""
        self._line.replaceWidget(self._page, pages)
        self._line.setStretchFactor(pages, 1)
        self._page.hide()  # it is deleted only when the event loop comes round
        self._page.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted = True
