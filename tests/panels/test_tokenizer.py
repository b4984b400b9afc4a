"""The Tokenizer page: four kinds compared, and whatever is typed cut at once."""

from dataclasses import replace

import pytest

from studio.panels import tokenizer as tokenizer_module
from studio.panels.tokenizer import TokenizerPanel
from studio.parts.fine_tuning import start_next_run
from studio.parts.token_trial import common_tokens, first_difference, try_text
from studio.store.token_count import count_tokens
from studio.tokenizers import make_tokenizer
from tests.library.conftest import add_model as add_model

pytestmark = pytest.mark.gui


@pytest.fixture
def make(session, look, on_screen, scripted_run):
    def open_page():
        panel = TokenizerPanel(session, look)
        session.changed.connect(panel.refresh)
        panel.refresh(frozenset())
        on_screen(panel)
        scripted_run.settle()
        return panel

    return open_page


@pytest.fixture
def page(make):
    return make()


def type_in(page, text):
    page.edit.setPlainText(text)
    page.edit.document().setModified(True)
    page.try_now()


def texts(page):
    return [token.text for token in page.trial.tokens]


# --- the trial itself -----------------------------------------------------------------------------------------------


def test_a_trial_tells_tokens_ids_and_bytes():
    trial = try_text(make_tokenizer("gpt2"), "naïve cats", special=False)
    assert [(token.id, token.data) for token in trial.tokens] == [
        (2616, b"na"),
        (38776, "ïve".encode()),
        (11875, b" cats"),
    ]
    assert trial.same
    assert trial.count == 3


def test_the_books_sentence_has_the_books_unknown_words(data_folder):
    verdict = (data_folder / "the-verdict.txt").read_text("utf-8")
    tokenizer = make_tokenizer("words", [verdict])
    text = "Hello, do you like tea? <|endoftext|> In the sunlit terraces of the palace."
    trial = try_text(tokenizer, text, special=True)
    assert trial.count == 16
    assert trial.unknown == 2
    assert [token.text for token in trial.tokens if token.special] == ["<|unk|>", "<|endoftext|>", "<|unk|>"]


def test_what_cannot_be_said_is_part_of_the_answer():
    trial = try_text(make_tokenizer("characters", ["abc"]), "abz", special=False)
    assert "“z”" in trial.problem.message
    assert (trial.tokens, trial.same) == ((), False)


def test_the_first_difference_is_found_wherever_it_is():
    assert first_difference("one two", "one  two") == (4, "two", "·two")
    assert first_difference("one", "one more") == (3, "⟨⟩", "·more")
    assert first_difference("a\nb", "a b") == (1, "↵b", "·b")


def test_the_commonest_tokens_come_first(session):
    rows = common_tokens(count_tokens(session.project.text("story"), "words"))
    assert rows[0].token.text == "the"
    assert rows[0].times == 800
    assert [row.times for row in rows] == sorted((row.times for row in rows), reverse=True)


# --- the page -------------------------------------------------------------------------------------------------------


def test_every_kind_says_how_large_it_would_be_for_this_text(page):
    facts = {name: card.facts.text().split("\n") for name, card in page.kinds.cards.items()}
    assert facts["bytes"] == ["256 tokens in the vocabulary", "20,000 tokens in this text"]
    assert facts["words"] == ["12 tokens in the vocabulary", "4,400 tokens in this text"]
    assert facts["gpt2"][0] == "50,257 tokens in the vocabulary"
    assert facts["characters"][1] == "20,000 tokens in this text"


def test_the_beginning_of_the_text_is_cut_without_being_asked(page):
    assert page.edit.toPlainText().startswith("Mira went to the harbour")
    assert texts(page)[:4] == ["M", "i", "r", "a"]
    assert page.figures.verdict.text() == "Decodes to the same text."


def test_typing_cuts_anew_after_a_moment(page, qtbot):
    page.edit.setPlainText("ships")
    qtbot.waitUntil(lambda: texts(page) == list("ships"))
    assert page.figures.figures.text() == "5 tokens · 5 characters · 5 bytes · 1.00 characters a token"


