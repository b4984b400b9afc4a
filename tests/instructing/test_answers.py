"""Answers measured, put into a table, exported, and given by a run."""

import csv
import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from studio.core.errors import StudioError
from studio.instructing.answer_export import write_answers
from studio.instructing.answer_scores import learned_rows, measured, tokenizer_of
from studio.instructing.answer_table import FILTERS, AnswerTable, detail_of
from studio.instructing.answer_tiles import tiles_of
from studio.instructing.answers_book import LEAST_TOKENS, AnswersBook, base_name, sampling_for
from studio.instructing.answers_page import AnswersPage
from studio.instructing.skills_table import SkillsTable
from studio.store.checkpoints import choose
from studio.store.files import write_json
from studio.tokenizers import make_tokenizer
from tests.instructing import answering
from tests.instructing.conftest import answer, answers_of, small
from tests.scripted_run import finished, started, steps


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint's folder with nothing but its tokenizer."""
    made = tmp_path_factory.mktemp("answers") / "tale" / "checkpoints" / "step-000010"
    made.mkdir(parents=True)
    write_json(made / "tokenizer.json", make_tokenizer("bytes").to_json())
    return made


SAID = [answer(12, "It is 12."), answer(13, "It is 13", ended="length"), answer(14, "No idea"),
        answer(15, "It is 3.", wanted="It is 15.")]  # fmt: skip


@pytest.fixture(scope="module")
def found(project, folder):
    return measured(project, small(), folder, answers_of(SAID, folder.parents[1]))


def test_what_was_learned_from_is_the_runs_own_training_side(project, folder):
    learned = learned_rows(project.dataset("book"), small(), tokenizer_of(folder))
    assert len(learned.questions) == 12
    assert learned.answers[3] == "It is 3."
    assert learned.questions[3] == "Say the number 3.\nin words"


def test_answers_are_measured_with_intervals(found):
    assert [row.exact for row in found.rows] == [1.0, 0.0, 0.0, 0.0]
    assert found.exact.value == 0.25
    assert 0.0 < found.exact.low < 0.25 < found.exact.high < 1.0
    assert found.f1.low <= found.f1.value <= found.f1.high
    assert found.perplexity == pytest.approx(math.e)
    assert found.rows[1].f1 > found.rows[2].f1


def test_only_looking_up_is_measured_beside(found):
    assert all(row.found.startswith("It is ") for row in found.rows)
    assert found.found_exact == 0.0
    assert 0.0 < found.found_f1 < 1.0


def test_an_answer_that_stands_in_the_training_rows_is_named_copied(found):
    assert found.rows[3].shared == len("It is 3.")
    assert found.rows[0].shared < len("It is 12.")
    assert found.copied == 0, "its nine tokens are more than the run of eight"


def test_every_skill_has_its_own_figures(found):
    assert [(skill.name, skill.rows, skill.exact.value) for skill in found.skills] == [
        ("counting", 2, 0.5), ("saying", 2, 0.0),
    ]  # fmt: skip


def test_rows_that_ask_nothing_are_refused(project, folder):
    with pytest.raises(StudioError, match="None of these rows"):
        measured(project, small(), folder, answers_of([], folder))


def test_answers_that_are_not_all_there_are_told(project, folder):
    part = measured(project, small(), folder, answers_of(SAID, folder, complete=False))
    assert part.notes == ("Not every row has been asked yet.",)


def test_measuring_can_be_called_off(project, folder):
    with pytest.raises(StudioError, match="stopped"):
        measured(project, small(), folder, answers_of(SAID, folder), keep_going=lambda: False)


def test_the_tiles_hold_the_figures(found):
    tiles = {tile.title: (tile.value, tile.note) for tile in tiles_of(found)}
    assert tiles["Exactly right"][0] == "25.0 %"
    assert tiles["Exactly right"][1].endswith("4 rows")
    assert tiles["Only looking up"][0] == "0.0 %"
    assert tiles["Perplexity"][0] == "2.72"


