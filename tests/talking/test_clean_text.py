import pytest

from studio.talking.addresses import safe_address, shown_address
from studio.talking.clean_text import Joiner, clean


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("plain, und 한글 😀", "plain, und 한글 😀"), ("a\r\nb\rc", "a\nb\nc"), ("a\tb", "a\tb"), ("\x1b[0m", "⟨1B⟩[0m"),
     ("a\u200bb", "a⟨200B⟩b"), ("\u2028", "⟨2028⟩"), ("\ud83d", "\ufffd"), ("e\u0301", "e\u0301"),
     ("e" + "\u0301" * 20, "e" + "\u0301" * 8 + "…"), ("\U000e0041", "⟨E0041⟩")],
)  # fmt: skip
def test_letters_that_would_act_are_spelled(raw, shown):
    assert clean(raw) == shown


def test_halves_of_a_pair_in_two_pieces_become_one_letter():
    joiner = Joiner()
    assert joiner.take("a\ud83d") == "a"
    assert joiner.take("\ude00b") == "😀b"
    assert joiner.take("c\ud83d") == "c"
    assert joiner.flush() == "\ufffd"


def test_a_line_end_in_two_pieces_is_one_line_end():
    joiner = Joiner()
    assert joiner.take("a\r") + joiner.take("\nb") == "a\nb"


@pytest.mark.parametrize(
    ("raw", "address"),
    [("https://example.com", "https://example.com"), ("HTTP://Example.COM/A", "http://example.com/A"),
     ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"), ("https://ü.de/", "https://xn--tda.de/")],
)  # fmt: skip
def test_an_address_of_the_web_is_given_in_its_plain_form(raw, address):
    assert safe_address(raw) == address


@pytest.mark.parametrize(
    "raw",
    ["javascript:alert(1)", "file:///etc", "//host/x", "https://", "https://a b.com", "https://u@h.com",
     "https://u:p@h.com", "https:\\\\h.com", "ftp://h.com", "https://h.com/\u202ex", "data:text/html,x",
     "http://" + "a" * 3_000, "\nhttps://h.com", "https://h%00.com"],
)  # fmt: skip
def test_every_other_address_is_refused(raw):
    assert safe_address(raw) is None


def test_a_long_address_keeps_its_host_in_sight():
    address = "https://example.com/" + "a" * 300 + "/the-end"
    assert shown_address(address).startswith("https://example.com/")
    assert len(shown_address(address)) < 90
    assert shown_address("https://example.com/") == "https://example.com/"
