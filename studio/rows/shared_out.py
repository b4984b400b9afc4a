"""A dataset's rows on their three sides as a run's config says, and what is to be told of texts that come twice."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.rows.duplicates import digest, near_groups
from studio.rows.shingles import KeepGoing
from studio.rows.splits import Split, given_split, split_rows

DRAWN = ("stratified", "shuffled")  # splits that are drawn here, so that rows can be kept together


def shared_out(
    texts: Sequence[str],
    config: RunConfig,
    labels: Sequence[Any] | None,
    sides: Sequence[str | None],
    keep_going: KeepGoing | None = None,
) -> Split:
    """Places among `texts` on their sides; `sides` is what a column “split” says.

    Equal texts stay on one side wherever rows are drawn, and nearly equal ones where that is wished for.
    """
    data = config.data
    if data.split == "column":
        if not any(sides):
            raise StudioError(
                tr("The rows have no column “split”."),
                tr("Add one that says train, validation or test, or choose another way to split."),
            )
        split = given_split(sides)
    else:
        shares = (data.validation_share, data.test_share)
        copies = [digest(text.strip()) for text in texts]
        if data.near_together and data.split in DRAWN:
            for near in near_groups(texts, keep_going=keep_going):
                for place in near:
                    copies[place] = copies[near[0]]
        split = split_rows(len(texts), shares, config.compute.seed, data.split, labels, copies)
    if not len(split.training):
        raise StudioError(
            tr("None of the {rows:,} rows would be learned from.", rows=len(texts)),
            tr("Hold back a smaller share, or choose another split."),
        )
    return split


def told_copies(texts: Sequence[str], said: Sequence[Any], split: Split) -> list[str]:
    """Sentences on equal texts: how many there are, that say different things, and that stand on two sides."""
    marks = [digest(text.strip()) for text in texts]
    meanings: dict[bytes, set[Any]] = {}
    for mark, meaning in zip(marks, said, strict=True):
        meanings.setdefault(mark, set()).add(meaning)
    copies, torn = len(texts) - len(meanings), sum(len(found) > 1 for found in meanings.values())
    learned = {marks[place] for place in split.training.tolist()}
    held = np.concatenate([split.validation, split.test]).tolist()
    leaked = sum(marks[place] in learned for place in held)
    told = []
    if copies:
        told.append(tr("{rows:,} rows repeat the text of another one.", rows=copies))
    if torn:
        told.append(tr("{texts:,} of these texts are labelled in different ways.", texts=torn))
    if leaked:
        told.append(
            tr("{leaked:,} of {held:,} held-back rows are also learned from word for word, so their score flatters. "
               "Choose the split “each class alike”, which keeps copies together.",
               leaked=leaked, held=len(held))
        )  # fmt: skip
    return told
