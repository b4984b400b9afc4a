"""Mixtures: how much of each source, by which documents, and that the same mixture is the same text."""

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.rows.kinds import Reading
from studio.rows.mixing import draw
from studio.store import mixed_texts
from studio.store.corpus import END_OF_TEXT, Text
from studio.store.mixed_texts import MOST, Mixture, Source, characters_of, mixed
from studio.store.project import Project
from tests.store.rows import dataset_of


def sources(project: Project) -> tuple[Text, Source]:
    path = project.path.parent / "words.txt"
    path.write_text("\n\n".join(f"word{number:06d}" for number in range(100)), "utf-8")
    rows = [{"label": "x", "text": f"rows{number:06d}"} for number in range(300)]
    reading = Reading("labelled", {"text": "text", "label": "label"})
    return project.add_text([path]), dataset_of(project, rows, reading, name="table")


def documents(text: Text) -> list[str]:
    return text.path.read_text("utf-8").split(END_OF_TEXT)


def test_a_small_share_is_not_told_as_none_and_once_is_not_told_as_1_times(project: Project) -> None:
    one, two = sources(project)
    text = mixed(project, Mixture(((one, 1.0), (two, 399.0)), 9_200, name="few"))
    assert "0.25% “words”" in text.notes[0]
    text = mixed(project, Mixture(((one, 1.0),), 2_300, name="all"))
    assert "100% “words” (read once)" in text.notes[0]


def test_a_mixture_takes_of_each_what_its_weight_says(project: Project) -> None:
    one, two = sources(project)
    told: list[tuple[int, int]] = []
    mixture = Mixture(((one, 1.0), (two, 3.0)), 4_600, name="both")
    text = mixed(project, mixture, progress=lambda done, total: told.append((done, total)))
    kinds = Counter(document[:4] for document in documents(text))
    assert kinds == {"word": 50, "rows": 150}
    assert (text.name, text.separator, text.parent) == ("both", END_OF_TEXT, "words, table@1")
    assert text.notes == (
        "Made of 200 documents. 25% “words” (read 0.5 times), 75% “table@1” (read 0.5 times); α 1, seed 123.",
    )
    assert told[0] == (0, 4_600)
    assert text.characters == 4_600 - len(END_OF_TEXT)  # nothing stands behind the last one
    assert [entry.name for entry in (project.path / "texts").iterdir() if entry.name.startswith(".")] == []


def test_temperature_changes_the_parts(project: Project) -> None:
    one, two = sources(project)
    text = mixed(project, Mixture(((one, 1.0), (two, 3.0)), 4_600, alpha=0.0))
    assert Counter(document[:4] for document in documents(text)) == {"word": 100, "rows": 100}


def test_a_small_source_is_read_again_but_never_before_all_of_it_was(project: Project) -> None:
    one, two = sources(project)
    text = mixed(project, Mixture(((one, 1.0), (two, 1.0)), 11_500))
    times = Counter(document for document in documents(text) if document.startswith("word"))
    assert len(times) == 100
    assert set(times.values()) == {2, 3}


def test_the_same_mixture_is_the_same_text_and_another_seed_is_another(project: Project) -> None:
    one, two = sources(project)
    mixture = Mixture(((one, 1.0), (two, 1.0)), 1_000)
    first = mixed(project, mixture)
    assert mixed(project, mixture).folder == first.folder
    other = mixed(project, dataclasses.replace(mixture, seed=7))
    assert other.name == "Mixture 2"
    assert documents(other) != documents(first)


def test_a_source_of_no_weight_stays_out(project: Project) -> None:
    one, two = sources(project)
    text = mixed(project, Mixture(((one, 0.0), (two, 2.0)), 1_000))
    assert text.parent == "table@1"
    assert all(document.startswith("rows") for document in documents(text))


@pytest.mark.parametrize(
    ("weights", "characters", "sentence"),
    [
        ((), 10, "do not make a mixture"),
        ((0.0, 0.0), 10, "do not make a mixture"),
        ((1.0, 0.0), 10**6 * 2, "more than"),
    ],
)
def test_what_is_no_mixture_is_refused(
    project: Project, weights: tuple[float, ...], characters: int, sentence: str
) -> None:
    chosen = tuple(zip(sources(project), weights, strict=False))
    with pytest.raises(StudioError, match=sentence):
        mixed(project, Mixture(chosen, characters))
    assert [text.name for text in project.texts()] == ["words"]
    assert not list((project.path / "texts").glob(".*"))
    assert characters > 10 * MOST or not any(weights)


def test_a_mixture_can_be_stopped(project: Project) -> None:
    one, two = sources(project)
    asked = iter([True] * 4)
    with pytest.raises(StudioError, match="stopped"):
        mixed(project, Mixture(((one, 1.0), (two, 1.0)), 6_900), keep_going=lambda: next(asked, False))
    assert [text.name for text in project.texts()] == ["words"]


def test_the_lengths_of_documents_are_counted_in_characters(project: Project) -> None:
    _, two = sources(project)
    assert characters_of(two).tolist() == [10] * 300


def test_a_blank_document_is_as_long_as_none(project: Project) -> None:
    dataset = dataset_of(project, [{"text": "abc"}, {"text": " \n "}, {"text": ""}], name="blanks")
    assert characters_of(dataset).tolist() == [3, 0, 0]


def test_a_source_of_one_long_document_gives_it_and_the_text_says_what_was_drawn(project: Project) -> None:
    long = dataset_of(project, [{"text": "long " * 200}], name="long")
    tiny = dataset_of(project, [{"text": f"tiny {number:03d}"} for number in range(100)], name="tiny")
    text = mixed(project, Mixture(((long, 0.4), (tiny, 0.6)), 1_000))
    lengths = [len(document) for document in documents(text)]
    assert sorted(lengths)[-2:] == [8, 1_000]
    assert text.characters == sum(lengths) + len(END_OF_TEXT) * (len(lengths) - 1)
    share = 1_013 / (1_013 + 21 * (len(lengths) - 1))
    assert f"{share:.0%} “long@1” (40% wanted, read once)" in text.notes[0]


def test_the_documents_of_a_mixture_are_walked_in_slices(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    class Order(np.ndarray[Any, Any]):
        def tolist(self) -> Any:
            assert len(self) <= 50
            return super().tolist()

    _, two = sources(project)
    told: list[int] = []
    monkeypatch.setattr(mixed_texts, "_ASK", 50)
    monkeypatch.setattr(mixed_texts, "draw", lambda *given: draw(*given).view(Order))
    mixed(project, Mixture(((two, 1.0),), 6_900), progress=lambda done, _: told.append(done))
    assert told == [0, 1_150, 2_300, 3_450, 4_600, 5_750]
