"""Likely personal data: what is found, what is left alone, and that no text takes long."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.rows.personal_data import KINDS, Spot, passes_luhn, personal_data

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def found(text: str) -> list[tuple[str, str]]:
    return [(spot.kind, text[spot.start : spot.end]) for spot in personal_data(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ada.lovelace+engine@mail.example.org.", [("email", "ada.lovelace+engine@mail.example.org")]),
        ("call +44 7700 900123 now", [("phone", "+44 7700 900123")]),
        ("call (555) 010-9999", [("phone", "(555) 010-9999")]),
        ("call 212-555-0147.", [("phone", "212-555-0147")]),
        ("전화 010-1234-5678 주세요", [("phone", "010-1234-5678")]),
        ("Tel: 09061701461!", [("phone", "09061701461")]),
        ("card 4111 1111 1111 1111, exp", [("card", "4111 1111 1111 1111")]),
        ("card 378282246310005", [("card", "378282246310005")]),
        ("5555-5555-5555-4444", [("card", "5555-5555-5555-4444")]),
    ],
)
def test_addresses_numbers_and_cards_are_found_where_they_stand(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "key",
    [
        "AKIA" + LETTERS[26:36] + "234567",
        "ghp_" + LETTERS[:36],
        "AIza" + LETTERS[:35],
        "hf_" + LETTERS[:34],
        "sk-" + "proj-" + LETTERS[:10] + LETTERS[-12:],
        "sk_" + "live_" + LETTERS[:20],
        "xoxb-" + "1234567890-" + LETTERS[:10],
        "eyJ" + LETTERS[:20] + ".eyJ" + LETTERS[:20] + "." + LETTERS[:20],
        "-----BEGIN RSA PRIVATE " + "KEY-----",
    ],
)
def test_keys_of_well_known_services_are_found(key: str) -> None:
    assert found(f"use {key} please") == [("key", key)]


def test_what_stands_behind_a_word_for_a_secret_is_found_if_it_looks_like_one() -> None:
    assert found('password = "hunter2hunter2"') == [("key", "hunter2hunter2")]
    assert found("API_KEY: 9f8e7d6c5b4a3210") == [("key", "9f8e7d6c5b4a3210")]
    assert found("the password: unbelievable") == []
    assert found("password: 1234567890") == []


@pytest.mark.parametrize(
    "text",
    [
        "1234567890123456",  # long, but no issuer begins so and the last digit does not check
        "4111 1111 1111 1112",  # the last digit does not check
        "0000000000000000",
        "π is 3.14159265358979323846",
        "-4111111111111111",
        "41111111111111110000000",  # part of a longer number
        "invoice 20241231-000123",
        "2024-12-31 23:59:59",
        "31.12.2024 and 01/02/2025",
        "192.168.100.200",
        "population 1 234 567 890",
        "9,876,543,210 people",
        "id=09061701461",
        "ISBN 978-3-16-148410-0",
        "0123456789",
        "1000000000",
        "the sum 1,5e10 of 0.1234567890",
        "lat 52.520008, lon 13.404954",
        "5 10 15 20 25 30 35 40 45 50",
        "a @ b.com", "@mention", "user@localhost", "x@y..com", "sk-learn is a library for python users",
        "skip-the-line-tickets-for-everyone", "eyJ.eyJ.x", "task-force-delivers-2024-plan",
    ],
)  # fmt: skip
def test_plain_numbers_dates_and_words_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_only_the_kinds_that_were_asked_for_are_found() -> None:
    text = "a@b.example or 09061701461"
    assert [spot.kind for spot in personal_data(text)] == ["email", "phone"]
    assert personal_data(text, ["phone"]) == [Spot("phone", 15, 26)]
    assert personal_data(text, []) == []


@pytest.mark.parametrize(("digits", "fits"), [("79927398713", True), ("79927398710", False), ("0", True)])
def test_the_last_digit_checks_the_others(digits: str, fits: bool) -> None:
    assert passes_luhn(digits) is fits


@given(st.lists(st.sampled_from(["a@b.example", "+49 30 1234567", "4111111111111111", " ", "0", "x", "-", "("])))
@settings(max_examples=25, deadline=None)
def test_spots_never_overlap_and_stand_in_the_order_of_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    spots = personal_data(text)
    assert all(0 <= spot.start < spot.end <= len(text) and spot.kind in KINDS for spot in spots)
    assert all(one.end <= other.start for one, other in itertools.pairwise(spots))


@pytest.mark.parametrize("piece", ["1", "a", "0 1", "@", "1-", "(0", "+1 ", "a@a.", "eyJ", "sk-", "password="])
def test_no_text_takes_long_because_of_what_it_repeats(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    begun = time.process_time()
    personal_data(text)
    assert time.process_time() - begun < 2  # a tenth of a second; trying every place against every other takes a minute
