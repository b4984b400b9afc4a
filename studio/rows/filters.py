"""A small language that chooses rows, such as `length(text) > 20 and label == "ham"`; nothing in it is ever run."""

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from studio.core.errors import StudioError
from studio.rows import Values
from studio.rows.kinds import Reading, spoken, text_of

LONGEST = 1_000  # characters of an expression
DEEPEST = 40  # brackets within brackets
PATIENCE = 0.25  # seconds that one pattern may take on one row
WRITTEN_OUT = 20_000  # characters of a pattern with what is counted in it written out: compiling takes 20 ms
EXAMPLE = 'length(text) > 20 and label == "ham"'

Part = Callable[[Values], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[^\W\d]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<mark>==|!=|<=|>=|[<>=(),\[\]]))"
)
_PATTERN_PIECE = re.compile(
    r"(?P<bracket>[()])|\{(?P<least>\d+)(?:,\d*)?\}|(?P<idle>[?*+\s])|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "none": None}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "length": (1, lambda value: len(spoken(value))),
    "words": (1, lambda value: len(spoken(value).split())),
    "lower": (1, lambda value: spoken(value).lower()),
    "empty": (1, lambda value: not spoken(value).strip()),
    "contains": (2, lambda value, part: spoken(part) in spoken(value)),
    "starts": (2, lambda value, part: spoken(value).startswith(spoken(part))),
    "ends": (2, lambda value, part: spoken(value).endswith(spoken(part))),
}
WORDS = (*_FUNCTIONS, "matches", "column")  # what can stand before a bracket


def read_filter(expression: str, columns: Sequence[str], reading: Reading) -> Callable[[Values], bool]:
    """A test for rows; an expression that cannot be read is a `StudioError` that says where and offers a way.

    Names are columns, else roles, and `text` is all that a model reads; column("any name") reaches every column.
    """
    parser = _Parser(_tokens(expression), columns, reading)
    part = parser.whole()
    return lambda values: bool(part(values))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number, name, text, mark or end
    spelling: str
    place: int  # from 1


def _tokens(expression: str) -> list[_Token]:
    if not expression.strip():
        raise StudioError("The filter is empty.", f"Write what a row must fulfil to stay, such as {EXAMPLE}.")
    if len(expression) > LONGEST:
        raise StudioError(f"The filter is longer than {LONGEST:,} characters.", "Use several filters.")
    found, place, end = [], 0, len(expression.rstrip())
    while place < end:
        match = _TOKEN.match(expression, place)
        if match is None:
            rest = expression[place:].lstrip()
            raise _unread(end - len(rest.rstrip()) + 1, f"“{rest[:12]}” means nothing here")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return [*found, _Token("end", "", end + 1)]


def _unread(place: int, why: str) -> StudioError:
    return StudioError(f"The filter cannot be read at character {place}: {why}.", f"An example: {EXAMPLE}")


