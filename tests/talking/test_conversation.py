import pytest

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.store.chats import Chats, Message
from studio.talking.answer import AnswerToken, Rival, Said, as_csv, facts_words, packed, tokens_of, unpacked
from studio.talking.branches import Branches
from studio.talking.conversation import Conversation, Setting
from studio.talking.replying import Question, answer, wear
from studio.talking.sheet import first_sampling
from studio.talking.shown_chat import kept_leaves
from studio.talking.voices import Speaker as Voice
from tests.talking.scripted_speaker import Speaker, reply

pytestmark = pytest.mark.gui


class Stage:
    """A conversation with one model that wears an adapter; `columns` says how many answer."""

    def __init__(self, session, until):
        self.model, self.until, self.session = Speaker(adapters=("instruct",)), until, session
        self.columns, self.blind, self.errors = 1, False, []
        self.talk = Conversation(session, self.setting, session)
        self.talk.answering.reply = reply
        self.talk.failed.connect(self.errors.append)
        session.chats.look()

    def setting(self):
        voices = [Voice(self.model, None, 1.0, "base", ""), Voice(self.model, "instruct", 0.5, "+ instruct", "0.50 ×")]
        return Setting(voices[: self.columns], PROMPTS.load("plain"), first_sampling(), "Be brief.", self.blind)

    def done(self):
        self.until(lambda: not self.talk.busy)
        self.until(lambda: not self.session.jobs.jobs)

    def ask(self, text):
        self.talk.ask(text)
        self.done()

    def keep(self):
        kept = [{"leaf": column[-1].id} for column in self.talk.branches.columns]
        self.session.chats.set_settings(self.talk.info.id, {"columns": kept})

    def texts(self, column=0):
        return [said.text for said in self.talk.branches.columns[column]]

    def on_disk(self):
        found = []
        self.session.chats.open(self.talk.info.id).succeeded.connect(found.append)
        self.until(lambda: bool(found))
        return found[0]


@pytest.fixture
def stage(session, scripted_run):
    made = Stage(session, scripted_run.until)
    yield made
    made.model.free.set()
    made.talk.stop()


def test_a_question_makes_a_chat_and_its_answer_is_kept(stage):
    stage.ask("What is the opposite of cold?")
    assert stage.texts() == ["What is the opposite of cold?", "warm and cold"]
    assert stage.talk.info.title == "What is the opposite of cold?"
    opened = stage.on_disk()
    assert [(message.role, message.text, message.complete) for message in opened.messages] == [
        ("user", "What is the opposite of cold?", True), ("assistant", "warm and cold", True),
    ]  # fmt: skip
    assert opened.system == "Be brief."
    facts = opened.messages[1].facts
    assert (facts["voice"], facts["count"], facts["done"], facts["surprise"]) == ("base", 3, "end", 1.0)
    assert unpacked(facts["tokens"])[0].rivals[1].rank == 2
    assert stage.errors == []


def test_the_model_is_given_the_system_prompt_and_everything_said_before(stage):
    stage.ask("one")
    stage.ask("two")
    _, _, turns, sampling = stage.model.asked[-1]
    assert [(turn.role, turn.text) for turn in turns] == [
        ("system", "Be brief."), ("user", "one"), ("assistant", "warm and cold"), ("user", "two"),
    ]  # fmt: skip
    assert sampling.seed == first_sampling().seed


def test_an_answer_is_on_the_disk_before_it_is_complete(stage):
    stage.model.free.clear()
    stage.talk.ask("go")
    stage.until(lambda: len(stage.talk.branches.columns[0]) == 2 and stage.talk.answering.busy)
    opened = stage.on_disk()
    assert [(message.role, message.complete) for message in opened.messages] == [("user", True), ("assistant", False)]
    stage.model.free.set()
    stage.done()


def test_stopping_keeps_what_was_written_and_nothing_comes_after(stage):
    stage.model.says, stage.model.holds = ["a "] * 50, 3
    grown = []
    stage.talk.grew.connect(lambda column, tokens: grown.append(tokens))
    stage.talk.ask("go")
    stage.until(lambda: bool(grown))
    assert stage.talk.stop()
    assert not stage.talk.busy
    text = stage.texts()[-1]
    stage.model.free.set()
    stage.done()
    assert stage.texts()[-1] == text
    message = stage.on_disk().messages[-1]
    assert (message.text, message.complete, message.facts["done"]) == (text, True, "stopped")


