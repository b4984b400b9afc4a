"""The part of a tour that teaches the tour's own model: to sort texts, to answer, and what an adapter changed of it."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.shell.guide import Guide

if TYPE_CHECKING:
    from studio.core.config import RunConfig
    from studio.live.run_model import RunModel

TABLE, QUESTIONS = "messages", "questions"  # the datasets, named after their files
ROWS, ASKED = 240, 96
TEXT, QUESTION = "WIN a lantern NOW!!! Call before noon.", "Who has the map?"
RANK, PASSES = 4, 8.0
_PEOPLE = ("Ben", "Emil", "Lena", "Tom", "Finn", "Bruno", "Max", "Ida")  # whom the stories know
_THINGS = ("map", "boat", "lantern", "bread", "bell", "key")
_RESULTS = ("classes", "curves", "calibration", "learning", "try")
_FURTHER = 2  # stages of a step behind the first one: loss and backward


def write_messages(path: Path) -> Path:
    """The labelled table as a file."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(messages())
    return path


def messages() -> Iterator[tuple[str, str]]:
    """A small labelled table with what is worth finding: duplicates, addresses, another language, a lone long row."""
    yield "label", "text"
    people, things = ("Mira", "Ivo", "Anna", "Tom"), ("the boat", "a lantern", "two nets", "the map", "some bread")
    for number in range(ROWS):
        person, thing = people[number % 4], things[number // 4 % 5]
        if number % 5 == 4:
            yield "spam", f"WIN {thing} NOW!!! Write to prize{number}@example.com or call +1 202 555 0{100 + number}."
        elif number % 9 == 8:
            yield "ham", "Das Boot liegt im Hafen, und wir warten auf den Wind."
        else:
            yield "ham", f"{person} says {thing} is ready, we meet at {1 + number % 11} o'clock by pier {number // 20}."
    yield "ham", " ".join(f"Line {number} of a letter that is far too long." for number in range(80))


def write_questions(path: Path) -> Path:
    """Questions with their answers as a file, one object a line."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in questions())
    return path


def questions() -> Iterator[dict[str, str]]:
    """Small questions about who has what, no two alike, each with the sentence that answers it."""
    for number in range(ASKED):
        person, thing = _PEOPLE[number % len(_PEOPLE)], _THINGS[number // len(_PEOPLE) % len(_THINGS)]
        asks = number < len(_PEOPLE) * len(_THINGS)
        yield {
            "instruction": f"Who has the {thing}?" if asks else f"Say who has the {thing}.",
            "input": f"{person} has the {thing}.",
            "output": f"{person} has it.",
        }


def teach(guide: Guide, model: "RunModel") -> None:
    """Classify, then Instruct with an adapter, then talk to the outcome and look at what the adapter changed."""
    _classify(guide, model)
    tuned = _instruct(guide, model)
    _talk(guide, tuned)
    _adapters(guide)


def _classify(guide: Guide, model: "RunModel") -> None:
    """Sort the rows of the table with the last block of the tour's model, and look at every view of the results."""
    guide.told("Teaching it to sort messages…")
    page = guide.page("classify")
    page.draft.start_from(model.name)
    page.draft.set(_shortly(page.draft.config, TABLE))
    guide.shoot_small("classify", "classify-configure")
    run = guide.begin(page)
    guide.finished(run)
    guide.shoot_small("classify", "classify-current")
    page.focus_on(run)
    guide.camera.until("the scores", lambda: page.results.classes.results is not None)
    page.results.classes.trial.text.setPlainText(TEXT)
    for view in _RESULTS:
        page.results.classes.show_view(view)
        guide.shoot_small("classify", f"classify-{view}")
    page.results.classes.show_view("rows")
    page.show_mode("book")
    guide.shoot_small("classify", "classify-book")
    page.show_mode("results")


def _instruct(guide: Guide, model: "RunModel") -> "RunModel":
    """Teach it to answer with two thin matrices a layer; the run."""
    guide.told("Teaching it to answer…")
    path = write_questions(guide.session.places.projects / f"{QUESTIONS}.jsonl")
    job = guide.session.datasets.add(path, None, None, QUESTIONS)
    guide.camera.until("the questions", lambda: job.state in ("done", "failed"))
    page = guide.page("instruct")
    draft = page.configuring.draft
    draft.start_from(model.name)
    config = _shortly(draft.config, QUESTIONS)
    draft.set(config.with_part(adapter=replace(config.adapter, kind="lora", rank=RANK)))
    guide.camera.until("the painted rows", lambda: page.configuring.keeper.seen is not None)
    guide.shoot_small("instruct", "instruct-configure")
    run = guide.begin(page)
    guide.finished(run)
    guide.shoot_small("instruct", "instruct-current")
    page.focus_on(run)
    guide.press(page)
    guide.camera.until("the answers", lambda: page.book.giving is None and _answered(page))
    for view in ("skills", "judge", "vote"):
        page.answers.show_view(view)
        guide.shoot_small("instruct", f"instruct-{view}")
    page.answers.show_view("answers")
    page.show_mode("prompt")
    guide.shoot_small("instruct", "instruct-prompt")
    page.show_mode("answers")
    return run


def _answered(page: Any) -> bool:
    return page.book.known(page.answers.run, page.answers.split) is not None


def _talk(guide: Guide, tuned: "RunModel") -> None:
    """Ask the tuned model, in the template it was taught."""
    guide.session.focus("chat", tuned)
    page = guide.page("chat")
    guide.camera.until("the tuned model", lambda: tuned.name in getattr(guide.session.loaded, "title", ""))
    guide.camera.until_idle("its chat")
    page.talk.view.composer.set_text(QUESTION)
    page.talk.view.composer.send.click()
    guide.camera.until("the answer", lambda: not page.talk.conversation.busy)
    guide.shoot_small("chat", "chat-talk")


def _adapters(guide: Guide) -> None:
    """What the adapter of the model in memory costs, changed, and how one step of one goes."""
    guide.told("Looking at the adapter…")
    page = guide.page("adapters")
    for view in ("changes", "bits"):
        page.open_view(view)
        guide.shoot_small("adapters", f"adapters-{view}")
    page.open_view("step")
    stepper = page.view("step")
    for _ in range(_FURTHER):
        guide.camera.until("a stage", lambda: not stepper.busy)
        stepper.next.click()
    guide.camera.until("the last stage", lambda: not stepper.busy)
    guide.shoot_small("adapters", "adapters-step")
    page.open_view("costs")


def _shortly(config: "RunConfig", dataset: str) -> "RunConfig":
    """A few passes over a dataset, enough to learn it, measured often enough for a curve."""
    training = replace(config.training, epochs=PASSES, evaluate_every=10, sample_every=20)
    return config.with_part(data=replace(config.data, dataset=dataset), training=training)