def test_another_kind_is_looked_at_without_being_used(page, session):
    page.kinds.changed.emit("words")
    type_in(page, "Mira went to Paris.")
    assert texts(page) == ["Mira", "went", "to", "<|unk|>", "."]
    assert "1 unknown words" in page.figures.figures.text()
    assert session.draft.data.tokenizer == "characters"
    assert page.primary.text() == "Use this tokenizer"
    page.primary.click()
    assert session.draft.data.tokenizer == "words"
    assert page.kinds.cards["words"].mark.isVisible()


def test_the_tokenizer_in_use_leads_on_to_the_model(page, session, qtbot):
    assert page.primary.text() == "Next: Model"
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.primary.click()
    assert wish.args[0] == "model"


def test_a_text_that_changes_on_the_way_is_told_with_the_place(page):
    page.kinds.changed.emit("words")
    type_in(page, "Mira\nlooked")
    assert page.figures.verdict.text() == (
        "Decodes to another text: from character 5 on, “↵looked” has become “·looked”."
    )


def test_a_character_that_the_text_lacks_is_named(page):
    type_in(page, "zebra")
    assert "“z”" in page.figures.verdict.text()
    assert texts(page) == []


def test_special_spellings_are_text_until_asked_for(page):
    assert not page.special.isVisible()
    page.kinds.changed.emit("gpt2")
    type_in(page, "end<|endoftext|>")
    assert len(texts(page)) > 3
    assert page.special.isVisible()
    page.special.set_value("token")
    page.special.changed.emit("token")
    assert [token.id for token in page.trial.tokens] == [437, 50256]


def test_a_chosen_token_shows_its_particulars(page):
    page.kinds.changed.emit("words")
    type_in(page, "to the harbour")
    page.tokens.select(1)
    rows = page.token.rows.texts()
    assert page.token.text.text() == "the"
    assert rows["3 bytes"] == "74 68 65"
    assert rows["In “story”"] == "800 · one in 5.5"
    page.tokens.select(-1)
    assert not page.token.rows.isVisible()


def test_a_common_token_can_be_chosen_in_the_table(page):
    page.common.select(page.common.rows()[0])
    assert page.token.text.text() == "·"
    assert page.token.rows.texts()["1 byte"] == "20"


def test_a_long_text_is_cut_by_a_worker(page, scripted_run, monkeypatch):
    monkeypatch.setattr(tokenizer_module, "_AT_ONCE", 50)
    type_in(page, "Mira looked at the ships. " * 20)
    assert page.bench.note.text() == "cutting…"
    scripted_run.settle()
    assert page.trial.count == 520
    assert page.bench.note.text() == ""


def test_what_was_typed_stays_when_the_text_changes(page, session, scripted_run, tmp_path):
    page.edit.setFocus()
    page.edit.insertPlainText("ships ")
    (tmp_path / "fox.txt").write_text("The fox ran. " * 90, "utf-8")
    session.project.add_text([tmp_path / "fox.txt"])
    session.set_draft(session.draft.with_part(data=replace(session.draft.data, text="fox")))
    scripted_run.settle()
    assert page.edit.toPlainText().startswith("ships ")


def test_without_a_text_only_kinds_that_need_none_are_offered(make, session, qtbot):
    session.close_project()
    page = make()
    assert not page.kinds.cards["characters"].isEnabled()
    assert page.kinds.cards["characters"].facts.text() == "needs a text"
    assert page.kinds.cards["bytes"].isEnabled()
    assert page.edit.toPlainText() == tokenizer_module.GREETING
    assert page.trial.same
    with qtbot.waitSignal(session.focus_requested) as wish:
        page.bring.click()
    assert wish.args[0] == "data"


def test_the_page_can_be_asked_for_one_kind(page):
    page.focus_on("bytes")
    assert page.kind == "bytes"
    page.focus_on("nonsense")
    assert page.kind == "bytes"
    assert [action.name for action in page.actions()] == ["tokenizer.use"]


def test_a_model_to_start_from_reads_with_its_own_tokenizer(page, session, add_model):
    start_next_run(session, add_model(session.project.path, "tiny"))
    assert "reads with that model's tokenizer" in page.banner.message.text()
    page.focus_on("bytes")
    page.primary.click()
    assert (session.draft.start_from, session.draft.data.tokenizer) == ("", "bytes")
    assert not page.banner.isVisible()