def test_two_columns_get_the_same_question_and_seed_on_one_model(stage):
    stage.columns = 2
    stage.ask("one")
    assert [(adapter, strength) for adapter, strength, _, _ in stage.model.asked] == [(None, 1.0), ("instruct", 0.5)]
    rows = stage.talk.branches.rows()
    assert [len(row) for row in rows] == [1, 2]
    assert [said.title for said in rows[1]] == ["base", "+ instruct"]
    assert stage.model.asked[0][2] == stage.model.asked[1][2]
    stage.ask("two")
    assert [len(row) for row in stage.talk.branches.rows()] == [1, 2, 1, 2]
    assert len({said.id for said in stage.talk.branches.rows()[2]}) == 1


def test_blind_columns_hide_who_answered_until_it_is_told(stage):
    stage.columns, stage.blind = 2, True
    stage.ask("one")
    row = stage.talk.branches.rows()[1]
    assert [said.title for said in row] == ["Answer A", "Answer B"]
    assert [said.note for said in row] == ["", ""]
    stage.talk.reveal()
    assert {said.title for said in row} == {"base", "+ instruct"}


def test_hidden_answers_come_back_to_the_column_of_their_giver_with_all_that_it_said(stage, monkeypatch):
    orders = iter([[1, 0], [0, 1], [1, 0], [1, 0]])
    monkeypatch.setattr("studio.talking.conversation.shuffled", lambda count, seed: next(orders))
    stage.columns, stage.blind = 2, True
    for question in ("one", "two", "three"):
        stage.ask(question)
        stage.talk.reveal()
    assert [[said.title for said in column[1::2]] for column in stage.talk.branches.columns] == [
        ["base"] * 3, ["+ instruct"] * 3,
    ]  # fmt: skip
    for adapter, _, turns, _ in stage.model.asked:
        said = [turn.text for turn in turns if turn.role == "assistant"]
        assert len(said) == len([turn for turn in turns if turn.role == "user"]) - 1, adapter
    stage.ask("four")
    shown = stage.talk.branches.columns[0][-1]
    place = stage.talk.place_of(0)
    stage.talk.reveal()
    assert stage.talk.branches.columns[place][-1] is shown


def test_whoever_goes_on_with_hidden_answers_is_told_the_names_first(stage, monkeypatch):
    monkeypatch.setattr("studio.talking.conversation.shuffled", lambda count, seed: [1, 0])
    stage.columns, stage.blind = 2, True
    stage.ask("one")
    assert [column[1].facts["voice"] for column in stage.talk.own_columns] == ["base", "+ instruct"]
    stage.talk.again(1, column=0)
    stage.done()
    assert stage.model.asked[-1][0] == "instruct", "who had written what stood there"
    assert [said.title for said in stage.talk.branches.rows()[1]] == ["base", "+ instruct"]
    assert [said.versions for said in stage.talk.branches.rows()[1]] == [1, 2]
    stage.ask("two")
    stage.talk.choose(1, 0, -1)
    stage.done()
    assert not stage.talk.hidden
    assert [said.title for said in stage.talk.branches.rows()[1]] == ["base", "+ instruct"]
    assert stage.talk.branches.at(1, 1).number == 1


def test_a_chat_that_is_opened_anew_hides_nothing(stage):
    stage.columns, stage.blind = 2, True
    stage.ask("one")
    stage.talk.open(stage.talk.info.id)
    stage.done()
    assert not stage.talk.hidden
    assert "Answer" not in stage.talk.branches.at(1, 0).title


def test_another_answer_is_another_version_and_arrows_lead_back(stage):
    stage.ask("one")
    stage.model.says = ["hot"]
    stage.talk.again(1)
    stage.done()
    said = stage.talk.branches.at(1, 0)
    assert (said.text, said.number, said.versions) == ("hot", 2, 2)
    stage.talk.choose(1, 0, -1)
    stage.done()
    stage.until(lambda: stage.texts()[-1] == "warm and cold")
    assert stage.talk.branches.at(1, 0).number == 1


