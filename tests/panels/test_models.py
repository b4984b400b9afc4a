"""The Models page with the real session: what is listed, what is said of it, and the ways in, out and away."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from studio.core.config import AdapterConfig
from studio.core.shelf import resolve
from studio.library.hub_browser import HubBrowser
from studio.live import models
from studio.live.run_model import RunModel
from studio.panels.model import ModelPanel
from studio.panels.models import ModelsPanel
from studio.seeing.subjects import glance_at
from studio.store.models import list_models, read_model
from studio.store.project import Project
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.library.conftest import save as save
from tests.library.conftest import save_adapter as save_adapter
from tests.scripted_run import UNTIL_STOPPED, saved, small_run, started

pytestmark = pytest.mark.gui
MEMORY = 25_000_000_000


@pytest.fixture
def page(session, look, on_screen, scripted_run):
    panel = ModelsPanel(session, look)
    session.changed.connect(panel.refresh)
    panel.refresh(frozenset())
    on_screen(panel)
    scripted_run.settle()
    yield panel
    scripted_run.settle()


@pytest.fixture
def tale(scripted_run, session, save):
    run = scripted_run.play(small_run(30), "tale")
    for step, loss in ((10, 3.0), (20, 2.0), (30, 2.5)):
        save(run.record, step, loss)
    return run


@pytest.fixture
def tiny(session, add_model):
    return add_model(session.project.path, "tiny", origin="/get/tiny.gguf", licence="mit", warnings=["It is odd."])


@pytest.fixture
def wishes(session):
    heard = []
    session.focus_requested.connect(lambda name, thing: heard.append((name, thing)))
    return heard


@pytest.fixture
def notices(session):
    said = []
    session.notices.posted.connect(said.append)
    return said


@pytest.fixture
def story_teller(data_folder):
    return data_folder / "stories260K.bin"


@pytest.fixture
def look_into(page, scripted_run):
    """Drops a path on the page and waits for what is said of it."""

    def look_into(path):
        page.drop.dropped.emit([path])
        scripted_run.until(lambda: not page.arrival.busy)
        return page.arrival

    return look_into


@pytest.fixture
def called_off(monkeypatch):
    """Makes the engine wait for the person's Cancel before it looks whether it should go on."""

    def wait_in(constant):
        real = resolve(getattr(models, constant))

        def patient(*args, keep_going):
            while keep_going():
                time.sleep(0.001)
            return real(*args, keep_going=keep_going)

        monkeypatch.setattr(models, constant, patient)

    return wait_in


def titles(page):
    return [row.entry.title for row in page.table.rows()]


def choose(page, title):
    page.table.select(next(row for row in page.table.rows() if row.entry.title == title))


# --- what is listed ---------------------------------------------------------------------------------------------------


def test_without_models_the_page_says_what_comes_here_and_how(page):
    assert page.empty.isVisible()
    assert "Hugging Face folder" in page.empty.why.text()
    assert not page.chat_button.isVisible()
    assert not page.folder_button.isVisible()  # said once, in the middle
    page.empty.button.click()
    dialog = page.findChild(QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.reject()


def test_imported_models_stand_before_runs_of_which_the_best_and_the_last_are_shown(tale, tiny, page):
    assert titles(page) == ["tiny", "tale · step 20", "tale · step 30"]
    assert page.row.entry.title == "tiny"
    assert page.list.note.text() == "3"


def test_unfolded_every_checkpoint_is_listed_by_keyboard_too(tale, page, qtbot):
    page.fold.setFocus()
    qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Right)
    assert page.fold.value() == "all"
    assert titles(page) == ["tale · step 20", "tale · step 30", "tale · step 10"]


def test_models_of_other_projects_are_listed_and_can_neither_be_deleted_nor_their_run_opened(
    session, tiny, add_model, look, on_screen, scripted_run
):
    other = Project.create(session.places.projects / "songs", "Songs")
    add_model(other.path, "far")
    panel = ModelsPanel(session, look)
    panel.refresh(frozenset())
    on_screen(panel)
    scripted_run.settle()
    assert titles(panel) == ["tiny", "far"]
    choose(panel, "far")
    assert not panel.facts.delete.isVisible()
    panel.delete()
    assert (other.path / "models" / "far").is_dir()
    assert panel.facts.rows.texts()["From"].startswith("Songs · ")


def test_what_a_living_run_saves_appears(page, save, scripted_run):
    def write(control, record):
        save(record, 5, 1.0)

    run = scripted_run.start([started(10), write, saved(5), UNTIL_STOPPED], "alive")
    scripted_run.until(lambda: titles(page) == ["alive · step 5"])
    scripted_run.session.stop_run(run)
    scripted_run.until(lambda: not run.living)


