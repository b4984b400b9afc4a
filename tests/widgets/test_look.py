"""Themes are readable, complete and the only place with colours; icons and fonts are the project's own."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPalette, QRawFont

from studio.core.errors import StudioError
from studio.widgets.look import FEATURES, SIZES, Look, Theme, load_fonts, load_theme

pytestmark = pytest.mark.gui

PROJECT = Path(__file__).parents[2]
THEMES = sorted((PROJECT / "resources" / "themes").glob("*.toml"))
ICONS = sorted((PROJECT / "resources" / "icons").glob("*.svg"))
COLOR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|(?<!\.)\brgba?\(|QColor(\.from\w+)?\(\s*\d")
NEEDED = """
    home data tokenizer model pretrain runs chat settings play pause stop save sample plus close check warning danger
    info search folder file undo trash more chevron-down chevron-right copy export refresh moon sun help atelier
"""


def luminance(color: QColor) -> float:
    """Relative luminance of WCAG 2.1."""
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of WCAG 2.1, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(params=THEMES, ids=lambda path: path.stem)
def theme(request: pytest.FixtureRequest) -> Theme:
    """Every theme there is."""
    return load_theme(request.param)


@pytest.mark.parametrize("ground", ["window", "surface", "raised"])
@pytest.mark.parametrize("role", ["text", "text_quiet"])
def test_text_can_be_read_on_every_ground(theme: Theme, role: str, ground: str) -> None:
    assert contrast(theme.color(role), theme.color(ground)) >= 4.5


@pytest.mark.parametrize("ground", ["window", "surface"])
@pytest.mark.parametrize("role", ["accent", "good", "warning", "danger"])
def test_colored_words_can_be_read(theme: Theme, role: str, ground: str) -> None:
    assert contrast(theme.color(role), theme.color(ground)) >= 4.5


@pytest.mark.parametrize(
    ("role", "ground"),
    [
        ("accent_text", "accent"), ("accent_text", "accent_hover"), ("text", "selection"), ("text", "hover"),
        ("text", "danger_ground"), ("text", "warning_ground"), ("text", "good_ground"), ("text", "info_ground"),
        ("text_quiet", "danger_ground"), ("text_quiet", "info_ground"), ("text_quiet", "warning_ground"),
        ("danger", "danger_ground"),
    ],
)  # fmt: skip
def test_words_on_colored_grounds_can_be_read(theme: Theme, role: str, ground: str) -> None:
    assert contrast(theme.color(role), theme.color(ground)) >= 4.5


@pytest.mark.parametrize("ground", ["window", "surface", "raised"])
@pytest.mark.parametrize("role", ["edge", "focus", "accent", "danger", "good", "warning"])
def test_marks_and_outlines_can_be_seen(theme: Theme, role: str, ground: str) -> None:
    assert contrast(theme.color(role), theme.color(ground)) >= 3


def test_every_series_color_can_be_seen_on_a_card(theme: Theme) -> None:
    assert len(theme.series) == 8
    assert min(contrast(theme.color(index), theme.color("surface")) for index in range(8)) >= 3
    assert theme.color(8) == theme.color(0), "more series than colours begin again"


def test_all_themes_have_the_same_roles() -> None:
    roles = [set(load_theme(path).roles) for path in THEMES]
    assert len(THEMES) >= 2
    assert all(found == roles[0] for found in roles)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", value) for path in THEMES for value in load_theme(path).roles.values())


def test_no_color_stands_anywhere_but_in_a_theme() -> None:
    files = [*(PROJECT / "studio").rglob("*.py"), *(PROJECT / "resources").glob("*.qss"), *ICONS]
    found = [
        f"{path.relative_to(PROJECT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if COLOR.search(line)
    ]
    assert not found, "\n".join(found)


def test_a_broken_theme_says_which_file_it_is(tmp_path: Path) -> None:
    broken = tmp_path / "sepia.toml"
    broken.write_text("name = 'Sepia'\n")
    with pytest.raises(StudioError, match=r"sepia\.toml"):
        load_theme(broken)


def test_the_style_sheet_has_no_field_left_empty(look: Look) -> None:
    sheet = look.style_sheet()
    assert not re.search(r"\{[a-z_]+\}", sheet)
    assert set(re.findall(r"font-size: (\d+)px", sheet)) <= {str(size) for size in SIZES}
    assert set(re.findall(r"font-weight: (\d+)", sheet)) <= {"400", "600"}


def test_a_new_theme_is_announced_once(look: Look, qtbot) -> None:  # type: ignore[no-untyped-def]
    with qtbot.waitSignal(look.changed):
        look.set_theme("light")
    assert not look.theme.dark
    with qtbot.assertNotEmitted(look.changed):
        look.set_theme("light")


def test_the_palette_follows_the_theme(look: Look) -> None:
    assert look.palette().color(QPalette.ColorRole.Window) == look.color("window")
    assert look.palette().color(QPalette.ColorRole.Base) == look.color("surface")


def test_nothing_moves_for_people_who_want_no_motion(look: Look) -> None:
    assert look.motion(160) == 0
    look.reduce_motion = False
    assert look.motion(160) == 160


def test_every_icon_that_the_house_names_is_there() -> None:
    assert set(NEEDED.split()) <= {path.stem for path in ICONS}


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_icons_share_grid_stroke_and_color(path: Path) -> None:
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert root.get("viewBox") == "0 0 16 16"
    assert root.get("stroke") == "currentColor"
    assert root.get("stroke-width") == "1.5"
    assert root.get("stroke-linecap") == "round"


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_icons_are_drawn_in_the_roles_color(path: Path, look: Look) -> None:
    image = look.icon(path.stem, 20, "accent").pixmap(20, 20).toImage()
    inked = [image.pixelColor(x, y) for x in range(20) for y in range(20) if image.pixelColor(x, y).alpha() > 200]
    assert len(inked) >= 6
    assert all(abs(color.hue() - look.color("accent").hue()) <= 4 for color in inked)


def test_a_disabled_icon_is_grey(look: Look) -> None:
    image = look.icon("stop", 16, "danger").pixmap(16, 16, QIcon.Mode.Disabled).toImage()
    strongest = max((image.pixelColor(x, y) for x in range(16) for y in range(16)), key=QColor.alpha)
    assert abs(strongest.hue() - look.color("text_disabled").hue()) <= 8


def test_figures_all_have_one_width(look: Look) -> None:
    for weight in (400, 600):
        metrics = QFontMetrics(look.font(13, weight))
        assert len({metrics.horizontalAdvance(digit * 4) for digit in "0123456789"}) == 1
    assert FEATURES["tnum"] == 1


def test_hangul_has_letters_on_a_bare_machine(look: Look, resources: Path) -> None:
    assert {"Inter", "JetBrains Mono", "Pretendard"} <= set(load_fonts(resources / "fonts"))
    fallback = QRawFont(str(resources / "fonts" / "Pretendard-Regular.otf"), 13)
    assert "Pretendard" in look.font().families()
    assert all(fallback.supportsCharacter(ord(letter)) for letter in "안녕하세요")


def test_every_font_has_its_licence_beside_it(resources: Path) -> None:
    for path in [*(resources / "fonts").glob("*.otf"), *(resources / "fonts").glob("*.ttf")]:
        licence = resources / "fonts" / f"OFL-{path.stem.split('-')[0]}.txt"
        assert "SIL OPEN FONT LICENSE" in licence.read_text(encoding="utf-8")
        assert path.name in (resources / "fonts" / "SOURCE.md").read_text(encoding="utf-8")
        assert path.stat().st_size < 5_000_000
