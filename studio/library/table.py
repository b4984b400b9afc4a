"""The rows of the table of models: what each one is, where it comes from, and what it could be used for here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.library.fits import LABELS, WAYS, Fit, fits_of
from studio.parts.wording import NOT_MEASURED, column_width, disk_size, short_count, start_words
from studio.store.library import BASE, Entry
from studio.views.record_table import Column

HASH = 8  # characters of a hash that tell two models apart


@dataclass(frozen=True)
class ModelRow:
    """One model as the table shows it."""

    entry: Entry
    fits: dict[str, Fit]
    loaded: bool

    @property
    def key(self) -> str:
        """Where it lies: no two models lie in one place."""
        return str(self.entry.folder)


def rows_of(entries: Sequence[Entry], loaded: Path | None, free: int, whose: str) -> list[ModelRow]:
    """Every entry as a row; shapes that occur several times are reckoned once."""
    known: dict[object, dict[str, Fit]] = {}
    for entry in entries:
        if entry.config not in known:
            known[entry.config] = fits_of(entry.config, free, whose)
    return [ModelRow(entry, known[entry.config], entry.folder == loaded) for entry in entries]


def shown(entries: Sequence[Entry], unfolded: bool) -> list[Entry]:
    """All of them, or of each run only the best checkpoint and the last one."""
    return [entry for entry in entries if unfolded or entry.kind == BASE or entry.best or entry.last]


def short_title(entry: Entry) -> str:
    """The name, and for a checkpoint its step, without a word between them that a narrow table would cut it at."""
    return f"{entry.run} · {entry.step:,}" if entry.run else entry.name


def kind_words(entry: Entry) -> str:
    """What a model is in one word or two."""
    if entry.kind == BASE:
        return tr("base")
    if entry.best:
        return tr("best, last") if entry.last else tr("best")
    return tr("last") if entry.last else tr("earlier")


def origin_words(entry: Entry) -> str:
    """Where it comes from: the file it was imported from, or the text it learned; another project stands before."""
    own = _place(entry.source) if entry.kind == BASE else entry.text
    if entry.adapter:
        own = tr("adapter on {base}", base=start_words(entry.start))
    if entry.project:
        return f"{entry.project} · {own}"
    if entry.adapter:
        return own
    return own if entry.kind == BASE else tr("learned {what}", what=own)


def _place(source: str) -> str:
    """The name of a file or folder; of an address on a hub ORG/NAME."""
    if source.startswith(("https://", "http://")):
        return "/".join(source.partition("/tree/")[0].split("/")[3:])
    return Path(source.replace("\\", "/")).name


def origin_sentence(entry: Entry) -> str:
    """The same, exactly."""
    if entry.kind == BASE:
        words = tr("Imported from {path}", path=entry.source or NOT_MEASURED)
    elif entry.adapter:
        words = tr("An adapter on “{base}”, which “{run}” trained with “{what}”",
                   base=start_words(entry.start), run=entry.run, what=entry.text)  # fmt: skip
    else:
        words = tr("A checkpoint of “{run}”, which learned “{what}”", run=entry.run, what=entry.text)
    return tr("{words}, in the project “{project}”", words=words, project=entry.project) if entry.project else words


def family_words(entry: Entry) -> str:
    """The family as people write it."""
    return str(FAMILIES.load(entry.config.family).label)


def columns() -> list[Column]:
    """What the table of models shows; the marks at the right say what fits into the free memory."""

    def fact(title: str, value: Callable[[ModelRow], str], least: int) -> Column:
        return Column(title, value, width=column_width(title, least), spare=True, role=lambda row: "text_quiet",
                      tip=value)  # fmt: skip

    return [
        Column(tr("Model"), lambda row: row.entry.title, lambda row: short_title(row.entry),
               dot=lambda row: "accent" if row.loaded else "line",
               tip=lambda row: tr("{name}, in memory", name=row.entry.title) if row.loaded else row.entry.title),
        fact(tr("Kind"), lambda row: kind_words(row.entry), 76),
        Column(tr("Parameters"), lambda row: row.entry.parameters,
               lambda row: short_count(row.entry.parameters) if row.entry.parameters else NOT_MEASURED,
               "right", column_width(tr("Parameters"), 76)),
        *(_mark(way) for way in WAYS),
        Column(tr("From"), lambda row: origin_words(row.entry), width=column_width(tr("From"), 128), spare=True,
               role=lambda row: "text_quiet", tip=lambda row: origin_sentence(row.entry)),
        fact(tr("Family"), lambda row: family_words(row.entry), 64),
        Column(tr("Size"), lambda row: row.entry.bytes, lambda row: disk_size(row.entry.bytes), "right",
               column_width(tr("Size"), 68), spare=True),
        fact(tr("Precision"), lambda row: row.entry.precision, 68),
        Column(tr("Hash"), lambda row: row.entry.sha256[:HASH] or NOT_MEASURED, width=84, mono=True, spare=True,
               role=lambda row: "text_quiet", tip=lambda row: f"SHA-256 {row.entry.sha256}"),
    ]  # fmt: skip


def _mark(way: str) -> Column:
    """A circle for one way to use a model; sorting brings what needs least to the top."""
    title = tr(LABELS[way])
    return Column(
        title, lambda row: row.fits[way].need, lambda row: row.fits[way].mark,
        width=column_width(title, {"lora": 48, "qlora": 54}.get(way, 42)), role=lambda row: row.fits[way].role,
        tip=lambda row: row.fits[way].sentence, said=lambda row: row.fits[way].sentence,
    )  # fmt: skip