def test_the_model_in_memory_has_a_dot(tiny, page, session):
    session._memory.loaded = SimpleNamespace(path=tiny, unload=lambda: None)
    page.refresh(frozenset({"loaded"}))
    assert page.row.loaded
    session.unload_model()
    assert not page.row.loaded


# --- what is said of one ----------------------------------------------------------------------------------------------


def test_the_card_tells_the_facts_of_the_chosen_model(tiny, page):
    facts = page.facts.rows.texts()
    assert (facts["Licence"], facts["Family"], facts["Layers × width"]) == ("mit", "GPT-2", "2 × 32")
    assert (facts["Tokenizer"], facts["Chat template"], facts["From"]) == ("Characters", "none", "tiny.gguf")
    assert page.facts.notes.text() == "It is odd."
    assert list(page.facts.fits.texts()) == ["Chat", "Train", "LoRA", "QLoRA"]


def test_a_model_that_does_not_fit_says_what_would(session, add_model, page, scripted_run, monkeypatch):
    monkeypatch.setattr(page._machine, "room", lambda wanted="auto": (MEMORY, MEMORY, "this computer"))
    large = replace(TINY, emb_dim=8_192, n_layers=80, n_heads=64, vocab_size=32_000, context_length=4_096)
    add_model(session.project.path, "large", model=large)
    page.refresh(frozenset({"models"}))
    scripted_run.settle()
    fit = page.row.fits["chat"]
    assert (fit.verdict, fit.mark) == ("too large", "○")
    assert "not fit in any format" in fit.sentence
    assert page.facts.fits.texts()["Chat"].startswith("too large")


def test_without_a_tokenizer_there_is_no_chat_and_the_page_says_why(session, add_model, page, scripted_run, wishes):
    add_model(session.project.path, "ids", tokenizer=False)
    page.refresh(frozenset({"models"}))
    scripted_run.settle()
    assert not page.chat_button.isEnabled()
    assert "token ids only" in page.facts.notes.text()
    page.table.row_activated.emit(page.row)
    assert wishes == []


def test_a_model_that_fills_gaps_cannot_be_chatted_with(tale, page, wishes, monkeypatch):
    monkeypatch.setattr(RunModel, "writes", False)
    choose(page, "tale · step 30")
    assert not page.chat_button.isEnabled()
    assert "fill gaps" in page.chat_button.toolTip()
    page.table.row_activated.emit(page.row)
    assert wishes == []


# --- what can be done with one ----------------------------------------------------------------------------------------


def test_chat_opens_with_the_run_and_step_or_with_the_imported_model(tale, tiny, page, wishes):
    page.chat_button.click()
    assert (wishes[-1][0], wishes[-1][1].folder) == ("chat", tiny)
    choose(page, "tale · step 30")
    page.chat_button.click()
    assert wishes[-1] == ("chat", ("tale", 30))


def test_inspecting_hands_the_shape_to_the_model_page_which_can_give_the_former_back(
    tiny, page, session, look, wishes, notices
):
    before = session.draft.model
    page.facts.inspect.click()
    assert wishes[-1] == ("model", TINY)
    model_page = ModelPanel(session, look)
    model_page.refresh(frozenset())
    model_page.focus_on(TINY)
    assert session.draft.model == TINY
    words, undo = notices[-1].action
    undo()
    assert (words, session.draft.model) == ("Undo", before)
    model_page.deleteLater()


def test_a_checkpoint_leads_to_its_run(tale, page, wishes):
    assert page.facts.open_run.isVisible()
    page.facts.open_run.click()
    assert wishes[-1] == ("runs", "tale")


def test_a_deleted_model_comes_back_when_the_toast_says_undo(tale, tiny, page, notices, scripted_run):
    page.facts.delete.click()
    scripted_run.settle()
    assert titles(page) == ["tale · step 20", "tale · step 30"]
    assert notices[-1].text == "“tiny” was moved to the trash."
    notices[-1].action[1]()
    scripted_run.settle()
    assert page.row.entry.title == "tiny"


def test_after_a_deletion_the_model_below_is_chosen_and_after_the_last_one_the_one_above(
    session, page, add_model, look, scripted_run
):
    for name in ("one", "three", "two"):
        add_model(session.project.path, name)
    page.refresh(frozenset())
    scripted_run.settle()
    choose(page, "three")
    page.delete()
    scripted_run.settle()
    assert page.row.entry.title == "two"
    page.delete()
    scripted_run.settle()
    assert page.row.entry.title == "one"