def test_what_follows_a_version_comes_back_with_it(stage):
    stage.ask("one")
    stage.ask("two")
    stage.talk.again(1)
    stage.done()
    assert len(stage.texts()) == 2
    stage.talk.choose(1, 0, -1)
    stage.until(lambda: len(stage.texts()) == 4)
    assert stage.texts()[2] == "two"


def test_an_edited_question_is_answered_again(stage):
    stage.ask("one")
    stage.talk.edit(0, 0, "other")
    stage.done()
    assert stage.texts() == ["other", "warm and cold"]
    assert (stage.talk.branches.at(0, 0).number, stage.talk.branches.at(0, 0).versions) == (2, 2)
    assert stage.model.asked[-1][2][-1].text == "other"


def test_an_edited_answer_is_a_version_that_nobody_answers(stage):
    stage.ask("one")
    asked = len(stage.model.asked)
    stage.talk.edit(1, 0, "better")
    stage.done()
    assert stage.texts() == ["one", "better"]
    assert len(stage.model.asked) == asked


def test_a_rival_begins_another_version_that_goes_on_from_there(stage):
    stage.ask("one")
    stage.model.says = [" enough"]
    stage.talk.branch(1, 0, 1, AnswerToken(" not", 3, 0.2))
    stage.done()
    assert stage.texts()[-1] == "warm not enough"
    turns = stage.model.asked[-1][2]
    assert (turns[-1].role, turns[-1].text) == ("assistant", "warm not")
    assert [token.text for token in stage.talk.branches.at(1, 0).tokens] == ["warm", " not", " enough"]


def test_undo_takes_back_a_version_and_then_the_question(stage):
    stage.ask("one")
    stage.talk.again(1)
    stage.done()
    stage.talk.undo()
    stage.until(lambda: stage.talk.branches.at(1, 0).number == 1)
    stage.done()
    stage.talk.undo()
    stage.until(lambda: stage.texts() == [])
    stage.done()
    assert not stage.talk.can_undo


def test_a_chat_that_was_held_in_columns_comes_back_in_columns(stage):
    stage.columns = 2
    stage.model.says = ["hot"]
    stage.ask("one")
    stage.talk.settled.connect(stage.keep)
    stage.model.says = ["cold"]
    stage.talk.again(1, column=1)
    stage.done()
    chat = stage.talk.info.id
    stage.talk.new()
    stage.talk.open(chat)
    stage.done()
    assert [len(row) for row in stage.talk.branches.rows()] == [1, 2]
    assert [said.text for said in stage.talk.branches.rows()[1]] == ["hot", "cold"]
    stage.talk.open(chat, alone=True)
    stage.done()
    assert [len(row) for row in stage.talk.branches.rows()] == [1, 1]


def test_a_branch_of_one_column_leaves_the_others_standing(stage):
    stage.columns = 2
    stage.ask("one")
    before = stage.talk.branches.at(1, 0)
    stage.model.says = [" enough"]
    stage.talk.branch(1, 1, 1, AnswerToken(" not", 3, 0.2))
    stage.done()
    assert stage.talk.branches.at(1, 0) is before
    assert stage.talk.branches.at(1, 1).text == "warm not enough"
    assert (stage.model.asked[-1][0], len(stage.model.asked)) == ("instruct", 3), "only that column's model was asked"
    stage.talk.undo()
    stage.until(lambda: stage.talk.branches.at(1, 1).text == "warm and cold")
    assert stage.talk.branches.at(1, 0).id == before.id


def test_a_question_to_columns_that_differ_is_taken_back_in_all_of_them(stage):
    stage.talk.settled.connect(stage.keep)
    stage.columns = 2
    stage.ask("one")
    stage.ask("two")
    stage.talk.undo()
    stage.until(lambda: len(stage.texts()) == 2 and not stage.session.jobs.jobs)
    assert [[said.role for said in column] for column in stage.talk.branches.columns] == [["user", "assistant"]] * 2
    assert len({column[-1].id for column in stage.talk.branches.columns}) == 2


def test_columns_of_which_something_was_deleted_stay_beside_each_other():
    branches = Branches()
    branches.align(2)
    branches.open([message(1, "user", "a"), message(2, "assistant", "b"), message(4, "user", "c")], {}, 0)
    branches.open([message(1, "user", "a"), message(3, "assistant", "d")], {}, 1)
    branches.even()
    assert [len(column) for column in branches.columns] == [2, 2]


