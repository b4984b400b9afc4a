"""The page with the real engine: a tiny model that has seen four steps answers, is measured, and branches."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.channel import RunControl
from studio.talking.answer import AnswerToken
from studio.talking.talk_page import TalkPage
from studio.talking.transcript_rows import Spot
from studio.widgets.banner import Banner
from tests.panels.conftest import small_config
from tests.scripted_run import finished, started

pytestmark = [pytest.mark.gui, pytest.mark.torch, pytest.mark.slow]


def test_a_real_model_answers_with_the_chances_of_every_token(session, look, on_screen, scripted_run, qtbot):
    from studio.engine.train import train

    config = small_config(steps=4, warmup_steps=1, evaluate_every=4, sample_every=0, save_every=4)
    record = scripted_run.play([started(4), finished(4)], "tale", config).record
    list(train(config, RunControl(), record))
    host = QWidget()
    banner = Banner(look)
    page = TalkPage(session, look, banner, host)
    QVBoxLayout(host).addWidget(page)
    session.changed.connect(page.refresh)
    on_screen(host)
    page.refresh()
    session.load_model("tale")

    def settle():  # a real model on a busy machine takes its time
        qtbot.waitUntil(lambda: not session.jobs.jobs and not page.conversation.busy, timeout=30_000)

    settle()
    assert page.desk.template.name == "plain"
    page.view.sheet.form.set_value(page.view.sheet.sampling)
    page.conversation.ask("Mira")
    settle()
    view = page.view.transcript.rows.view(Spot(1))
    told = [token for token in view.said.tokens if token.id >= 0]
    assert told
    assert view.said.text == "".join(token.text for token in view.said.tokens)
    assert all(len(token.rivals) == 10 for token in told)
    assert [rival.rank for rival in told[0].rivals] == list(range(1, 11))
    assert sum(rival.raw for rival in told[0].rivals) <= 1.0
    qtbot.waitUntil(lambda: page.view.composer.room.text() != "", timeout=20_000)
    assert page.view.composer.room.text().startswith("context ")
    page.view.sheet.set_sampling(replace(page.view.sheet.sampling, tokens=4))
    page.conversation.ask("ships")  # letters have no end of text: nothing needs to stand between two turns
    settle()
    assert page.conversation.branches.columns[0][-1].text
    page.view.composer.reading_wanted.emit()
    settle()
    assert page.view.composer.read.text.toPlainText().endswith(page.conversation.branches.columns[0][-1].text)
    page.view.composer.read.close_quietly()
    page.conversation.undo()
    settle()
    view = page.view.transcript.rows.view(Spot(1))
    before = view.said.text
    rival = told[0].rivals[1]
    page.conversation.branch(1, 0, 0, AnswerToken(rival.text, rival.id, rival.probability, told[0].rivals))
    settle()
    after = page.view.transcript.rows.view(Spot(1)).said
    assert after.text.startswith(rival.text)
    assert (after.number, after.versions) == (2, 2)
    page.conversation.choose(1, 0, -1)
    settle()
    assert page.view.transcript.rows.view(Spot(1)).said.text == before
    assert not banner.isVisible()
