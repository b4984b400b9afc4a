"""The choice of a precision on the Model card: offered where it pays, changed as a job, its cost told as measured."""

import threading
from types import SimpleNamespace

import pytest

from studio.chat import precision
from studio.chat.precision import change_words, find_sample, learned_config, memory_words
from studio.core.channel import RunControl
from studio.core.errors import StudioError
from studio.live.memory import PrecisionChange, Sample
from studio.panels.chat import ChatPanel
from studio.store.shards import make_shards
from studio.tokenizers import make_tokenizer
from tests.chat.scripted_writer import ScriptedWriter
from tests.panels.conftest import small_config
from tests.scripted_run import finished, small_run, started

pytestmark = pytest.mark.gui
HELD_BACK = "Mira went to the harbour"


class ChangingWriter(ScriptedWriter):
    """A writer whose weights can be held otherwise; `probed`, `layer` and `tail` say how far it may go."""

    offered = ("fp32", "f16", "int8")
    probed = threading.Event()  # a probe waits for it
    trouble: StudioError | None = None

    def __init__(self, folder):
        super().__init__(folder)
        self.layer, self.tail = threading.Event(), threading.Event()
        self.layer.set()
        self.tail.set()
        self.samples, self.probes = [], 0

    def precisions(self):
        self.probes += 1
        self.probed.wait(5)
        return self.offered

    def set_precision(self, name, control, sample=""):
        self.samples.append(sample)
        if self.trouble is not None:
            raise self.trouble
        if sample:
            yield SimpleNamespace(perplexity=21.4, tokens_per_second=100.0, bytes=self.bytes)
        for done in (1, 2):
            yield SimpleNamespace(done=done, total=2)
            self.layer.wait(5)
            if not control.keep_going():
                raise StudioError("The change was stopped.")
        self.precision, self.bytes = name, 1_000_000
        self.tail.wait(5)
        if sample:
            yield SimpleNamespace(perplexity=21.5, tokens_per_second=210.0, bytes=self.bytes)


@pytest.fixture
def page(session, look, on_screen, scripted_run, save_checkpoint, monkeypatch):
    """The Chat page with a loaded model that learned from the story, whose tokens lie on disk."""
    monkeypatch.setattr("studio.live.memory.OPEN_MODEL", ChangingWriter)
    ChangingWriter.probed.set()
    run = scripted_run.play(small_run(20), "tale", small_config())
    for step in (10, 20):
        save_checkpoint(run.record, step, 2.0 + step)
    panel = ChatPanel(session, look)
    session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    on_screen(panel)
    yield panel.continuing
    panel.stop()
    ChangingWriter.probed.set()
    if session.loaded is not None:
        session.loaded.layer.set()
        session.loaded.tail.set()
        session.loaded.free.set()


@pytest.fixture
def load(page, session, scripted_run):
    """Loads the model and lets the probe end."""

    def do():
        page.focus_on(("tale", 10))
        scripted_run.until(lambda: session.loaded is not None)
        scripted_run.settle()
        return session.loaded

    return do


@pytest.fixture
def shards(session):
    data = small_config().data
    project = session.project
    return make_shards(project.text("story"), data.tokenizer, data.validation_share, project.tokens_folder)


def press(page, name):
    """Click one of the precisions as a person does."""
    page.precision.choice._buttons[name].click()


def test_what_pays_is_measured_once_and_said_meanwhile(page, session, scripted_run):
    assert page.precision.isHidden()
    ChangingWriter.probed.clear()
    page.focus_on(("tale", 10))
    scripted_run.until(page.precision.said.isVisible)
    assert page.precision.said.text() == "Measuring what is faster here…"
    assert page.prompt.primary.isEnabled()
    ChangingWriter.probed.set()
    scripted_run.settle()
    choice = page.precision.choice
    assert list(choice._buttons) == ["fp32", "f16", "int8"]
    assert (choice.value(), choice.isVisible(), page.precision.said.isVisible()) == ("fp32", True, False)
    page.focus_on(("tale", 20))
    scripted_run.until(lambda: session.loaded.step == 20)
    scripted_run.settle()
    assert session.loaded.probes == 0  # the same device: known
    assert page.precision.choice is choice
    assert choice.isVisible()


def test_where_nothing_pays_there_is_no_choice(page, load, monkeypatch):
    monkeypatch.setattr(ChangingWriter, "offered", ("fp32",))
    load()
    assert page.precision.isHidden()
    assert page.precision.choice is None


