"""The figures of a comparison: as a table, by language, and as a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.parts.wording import NOT_MEASURED, count
from studio.views.record_table import Column, RecordTable
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.vocabularies.comparison import Comparison

_HEAD = (
    "tokenizer", "vocabulary", "tokens", "characters_per_token", "bytes_per_token", "different_tokens",
    "share_of_words_split", "tokens_per_number", "tokens_per_number_below_1000", "megabytes_per_second", "refusal",
)  # fmt: skip


def figures_table(look: Look) -> RecordTable:
    """One row for each tokenizer."""
    columns = [
        Column(tr("Tokenizer"), lambda row: row.name, tip=lambda row: row.refusal or row.name),
        _column(tr("Vocabulary"), "vocabulary", 84, count, always=True, spare=True),
        _column(tr("Tokens"), "tokens", 80, count),
        _column(tr("Characters each"), "characters_per_token", 108, "{:.2f}".format),
        _column(tr("Bytes each"), "bytes_per_token", 84, "{:.2f}".format, spare=True),
        _column(tr("Words split"), "words_split", 88, _percent),
        _column(tr("A number takes"), "digits", 104, "{:.2f}".format, spare=True),
        _column(tr("0 to 999"), "digits_below_1000", 72, "{:.2f}".format, spare=True),
        _column(tr("MB a second"), "megabytes_per_second", 92, "{:.1f}".format),
    ]
    table = RecordTable(columns, look, key=lambda row: row.name)
    table.setAccessibleName(tr("Comparison of the tokenizers"))
    table.set_fit_height(True)
    return table


def _column(title: str, field: str, width: int, words: object, *, always: bool = False, spare: bool = False) -> Column:
    def value(row: "Comparison") -> float | None:
        found: float | None = getattr(row, field)
        return found if always or not row.refusal else None

    def text(row: "Comparison") -> str:
        found = value(row)
        return NOT_MEASURED if found is None or not callable(words) else str(words(found))

    return Column(title, value, text, "right", width, spare=spare)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share in (0, 1) or share >= 0.0995 else f"{100 * share:.1f} %"


def language_table(names: Sequence[str], look: Look) -> RecordTable:
    """One row for each language, one column for each tokenizer; a row is (language, tokenizer to tokens)."""
    columns = [Column(tr("The same sentence in"), lambda row: row[0])]
    columns += [_language_column(name) for name in names]
    table = RecordTable(columns, look, key=lambda row: row[0])
    table.setAccessibleName(tr("Tokens for one sentence, by language"))
    table.set_fit_height(True)
    return table


LanguageRow = tuple[str, Mapping[str, int | None]]


def language_rows(found: Sequence["Comparison"]) -> list[LanguageRow]:
    """The tokens for one sentence in every language."""
    languages = list(found[0].by_language) if found else []
    return [(tr(language), {row.name: row.by_language[language] for row in found}) for language in languages]


def _language_column(name: str) -> Column:
    def tokens(row: LanguageRow) -> int | None:
        return row[1].get(name)

    def words(row: LanguageRow) -> str:
        return NOT_MEASURED if (found := tokens(row)) is None else count(found)

    return Column(name, tokens, words, "right", min(160, max(84, 8 * len(name) + 20)))


def csv_text(found: Sequence["Comparison"]) -> str:
    """One line for each tokenizer; then what each language takes. Numbers as they read back to the same bits."""
    languages = list(found[0].by_language) if found else []
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_HEAD, *languages])
    for row in found:
        numbers = (
            row.vocabulary, row.tokens, row.characters_per_token, row.bytes_per_token, row.used, row.words_split,
            row.digits, row.digits_below_1000, row.megabytes_per_second,
        )  # fmt: skip
        shown = [row.vocabulary, *[""] * 8] if row.refusal else ["" if one is None else one for one in numbers]
        tokens = ["" if row.by_language[language] is None else row.by_language[language] for language in languages]
        writer.writerow([row.name, *shown, row.refusal, *tokens])
    return stream.getvalue()