class _Parser:
    """Reads from left to right; every method returns what computes its part of a row."""

    def __init__(self, tokens: list[_Token], columns: Sequence[str], reading: Reading) -> None:
        self._tokens = tokens
        self._columns = columns
        self._reading = reading
        self._at = 0
        self._depth = 0

    def whole(self) -> Part:
        """All of it, or a `StudioError`."""
        part = self._either()
        if self._next.kind != "end":
            raise _unread(self._next.place, f"“{self._next.spelling}” is too much here")
        return part

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *spellings: str) -> str:
        """The next word or mark if it is one of these, else ""."""
        token = self._next
        if token.kind not in ("name", "mark") or token.spelling.lower() not in spellings:
            return ""
        self._at += 1
        return token.spelling.lower()

    def _need(self, spelling: str) -> None:
        if not self._take(spelling):
            found = f"“{self._next.spelling}”" if self._next.spelling else "the end"
            raise _unread(self._next.place, f"“{spelling}” is missing before {found}")

    def _either(self) -> Part:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda values: any(part(values) for part in parts)

    def _both(self) -> Part:
        parts = [self._negated()]
        while self._take("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else lambda values: all(part(values) for part in parts)

    def _negated(self) -> Part:
        odd = False
        while self._take("not"):
            odd = not odd
        part = self._comparison()
        return (lambda values: not part(values)) if odd else part

    def _comparison(self) -> Part:
        left = self._value()
        if mark := self._take("==", "=", "!=", "<", "<=", ">", ">="):
            right = self._value()
            if mark in _ORDERS:
                return lambda values: _ordered(_ORDERS[mark], left(values), right(values))
            return lambda values: _equal(left(values), right(values)) == (mark != "!=")
        odd = bool(self._take("not"))
        if odd:
            self._need("in")
        if odd or self._take("in"):
            within = self._value()
            return lambda values: _within(left(values), within(values)) != odd
        return left

    def _value(self) -> Part:
        token = self._next
        self._at += 1
        if token.kind == "number":
            number = float(token.spelling) if "." in token.spelling else int(token.spelling)
            return lambda _: number
        if token.kind == "text":
            return lambda _: token.spelling[1:-1]
        if token.kind == "name" and token.spelling.lower() in _WORDS:
            return lambda _: _WORDS[token.spelling.lower()]
        if token.kind == "name" and self._next.spelling == "(":
            return self._call(token)
        if token.kind == "name" and token.spelling.lower() not in ("and", "or", "not", "in"):
            return self._column(token, token.spelling)
        if token.spelling in ("(", "["):
            return self._bracket(token)
        self._at -= 1
        raise _unread(token.place, f"a value is missing{f' before “{token.spelling}”' if token.spelling else ''}")

    def _bracket(self, token: _Token) -> Part:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _unread(token.place, "there are too many brackets within brackets")
        if token.spelling == "(":
            inner = self._either()
            self._need(")")
        else:
            items = self._list("]")
            inner = lambda values: [item(values) for item in items]  # noqa: E731
        self._depth -= 1
        return inner

    def _list(self, closing: str) -> list[Part]:
        items: list[Part] = []
        while not self._take(closing):
            if items:
                self._need(",")
            items.append(self._value())
        return items

    def _call(self, token: _Token) -> Part:
        name = token.spelling.lower()
        if name not in WORDS:
            raise _unread(token.place, f"there is no “{token.spelling}( )”; there are {', '.join(WORDS)}")
        self._at += 1
        if name == "column":
            return self._named_column(self._next)
        self._depth += 1
        if self._depth > DEEPEST:
            raise _unread(token.place, "there are too many brackets within brackets")
        items = self._list(")")
        self._depth -= 1
        if name == "matches":
            return self._pattern(token, items)
        count, function = _FUNCTIONS[name]
        if len(items) != count:
            raise _unread(token.place, f"“{name}” takes {count} value{'s' if count > 1 else ''} in its brackets")
        return lambda values: function(*(item(values) for item in items))

    def _named_column(self, token: _Token) -> Part:
        if token.kind != "text":
            raise _unread(token.place, 'column takes a name in quotes: column("Column 1")')
        self._at += 1
        self._need(")")
        return self._column(token, token.spelling[1:-1])

    def _pattern(self, token: _Token, items: list[Part]) -> Part:
        last = self._tokens[self._at - 2]
        if len(items) != 2 or last.kind != "text":
            raise _unread(token.place, 'matches takes a value and a pattern in quotes: matches(text, "[0-9]+")')
        fits = _search(last.spelling[1:-1], last.place)
        return lambda values: fits(spoken(items[0](values)))

    def _column(self, token: _Token, name: str) -> Part:
        reading = self._reading
        plain = {column.casefold(): column for column in reversed(self._columns)}
        column = name if name in self._columns else plain.get(name.casefold()) or reading.roles.get(name)
        if column:
            return lambda values: values.get(column)
        if name == "text":
            return lambda values: text_of(reading, values)
        known = list(dict.fromkeys([*self._columns, *reading.roles]))
        close = get_close_matches(name, known, n=1)
        listed = ", ".join(f"“{column}”" for column in known[:12]) or "none"
        raise StudioError(
            f"The filter names “{name}” at character {token.place}, but there is no such column.",
            f"Did you mean “{close[0]}”?" if close else f"There are: {listed}. A text belongs in quotes.",
        )


def _search(pattern: str, place: int) -> Callable[[str], bool]:
    """A regular expression that gives up by a `StudioError` where it would take forever."""
    import regex

    if written_out(pattern) > WRITTEN_OUT:
        why = f"the pattern counts repetitions inside repetitions, more than {WRITTEN_OUT:,} characters written out"
        raise _unread(place, why)
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise _unread(place, f"the pattern does not work ({error})") from error

    def fits(text: str) -> bool:
        try:
            return compiled.search(text, timeout=PATIENCE, concurrent=True) is not None
        except TimeoutError as error:
            raise StudioError(
                f"The pattern “{pattern}” takes too long on a row of {len(text):,} characters.",
                "Write it without repetitions inside repetitions, or use contains.",
            ) from error

    return fits


def written_out(pattern: str) -> int:
    """About how many characters a pattern has with the least of every count written out; never too few of them."""
    counts = [max(1, int(piece["least"])) for piece in _PATTERN_PIECE.finditer(pattern) if piece["least"]]
    if "#" in pattern or "V1" in pattern:  # comments and sets within sets hide brackets
        return len(pattern) * math.prod(counts)
    groups, last = [0], 1
    for piece in _PATTERN_PIECE.finditer(pattern):
        if piece["bracket"] == "(":
            groups.append(1)
            last = 1
        elif piece["bracket"] and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif piece["least"]:
            count = max(1, int(piece["least"]))
            groups[-1] += last * (count - 1)
            last *= count
        else:
            last = last if piece["idle"] else 1  # a blank or a question mark may stand before a count
            groups[-1] += 1
    return sum(groups)


def _number(value: Any) -> int | float | None:
    """Whole numbers stay whole, so that long ones that differ stay different."""
    kind = type(value)
    if kind is int:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return value if abs(value) < 1e300 else None
    if kind is not str:
        return None
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return None


def _pair(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as numbers where one is a number and the other reads as one, else both as text."""
    if type(left) is str and type(right) is str:
        return left, right
    if type(left) in (int, float) or type(right) in (int, float):
        one, other = _number(left), _number(right)
        if one is not None and other is not None:
            return one, other
    return spoken(left), spoken(right)


def _equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    one, other = _pair(left, right)
    return bool(one == other)


def _ordered(order: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """False where the two cannot be compared: nothing is neither more nor less than something, nor words than 3."""
    if left is None or right is None:
        return False
    one, other = _pair(left, right)
    mixed = isinstance(one, str) and not (isinstance(left, str) and isinstance(right, str))
    return not mixed and order(one, other)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(whole, list):
        return any(_equal(part, item) for item in whole)
    return spoken(part) in spoken(whole)
