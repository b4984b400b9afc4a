import time

import pytest

from studio.talking.highlight import LEXERS, highlighted

HOSTILE = ["(" * 1_200, "a" * 1_200, '"' * 1_200, "\\" * 1_200, "/*" * 600, "<!--" * 300, "[[" * 600, "$(" * 600,
           "{" * 1_200, "'''" * 400, " " * 1_200, "a=" * 600, "<a " * 400, "1.e" * 400, "#{" * 600]  # fmt: skip


def test_words_of_a_language_have_roles_of_the_theme():
    found = highlighted('def f():  # note\n    return "x" + 1', "py")
    text = 'def f():  # note\n    return "x" + 1'
    assert {(text[start:end], role) for start, end, role in found} >= {
        ("def", "accent"), ("# note", "text_quiet"), ("return", "accent"), ('"x"', "good"), ("1", "warning"),
    }  # fmt: skip


def test_an_unknown_language_and_a_very_long_piece_stay_plain():
    assert highlighted("x = 1", "no-such-language") == ()
    assert highlighted("x = 1\n" * 1_000, "python") == ()


def slowest_of(language, texts):
    highlighted("x", language)  # its rules are read once
    found = 0.0
    for text in texts:
        began = time.process_time()
        highlighted(text, language)
        found = max(found, time.process_time() - began)
    return found


@pytest.mark.parametrize("language", ["python", "bash", "json"])
def test_a_common_lexer_does_not_hang_on_hostile_code(language):
    assert slowest_of(language, HOSTILE[:5]) < 0.25


@pytest.mark.slow
@pytest.mark.parametrize("language", LEXERS)
def test_no_lexer_hangs_on_hostile_code(language):
    assert slowest_of(language, HOSTILE) < 0.25
