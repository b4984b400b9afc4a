"""The hub's window: search, look, fetch, stop, go on, and every refusal said where it happened."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QWidget

from studio.hub.download import held
from studio.library.hub_browser import HubBrowser, open_hub
from studio.live import models as models_module
from studio.store.models import StoredModel
from studio.widgets.button import Button
from tests.hub.loopback_hub import TOKEN, FakeRepo, small_repo
from tests.hub.served import asking as asking
from tests.hub.served import no_hub_of_this_person as no_hub_of_this_person
from tests.hub.served import server as server

pytestmark = pytest.mark.gui
LARGE = "large/org/small/model.safetensors"


@pytest.fixture
def taken(monkeypatch, tmp_path):
    """What an import would bring, and the (path, name) that it was asked for."""
    calls = []

    def adopt(path, project, name, said):
        calls.append((path, name))
        return StoredModel(name, tmp_path, "gpt2", 1, 1, "fp32", str(path), 0, "", {})

    monkeypatch.setattr(models_module, "ADOPT", adopt)
    return calls


@pytest.fixture
def browser(look, asking, on_screen):
    window = HubBrowser(asking, look)
    on_screen(window)
    return window


@pytest.fixture
def find(browser, scripted_run):
    """`find(words)`: search, and wait until the first result has been looked at."""

    def find(words, kind=""):
        browser.words.setText(words)
        browser.kind.set_value(kind)
        browser.search_button.click()
        scripted_run.settle()
        return browser

    return find


def words_of(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def press(widget, text):
    next(button for button in widget.findChildren(Button) if button.text() == text).click()


def test_an_open_window_has_asked_nothing_and_says_whom_it_would_ask(browser, server, scripted_run):
    scripted_run.settle()
    assert server.asked == []
    assert server.address.removeprefix("http://") in browser.source.text()
    assert not browser.model.isVisible()


def test_an_empty_search_asks_nothing(browser, server, scripted_run):
    browser.search_button.click()
    scripted_run.settle()
    assert server.asked == []


def test_a_search_lists_models_and_looks_at_the_first(find, server):
    server.repos["org/small-too"] = small_repo(gated=True, downloads=5, parameters=12_000_000)
    browser = find("small")
    assert [found.repo for found in browser.table.rows()] == ["org/small", "org/small-too"]
    texts = browser.model.rows.texts()
    assert texts["Licence"] == "mit"
    assert texts["Files needed"] == "4 of 8"
    assert texts["To download"] == "307 kB"
    assert set(browser.model.fits.texts()) == {"Chat", "Train", "LoRA", "QLoRA"}
    assert browser.model.button.text() == "Download and import 307 kB"
    assert browser.model.name.text() == "small"
    assert server.paths("store") == []  # no weights yet


def test_nothing_found_is_said(find):
    browser = find("nobody has this")
    assert browser.table.rows() == []
    assert "no model of this name" in browser.table._empty
    assert not browser.model.isVisible()


def test_another_format_searches_again_for_the_words_that_stand_there(find, server, scripted_run):
    browser = find("small")
    before = len(server.paths())
    next(button for button in browser.kind.findChildren(QAbstractButton) if button.text() == "GGUF").click()
    scripted_run.settle()
    assert "filter=gguf" in server.paths()[before]
    assert [found.repo for found in browser.table.rows()] == ["org/small"]


def test_a_model_is_downloaded_imported_and_announced(find, taken, scripted_run):
    browser = find("small")
    added = []
    browser.added.connect(added.append)
    browser.model.name.setText("tale")
    browser.model.button.click()
    assert not browser.model.button.isEnabled()
    assert browser.way.isVisible()
    scripted_run.until(lambda: not browser.downloads.busy)
    scripted_run.settle()
    assert [name for _, name in taken] == ["tale"]
    assert [model.name for model in added] == ["tale"]
    assert "“tale” is imported" in words_of(browser.banner)
    assert not browser.way.isVisible()
    assert browser.model.button.isEnabled()
    assert not browser.held.isVisible()


def test_a_download_shows_how_far_it_is_and_a_stop_leaves_it_to_go_on_with(find, taken, server, scripted_run):
    browser = find("small")
    server.faults[LARGE] = ["slow"]
    browser.model.button.click()
    scripted_run.until(lambda: browser.downloads.speed > 0 and browser.downloads.job.done > 20_000)
    scripted_run.until(lambda: "/s" in browser.way.figures.text())
    assert "of 307 kB" in browser.way.figures.text()
    assert "left" in browser.way.figures.text()
    assert browser.way.bar.value() > 0
    browser.way.stop.click()
    scripted_run.until(lambda: browser.held.isVisible())
    assert "org/small:" in words_of(browser.held)
    assert "of 307 kB" in words_of(browser.held)
    assert not browser.banner.isVisible()
    press(browser.held, "Go on")
    scripted_run.until(lambda: not browser.downloads.busy)
    scripted_run.settle()
    assert [name for _, name in taken] == ["small"]
    assert any("Range" in headers for headers in server.headers(LARGE))


def test_what_lies_there_can_be_deleted(find, taken, server, scripted_run):
    browser = find("small")
    server.faults[LARGE] = ["wrong"]
    browser.model.button.click()
    scripted_run.until(lambda: browser.banner.isVisible())
    assert "arrived damaged" in browser.banner.message.text()
    scripted_run.until(lambda: browser.held.isVisible())
    press(browser.held, "Delete")
    scripted_run.until(lambda: not browser.held.isVisible())
    assert held(browser.downloads.folder) == []


def test_a_closed_window_lets_the_download_go_on_and_shows_it_again(find, taken, server, scripted_run):
    browser = find("small")
    server.faults[LARGE] = ["slow"]
    browser.model.button.click()
    browser.close()
    scripted_run.until(lambda: browser.downloads.job is not None and browser.downloads.job.done > 20_000)
    assert not browser.downloads.attended
    browser.show()
    assert browser.way.isVisible()
    assert browser.downloads.attended
    scripted_run.until(lambda: not browser.downloads.busy)
    scripted_run.settle()
    assert len(taken) == 1


def test_a_gated_model_is_explained_and_opens_with_a_token(find, server, scripted_run):
    server.repos["org/small"].gated = True
    browser = find("small")
    assert "is gated" in browser.model.trouble.text()
    assert f"{server.address}/org/small" in browser.model.hint.text()
    assert browser.model.rows.texts()["Access"] == "gated"
    assert not browser.model.button.isEnabled()
    browser.token_button.click()
    assert browser.token.isVisible()
    browser.token.setText(TOKEN)
    browser.token_button.click()
    scripted_run.settle()
    assert browser.model.button.isEnabled()
    assert browser.model.trouble.isHidden()
    assert browser.token.text() == ""
    assert browser.token.isHidden()
    assert TOKEN not in words_of(browser)


def test_a_licence_that_was_accepted_meanwhile_counts_after_another_look(find, server, scripted_run):
    server.repos["org/small"].gated = True
    browser = find("small")
    server.repos["org/small"].gated = False
    browser.model.look_again.click()
    scripted_run.settle()
    assert browser.model.button.isEnabled()


def test_what_is_no_token_is_refused_without_repeating_it(browser):
    browser.ask_token()
    browser.token.setText("two words")
    browser.take_token()
    assert "not a token" in browser.banner.message.text()
    assert "two words" not in words_of(browser)
    assert browser.downloads.token == ""


def test_a_kind_that_atelier_does_not_compute_is_refused_before_the_download(find, server):
    server.repos["org/small"].files["config.json"] = b'{"model_type": "mamba"}'
    browser = find("small")
    assert "“mamba”" in browser.model.trouble.text()
    assert not browser.model.button.isEnabled()


def test_a_pickle_is_explained_beside_its_button(find, server):
    server.repos["org/small"].files.pop("model.safetensors")
    browser = find("small")
    assert "run programs" in browser.model.caution.text()
    assert browser.model.button.isEnabled()


def test_of_several_gguf_files_one_is_chosen(find, server):
    server.repos["org/small"] = FakeRepo({"x-Q8_0.gguf": b"a" * 2_000, "x-F16.gguf": b"b" * 4_000})
    browser = find("small")
    assert browser.model.version.isVisible()
    assert browser.model.choice.opens == "x-Q8_0.gguf"
    browser.model.version.setCurrentIndex(1)
    browser.model.version.changed.emit()
    assert browser.model.button.text() == "Download and import 4 kB"
    assert "free" in browser.model.fits.texts()["Memory"]


def test_a_model_without_usable_weights_cannot_be_ordered(find, server):
    server.repos["org/small"] = FakeRepo({"config.json": b"{}", "flax_model.msgpack": b"x"})
    browser = find("small")
    assert "no weights" in browser.model.trouble.text()
    assert not browser.model.button.isVisible()


def test_a_licence_that_is_not_named_is_a_warning(find, server):
    server.repos["org/small"].licence = ""
    assert find("small").model.rows.texts()["Licence"] == "not named"


def test_markup_of_a_hub_is_shown_as_it_is(find, server):
    server.repos["org/small"].licence = "<img src=x>"
    assert find("small").model.rows.texts()["Licence"] == "<img src=x>"


def test_a_hub_that_does_not_answer_is_said_above_the_table(find, server, scripted_run):
    server.faults["/api/models"] = [500] * 9
    browser = find("small")
    scripted_run.until(lambda: browser.banner.isVisible())
    assert "out of order" in browser.banner.message.text()
    assert "stick" in browser.banner.hint.text()


def test_an_address_that_is_none_is_said_and_nothing_is_asked(look, asking, on_screen, server):
    asking.preferences = replace(asking.preferences, hub="http://elsewhere.example")
    browser = HubBrowser(asking, look)
    on_screen(browser)
    browser.words.setText("small")
    browser.search()
    assert "not the address of a model hub" in browser.banner.message.text()
    assert server.asked == []


def test_there_is_one_window_of_the_hub(look, asking, on_screen):
    page = QWidget()
    on_screen(page)
    first = open_hub(asking, look, page)
    assert open_hub(asking, look, page) is first
    assert first.isVisible()
    first.close()


def test_everything_that_takes_input_has_a_name(find, server):
    server.repos["org/small"] = FakeRepo({"x-Q8_0.gguf": b"a" * 2_000, "x-F16.gguf": b"b" * 4_000})
    browser = find("small")
    for kind in (QAbstractButton, QComboBox, QLineEdit):
        for widget in browser.findChildren(kind):
            own = not widget.objectName().startswith("qt_")  # Qt's corner of every table
            assert not own or widget.accessibleName() or widget.text(), widget