def test_a_probe_that_fails_says_so_in_place_and_is_not_repeated(page, load, scripted_run, monkeypatch):
    asked = []

    def broken(_model):
        asked.append(1)
        raise StudioError("The processor is away.", "Wait for it.")

    monkeypatch.setattr(ChangingWriter, "precisions", broken)
    load()
    assert page.precision.trouble.isVisible()
    assert page.precision.trouble.text() == "The processor is away."
    page.refresh()
    scripted_run.settle()
    assert asked == [1]


def test_the_change_tells_what_was_measured_on_the_held_back_text(page, load, shards, scripted_run):
    model = load()
    press(page, "int8")
    scripted_run.settle()
    assert page.precision.said.text() == (
        "int8: 2.1 times as fast, a quarter of the memory, perplexity 21.5 instead of 21.4 on the held-back text"
    )
    assert page.precision.choice.value() == "int8"
    assert len(model.samples[0]) == min(shards.validation_tokens, precision.MOST)  # a character is a token
    assert HELD_BACK in model.samples[0]


def test_without_held_back_text_the_page_is_the_sample(page, load, scripted_run):
    model = load()
    page.page.begin("abcdefgh" * 20)
    press(page, "f16")
    scripted_run.settle()
    assert model.samples == ["abcdefgh" * 20]
    assert page.precision.said.text().endswith("on the text of this page")


def test_without_any_sample_nothing_is_claimed(page, load, scripted_run):
    model = load()
    page.page.begin("abc")
    press(page, "int8")
    scripted_run.settle()
    assert (model.samples, model.precision) == ([""], "int8")
    said = page.precision.said.text()
    assert said.startswith("int8: 1 MB of weights instead of 4 MB. No sample was at hand")
    assert "100 tokens" in said


def test_while_it_changes_nothing_can_be_written_and_the_reason_is_on_the_button(page, load, scripted_run):
    model = load()
    model.layer.clear()
    press(page, "int8")
    scripted_run.until(lambda: page.precision.progress.bar.value() > 0)
    assert page.precision.progress.isVisible()
    assert page.prompt.primary.text() == "Changing to int8…"
    assert not page.prompt.primary.isEnabled()
    assert not page.precision.choice.isEnabled()
    page._primary_pressed()  # Enter in the prompt asks too
    page._write_token(0, 0.5)
    assert not page.pen.writing
    assert not page.view.tokens
    model.layer.set()
    scripted_run.settle()
    assert page.prompt.primary.text() == "Write 200 tokens"
    assert page.prompt.primary.isEnabled()
    assert page.precision.choice.isEnabled()


def test_a_change_that_is_called_off_leaves_everything(page, load, scripted_run):
    model = load()
    model.layer.clear()
    press(page, "int8")
    scripted_run.until(lambda: page.precision.progress.bar.value() > 0)
    page.precision.progress.cancel.click()
    model.layer.set()
    scripted_run.settle()
    assert (model.precision, page.precision.choice.value()) == ("fp32", "fp32")
    assert page.precision.said.text() == "Called off: the model is as it was."
    assert page.prompt.primary.isEnabled()


def test_calling_off_the_last_measurement_says_that_the_change_stands(page, load, shards, scripted_run):
    model = load()
    model.tail.clear()
    press(page, "int8")
    scripted_run.until(lambda: model.precision == "int8")
    page.precision.progress.cancel.click()
    model.tail.set()
    scripted_run.settle()
    assert page.precision.choice.value() == "int8"
    assert page.precision.said.text() == "It was int8 already; only the measuring was called off."


def test_an_error_stands_where_it_happened(page, load, scripted_run, monkeypatch):
    model = load()
    monkeypatch.setattr(ChangingWriter, "trouble", StudioError("The memory is full.", "Close something."))
    press(page, "int8")
    scripted_run.settle()
    assert (page.precision.trouble.text(), page.precision.said.text()) == ("The memory is full.", "Close something.")
    assert page.precision.trouble.isVisible()
    assert (model.precision, page.precision.choice.value()) == ("fp32", "fp32")
    assert not page.banner.isVisible()


def test_while_it_writes_the_precision_stays(page, load, scripted_run):
    model = load()
    model.free.clear()
    page.prompt.set_text("a bad")
    page.prompt.primary.click()
    assert not page.precision.choice.isEnabled()
    assert "stopped" in page.precision.choice.toolTip()
    page.stop()
    assert page.precision.choice.isEnabled()
    assert page.precision.choice.toolTip() == ""