def test_the_books_file_has_the_models_responses(found, tmp_path):
    write_answers(found, {}, tmp_path / "out.json")
    first = json.loads((tmp_path / "out.json").read_text("utf-8"))[0]
    assert first == {"instruction": "Say the number 12.", "input": "", "output": "It is 12.",
                     "model_response": "It is 12."}  # fmt: skip
    write_answers(found, {}, tmp_path / "out.json")  # whoever chose the name was asked


def test_a_table_has_every_figure_and_what_a_judge_gave(found, tmp_path):
    write_answers(found, {12: "5"}, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["exact"] for row in rows] == ["1", "0", "0", "0"]
    assert rows[0]["judge"] == "5"
    assert rows[3]["shared_run"] == "8"


# --- the table --------------------------------------------------------------------------------------------------------


@pytest.fixture
def table(look, on_screen, found):
    table = AnswerTable(look)
    on_screen(table)
    table.set_measured(found)
    return table


@pytest.mark.gui
def test_the_table_searches_questions_and_answers(table, qtbot):
    qtbot.keyClicks(table.search, "IDEA")
    qtbot.waitUntil(lambda: table.where.text() == "1 of 4", timeout=2_000)
    assert "No idea" in table.detail.toPlainText()


@pytest.mark.gui
def test_the_table_shows_only_some_where_that_is_wished(table):
    shown = {}
    for name, _words in FILTERS:
        table.filter.set_value(name)
        table.filter.changed.emit()
        shown[name] = len(table.shown())
    assert shown == {"all": 4, "wrong": 3, "right": 1, "cut": 1, "copied": 0}


@pytest.mark.gui
def test_a_judges_scores_come_as_a_column_of_their_own(table, found):
    titles = [column.title for column in table.table.model().columns]
    assert "Judge" not in titles
    assert "Skill" in titles
    table.set_measured(found, {12: "4", 13: "–"})
    assert "Judge" in [column.title for column in table.table.model().columns]
    table.table.sort_by("Judge", descending=True)
    assert table.table.model().rows[0].answer.row == 12


@pytest.mark.gui
def test_a_chosen_answer_stands_whole_with_what_was_wanted(table, found):
    assert detail_of(found.rows[3]).split("\n\n")[1] == "Wanted\nIt is 15."
    table.table.select(found.rows[3])
    assert "The nearest training question has the answer" in table.detail.toPlainText()


@pytest.mark.gui
def test_a_skill_leads_to_its_answers(look, on_screen, found, qtbot):
    skills = SkillsTable(look)
    on_screen(skills)
    skills.set_measured(found)
    with qtbot.waitSignal(skills.skill_chosen) as told:
        skills.table.row_activated.emit(found.skills[1])
    assert told.args == ["saying"]


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(monkeypatch):
    """The fake in the place of the engine."""
    monkeypatch.setattr("studio.instructing.answers_book.ANSWERED", "tests.instructing.answering:answered")
    answering.asked.clear()
    return answering


def trained(scripted_run, name="tale"):
    """A finished run with a checkpoint that has a tokenizer."""

    def save(_control, record):
        from studio.store import checkpoints

        with checkpoints.saving(record.checkpoints_folder, 10) as folder:
            (folder / "model.safetensors").write_bytes(b"0" * 100)
            (folder / "state.json").write_text(json.dumps({"validation_loss": 1.0, "training_loss": 1.0}), "utf-8")
            write_json(folder / "tokenizer.json", make_tokenizer("bytes").to_json())

    from tests.scripted_run import saved

    return scripted_run.play([started(), *steps(10), save, saved(10), finished(10)], name, small())


@pytest.fixture
def page(session, look, on_screen):
    page = AnswersPage(session, AnswersBook(session), look)
    on_screen(page)
    page.refresh()
    return page


