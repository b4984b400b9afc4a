"""What the points of the present map are called, which matter most, and what is known of each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.core.language import tr
from studio.embeddings.atlas import Atlas
from studio.embeddings.picked_card import Picked
from studio.embeddings.shading import Shading, by_class, by_frequency, by_length, by_number, by_script
from studio.embeddings.vocabulary import KINDS, NO_SCRIPT
from studio.live.jobs import Job
from studio.parts.wording import count, small_number
from studio.views.token_text import visible_text

_LONGEST = 24  # characters of a name on the map
_NAMED = 4_000  # points that may be named at all, the most important ones


class Points:
    """Reads the atlas as it is now."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas

    @property
    def count(self) -> int:
        """Rows of the table."""
        return len(self._atlas.table.vectors) if self._atlas.table is not None else 0

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self._atlas.table.vectors.shape[1]) if self._atlas.table is not None else 0

    @property
    def of_tokens(self) -> bool:
        """Whether a point is a token of the vocabulary; else it is a place of the text."""
        return self._atlas.wish.of_tokens

    @property
    def counted(self) -> bool:
        """Whether it is known how often each comes."""
        return self._counts() is not None

    def on_map(self) -> npt.NDArray[np.bool_]:
        """Which rows have a place on the present map."""
        found = self._atlas.map
        return np.isfinite(found.points).all(axis=1) if found is not None else np.ones(self.count, bool)

    def search(self, words: str) -> npt.NDArray[np.int64] | None:
        """Ids that a search finds, the closest first; None where nothing is searched for."""
        vocabulary = self._atlas.words.vocabulary
        return vocabulary.search(words) if vocabulary is not None and words else None

    def match(self, pattern: str) -> Job | None:
        """The search for a regular expression, in the background; None where nothing is searched for."""
        return self._atlas.match(pattern) if pattern else None

    def label(self, row: int) -> str:
        """The name of a point: the token, and for a state its place in the text."""
        atlas = self._atlas
        if atlas.wish.of_tokens:
            words = atlas.words.label(row)
        else:
            tokens = atlas.scene.tokens if atlas.scene is not None else ()
            words = f"{visible_text(tokens[row])} @{row}" if row < len(tokens) else f"@{row}"
        return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"

    def order(self) -> npt.NDArray[np.int64]:
        """Whose names matter most: the most frequent tokens, of the rest the lower ids; in a text, its order."""
        counts = self._counts()
        if counts is None:
            return np.arange(min(self.count, _NAMED))
        return np.argsort(-counts, kind="stable")[:_NAMED]

    def facts(self, row: int) -> str:
        """What is known of one point, in a line."""
        atlas, parts = self._atlas, []
        if atlas.wish.of_tokens:
            parts.append(tr("id {id}", id=count(row)))
            counts = self._counts()
            if counts is not None:
                parts.append(tr("{count} times", count=count(counts[row])))
        else:
            parts.append(tr("position {place}", place=count(row)))
        parts.append(tr("norm {norm}", norm=small_number(float(atlas.table.lengths[row]))))
        moved = atlas.movement
        if moved is not None and moved.distances is not None:
            parts.append(tr("moved {distance} since {since}", distance=small_number(float(moved.distances[row])),
                            since=moved.since))  # fmt: skip
        return " · ".join(parts)

    def rows(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> list[Picked]:
        """Points as rows of a table."""
        atlas, counts = self._atlas, self._counts()
        words, found = atlas.words.vocabulary, atlas.map
        places = found.points[np.asarray(ids)].tolist() if found is not None and len(ids) else [[]] * len(ids)
        return [
            Picked(
                int(row), int(row), self.label(int(row)),
                KINDS[words.kinds[row]] if words is not None and atlas.wish.of_tokens else "",
                words.script_names[words.scripts[row]] if words is not None and atlas.wish.of_tokens else NO_SCRIPT,
                int(words.lengths[row]) if words is not None and atlas.wish.of_tokens else 0,
                int(counts[row]) if counts is not None else None,
                float(atlas.table.lengths[row]), tuple(place),
            )
            for row, place in zip(ids, places, strict=True)
        ]  # fmt: skip

    def shading(self, choice: str) -> tuple[Shading | None, str]:
        """The colours of a choice, or the reason why there are none (yet)."""
        atlas, words = self._atlas, self._atlas.words.vocabulary
        if atlas.table is None:
            return None, ""
        if choice == "norm":
            return by_number("norm", tr("norm"), atlas.table.lengths), ""
        if choice == "place":
            return by_number("place", tr("place in the text"), np.arange(self.count, dtype=np.float32)), ""
        if choice == "movement":
            moved = atlas.movement
            if moved is None:
                return None, tr("being computed…")
            if moved.distances is None:
                return None, moved.why
            label = tr("moved since {since}", since=moved.since)
            return by_number("movement", label, moved.distances, zero=True), ""
        if choice == "frequency":
            known = atlas.words.frequency
            if known is None or known.counts is None:
                return None, known.why if known is not None else tr("being counted…")
            return by_frequency(known.counts, known.text), ""
        if words is None:
            return None, tr("the vocabulary is being read…")
        return {"class": by_class, "script": by_script, "length": by_length}[choice](words), ""

    def _counts(self) -> npt.NDArray[np.int64] | None:
        known = self._atlas.words.frequency
        usable = known is not None and known.counts is not None and self._atlas.wish.of_tokens
        return known.counts if known is not None and usable else None

    def numbers(self) -> dict[str, npt.NDArray[Any]]:
        """Places on the map and what it was made of; empty while there is none."""
        found, table = self._atlas.map, self._atlas.table
        if found is None or table is None:
            return {}
        given: dict[str, npt.NDArray[Any]] = {"points": found.points, "lengths": table.lengths}
        if found.basis is not None:
            given |= {"share": np.array(found.share), "mean": found.basis.mean, "directions": found.basis.directions}
        return given
