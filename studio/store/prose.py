"""Putting drafted English in order: articles, capitals, contractions, titles, and runs of words that come twice."""

import re

SHINGLE = 12  # words in a row that should not come twice
PARAGRAPH = range(80, 201)  # words in a paragraph
# After a question or a cry the storyteller goes on with a capital, unless it is said who spoke.
_AFTER_SPEECH = re.compile(
    r"([?!]\" )(?!(?:\w+ ){0,2}(?:asked|said|cried|called|whispered|murmured|shouted|yelled|thought|told|growled|"
    r"groaned|sobbed|mocked|laughed|grumbled|came)\b)([a-z])"
)
_SENTENCE_START = re.compile(r"(^|[!?] |(?<!\.)\. |\.\" |: \")([a-z])")
_SMALL = frozenset(
    ("a", "an", "the", "of", "at", "in", "on", "and", "or", "to", "for", "with", "through", "under", "from", "by")
)
_SPOKEN = tuple(
    (re.compile(rf"\b{long}(?= [a-z])"), short)
    for long, short in (
        ("([Dd]o|[Dd]id|[Ii]s|[Ww]as|[Hh]ave|[Hh]as|[Cc]ould|[Ww]ould|[Dd]oes|[Aa]re) not", r"\1n't"),
        ("([Cc]an)not", r"\1't"),
        ("([Ii]t|[Tt]hat|[Tt]here|[Hh]ere) is", r"\1's"),
        ("I am", "I'm"),
        ("([Yy]ou|[Ww]e|[Tt]hey) are", r"\1're"),
        ("(I|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t) will", r"\1'll"),
        ("([Ll]et) us", r"\1's"),
    )
)


def polished(text: str) -> str:
    """Single blanks, "an" before vowels, capitals at the beginning of sentences."""
    text = " ".join(text.split())
    text = re.sub(r"\b([Aa]) (?=[aeio]|u(?!ni|se)|hour|honest)(?!one\b|eu)", r"\1n ", text)
    text = re.sub(r" ([,.;:!?])", r"\1", text)
    text = re.sub(r"([.!?]\")\.|(\w)\"\.", lambda found: found[1] or f'{found[2]}."', text)
    text = _AFTER_SPEECH.sub(lambda found: found[1] + found[2].upper(), text)
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)


def contracted(text: str, everywhere: bool = False) -> str:
    """The same with "don't" for "do not" and the like where somebody speaks, or everywhere."""
    parts = text.split('"')
    for place in range(0 if everywhere else 1, len(parts), 1 if everywhere else 2):
        for long, short in _SPOKEN:
            parts[place] = long.sub(short, parts[place])
    return '"'.join(parts)


def halved(text: str) -> list[str]:
    """A long paragraph as two, broken near its middle after a sentence that is not spoken."""
    if len(text.split()) < 2 * PARAGRAPH.start + 5:
        return [text]
    ends = [found.start() for found in re.finditer(r"(?<=\.)(?<!Mr\.)(?<!Mrs\.) (?=[A-Z][^\"]*[.!?] )", text)]
    ends = [end for end in ends if min(len(part.split()) for part in (text[:end], text[end:])) >= PARAGRAPH.start]
    ends = [end for end in ends if text[:end].count('"') % 2 == 0]
    if not ends:
        return [text]
    middle = min(ends, key=lambda end: abs(end - len(text) // 2))
    return [text[:middle], text[middle + 1 :]]


def title_case(text: str) -> str:
    """Capitals for all words of a title but the small ones inside."""
    words = text.split()
    return " ".join(
        word if word in _SMALL and place not in (0, len(words) - 1) else word[0].upper() + word[1:]
        for place, word in enumerate(words)
    )


def shingles(text: str, size: int = SHINGLE) -> list[tuple[str, ...]]:
    """Every run of `size` words, punctuation left out."""
    words = re.findall(r"[A-Za-z']+", text.lower())
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
