"""Long texts in pieces, so that no single call of C holds the interpreter for long while a window waits for it."""

from collections.abc import Iterator

PIECE = 1 << 15  # characters
_BACK = 1 << 12  # how far back a place to cut is looked for


def pieces(text: str, size: int = PIECE) -> Iterator[tuple[int, str]]:
    """Offset and text of each piece; cut behind the end of a line, else behind a blank, else anywhere."""
    start = 0
    while len(text) - start > size:
        low, high = start + size - min(_BACK, size // 2), start + size
        cut = text.rfind("\n", low, high) + 1 or text.rfind(" ", low, high) + 1 or high
        yield start, text[start:cut]
        start = cut
    yield start, text[start:] if start else text
