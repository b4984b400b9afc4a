"""What a chat template was found to write: the words around the turns, and the conversations that show them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

BEGIN, END = "<|startoftext|>", "<|endoftext|>"  # stand for the tokens that begin and end a text, whatever their names
THOUGHT_ENDS = "</think>"
_WORDS = ("zqaska", "zqtella", "zqaskb", "zqtellb", "zqaskc", "zqtellc")
_SYSTEM = "zqrules"
_THOUGHT = f"<think>\nzqidea\n{THOUGHT_ENDS}\n\n"

Written = Sequence[str | None]  # what a template writes for each probe; None where it refuses one


@dataclass(frozen=True)
class Conversation:
    """Roles with what they say, and whether the assistant is to answer now."""

    turns: tuple[tuple[str, str], ...]
    answering: bool = False


@dataclass(frozen=True)
class Pattern:
    """The words that stand around the turns of every conversation."""

    begin: str  # before the first question
    system: tuple[str, str] | None  # before a system text, and from it to the question; None where there may be none
    answer: str  # from a question to its answer
    between: str  # from an answer to the next question
    end: str  # behind the last answer
    trims: bool = False  # blanks around what is said are left out
    silence: str = ""  # stands before the last answer for the thoughts that it has not
    forgets: bool = False  # earlier answers lose their thoughts


@dataclass(frozen=True)
class Piece:
    """Words of the template, or what a role says; `kind` also tells `behind` an answer and `silence` before one."""

    text: str
    kind: str = ""


KNOWN = {
    "chatml": Pattern(
        "<|im_start|>user\n", ("<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n"),
        "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n",
    ),
    "llama3": Pattern(
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n",
        (
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n",
            "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        ),
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>", trims=True,
    ),
    "phi3": Pattern(
        "<|user|>\n", ("<|system|>\n", "<|end|>\n<|user|>\n"), "<|end|>\n<|assistant|>\n", "<|end|>\n<|user|>\n",
        f"<|end|>\n{END}",
    ),
}  # fmt: skip


def known_as(pattern: Pattern) -> str | None:
    """The name of Atelier's own template that writes so; Llama 3 calls the token that begins a text by its own name."""
    said = [text.replace(BEGIN, "<|begin_of_text|>") for text in (pattern.begin, *(pattern.system or ())[:1])]
    system = (said[1], pattern.system[1]) if pattern.system is not None else None
    named = replace(pattern, begin=said[0], system=system)
    return next((name for name, known in KNOWN.items() if known == named), None)


def pieces_of(pattern: Pattern, conversation: Conversation) -> list[Piece]:
    """A conversation as the template would write it; a system text that it does not know stands above the question."""
    said = [(role, text.strip() if pattern.trims else text) for role, text in conversation.turns]
    rules = next((text for role, text in said if role == "system"), "")
    spoken = [one for one in said if one[0] != "system"]
    above = f"{rules}\n\n" if rules and pattern.system is None else ""
    pieces = [Piece(pattern.begin)]
    if rules and pattern.system is not None:
        pieces = [Piece(pattern.system[0]), Piece(rules, "system"), Piece(pattern.system[1])]
    for place, (role, text) in enumerate(spoken):
        last = place == len(spoken) - 1
        if role == "user":
            pieces.append(Piece(above + text, role))
            above = ""
        else:
            pieces += _answered(pattern, text, last)
            pieces.append(Piece(pattern.end if last else pattern.between, "behind"))
    return [*pieces, Piece(pattern.answer)] if conversation.answering else pieces


def _answered(pattern: Pattern, text: str, last: bool) -> list[Piece]:
    thinks = THOUGHT_ENDS in text
    if thinks and pattern.forgets and not last:
        text = text.rpartition(THOUGHT_ENDS)[2].lstrip("\n")
    silence = pattern.silence if last and not thinks else ""
    return [Piece(pattern.answer), Piece(silence, "silence"), Piece(text, "assistant")]


# --- finding them -----------------------------------------------------------------------------------------------------


def probes() -> tuple[list[Conversation], list[Conversation], list[Conversation]]:
    """Conversations of one to three questions, without and with a system text, answered and not.

    They are told plainly, with blanks around everything that is said, and with thoughts before every answer.
    """
    return _probes(), _probes(around="  "), _probes(thought=_THOUGHT)


def _probes(around: str = "", thought: str = "") -> list[Conversation]:
    said = [
        (role, f"{around}{thought if role == 'assistant' else ''}{word}{around}")
        for role, word in zip(("user", "assistant") * 3, _WORDS, strict=True)
    ]
    told = [Conversation(tuple(said[:count]), count % 2 == 1) for count in range(1, len(said) + 1)]
    rules = ("system", f"{around}{_SYSTEM}{around}")
    return told + [Conversation((rules, *one.turns), one.answering) for one in told]


def pattern_of(plain: Written, blank: Written, thinking: Written) -> Pattern | None:
    """The words around the turns, if what a template writes for all the probes follows one pattern."""
    guess = _guess(plain)
    if guess is None:
        return None
    for trims in (False, True):
        for forgets in (False, True):
            pattern = replace(guess, trims=trims, forgets=forgets)
            if all(map(_writes, [pattern] * 3, probes(), (plain, blank, thinking))):
                return pattern
    return None


def _writes(pattern: Pattern, asked: Sequence[Conversation], written: Written) -> bool:
    """Whether the pattern writes the same; a system text may be refused everywhere."""
    half = len(asked) // 2
    if pattern.system is None and all(text is None for text in written[half:]):
        asked, written = asked[:half], written[:half]
    return ["".join(piece.text for piece in pieces_of(pattern, one)) for one in asked] == list(written)


def _guess(plain: Written) -> Pattern | None:
    """What the longest probe and the shortest one with a system text suggest."""
    half = len(plain) // 2
    longest, ruled = plain[half - 1], plain[half]
    parts = around(longest, _WORDS) if longest is not None else None
    opening = around(ruled, (_SYSTEM, _WORDS[0])) if ruled is not None else None
    if parts is None or (ruled is not None and opening is None):
        return None
    begin, answer, between, _, _, last, end = parts
    if not last.startswith(answer):
        return None
    system = (opening[0], opening[1]) if opening is not None else None
    return Pattern(begin, system, answer, between, end, silence=last.removeprefix(answer))


def around(text: str, words: Sequence[str]) -> list[str] | None:
    """What stands before, between and behind these words; None unless each is there once and in order."""
    parts = []
    for word in words:
        before, found, text = text.partition(word)
        if not found or word in text:
            return None
        parts.append(before)
    return [*parts, text]


def behind_answer(written: Written) -> str:
    """What stands behind the answer of the shortest plain probe that has one."""
    return (written[1] or "").partition(_WORDS[1])[2]