@pytest.mark.gui
def test_a_run_is_asked_only_when_a_person_wants_it_and_then_measured(session, page, engine, scripted_run):
    assert page.stack.currentWidget() is page.empty, "there is no run yet"
    run = trained(scripted_run)
    page.choose(run)
    scripted_run.settle()
    assert page.stack.currentWidget() is page.wait
    words, ask, able = page.press
    assert (words, able) == ("Let it answer", True)
    ask()
    assert page.press[2] is False
    scripted_run.settle()
    assert engine.asked == [("step-000010", "validation", max(LEAST_TOKENS, run.config.sampling.tokens))]
    assert page.stack.currentWidget() is page.whole
    assert page.tiles.tiles[0].value.text() == "50.0 %"
    assert page.answers.where.text() == "6 of 6"
    assert page.press[0] == "Talk to it"
    page.bar.splits._choose("test")
    scripted_run.settle()
    assert page.press[0] == "Ask the test rows"
    assert page.book.known(run, "test") is None, "nobody asks them unasked"


@pytest.mark.gui
def test_answers_on_the_disk_are_found_without_asking_again(session, engine, scripted_run):
    run = trained(scripted_run)
    answering.answered(choose(run.record, "best").folder, "book@1", "validation", replace(small().sampling),
                       lambda done, total: None, lambda: True)  # fmt: skip
    engine.asked.clear()
    book = AnswersBook(session)
    book.want(run, "validation")
    scripted_run.settle()
    assert book.known(run, "validation").exact.value == 0.5
    assert engine.asked == []


@pytest.mark.gui
def test_the_model_it_began_as_answers_the_same_rows_beside_it(session, page, engine, monkeypatch, scripted_run):
    monkeypatch.setattr("studio.instructing.answers_book.ANSWERED_LIKE", "tests.instructing.answering:answered_like")
    monkeypatch.setattr(
        "studio.instructing.answers_book.find_start", lambda project, name: SimpleNamespace(folder=name)
    )
    run = trained(scripted_run)
    run.config = run.config.with_part(start_from="stories@900")
    page.choose(run)
    page.press[1]()
    scripted_run.settle()
    assert page.voting._view.other.itemText(1) == "stories@900, untuned"
    page.voting._view.other.set_value("stories@900, untuned")
    page.vote.other_wanted.emit("stories@900, untuned")
    assert page.vote.duel is None, "it has not been asked yet"
    page.who._choose("base")
    scripted_run.settle()
    assert page.wait.headline.text() == "The model it began as has not been asked"
    page.press[1]()
    scripted_run.settle()
    assert engine.asked[-1] == ("stories@900", "validation", max(LEAST_TOKENS, run.config.sampling.tokens))
    assert page.tiles.tiles[0].value.text() == "0.0 %"
    assert page.press[0] == "Talk to the tuned model", "the other one is not opened by this button"
    page.who._choose("tuned")
    page.vote.other_wanted.emit("stories@900, untuned")
    assert {page.vote.duel.left, page.vote.duel.right} == {"tale", "stories@900, untuned"}


@pytest.mark.gui
def test_random_weights_have_nothing_to_be_compared_with(page, engine, scripted_run):
    page.choose(trained(scripted_run))
    assert page.who.isHidden()
    assert base_name(page.run) == ""


@pytest.mark.gui
@pytest.mark.slow
def test_an_engine_that_refuses_is_told_and_can_be_asked_again(session, monkeypatch, scripted_run, qtbot):
    monkeypatch.setattr("studio.instructing.answers_book.ANSWERED", "tests.instructing.answering:refusing")
    book, run = AnswersBook(session), trained(scripted_run)
    with qtbot.waitSignal(book.failed) as told:
        book.give(run, "validation")
    assert told.args[0].message == "Not today."
    scripted_run.settle()
    assert book.giving is None


def test_answers_to_judge_are_always_the_likeliest_ones():
    drawn = replace(small().sampling, temperature=0.9, top_k=5, tokens=3, prompt="Hello")
    plain = sampling_for(drawn)
    assert (plain.temperature, plain.top_k, plain.prompt, plain.tokens) == (0.0, 0, "", LEAST_TOKENS)
