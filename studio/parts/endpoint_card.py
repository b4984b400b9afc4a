"""The switch that serves the loaded model to other programs of this computer, with what they need to ask it."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.controls.editors import Switch
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import resolve
from studio.live.session import Session
from studio.widgets.button import Button
from studio.widgets.card import Card
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.core.channel import RunControl
    from studio.core.config import Sampling
    from studio.hub.pieces import Answer
    from studio.prompts import Turn

SERVE = "studio.engine.chat:serve_answers"


class EndpointCard(Card):
    """Off until a person switches it on, and off again when another model is loaded."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(tr("Other programs"), look)
        self._session = session
        self._served: Any = None  # the model that is being served
        self.switch = Switch(look)
        self.switch.setAccessibleName(tr("Let other programs ask the loaded model"))
        self.switch.changed.connect(self._switched)
        self.header.addWidget(self.switch)
        self.words = Label("", "quiet", wrap=True)
        self.body.addWidget(self.words)
        self.address, self.token = ElidedLabel("", "mono"), ElidedLabel("", "mono")
        self.rows = [self._row(tr("Address"), self.address), self._row(tr("Token"), self.token)]
        session.changed.connect(self._heard)
        self._show()

    def _row(self, name: str, value: ElidedLabel) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        label = Label(name, "quiet")
        label.setMinimumWidth(64)
        value.setAccessibleName(name)
        copy = Button(tr("Copy"), partial(self._copy, name, value), self.look).set_small()
        copy.setAccessibleName(tr("Copy: {name}", name=name))
        line.addWidget(label)
        line.addWidget(value, 1)
        line.addWidget(copy)
        self.body.addWidget(row)
        return row

    def _copy(self, name: str, value: ElidedLabel) -> None:
        QGuiApplication.clipboard().setText(value.text())
        self._session.notices.post("info", tr("Copied: {name}", name=name))

    def _switched(self) -> None:
        endpoint, model = self._session.endpoint, self._session.loaded
        try:
            if not self.switch.value():
                endpoint.stop()
            elif model is not None:
                self._served = model
                endpoint.start(answering(model), model.title)
        except StudioError as error:
            self._session.notices.post_error(error)
        self._show()

    def _heard(self, what: frozenset[str]) -> None:
        if "loaded" in what and self._session.endpoint.running and self._session.loaded is not self._served:
            self._session.endpoint.stop()
            self._session.notices.post("info", tr("Other programs are no longer served: another model was loaded."))
        if what & {"loaded", "endpoint"}:
            self._show()

    def _show(self) -> None:
        endpoint, model = self._session.endpoint, self._session.loaded
        on = endpoint.running
        self._served = self._served if on else None
        self.switch.set_value(on)
        self.switch.setEnabled(on or model is not None)
        for row in self.rows:
            row.setVisible(on)
        self.address.setText(endpoint.address)
        self.token.setText(endpoint.token)
        self.words.setText(self._sentence())

    def _sentence(self) -> str:
        endpoint, model = self._session.endpoint, self._session.loaded
        if endpoint.running:
            return tr(
                "“{name}” answers programs on this computer that know the token, as OpenAI's interface does. "
                "Nothing is reachable from outside.", name=endpoint.name,
            )  # fmt: skip
        if model is None:
            return tr("Load a model on the Chat page first. Then you can let programs on this computer ask it.")
        return tr(
            "Switch it on to let programs on this computer ask “{name}” through OpenAI's interface, with a token.",
            name=model.title,
        )


def answering(model: Any) -> "Answer":
    """Who answers by this model; the engine is looked for on the thread that asks."""

    def answer(turns: "tuple[Turn, ...]", sampling: "Sampling", control: "RunControl") -> Iterator[str]:
        found: Iterator[str] = resolve(SERVE)(model)(turns, sampling, control)
        return found

    return answer
