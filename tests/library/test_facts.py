"""What the card says of a model."""

from dataclasses import replace
from pathlib import Path

from studio.library.facts import NO_TOKENIZER, fact_rows, fit_rows, note_words, short_words, tokenizer_words
from studio.library.fits import fits_of
from studio.store.library import BASE, CHECKPOINT, Entry
from tests.library.conftest import TINY

MODEL = Entry("tiny", BASE, Path("/p/models/tiny"), TINY, 26_000, 52_000, "bf16", tokenizer="gpt2", sha256="ab" * 32)


def facts(entry: Entry) -> dict[str, str]:
    return {row.name: row.value for row in fact_rows(entry)}


def test_a_model_is_told_in_figures_with_their_units() -> None:
    told = facts(MODEL)
    assert told["Parameters"] == "26,000"
    assert told["Context"] == "32 tokens"
    assert told["On disk"] == "52 kB in bf16"
    assert told["Hash"] == "abababab"
    assert short_words(MODEL) == "GPT-2 · 26 k parameters · bf16"


def test_a_licence_that_is_not_named_is_said_to_be_missing_but_only_of_other_peoples_models() -> None:
    assert facts(MODEL)["Licence"] == "not named"
    assert facts(replace(MODEL, licence="mit"))["Licence"] == "mit"
    assert "Licence" not in facts(replace(MODEL, kind=CHECKPOINT))


def test_a_tokenizer_has_the_name_that_people_read() -> None:
    assert tokenizer_words(MODEL) == "GPT-2 byte pairs"
    assert tokenizer_words(replace(MODEL, tokenizer="")) == "none"
    assert tokenizer_words(replace(MODEL, tokenizer="of a later version")) == "of a later version"


def test_a_missing_tokenizer_is_said_once() -> None:
    bare = replace(MODEL, tokenizer="")
    assert note_words(bare) == [NO_TOKENIZER]
    assert note_words(replace(bare, warnings=("No tokenizer lies beside it.",))) == ["No tokenizer lies beside it."]
    assert note_words(MODEL) == []


def test_each_way_to_use_it_says_whether_it_fits_and_what_it_needs() -> None:
    rows = fit_rows(fits_of(TINY, 1 << 40, "this computer"))
    assert [row.name for row in rows] == ["Chat", "Train", "LoRA", "QLoRA"]
    assert all(row.value.startswith("fits · ") and row.value.endswith("●") for row in rows)
    assert {row.role for row in fit_rows(fits_of(TINY, 10, "this computer"))} == {"quiet"}


def test_a_checkpoint_says_which_model_its_run_began_with() -> None:
    saved = replace(MODEL, kind=CHECKPOINT, run="tuned", step=10, text="story")
    assert "Started from" not in facts(saved)
    assert facts(replace(saved, start="tale@1500"))["Started from"] == "tale · step 1,500"