def test_deleting_a_checkpoint_names_what_depends_on_it_and_a_loaded_one_stays(tale, page, session, notices):
    choose(page, "tale · step 30")
    session._memory.loaded = SimpleNamespace(path=page.row.entry.folder, unload=lambda: None)
    page.refresh(frozenset({"loaded"}))
    page.delete()
    assert "resumed from step 20 at the latest" in notices[-1].text
    assert "stays in memory until you unload it" in notices[-1].text
    session.unload_model()


def test_what_cannot_be_deleted_is_told_on_the_page(tiny, page):
    shutil.rmtree(tiny)
    page.delete()
    assert page.banner.isVisible()


def test_another_page_can_ask_for_one_model(tale, tiny, page):
    page.focus_on("tale")
    assert page.row.entry.title == "tale · step 20"
    page.focus_on(tiny)
    assert page.row.entry.title == "tiny"


def test_the_palette_offers_what_the_page_can_do(tiny, page):
    offered = {action.name: action.enabled() for action in page.actions()}
    assert not offered.pop("models.lay")  # a whole model is no adapter
    assert offered == dict.fromkeys(offered, True)
    assert {"models.folder", "models.file", "models.chat", "models.export", "models.delete"} <= offered.keys()


# --- coming in --------------------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_what_is_no_model_is_refused_where_it_happened(look_into, page, tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear", "utf-8")
    arrival = look_into(letter)
    assert "“letter.txt” is not a model" in arrival.trouble.text()
    assert "GGUF" in arrival.hint.text()
    assert not arrival.name.isVisible()
    arrival.close_button.click()
    assert not arrival.isVisible()


@pytest.mark.torch
def test_what_was_found_is_shown_before_it_is_imported_under_a_name(
    look_into, page, session, story_teller, scripted_run
):
    arrival = look_into(story_teller)
    assert arrival.summary.text() == "Llama · 260 k parameters · fp32"
    assert "No tokenizer lies beside it" in arrival.notes.text()
    assert list_models(session.project.path) == []
    assert page.chat_button.property("kind") == ""  # the one primary button is the import's
    arrival.name.setText("teller")
    arrival.accept()
    scripted_run.until(lambda: titles(page) == ["teller"])
    assert not arrival.isVisible()
    assert page.row.entry.parameters == 260_032


@pytest.mark.torch
def test_an_import_that_is_called_off_leaves_nothing_and_can_be_begun_again(
    look_into, session, story_teller, scripted_run, called_off
):
    arrival = look_into(story_teller)
    called_off("ADOPT")
    arrival.accept()
    assert arrival.progress.isVisible()
    arrival.progress.cancel.click()
    scripted_run.until(lambda: not arrival.busy)
    assert list_models(session.project.path) == []
    assert arrival.import_button.isVisible()
    assert arrival.import_button.isEnabled()


@pytest.mark.torch
def test_weights_that_do_not_fit_are_named_beside_what_is_known(look_into, tmp_path, story_teller, page):
    from studio.engine.adopt import adopt
    from studio.engine.export import export

    adopted = adopt(story_teller, Project.create(tmp_path / "aside").path, "teller")
    out = export(adopted.folder, "hugging_face", tmp_path / "out").path
    spoil(out / "model.safetensors")
    arrival = look_into(out)
    assert arrival.trouble.text() == "The weights do not fit the model's description."
    assert arrival.hint.text().splitlines()[:2] == ["missing: model.norm.weight", "unexpected: extra"]
    assert arrival.summary.isVisible()
    assert not arrival.import_button.isEnabled()
    arrival.accept()
    assert not arrival.busy


