"""How everything looks: roles of colour, fonts, icons and motion, in one object that says when it changed."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from studio.core.errors import StudioError

SIZES = (11, 13, 15, 20)  # small print, text, card title, page title; nothing else is used
WEIGHTS = (400, 600)
SPACES = (4, 8, 12, 16, 24, 32)
CORNER = 6  # controls
CARD_CORNER = 10

INTERFACE = ("Inter", "Pretendard", "DejaVu Sans")
MONOSPACE = ("JetBrains Mono", "Pretendard", "DejaVu Sans Mono")

# Tabular figures; the single-storey a of the sketches; "->" stays two characters, as tokens are read letter by letter.
FEATURES = {"tnum": 1, "cv11": 1, "calt": 0}


@lru_cache(maxsize=64)
def _parsed(text: str) -> QColor:
    """Reading `#rrggbb` costs more than a copy, and a picture asks for the same few colours a thousand times."""
    return QColor(text)


@dataclass(frozen=True)
class Theme:
    """Roles and series colours of one look; colours are `#rrggbb` texts as they stand in the file."""

    name: str
    dark: bool
    roles: dict[str, str]
    series: tuple[str, ...]

    def color(self, role: str | int) -> QColor:
        """The colour of a role, or of a series by its index (which wraps around)."""
        return QColor(_parsed(self.series[role % len(self.series)] if isinstance(role, int) else self.roles[role]))


@lru_cache(maxsize=8)  # asked for twice before the first paint
def load_theme(path: Path) -> Theme:
    """Read one `themes/*.toml`; a broken file is a `StudioError` that names it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return Theme(str(data["name"]), bool(data["dark"]), dict(data["roles"]), tuple(data["series"]["colors"]))
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise StudioError(f"The theme {path.name} cannot be read: {error}.", "Install Atelier again.") from error


def load_fonts(folder: Path, names: tuple[str, ...] = ("*",)) -> list[str]:
    """Make the bundled fonts of these names known to Qt; returns their families. Needs the QApplication."""
    families: list[str] = []
    for path in sorted(path for name in names for ending in ("ttf", "otf") for path in folder.glob(f"{name}.{ending}")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    return families


class Look(QObject):
    """The present theme and everything drawn from it. Widgets listen to `changed` and ask again."""

    changed = Signal()

    def __init__(
        self, resources: Path, theme: str = "dark", *, reduce_motion: bool = False, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.resources = resources
        self.theme = load_theme(resources / "themes" / f"{theme}.toml")
        self.reduce_motion = reduce_motion
        self._fonts: dict[tuple[int, int, bool], QFont] = {}

    def set_theme(self, name: str) -> None:
        """Switch to `resources/themes/NAME.toml` live; says nothing when it is the present one."""
        theme = load_theme(self.resources / "themes" / f"{name}.toml")
        if theme != self.theme:
            self.theme = theme
            self.changed.emit()

    def color(self, role: str | int) -> QColor:
        """Shorthand for `theme.color`."""
        return self.theme.color(role)

    def motion(self, ms: int) -> int:
        """How long a movement takes: `ms`, or 0 for people who want none."""
        return 0 if self.reduce_motion else ms

    def font(self, size: int = 13, weight: int = 400, mono: bool = False) -> QFont:
        """An interface font with tabular figures; `size` is one of `SIZES`, in device-independent pixels."""
        key = (size, weight, mono)
        if key not in self._fonts:
            self._fonts[key] = self._make_font(*key)
        return QFont(self._fonts[key])

    def _make_font(self, size: int, weight: int, mono: bool) -> QFont:
        font = QFont(list(MONOSPACE if mono else INTERFACE))
        font.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
        font.setPixelSize(size)
        font.setWeight(QFont.Weight(weight))
        for feature, on in FEATURES.items():
            font.setFeature(QFont.Tag(feature), on)
        return font

    def icon(self, name: str, size: int = 16, role: str = "text_quiet", gap: int = 0) -> QIcon:
        """`resources/icons/NAME.svg` in a role's colour, sharp at 1x to 3x, grey when disabled; `gap` px after it."""
        icon = QIcon()
        states = ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "text_disabled"))
        for mode, shade in states:
            for ratio in (1.0, 1.5, 2.0, 3.0):
                pixmap = tinted(self.resources / "icons" / f"{name}.svg", size, ratio, self.theme.roles[shade], gap)
                icon.addPixmap(pixmap, mode)
        return icon

    def pixmap(self, name: str, size: int = 16, role: str = "text_quiet", ratio: float = 1.0) -> QPixmap:
        """One picture of an icon for a label; `ratio` is the screen's device pixel ratio."""
        return tinted(self.resources / "icons" / f"{name}.svg", size, ratio, self.theme.roles[role])

    def palette(self) -> QPalette:
        """Every role of Qt's palette set by hand, so that nothing falls back to the platform's grey."""
        return palette_of(self.theme)

    def style_sheet(self) -> str:
        """`resources/style.qss` with the present theme's `{role}` fields filled in."""
        template = (self.resources / "style.qss").read_text(encoding="utf-8")
        for role, value in self.theme.roles.items():
            template = template.replace("{" + role + "}", value)
        return template.replace("{icons}", (self.resources / "icons").as_posix())


@lru_cache(maxsize=1024)
def tinted(path: Path, size: int, ratio: float, color: str, gap: int = 0) -> QPixmap:
    """A one-colour SVG at `size` × `size` logical pixels with `currentColor` replaced, `gap` empty ones after it."""
    source = path.read_text(encoding="utf-8").replace("currentColor", color)
    pixmap = QPixmap(QSize(round((size + gap) * ratio), round(size * ratio)))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, pixmap.height(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def palette_of(theme: Theme) -> QPalette:
    """Map roles of a theme to Qt's palette roles."""
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: "window", role.Base: "surface", role.AlternateBase: "raised", role.Button: "surface",
        role.ToolTipBase: "raised", role.WindowText: "text", role.Text: "text", role.ButtonText: "text",
        role.ToolTipText: "text", role.BrightText: "text", role.PlaceholderText: "text_quiet",
        role.Highlight: "selection", role.HighlightedText: "text", role.Link: "accent", role.LinkVisited: "accent",
        role.Light: "raised", role.Midlight: "raised", role.Mid: "line", role.Dark: "line", role.Shadow: "window",
        role.Accent: "accent",
    }  # fmt: skip
    for qt_role, name in pairs.items():
        palette.setColor(qt_role, theme.color(name))
    for qt_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, qt_role, theme.color("text_disabled"))
    return palette
