"""Why a text was read as it was: its tokens, coloured by what each of them did to one class."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.classifying.attributed import ABOUT, METHODS, Why, sum_words
from studio.controls.editors import ChoiceEdit
from studio.core.language import tr
from studio.views.token_view import Token, TokenView
from studio.widgets.hover_card import CardRow
from studio.widgets.label import ElidedLabel
from studio.widgets.look import Look

FOR, AGAINST = 1, 0  # series of the theme


class WhyStrip(QWidget):
    """`method_chosen` wants another way of asking; orange speaks for the class, blue against it."""

    method_chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.why: Why | None = None
        self.title, self.sum = ElidedLabel(tr("Why"), "strong"), ElidedLabel("", "small")
        self.method = ChoiceEdit([(value, tr(words)) for value, words in METHODS], look)
        self.method.setAccessibleName(tr("How tokens are judged"))
        self.method.changed.connect(self._method_chosen)
        self.tokens = TokenView(look)
        self.tokens.setAccessibleName(tr("Tokens, coloured by what they did"))
        self.tokens.setMinimumHeight(64)
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addStretch(1)
        top.addWidget(self.sum, 2)
        top.addWidget(self.method)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.tokens, 1)
        self.set_words(tr("Choose a row to see its tokens."))

    def set_words(self, words: str) -> None:
        """Nothing to show, and why."""
        self.why = None
        self.sum.setText("")
        self.tokens.set_tokens([])
        self.tokens.set_empty_text(words)

    def set_why(self, why: Why) -> None:
        """Show one answer."""
        self.why = why
        self.sum.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.title.setText(tr("What spoke for {label}", label=why.label))
        self.sum.setText(sum_words(why))
        self.sum.setToolTip(tr(ABOUT[why.method]))
        self.tokens.set_tokens([Token(text, 0) for text in why.tokens])
        self.tokens.set_weights(why.weights, FOR, AGAINST)
        self.tokens.set_remarks([
            [CardRow(tr("for {label}", label=why.label) if score >= 0 else tr("against {label}", label=why.label),
                     f"{score:+.3f}".replace("-", "−"), FOR if score >= 0 else AGAINST)]
            for score in why.scores
        ])  # fmt: skip

    def _method_chosen(self) -> None:
        self.method_chosen.emit(str(self.method.value()))