def spoil(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    tensors["extra"] = tensors.pop("model.norm.weight")
    save_file(tensors, path)


@pytest.mark.torch
def test_a_model_too_large_for_the_memory_says_so_before_it_is_imported(look_into, page, story_teller, monkeypatch):
    monkeypatch.setattr(page.arrival, "_room", lambda: (900_000, 900_000, "this computer"))
    arrival = look_into(story_teller)
    assert "only 900 kB are free on this computer" in arrival.hint.text()
    assert "It would fit in" in arrival.hint.text()


@pytest.mark.torch
def test_without_a_project_one_is_made_for_the_import(look_into, page, session, story_teller, scripted_run):
    session.close_project()
    scripted_run.settle()
    look_into(story_teller).accept()
    scripted_run.until(lambda: session.project is not None and titles(page) == ["stories260K"])
    assert session.project.name == "My project"


# --- going out --------------------------------------------------------------------------------------------------------


@pytest.fixture
def departing(look_into, page, scripted_run, story_teller, tmp_path):
    look_into(story_teller).accept()
    scripted_run.until(lambda: titles(page) == ["stories260K"])
    page.facts.export.click()
    page.departure.set_folder(str(tmp_path / "out"))
    return page.departure


@pytest.mark.torch
def test_an_export_shows_its_check_on_twenty_prompts(departing, page, scripted_run, tmp_path):
    assert departing.isVisible()
    assert not page.facts.isVisible()
    assert str(tmp_path / "out" / "stories260K") in departing.place.text()
    departing.button.click()
    assert not departing.button.isEnabled()
    scripted_run.until(lambda: departing.checks.isVisible())
    assert departing.checks.texts()["Same answer"] == "20 of 20 prompts"
    assert (tmp_path / "out" / "stories260K" / "config.json").is_file()
    departing.button.click()  # the place is taken now
    scripted_run.until(lambda: departing.trouble.isVisible())
    assert "is there already" in departing.trouble.text()
    assert not departing.checks.isVisible()


@pytest.mark.torch
def test_each_form_offers_its_number_formats_and_its_kind_of_file(departing):
    def offered(form):
        departing.form.set_value(form)
        departing.form.changed.emit()
        return [departing.precision.itemData(place) for place in range(departing.precision.count())]

    assert offered("hugging_face") == ["", "fp32", "fp16", "bf16"]
    assert departing.precision.value() == ""
    assert offered("gguf") == ["f32", "f16", "q8_0", "q4_0"]  # never as stored: what is written unasked is said
    assert departing.precision.value() == "f16"
    assert departing.target.name == "stories260K.gguf"
    assert offered("script") == [""]
    assert not departing.precision.isEnabled()
    departing.close_button.click()
    assert not departing.isVisible()


@pytest.mark.torch
def test_an_export_that_is_called_off_leaves_nothing(departing, scripted_run, tmp_path, called_off):
    called_off("EXPORT")
    departing.export()
    departing.progress.cancel.click()
    scripted_run.settle()
    assert not (tmp_path / "out" / "stories260K").exists()
    assert departing.button.isEnabled()


def test_the_download_window_opens_once(page):
    page.hub_button.click()
    page.hub_button.click()
    browsers = page.findChildren(HubBrowser)
    assert len(browsers) == 1
    assert browsers[0].isVisible()
    browsers[0].close()


def test_what_was_downloaded_is_chosen_once_it_is_listed(page, tiny, scripted_run, qtbot):
    page.ask_hub()
    browser = page.findChild(HubBrowser)
    browser.added.emit(read_model(tiny))
    page.refresh(frozenset({"models"}))
    qtbot.waitUntil(lambda: page.row is not None and page.row.key == str(tiny))
    browser.close()


# --- going on with a model --------------------------------------------------------------------------------------------


def test_fine_tuning_sets_the_next_run_and_opens_its_settings_with_a_way_back(tiny, page, session, wishes, notices):
    before = session.draft
    page.onward.teach("pretrain")
    assert (session.draft.start_from, session.draft.model) == ("tiny", TINY)
    assert wishes[-1] == ("pretrain", "start_from")
    assert "“tiny”" in notices[-1].text
    notices[-1].action[1]()
    assert session.draft == before


def test_a_checkpoint_is_gone_on_with_by_its_step(tale, page, session):
    choose(page, "tale · step 30")
    page.onward.teach("pretrain")
    assert session.draft.start_from == "tale@30"


def test_a_model_of_another_project_is_gone_on_with_where_it_lies(session, page, add_model, scripted_run):
    other = Project.create(session.places.projects / "songs", "Songs")
    far = add_model(other.path, "far")
    page.refresh(frozenset())
    scripted_run.settle()
    choose(page, "far")
    page.onward.teach("pretrain")
    assert session.draft.start_from == str(far)


def test_without_a_tokenizer_there_is_nothing_to_learn_with_and_the_button_says_why(
    session, add_model, page, scripted_run
):
    add_model(session.project.path, "ids", tokenizer=False)
    page.refresh(frozenset())
    scripted_run.settle()
    assert not page.facts.teach.isEnabled()
    assert "without a tokenizer" in page.facts.teach.toolTip()
    page.onward.teach("pretrain")
    assert session.draft.start_from == ""


def test_a_model_that_vanished_is_told_on_the_page(tiny, page, session):
    shutil.rmtree(tiny)
    page.onward.teach("pretrain")
    assert page.banner.isVisible()
    assert session.draft.start_from == ""


@pytest.fixture
def tuned(tale, session, scripted_run, save_adapter):
    """An adapter on the best checkpoint of `tale`."""
    adapted = replace(session.draft, start_from="tale@20", model=TINY, adapter=AdapterConfig(kind="lora", rank=2))
    run = scripted_run.play(small_run(5), "tuned", adapted)
    save_adapter(run.record, 5)
    return run


def test_an_adapter_is_told_from_a_whole_model_with_its_true_size(tuned, page):
    choose(page, "tuned · step 5")
    facts = page.facts.rows.texts()
    assert (facts["Kind"], facts["From"]) == ("adapter · last", "adapter on tale · step 20")
    assert facts["Parameters"] == "200"
    choose(page, "tale · step 20")
    assert page.facts.rows.texts()["Adapters on it"] == "tuned"
    assert "cannot be opened" in page.facts.delete.toolTip()
    assert not page.facts.lay.isVisible()


def test_an_adapter_is_laid_on_the_loaded_model_only_if_that_is_its_base(tuned, page, session, notices, qtbot):
    choose(page, "tuned · step 5")
    saved, base, laid = page.row.entry.folder, page.row.entry.base, []

    def load(path):
        loaded = SimpleNamespace(path=path, title="It", unload=lambda: None, adapter="tuned", lay=laid.append)
        session._memory.loaded = loaded if path else None
        page.refresh(frozenset({"loaded"}))

    for path, words in ((None, "Load its base"), (saved, "in memory already"), (saved.parent, "was trained on")):
        load(path)
        assert words in page.facts.lay.toolTip()
        assert not page.facts.lay.isEnabled()
    load(base)
    page.facts.lay.click()
    qtbot.waitUntil(lambda: bool(notices) and "“tuned” lies on “It” now" in notices[-1].text)
    assert laid == [saved]
    session._memory.loaded = None


def test_a_base_in_training_is_not_deleted_and_a_finished_one_names_what_lies_on_it(tuned, page, session, notices):
    choose(page, "tale · step 20")
    tuned.set_state("running")
    page.facts.delete.click()
    assert "“tuned” is training an adapter on it." in page.banner.message.text()
    tuned.set_state("finished")
    page.facts.delete.click()
    assert "cannot be opened without it: tuned." in notices[-1].text


def test_an_adapter_without_its_base_says_so_wherever_it_could_be_used(tuned, page, session, scripted_run):
    session.models.delete(next(row.entry for row in page.table.rows() if row.entry.step == 20))
    page.refresh(frozenset())
    scripted_run.settle()
    choose(page, "tuned · step 5")
    for said in (page.facts.notes.text(), page.facts.teach.toolTip(), page.chat_button.toolTip()):
        assert "“tale · step 20” is not there any more" in said
    assert not page.facts.lay.isEnabled()


def test_a_model_can_be_taught_a_text_classes_or_answers(tiny, page, session, wishes, monkeypatch):
    opened = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: opened.append(menu))
    page.facts.teach.click()
    (menu,) = opened
    assert [action.isEnabled() for action in menu.actions()] == [True, True, True]
    menu.actions()[1].trigger()
    assert wishes[-1] == ("classify", "tiny")
    menu.actions()[2].trigger()
    assert wishes[-1] == ("instruct", "tiny")
    assert session.draft.start_from == ""


