"""The way to the datasets that come along: a dialog that shows what each is good for, and adds one."""

from PySide6.QtCore import Signal

from studio.core.language import tr
from studio.tables.one_dialog import OneDialog
from studio.widgets.button import Button


class SampleData(OneDialog):
    """`made` brings the `Dataset`."""

    made = Signal(object)

    def button(self) -> Button:
        """One more way in."""
        return Button(tr("Add a sample dataset…"), self.ask, self._look, "link").set_small()

    def ask(self) -> None:
        """Show the samples, with a project to add one to."""
        from studio.tables.samples_dialog import SamplesDialog

        if self.has_project():
            dialog = SamplesDialog(self._session, self._look, self._window)
            dialog.made.connect(self.made)
            self.open(dialog)
