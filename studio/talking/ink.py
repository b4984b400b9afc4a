"""Fonts and colours of a conversation, asked of the theme once."""

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextCharFormat

from studio.talking.markdown_inline import Span, Style
from studio.talking.text_box import Stretch
from studio.widgets.blend import blend
from studio.widgets.look import Look

LINE, CODE_LINE, TABLE_LINE = 23.0, 19.0, 19.0  # pixels
STRENGTHS = 12  # steps of the tint that are told apart
TINT = {True: 0.45, False: 0.42}  # of the warning colour, dark and light: text on it keeps 4.5:1


class Ink:
    """Made anew with the theme; `letter` is the width of an average letter, for heights that are only guessed."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.body, self.small = look.font(15), look.font(11)
        self.mono, self.cell = look.font(13, mono=True), look.font(13)
        self.head = look.font(13, 600)
        self.letter = QFontMetricsF(self.body).averageCharWidth()
        self.text, self.quiet, self.accent = look.color("text"), look.color("text_quiet"), look.color("accent")
        self.line, self.raised, self.surface = look.color("line"), look.color("raised"), look.color("surface")
        self.code = blend(self.line, look.color("window"), 0.5)
        self.selection, self.focus = look.color("selection"), look.color("focus")
        self._headings = look.font(20, 600), look.font(15, 600)
        self._forms: dict[tuple[int, str, int], QTextCharFormat] = {}
        self.tints = [self.tint(place / STRENGTHS) for place in range(STRENGTHS + 1)]

    def heading(self, level: int) -> QFont:
        """Two sizes, and bold for the rest."""
        return self._headings[level != 1]

    def tint(self, weight: float) -> QColor:
        """The ground of a token: from the surface to the warning colour as `weight` goes from 0 to 1."""
        share = TINT[self.look.theme.dark] * min(max(weight, 0.0), 1.0)
        return blend(self.look.color("warning"), self.surface, share)

    @staticmethod
    def strength(weight: float) -> int:
        """Which of `tints` a token has."""
        return round(min(max(weight, 0.0), 1.0) * STRENGTHS)

    def stretch(self, span: Span, font: QFont, start: int = 0) -> Stretch:
        """How a span of a text in `font` is drawn; places count from letter `start`."""
        return Stretch(max(0, span.start - start), span.end - start, self.form(span.style, span.role, font))

    def form(self, style: int, role: str, font: QFont) -> QTextCharFormat:
        """The same for every stretch of one kind, so that it is made once; `font` is one that this ink holds."""
        key = (style, role, id(font))
        if key not in self._forms:
            self._forms[key] = self._made(style, role, font)
        return self._forms[key]

    def _made(self, style: int, role: str, font: QFont) -> QTextCharFormat:
        form, given = QTextCharFormat(), QFont(self.mono if style & Style.CODE else font)
        if style & Style.STRONG:
            given.setWeight(QFont.Weight.DemiBold)
        given.setItalic(bool(style & Style.EMPHASIS))
        if style:
            form.setFont(given)
        color = "accent" if style & Style.LINK else "text_quiet" if style & Style.QUIET else role
        if color:
            form.setForeground(self.look.color(color))
        if style & Style.CODE:
            form.setBackground(self.code)
        if style & Style.LINK:
            form.setFontUnderline(True)
        if style & Style.STRUCK:
            form.setFontStrikeOut(True)
        return form
