"""What in a text is likely to be personal or secret: e-mail addresses, phone numbers, payment cards and keys.

Patterns, not knowledge: a name or an address in words is not found. Numbers that are merely long are left alone.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from studio.rows.pieces import pieces

Span = tuple[int, int]

KINDS = {"email": "E-mail addresses", "phone": "Phone numbers", "card": "Payment cards", "key": "Keys and passwords"}


@dataclass(frozen=True, slots=True)
class Spot:
    """One stretch of a text: `text[start:end]` is likely of this kind."""

    kind: str
    start: int
    end: int


# Every repetition is bounded, and none can begin in the middle of what it repeats: long rows cost no more than short.
_EMAIL = re.compile(
    r"(?<![\w.+%-])[A-Za-z0-9_][\w.+%-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,6}(?:[a-z]{2,24}|[A-Z]{2,24})(?![\w-])",
    re.ASCII,
)

# Digits that may stand in groups, as many as the longest card has; a sign before or a decimal point is no card.
_CARD = re.compile(r"(?<![\w.,#-])(?<!\d[ ])\d(?:[ -]?\d){12,18}(?![\w-]|[ ]\d|[.,]\d)")
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6(?:011|5|4[4-9])|62|35"), (16, 17, 18, 19)),  # Discover, UnionPay, JCB
    (re.compile(r"30[0-5]|36|38|39"), (14,)),  # Diners Club
)

_LONG_NUMBER = re.compile(r"\d(?:[ ./()-]{0,3}\d){8}")  # nothing shorter is a card or a phone number
_BEFORE, _AFTER = r"(?<![\w.,+#/:=-])", r"(?![\w/:=-]|[.,]\d|[ ]\d)"
_PHONES = (
    # A number that begins with 0 is dialled, not counted, whatever stands around it.
    re.compile(r"(?<![\w.,+#/=])0[1-9]\d{8,9}(?![\w=]|[.,]\d)"),
    *(
        re.compile(_BEFORE + form + _AFTER)
        for form in (
            r"(?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(0?\d{1,4}\))?(?:[ .-]?\d){6,12}",  # with the code of a country
            r"0[1-9]\d{0,3}(?:[ -]\d{2,4}){2,4}",
            r"0[1-9]\d{1,3}[ /-]\d{5,8}",
            r"\(0?\d{2,4}\)[ ]?\d{3,4}[ -]?\d{3,4}",
            r"[2-9]\d{2}([-.])[2-9]\d{2}\1\d{4}",  # North America
        )
    ),
)
_PHONE_DIGITS = range(9, 16)
_COUNTING = "0123456789012345678901"

_KEYS = re.compile(
    r"-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY-----"
    r"|(?<![A-Za-z0-9_-])(?:"
    r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}"
    r"|AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9])"  # Google
    r"|hf_[A-Za-z0-9]{30,64}(?![A-Za-z0-9])"  # Hugging Face
    r"|sk-(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_-]{20,200}"  # OpenAI, Anthropic
    r"|[sr]k_live_[A-Za-z0-9]{16,200}"  # Stripe
    r"|xox[abeprs]-[A-Za-z0-9-]{10,200}"  # Slack
    r"|eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,500})"  # JSON Web Token
)
_SECRET = re.compile(
    r"(?i:(?<![a-z])(?:pass(?:word|wd)|secret|api[_-]?key|(?:access|auth)[_-]?token))[\"']?[ ]?[:=][ ]?[\"']?"
    r"(?P<value>[A-Za-z0-9_+/!$%&*.-]{10,128})"
)


def personal_data(text: str, kinds: Collection[str] = tuple(KINDS)) -> list[Spot]:
    """Likely personal data of these kinds, in the order of the text; of two that overlap the longer one."""
    found = [
        Spot(kind, offset + start, offset + end)
        for offset, piece in pieces(text)
        for kind in kinds
        for start, end in _FINDERS[kind](piece)
    ]
    kept: list[Spot] = []
    for spot in sorted(found, key=lambda spot: (spot.start, -spot.end)):
        if not kept or kept[-1].end <= spot.start:
            kept.append(spot)
        elif spot.end - spot.start > kept[-1].end - kept[-1].start:
            kept[-1] = spot
    return kept


def passes_luhn(digits: str) -> bool:
    """Whether the last digit checks the others as on every payment card (ISO/IEC 7812)."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if ".." not in match.group():
                yield match.span()


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text) if _LONG_NUMBER.search(text) else ():
        digits = re.sub(r"\D", "", match.group())
        issued = any(issuer.match(digits) and len(digits) in lengths for issuer, lengths in _ISSUERS)
        if issued and len(set(digits)) > 1 and passes_luhn(digits) and _even_groups(match.group()):
            yield match.span()


def _even_groups(written: str) -> bool:
    """Whether digits stand together as on a card: without gaps, or in groups with one kind of gap."""
    groups = re.split(r"[ -]", written)
    return len(groups) == 1 or (len(set(re.findall(r"[ -]", written))) == 1 and min(map(len, groups[:-1])) >= 4)


def _phones(text: str) -> Iterator[Span]:
    for form in _PHONES if _LONG_NUMBER.search(text) else ():
        for match in form.finditer(text):
            digits = re.sub(r"\D", "", match.group())
            if len(digits) in _PHONE_DIGITS and digits not in _COUNTING and len(set(digits)) > 2:
                yield match.span()


def _keys(text: str) -> Iterator[Span]:
    for match in _KEYS.finditer(text):
        yield match.span()
    for match in _SECRET.finditer(text):
        value = match.group("value")
        if any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
            yield match.span("value")


_FINDERS: dict[str, Callable[[str], Iterator[Span]]] = {
    "email": _emails,
    "phone": _phones,
    "card": _cards,
    "key": _keys,
}
