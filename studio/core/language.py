"""The translation hook: every sentence a person reads passes through `tr`."""

import gettext
from pathlib import Path

_translation: gettext.NullTranslations = gettext.NullTranslations()
_pseudo = False

# Letters with marks show at a glance which words bypass the hook, and the padding shows which widgets clip.
_MARKED = str.maketrans("aeiouycnAEIOUYCN", "áéíóúýçñÁÉÍÓÚÝÇÑ")


def tr(text: str, **values: object) -> str:
    """Return `text` in the chosen language with `{name}` fields filled from `values`."""
    translated = _translation.gettext(text)
    if _pseudo:
        translated = _mark(translated)
    return translated.format(**values) if values else translated


def set_language(name: str, folder: Path | None = None) -> None:
    """Choose the language for what is shown from now on: `en`, `pseudo` (for tests), or a catalogue in `folder`."""
    global _translation, _pseudo
    _pseudo = name == "pseudo"
    if folder is None or name in ("en", "pseudo"):
        _translation = gettext.NullTranslations()
    else:
        _translation = gettext.translation("atelier", folder, languages=[name], fallback=True)


def _mark(text: str) -> str:
    """Accent the letters outside `{fields}` and lengthen by two fifths."""
    parts = text.split("{")
    marked = [parts[0].translate(_MARKED)]
    for part in parts[1:]:
        field, brace, rest = part.partition("}")
        marked.append("{" + field + brace + rest.translate(_MARKED))
    return "".join(marked) + "~" * (len(text) * 2 // 5)
