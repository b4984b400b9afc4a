"""What the tests of this room share: a child process that plays a script instead of training."""

import sys
from pathlib import Path

import pytest

import studio

ROOT = Path(studio.__file__).parent.parent
CHILD = """\
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from studio.live.control_pipe import serve
from studio.store.runs import RunRecord
from tests.scripted_run import *
from tests.scripted_run import ScriptedEngine
{before}
resume = None if sys.argv[2] == "None" else int(sys.argv[2])
engine = ScriptedEngine({script})
ended = serve(RunRecord(Path(sys.argv[1])), resume, sys.stdout.buffer, engine)
sys.exit({{"finished": 0, "stopped": 130}}.get(ended.reason, 1))
"""


@pytest.fixture
def child_plays(tmp_path, monkeypatch):
    """`child_plays("small_run(3)")`: runs in a child play this script from now on; `before` runs first in the child."""

    def play(script, before=""):
        path = tmp_path / "child.py"
        path.write_text(CHILD.format(root=str(ROOT), script=script, before=before), "utf-8")

        def command(record, resume):
            return [sys.executable, str(path), str(record.folder), str(resume)]

        monkeypatch.setattr("studio.live.run_worker.child_command", command)

    return play


@pytest.fixture
def stage(scripted_run):
    return scripted_run


@pytest.fixture
def session(stage):
    return stage.session


@pytest.fixture
def notices(session):
    said = []
    session.notices.posted.connect(said.append)
    return said


class Told:
    """Collects what the session announces."""

    def __init__(self, session):
        self.what = set()
        session.changed.connect(self.note)

    def note(self, what):
        self.what |= what


@pytest.fixture
def told(session):
    return Told(session)


@pytest.fixture
def reopened(stage):
    """Closes the stage's project, opens it again, returns the session."""

    def reopen():
        path = stage.session.project.path
        stage.session.close_project()
        stage.session.open_project(path)
        return stage.session

    return reopen