def test_another_model_in_the_list_is_not_the_one_that_would_change(page, load):
    load()
    page.choice.choose("tale", 20)
    page.choice.changed.emit()
    assert page.precision.isHidden()
    page.choice.choose("tale", 10)
    page.choice.changed.emit()
    assert page.precision.choice.isVisible()


def test_another_model_forgets_what_was_said_of_the_former(page, load, session, scripted_run):
    load()
    press(page, "int8")
    scripted_run.settle()
    assert page.precision.said.text()
    page.focus_on(("tale", 20))
    scripted_run.until(lambda: session.loaded.step == 20)
    scripted_run.settle()
    assert page.precision.said.text() == ""
    assert page.precision.choice.value() == "fp32"


# --- samples and words ----------------------------------------------------------------------------------------------


def speller(**fields):
    return SimpleNamespace(**{"tokenizer": make_tokenizer("characters", ["abcdefgh "]), "path": "", **fields})


def test_a_model_of_no_run_has_no_text_of_its_own(session, tmp_path):
    assert learned_config(session, speller(path=tmp_path / "elsewhere")) is None
    assert learned_config(session, speller(path=None)) is None


@pytest.mark.parametrize(("tokens", "source"), [(99, ""), (100, "page")])
def test_a_page_counts_from_a_hundred_tokens_on(tokens, source):
    assert find_sample(speller(), None, None, "a" * tokens).source == source


def test_a_long_page_is_cut_and_a_model_without_tokenizer_has_no_sample():
    assert len(find_sample(speller(), None, None, "ab" * 5_000).text) == precision.MOST
    assert find_sample(SimpleNamespace(tokenizer=None), None, None, "ab" * 500) == Sample()


def test_a_text_that_is_gone_leaves_the_page(session, shards):
    config, page = small_config(), "a" * 100
    assert find_sample(speller(), session.project, config, page).source == "held back"
    session.delete_text("story")
    assert find_sample(speller(), session.project, config, page).source == "page"


def quality(perplexity, speed):
    return SimpleNamespace(perplexity=perplexity, tokens_per_second=speed)


def test_the_way_between_two_forms_names_both():
    change = PrecisionChange("int8", "fp32", (100, 391), Sample("x", "page"), (quality(21.43, 200), quality(21.41, 96)))
    assert change_words(change) == (
        "fp32 against int8: 0.48 times as fast, 3.9 times the memory, perplexity 21.4 as before "
        "on the text of this page"
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.26, "a quarter of the memory"), (0.51, "half the memory"), (0.37, "37 % of the memory"),
     (1.01, "as much memory"), (4.0, "4 times the memory")],
)  # fmt: skip
def test_a_share_is_told_in_words_only_where_they_are_right(share, words):
    assert memory_words(share) == words


# --- a real model ---------------------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.slow
def test_a_real_model_is_changed_and_measured_on_what_it_never_learned_from(
    session, look, on_screen, scripted_run, qtbot, monkeypatch
):
    from studio.engine import quantize
    from studio.engine.train import train
    from studio.layers.int8_linear import Int8Linear

    probe = quantize.Probe(Int8Linear, 0.5, 1.0, 0.0)  # what pays is this machine's matter, not this test's
    monkeypatch.setattr(quantize, "best_kernel", {"int8": probe}.get)
    config = small_config(steps=4, warmup_steps=1, evaluate_every=4, sample_every=0, save_every=4)
    record = scripted_run.play([started(4), finished(4)], "tale", config).record
    list(train(config, RunControl(), record))

    def settle():  # a real model on a busy machine takes its time
        qtbot.waitUntil(lambda: not session.jobs.jobs, timeout=60_000)

    whole = ChatPanel(session, look)
    session.changed.connect(whole.refresh)
    whole.refresh()
    on_screen(whole)
    panel = whole.continuing
    panel.focus_on(("tale", 4))
    settle()
    model = session.loaded
    before, logits = model.bytes, model.next_logits("Mira").logits
    press(panel, "int8")
    settle()
    assert panel.precision.said.text().startswith("int8: ")
    assert panel.precision.said.text().endswith("on the held-back text")
    assert (model.precision, model.bytes < before) == ("int8", True)
    assert 0 < abs(model.next_logits("Mira").logits - logits).max() < 0.1
    press(panel, "fp32")
    settle()
    assert (model.precision, model.bytes) == ("fp32", before)
    assert (model.next_logits("Mira").logits == logits).all()