@pytest.mark.parametrize("kept", [None, "x", [], [{"leaf": 1}], [{"leaf": 1}, {"leaf": "2"}], [{"leaf": 1}, 3]])
def test_columns_that_were_kept_badly_are_none(kept):
    assert kept_leaves({"columns": kept}) == ()


def test_a_model_that_breaks_off_is_told_and_what_it_wrote_stays(stage):
    def broken(model, prompt, turns, sampling, control):
        yield from list(reply(model, prompt, turns, sampling, control))[:1]
        raise StudioError("The model was unloaded.", "Load it again.")

    stage.talk.answering.reply = broken
    stage.ask("one")
    assert [error.message for error in stage.errors] == ["The model was unloaded."]
    assert stage.texts()[-1] == "warm"
    assert stage.on_disk().messages[-1].facts["done"] == "failed"


def test_who_is_not_ready_says_so_and_nothing_is_kept(stage):
    stage.model = None
    stage.talk._setting = lambda: (_ for _ in ()).throw(StudioError("No model is in memory."))
    stage.talk.ask("one")
    assert [error.message for error in stage.errors] == ["No model is in memory."]
    assert stage.talk.info is None
    stage.model = Speaker()


# --- a disk that fails ------------------------------------------------------------------------------------------------


@pytest.fixture
def failing(monkeypatch):
    """`failing(2)`: the second message from now on is not kept."""

    def fail(number, name="add"):
        counted, write = iter(range(1, 100)), getattr(Chats, name)

        def unsure(store, *arguments, **named):
            if next(counted) == number:
                raise StudioError("The disk is full.", "Make room.")
            return write(store, *arguments, **named)

        monkeypatch.setattr(Chats, name, unsure)

    return fail


@pytest.mark.parametrize("number", [1, 2])
def test_a_question_that_only_one_column_could_keep_is_taken_back_from_the_other(stage, failing, number):
    stage.talk.settled.connect(stage.keep)
    stage.columns = 2
    stage.ask("one")
    unsaid, asked = [], len(stage.model.asked)
    stage.talk.unsaid.connect(unsaid.append)
    failing(number)
    stage.ask("two")
    assert ([error.message for error in stage.errors], unsaid) == (["The disk is full."], ["two"])
    assert [stage.texts(column) for column in (0, 1)] == [["one", "warm and cold"]] * 2
    assert len(stage.model.asked) == asked, "nobody is asked what is not kept"
    assert [message.text for message in stage.on_disk().messages] == ["one", "warm and cold"]
    stage.ask("three")
    assert [stage.texts(column)[2:] for column in (0, 1)] == [["three", "warm and cold"]] * 2


@pytest.mark.parametrize("number", [2, 3])
def test_answers_of_which_one_has_no_place_on_the_disk_are_not_begun_and_the_question_stays(stage, failing, number):
    stage.columns = 2
    failing(number)
    stage.ask("one")
    assert [error.message for error in stage.errors] == ["The disk is full."]
    assert [stage.texts(column) for column in (0, 1)] == [["one"]] * 2
    assert stage.model.asked == []
    assert [(message.role, message.text) for message in stage.on_disk().messages] == [("user", "one")]
    stage.ask("two")
    assert [column[-1].text for column in stage.talk.branches.columns] == ["warm and cold"] * 2


def test_an_answer_that_cannot_be_given_anew_leaves_the_former_one_standing(stage, failing):
    stage.ask("one")
    failing(1)
    stage.talk.again(1)
    stage.done()
    assert stage.texts() == ["one", "warm and cold"]
    assert stage.talk.branches.at(1, 0).versions == 1


def test_a_chat_that_could_not_be_begun_gives_the_question_back(stage, failing):
    unsaid = []
    stage.talk.unsaid.connect(unsaid.append)
    failing(1, "create")
    stage.ask("one")
    assert (stage.talk.info, stage.texts(), unsaid) == (None, [], ["one"])
    stage.ask("one")
    assert stage.texts() == ["one", "warm and cold"]


def test_a_change_is_given_back_where_nobody_could_answer_it(stage, monkeypatch):
    def nobody():
        raise StudioError("No model is there.")

    stage.ask("one")
    unsaid = []
    stage.talk.unsaid.connect(unsaid.append)
    monkeypatch.setattr(stage.talk, "_setting", nobody)
    stage.talk.edit(0, 0, "one")
    assert (unsaid, stage.talk._back[1:]) == ([], []), "nothing was changed"
    stage.talk.edit(0, 0, "other")
    assert (stage.texts(), unsaid) == (["one", "warm and cold"], ["other"])
    assert stage.errors[-1].message == "No model is there."


