"""What languages texts are likely written in; too little to tell is said to be too little."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from studio.core.errors import StudioError

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LOOKED_AT = 400  # characters of a text that are looked at
UNKNOWN = ""
_SURE = 0.3  # a guess less certain than this is none

# Languages with much written text. Of more, the detector takes slang for languages that few people write.
NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "bn": "Bengali", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer",
    "kn": "Kannada", "ko": "Korean", "ky": "Kyrgyz", "la": "Latin", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian",
    "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese",
    "ne": "Nepali", "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sa": "Sanskrit", "si": "Sinhala", "sk": "Slovak",
    "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
_NO_LANGUAGE = "zxx"  # numbers, code, identifiers


@cache
def _identifier() -> "LanguageIdentifier":
    """The detector of py3langid, which reads its table with numpy alone; about a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True, min_confidence=_SURE)
    identifier.set_languages([*NAMES, _NO_LANGUAGE])
    return identifier


def language_of(text: str) -> str:
    """The code of the likeliest language, as in `NAMES`, or `UNKNOWN`."""
    found, _ = _identifier().classify(text[:LOOKED_AT])
    return found if found in NAMES else UNKNOWN


def languages_of(texts: Iterable[str], keep_going: Callable[[], bool] | None = None) -> Iterator[str]:
    """`language_of` each; a `StudioError` when it is not wanted any more."""
    for text in texts:
        if keep_going is not None and not keep_going():
            raise StudioError("The survey was stopped before it was finished.", "Nothing was changed.")
        yield language_of(text)
