"""Which addresses of a model's text may become links: http and https with a plain host, shown as they really are."""

from PySide6.QtCore import QUrl

_LONGEST = 2_000  # characters
_SHOWN = 80


def safe_address(raw: str) -> str | None:
    """The address in its plain form (host in ASCII), or None: the text then stays text.

    Refused are every other scheme, names or passwords before an @, letters without ink, and backslashes.
    """
    if len(raw) > _LONGEST or not raw.isprintable() or any(letter in raw for letter in " \\\u00a0"):
        return None
    if not raw[:8].lower().startswith(("http://", "https://")):
        return None
    url = QUrl(raw, QUrl.ParsingMode.StrictMode)
    if not url.isValid() or url.scheme() not in ("http", "https") or url.userInfo() or not url.host():
        return None
    if "@" in url.authority() or not set(encoded_host(url)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-:"):
        return None
    return bytes(url.toEncoded().data()).decode("ascii")


def encoded_host(url: QUrl) -> str:
    """The host as it is asked for: letters beyond ASCII spelled as xn--…, so that a look-alike gives itself away."""
    return url.host(QUrl.ComponentFormattingOption.FullyEncoded).lower()


def shown_address(address: str) -> str:
    """What stands beside a link: the address, its middle left out where it is long; the host is always there."""
    if len(address) <= _SHOWN:
        return address
    host = QUrl(address).host(QUrl.ComponentFormattingOption.FullyEncoded)
    head = max(_SHOWN - 16, address.find(host) + len(host))
    return f"{address[:head]}…{address[-12:]}"