def test_what_could_not_be_changed_is_given_back_too(stage, failing):
    stage.ask("one")
    unsaid = []
    stage.talk.unsaid.connect(unsaid.append)
    failing(1, "edit")
    stage.talk.edit(0, 0, "other")
    stage.done()
    assert (stage.texts(), unsaid) == (["one", "warm and cold"], ["other"])


def test_an_answer_whose_end_cannot_be_kept_is_told_and_stays_on_the_screen(stage, failing):
    failing(1, "finish")
    stage.ask("one")
    assert [error.message for error in stage.errors] == ["The disk is full."]
    assert stage.texts() == ["one", "warm and cold"]
    assert not stage.talk.busy


# --- without a session ------------------------------------------------------------------------------------------------


def test_a_worker_gives_batches_and_at_the_end_how_it_went():
    model = Speaker()
    model.says = ["a", "b", "c"]
    question = Question(model, PROMPTS.load("plain"), (), first_sampling())
    steps = list(answer([question, question], lambda: True, reply))
    for column in (0, 1):
        mine = [step for step in steps if step.column == column]
        assert "".join(token.text for step in mine for token in step.tokens) == "abc"
        assert (mine[-1].facts["count"], mine[-1].facts["done"]) == (3, "end")
        assert mine[0].facts == {}


def test_an_adapter_that_is_not_there_is_not_worn():
    model = Speaker(adapters=("one",))
    wear(model, "two", 1.0)
    assert model.adapter is None
    wear(model, "one", 0.3)
    assert (model.adapter, model.strength) == ("one", 0.3)
    wear(model, None, 1.0)
    assert model.adapter is None


def message(id, role, text, parent=None):
    return Message(id, 1, parent, role, text, {}, 0.0, True)


def test_columns_that_agree_are_one_message_and_others_several():
    branches = Branches()
    branches.open([message(1, "user", "a"), message(2, "assistant", "b")], {}, None)
    branches.align(2)
    assert [len(row) for row in branches.rows()] == [1, 1]
    branches.open([message(1, "user", "a"), message(3, "assistant", "c")], {2: (2, 3), 3: (2, 3)}, 1)
    assert [len(row) for row in branches.rows()] == [1, 2]
    assert [said.number for said in branches.rows()[1]] == [1, 2]
    assert branches.version(branches.at(1, 1), -1) == 2
    assert branches.version(branches.at(1, 1), 1) is None


def test_tokens_survive_the_disk_and_damaged_ones_are_none():
    tokens = [AnswerToken("a", 1, 0.25, (Rival(1, "a", 0.25, False, 0.2, 3), Rival(2, "b", 0.1, True)))]
    assert unpacked(packed(tokens)) == tokens
    for damaged in (None, "x", [["a"]], [[1, 2, 3, 4]], {"a": 1}):
        assert unpacked(damaged) == []


def test_tokens_become_a_table_with_their_rivals():
    rivals = (Rival(1, "a", 0.25, False, 0.2, 3), Rival(2, "b, c", 0.1, True))
    said = Said(1, "assistant", "ad", facts={"tokens": packed([AnswerToken("a", 1, 0.25, rivals)])})
    assert as_csv(tokens_of(said)).splitlines() == [
        "place,token,id,chance,surprise in bits,rival 1,chance 1,rival 2,chance 2", '1,a,1,0.25,2.0,a,0.25,"b, c",0.0',
    ]  # fmt: skip
    assert tokens_of(Said(2, "assistant", "x", facts={"tokens": "damaged"})) == []


def test_a_line_tells_how_an_answer_went_whatever_the_facts_hold():
    facts = {"count": 41, "rate": 39.6, "first": 0.0384, "surprise": 2.94, "done": "stopped"}
    assert facts_words(facts) == "41 tokens · 40 tokens/s · first token 38 ms · surprise 2.9 bits · stopped"
    assert facts_words({"rate": "x", "first": float("nan"), "count": None}) == ""
    assert facts_words({}, complete=False) == "not finished"
