"""Links that a model wrote: shown whole, opened only when a person says so, and only where they lead into the web."""

from functools import partial

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from studio.core.language import tr
from studio.talking.addresses import safe_address
from studio.widgets.banner import Banner


class Links(QObject):
    """Asks in a page's banner."""

    def __init__(self, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._banner = banner

    def confirm(self, address: str) -> None:
        """Nothing is opened before a person has seen where it leads."""
        opens = (tr("Open in the browser"), partial(self.open, address))
        copies = (tr("Copy the address"), partial(QGuiApplication.clipboard().setText, address))
        self._banner.show_note(tr("The model wrote this link. Open it?"), address, (opens, copies), "warning")

    def open(self, address: str) -> None:
        """Leave it to the browser, if it is an address of the web."""
        self._banner.clear()
        if safe_address(address) is not None:
            QDesktopServices.openUrl(QUrl(address))
