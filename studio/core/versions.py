"""Version numbers of packages, as far as two of them must be told apart."""

import re


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers: 2.13.0+cpu is (2, 13, 0), and what does not begin with one is ()."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def within(version: str, wanted: str) -> bool:
    """Whether a version satisfies conditions such as `>=2.10,<2.14,!=2.11.1`; an unknown condition is a ValueError."""
    return all(_satisfies(numbers(version), condition.strip()) for condition in wanted.split(",") if condition.strip())


def _satisfies(version: tuple[int, ...], condition: str) -> bool:
    found = re.match(r"(>=|<=|==|!=|<|>)\s*(.+)", condition)
    if not found:
        raise ValueError(condition)
    sign, bound = found.group(1), numbers(found.group(2))
    length = max(len(version), len(bound))
    ours, theirs = (part + (0,) * (length - len(part)) for part in (version, bound))
    return {
        ">=": ours >= theirs, "<=": ours <= theirs, "==": ours == theirs,
        "!=": ours != theirs, "<": ours < theirs, ">": ours > theirs,
    }[sign]  # fmt: skip