def test_a_classifier_can_only_learn_other_classes_and_has_nothing_to_chat(session, page, add_model, scripted_run):
    add_model(session.project.path, "sorter", replace(TINY, outputs=3, tie_embeddings=False))
    page.refresh(frozenset())
    scripted_run.settle()
    menu = page.onward.menu(page)
    assert [action.isEnabled() for action in menu.actions()] == [False, True, False]
    assert "no head for words" in menu.actions()[0].toolTip()
    assert "tells classes apart" in page.chat_button.toolTip()


def test_deleting_a_model_names_the_runs_that_started_from_it(tiny, page, session, save, scripted_run, notices):
    begun = replace(session.draft, start_from="tiny", model=TINY)
    scripted_run.play(small_run(10), "bare", begun)
    save(scripted_run.play(small_run(10), "tuned", begun).record, 10, 1.0)
    page.refresh(frozenset())
    scripted_run.settle()
    choose(page, "tiny")
    page.facts.delete.click()
    assert "cannot begin again without it: bare." in notices[-1].text
    assert "weights of their own: tuned." in notices[-1].text


def test_a_model_can_be_looked_into(tiny, page, wishes):
    page.facts.look_inside.click()
    assert wishes[-1] == ("attention", page.row.entry)
    assert glance_at(page._session, wishes[-1][1]).subject.folder == tiny
