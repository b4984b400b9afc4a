"""Training without a window, played by scripts: no torch."""

import dataclasses
import io
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from studio import commands
from studio.commands import run as run_command
from studio.commands.run import Progress, bar, duration, shortened
from studio.core.channel import RunControl
from studio.core.config import DataConfig, RunConfig, config_to_json
from studio.core.errors import StudioError
from studio.core.events import CheckpointSaved, PhaseChanged, RunEnded, RunPaused, StepDone, Warned, event_from_line
from studio.store.project import Project
from tests.library.conftest import TINY
from tests.library.conftest import add_model as add_model
from tests.scripted_run import (
    UNTIL_STOPPED,
    ScriptedEngine,
    finished,
    measured,
    sample,
    saved,
    small_run,
    started,
    step,
    steps,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    """Stands in the engine's place for `studio.live.stream`."""
    from studio.live import stream

    engine = ScriptedEngine(small_run())
    monkeypatch.setattr(stream, "resolve", lambda target: engine)
    return engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project."""
    return Project.create(tmp_path / "project").path


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration's file."""
    path = tmp_path / "tale.json"
    path.write_text(json.dumps(config_to_json(RunConfig(data=DataConfig(text="story")))), "utf-8")
    return str(path)


def test_a_configuration_becomes_a_finished_run(engine: ScriptedEngine, folder: Path, config: str) -> None:
    assert commands.main(["run", config, "--project", str(folder), "--name", "first"]) == 0
    record = Project.open(folder).run("first")
    assert record.summary.state == "finished"
    assert [event for event in record.events() if isinstance(event, StepDone)] == steps(10)
    assert engine.calls == [("first", None)]


def test_a_run_without_a_name_is_called_like_its_configuration(
    engine: ScriptedEngine, folder: Path, config: str
) -> None:
    commands.main(["run", config, "--project", str(folder)])
    commands.main(["run", config, "--project", str(folder)])
    assert next(record.name for record in Project.open(folder).runs()) == "tale"
    assert len(Project.open(folder).runs()) == 2


def test_a_project_that_does_not_exist_is_made(engine: ScriptedEngine, tmp_path: Path, config: str) -> None:
    assert commands.main(["run", config, "--project", str(tmp_path / "new")]) == 0
    assert Project.open(tmp_path / "new").runs()


def test_events_go_to_standard_output_one_a_line(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["run", config, "--project", str(folder), "--json"]) == 0
    assert [event_from_line(line) for line in capsys.readouterr().out.splitlines()] == small_run()


def test_a_person_gets_a_progress_bar_beside_the_results(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.main(["run", config, "--project", str(folder)])
    said = capsys.readouterr()
    assert said.out == ""
    assert "1,234 parameters" in said.err
    assert "Once upon a time" in said.err
    assert "finished at step 10" in said.err


@pytest.mark.parametrize(("asked", "resume"), [("first", -1), ("first@last", -1), ("first@500", 500)])
def test_a_run_goes_on_from_its_newest_checkpoint_or_the_one_that_is_named(
    asked: str, resume: int, engine: ScriptedEngine, folder: Path, config: str
) -> None:
    commands.main(["run", config, "--project", str(folder), "--name", "first"])
    (Project.open(folder).run("first").checkpoints_folder / "step-000500").mkdir()
    engine.script = [started(12, resumed_from=10), *steps(2, 11), finished(12)]
    assert commands.main(["run", "--resume", asked, "--project", str(folder)]) == 0
    assert engine.calls[-1] == ("first", resume)


def test_a_run_that_was_killed_before_its_first_save_goes_on_from_the_beginning(
    engine: ScriptedEngine, folder: Path
) -> None:
    Project.open(folder).new_run(RunConfig(data=DataConfig(text="story")), "first")
    assert commands.main(["run", "--resume", "first", "--project", str(folder)]) == 0
    assert engine.calls == [("first", None)]


@pytest.mark.parametrize("extra", [[], ["CONFIG", "--resume", "first"]])
def test_it_takes_a_configuration_or_a_run_and_not_both(extra: list[str], folder: Path) -> None:
    assert commands.main(["run", *extra, "--project", str(folder)]) == 2


def test_a_run_that_does_not_exist_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["run", "--resume", "gone", "--project", str(folder)]) == 1
    assert "gone" in capsys.readouterr().err


def test_a_configuration_that_is_none_is_refused_with_a_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.json").write_text("{", "utf-8")
    for name in ("broken.json", "absent.json"):
        assert commands.main(["run", str(tmp_path / name), "--project", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert f"config pretrain > {tmp_path / 'absent.json'}" in said
    assert "Line 1 cannot be read." in said
    assert Project.open(folder).runs() == []


def test_a_failure_is_told_and_its_exit_code_is_one(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.script = [started(), step(1), StudioError("The text is shorter than one window.", "Choose a longer one.")]
    assert commands.main(["run", config, "--project", str(folder)]) == 1
    assert "shorter than one window. Choose a longer one." in capsys.readouterr().err


def next_command_in(said: str) -> list[str]:
    """The words of the command line that was offered, without Python and main.py."""
    (line,) = [line for line in said.splitlines() if line.startswith("Go on with: ")]
    python, main, *words = shlex.split(line.removeprefix("Go on with: "))
    assert python == "python3"
    assert Path(main).resolve() == ROOT / "main.py"
    return words


@pytest.mark.skipif(os.name == "nt", reason="quoted in another way there")
def test_the_command_that_goes_on_can_be_copied_even_where_names_have_blanks(
    engine: ScriptedEngine, tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Project.create(tmp_path / "Mira's tales").path
    engine.script = [started(), step(1), saved(1), StudioError("The cable came loose.", "Put it back.")]
    assert commands.main(["run", config, "--project", str(folder), "--name", "old tale"]) == 1
    words = next_command_in(capsys.readouterr().err)
    engine.script = small_run(3)
    assert commands.main(words) == 0
    assert engine.calls[-1][0] == "old tale"


def test_a_full_disk_is_told_once_and_is_no_saved_stop(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pause = RunPaused(step=3, reason="disk", message="The disk is full.", hint="Free some space, then try again.")
    engine.script = [started(), *steps(3), pause, UNTIL_STOPPED]
    assert commands.main(["run", config, "--project", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.count("The disk is full.") == 1
    assert next_command_in(said)
    assert not [event for event in Project.open(folder).run("tale").events() if isinstance(event, CheckpointSaved)]


def test_settings_that_are_refused_leave_neither_run_nor_project(
    engine: ScriptedEngine, tmp_path: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wild = json.loads(Path(config).read_text("utf-8"))
    wild["training"]["learning_rate"] = -1.0
    Path(config).write_text(json.dumps(wild), "utf-8")
    assert commands.main(["run", config, "--project", str(tmp_path / "new")]) == 1
    assert "“training.learning_rate”" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert engine.calls == []


def test_a_run_that_is_refused_before_its_first_step_does_not_stay(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.script = [StudioError("The text is shorter than one window.", "Choose a longer one.")]
    assert commands.main(["run", config, "--project", str(folder)]) == 1
    assert Project.open(folder).runs() == []
    said = capsys.readouterr().err
    assert "Choose a longer one." in said
    assert "Go on with" not in said


def test_an_older_run_that_is_refused_stays(engine: ScriptedEngine, folder: Path, config: str) -> None:
    commands.main(["run", config, "--project", str(folder), "--name", "first"])
    engine.script = [StudioError("The text is gone.", "Import it again.")]
    assert commands.main(["run", "--resume", "first", "--project", str(folder)]) == 1
    assert [record.name for record in Project.open(folder).runs()] == ["first"]


def test_what_cannot_be_mended_here_stops_the_run_instead_of_waiting_for_ever(
    engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pause = RunPaused(step=3, reason="non-finite", message="The loss is not a number.", hint="Lower the learning rate.")
    engine.script = [started(), *steps(3), pause, UNTIL_STOPPED]
    assert commands.main(["run", config, "--project", str(folder)]) == 130
    said = capsys.readouterr().err
    assert said.count("The loss is not a number. Lower the learning rate.") == 1
    assert next_command_in(said) == ["run", "--resume", "tale", "--project", str(folder)]


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are not Windows'")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_polite_kill_stop_and_save(
    number: int, engine: ScriptedEngine, folder: Path, config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saving: list[bool] = []

    def interrupt(control: RunControl, record: Any) -> None:
        signal.raise_signal(number)
        saving.append(control.saving)

    before = signal.getsignal(number)
    engine.script = [started(), *steps(3), interrupt, UNTIL_STOPPED]
    assert commands.main(["run", config, "--project", str(folder), "--name", "first"]) == 130
    assert saving == [True]
    assert "Once more stops without saving" in capsys.readouterr().err
    assert Project.open(folder).run("first").summary.state == "stopped"
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_does_not_save(engine: ScriptedEngine, folder: Path, config: str) -> None:
    saving: list[bool] = []

    def interrupt(control: RunControl, record: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        saving.append(control.saving)

    engine.script = [started(), *steps(3), interrupt, UNTIL_STOPPED]
    assert commands.main(["run", config, "--project", str(folder)]) == 130
    assert saving == [False]


def test_a_window_starts_a_run_that_it_has_made_and_steers_it_through_a_pipe(
    engine: ScriptedEngine, folder: Path, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.open(folder).new_run(RunConfig(data=DataConfig(text="story")), "mine")
    heard: list[RunControl] = []

    class Pipe:
        def __init__(self, control: RunControl) -> None:
            heard.append(control)
            control.stop()

        def start(self) -> "Pipe":
            return self

        def join(self) -> None:
            heard.clear()

    from studio.live import control_pipe

    monkeypatch.setattr(control_pipe, "ControlPipe", Pipe)
    engine.script = [started(), UNTIL_STOPPED]
    arguments = ["run", config, "--name", "mine", "--project", str(folder), "--json", "--control"]
    assert commands.main(arguments) == 130
    assert engine.calls == [("mine", None)]
    assert heard == []
    assert [record.name for record in Project.open(folder).runs()] == ["mine"]


# --- the progress line ----------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`clock(seconds)` lets time pass."""
    now = [1_000.0]
    monkeypatch.setattr(run_command.time, "monotonic", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def shown(stream: io.StringIO, events: Sequence[Any]) -> str:
    progress = Progress(stream)
    for event in events:
        progress.show(event)
    return stream.getvalue()


def test_a_terminal_has_one_line_that_is_written_over() -> None:
    text = shown(Terminal(), [started(10), step(10), finished(10)])
    assert text.count("\r") == 1
    assert "10/10 · loss 0.400" in text
    assert "640 tokens/s" in text
    assert text.endswith("\n")


def test_sentences_begin_on_a_line_of_their_own() -> None:
    text = shown(Terminal(), [started(10), step(10), Warned(step=10, message="Little memory is left.")])
    assert "\nLittle memory is left.\n" in text


def test_a_file_gets_a_line_every_ten_seconds(clock: Callable[[float], None]) -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.show(started(1_000))
    for number in range(1, 31):
        clock(1.0)
        progress.show(step(number))
    assert stream.getvalue().count("tokens/s") == 3
    assert "\r" not in stream.getvalue()


def test_the_last_measurement_stands_beside_the_loss() -> None:
    assert "validation 2.500" in shown(Terminal(), [started(10), measured(5, 2.5), step(10)])


def test_a_sample_is_one_line() -> None:
    text = shown(io.StringIO(), [started(10), sample(5, "Once\nupon   a time " + "and on " * 60)])
    assert "step 5 writes: Once upon a time and on" in text
    assert len(text.splitlines()[-1]) < 190


def test_what_takes_long_says_how_far_it_is(clock: Callable[[float], None]) -> None:
    clock(100.0)
    assert "tokenizing 25 %" in shown(Terminal(), [PhaseChanged(phase="tokenizing", done=1, total=4)])
    assert "building" in shown(io.StringIO(), [PhaseChanged(phase="building")])


def test_an_end_without_a_start_is_fine() -> None:
    assert shown(io.StringIO(), [RunEnded(reason="failed", step=0)]) == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (95, "1:35 min"), (3_725, "1:02 h")])
def test_time_is_said_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_bar_is_as_long_as_its_width() -> None:
    assert [len(bar(share, 24)) for share in (0.0, 0.3, 1.0, 1.7)] == [24] * 4
    assert bar(0.5, 4) == "██░░"


def test_long_words_are_cut_with_a_mark() -> None:
    assert shortened(["a", "bc", "def"], 6) == "a bc…"
    assert shortened(["short"], 160) == "short"


# --- the real thing -------------------------------------------------------------------------------------------------


@pytest.mark.torch
@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are not Windows'")
def test_a_real_run_is_interrupted_and_goes_on_to_its_end(tmp_path: Path) -> None:
    text = tmp_path / "rain.txt"
    text.write_text("the cat sat on the mat and the rain fell on the old tin roof all night long . " * 60, "utf-8")
    config = config_to_json(RunConfig(data=DataConfig(text=str(text), tokenizer="characters")))
    config["model"] |= {"n_layers": 1, "n_heads": 1, "emb_dim": 8, "context_length": 16}
    config["training"] |= {"steps": 600, "warmup_steps": 1, "batch_size": 1, "save_every": 600}
    config["training"] |= {"evaluate_every": 600, "evaluation_batches": 1, "sample_every": 0}
    config["compute"] |= {"threads": 1, "precision": "fp32", "device": "cpu"}
    file = tmp_path / "tiny.json"
    file.write_text(json.dumps(config), "utf-8")
    command = [sys.executable, "main.py", "run", "--json", "--project", str(tmp_path / "project")]
    first = subprocess.Popen([*command, str(file)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None
    for line in first.stdout:
        if isinstance(event_from_line(line), StepDone):
            break
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=60)
    assert first.returncode == 130, errors
    second = subprocess.run([*command, "--resume", "tiny"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stderr
    events = Project.open(tmp_path / "project").run("tiny").events()
    assert [event.step for event in events if isinstance(event, StepDone)] == list(range(1, 601))


def test_the_share_of_masked_words_that_were_found_stands_beside_the_loss() -> None:
    found = dataclasses.replace(measured(5, 2.5), validation_accuracy=0.125)
    assert "validation 2.500, 12.5% right" in shown(Terminal(), [started(10), found, step(10)])


def test_a_configuration_that_starts_from_a_model_keeps_its_shape_and_names_it_exactly(
    engine: ScriptedEngine, folder: Path, tmp_path: Path, add_model: Callable[..., Path]
) -> None:
    add_model(folder, "tiny")
    path = tmp_path / "more.json"
    path.write_text(json.dumps({"version": 1, "start_from": "tiny", "data": {"text": "story"}}), "utf-8")
    assert commands.main(["run", str(path), "--project", str(folder)]) == 0
    config = Project.open(folder).run("more").config
    assert (config.start_from, config.data.tokenizer, config.model.emb_dim) == ("tiny", "characters", TINY.emb_dim)


def test_a_start_that_is_not_there_is_refused_before_anything_is_made(
    engine: ScriptedEngine, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "more.json"
    path.write_text(json.dumps({"version": 1, "start_from": "nobody", "data": {"text": "story"}}), "utf-8")
    assert commands.main(["run", str(path), "--project", str(folder)]) == 1
    assert "no model or run “nobody”" in capsys.readouterr().err
    assert not Project.open(folder).runs()
    assert engine.calls == []
