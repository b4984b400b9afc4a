"""Letting a model write, with a stand-in that needs no torch."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import commands
from studio.commands import generate
from studio.core.channel import RunControl
from studio.core.config import RunConfig, Sampling
from studio.core.errors import StudioError
from studio.store.places import places
from studio.store.preferences import Preferences, save_preferences
from studio.store.project import Project


class Parrot:
    """Says the same three words; `heard` is what it was asked."""

    vocab_size = 10
    tokenizer: Any = SimpleNamespace(decode=lambda ids: " ".join(map(str, ids)))

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.interrupt = False

    def encode(self, prompt: str) -> list[int]:
        if self.tokenizer is None:
            raise StudioError("This model came without a tokenizer.", "Give token ids with --prompt-ids.")
        return [1, 2]

    def complete(self, sampling: Sampling, control: RunControl) -> Iterator[Any]:
        self.heard.append(sampling)
        for word in (" a", " b", " c"):
            for sample in range(sampling.samples):
                yield SimpleNamespace(text=word, sample=sample)
            if self.interrupt:
                control.stop()
                return

    def ids(self, prompt: Sequence[int], sampling: Sampling, control: RunControl) -> Iterator[int]:
        self.heard.append((list(prompt), sampling))
        yield from (7, 8, 9)

    def all_ids(self, prompt: Sequence[int], sampling: Sampling, control: RunControl) -> list[list[int]]:
        return [[7 + sample] for sample in range(sampling.samples)]


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> Parrot:
    """Stands in the model's place, whatever MODEL is."""
    from studio.core import shelf

    parrot = Parrot()
    monkeypatch.setattr(shelf, "resolve", lambda target: lambda folder: parrot)
    monkeypatch.setattr(generate, "find_checkpoint", lambda model, project: Path(model))
    return parrot


def test_the_new_text_goes_to_standard_output_and_nothing_else(
    parrot: Parrot, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["generate", "tale", "Once", "--tokens", "3", "--temperature", "0.5"]) == 0
    assert capsys.readouterr().out == " a b c\n"
    assert parrot.heard == [Sampling(prompt="Once", tokens=3, temperature=0.5)]


def test_every_knob_of_sampling_is_an_option(parrot: Parrot) -> None:
    options = [
        "--tokens",
        "3",
        "--temperature",
        "0",
        "--top-k",
        "4",
        "--top-p",
        "0.5",
        "--min-p",
        "0.1",
        "--repetition-penalty",
        "1.5",
        "--seed",
        "9",
        "--stop",
        "User:",
        "--stop",
        r"\n\n",
        "--beams",
        "4",
        "--length-penalty",
        "0.5",
        "--early-stopping",
        "never",
    ]
    assert commands.main(["generate", "tale", "Once", *options]) == 0
    assert parrot.heard == [
        Sampling(
            prompt="Once",
            tokens=3,
            temperature=0.0,
            top_k=4,
            top_p=0.5,
            min_p=0.1,
            repetition_penalty=1.5,
            seed=9,
            stop=("User:", "\n\n"),
            beams=4,
            length_penalty=0.5,
            early_stopping="never",
        )
    ]


def test_several_texts_stand_one_after_the_other(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["generate", "tale", "Once", "--samples", "2"]) == 0
    assert capsys.readouterr().out == " a b c\n---\n a b c\n"
    assert commands.main(["generate", "tale", "Once", "--samples", "2", "--ids"]) == 0
    assert json.loads(capsys.readouterr().out) == [[7], [8]]
    assert commands.main(["generate", "tale", "--prompt-ids", "1", "--samples", "2"]) == 0
    assert capsys.readouterr().out == "7\n---\n8\n"


def test_ids_are_one_json_list_and_nothing_else(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["generate", "tale", "Once", "--ids"]) == 0
    assert json.loads(capsys.readouterr().out) == [7, 8, 9]
    assert parrot.heard[0][0] == [1, 2]


def test_token_ids_may_stand_in_place_of_the_prompt(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["generate", "tale", "--prompt-ids", "1,4", "--ids"]) == 0
    assert commands.main(["generate", "tale", "--prompt-ids", "1 4"]) == 0
    assert capsys.readouterr().out == "[7, 8, 9]\n7 8 9\n"
    assert [prompt for prompt, _ in parrot.heard] == [[1, 4], [1, 4]]


def test_a_model_without_a_tokenizer_answers_in_ids(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    parrot.tokenizer = None
    assert commands.main(["generate", "tale", "--prompt-ids", "1,4"]) == 0
    assert json.loads(capsys.readouterr().out) == [7, 8, 9]


def test_an_id_that_the_model_does_not_have_is_refused(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["generate", "tale", "--prompt-ids", "1,10"]) == 1
    assert "no token 10" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["Once", "--prompt-ids", "1"],
        ["--prompt-ids", "one"],
        ["--prompt-ids", ""],
        ["Once", "--temperature", "-1"],
        ["Once", "--tokens", "0"],
        ["Once", "--top-p", "2"],
        ["Once", "--beams", "2", "--samples", "3"],
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(wrong: list[str], parrot: Parrot) -> None:
    assert commands.main(["generate", "tale", *wrong]) == 2
    assert parrot.heard == []


def test_a_number_that_is_none_is_wrong_usage(parrot: Parrot) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["generate", "tale", "Once", "--tokens", "many"])
    assert ended.value.code == 2


def test_a_stop_keeps_what_was_written(parrot: Parrot, capsys: pytest.CaptureFixture[str]) -> None:
    parrot.interrupt = True
    assert commands.main(["generate", "tale", "Once"]) == 130
    assert capsys.readouterr().out == " a\n"


# --- which model ----------------------------------------------------------------------------------------------------


def checkpoint(run: Any, step: int, loss: float | None) -> Path:
    """A checkpoint's folder as the store writes it, with nothing in it but its state."""
    with run.saving(step) as folder:
        (folder / "state.json").write_text(json.dumps({"version": 1, "step": step, "validation_loss": loss}), "utf-8")
    found: Path = run.checkpoints_folder / f"step-{step:06d}"
    return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a run `tale` whose best checkpoint is not its last."""
    project = Project.create(tmp_path / "project")
    run = project.new_run(RunConfig(), "tale")
    for step, loss in ((100, 2.0), (200, 1.0), (300, 1.5)):
        checkpoint(run, step, loss)
    return project


@pytest.mark.parametrize(("model", "step"), [("tale", 200), ("tale@100", 100), ("tale@last", 300), ("tale@best", 200)])
def test_a_run_means_its_best_checkpoint_unless_a_step_is_named(model: str, step: int, project: Project) -> None:
    assert generate.find_checkpoint(model, str(project.path)).name == f"step-{step:06d}"


def test_without_measurements_the_last_checkpoint_is_meant(project: Project) -> None:
    run = project.new_run(RunConfig(), "unmeasured")
    checkpoint(run, 10, None)
    last = checkpoint(run, 20, None)
    assert generate.find_checkpoint("unmeasured", str(project.path)) == last


def test_a_path_to_a_checkpoint_or_a_run_needs_no_project(project: Project) -> None:
    run = project.path / "runs" / "tale"
    one = run / "checkpoints" / "step-000100"
    assert generate.find_checkpoint(str(one), None) == one
    assert generate.find_checkpoint(str(run), None).name == "step-000200"


def test_names_are_looked_up_in_the_project_opened_last(project: Project) -> None:
    save_preferences(places().preferences, Preferences(last_project=str(project.path)))
    assert generate.find_checkpoint("tale@100", None).name == "step-000100"


def test_without_a_project_it_is_said_how_to_name_one() -> None:
    with pytest.raises(commands.UsageError) as refused:
        generate.find_checkpoint("tale", None)
    assert "--project" in refused.value.hint


@pytest.mark.parametrize("model", ["tail", "tale@150"])
def test_what_does_not_exist_is_refused_with_what_there_is(model: str, project: Project) -> None:
    with pytest.raises(StudioError) as refused:
        generate.find_checkpoint(model, str(project.path))
    assert "tale" in str(refused.value)


@pytest.mark.parametrize("model", ["/tmp/nowhere/model", "./nowhere", "~/nowhere-at-all", "deep/er/model.gguf"])
def test_a_path_where_nothing_lies_is_not_looked_for_in_a_project(model: str) -> None:
    with pytest.raises(StudioError, match="There is no file or folder") as refused:
        generate.find_checkpoint(model, None)
    assert "~" not in refused.value.message  # the place that was really looked at


def test_a_file_that_is_no_model_is_refused_with_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a model", "utf-8")
    with pytest.raises(StudioError, match=r"notes\.txt” is not a model") as refused:
        generate.find_checkpoint(str(tmp_path / "notes.txt"), None)
    assert ".gguf" in refused.value.hint


def test_an_unknown_name_is_answered_with_the_runs_and_the_models(project: Project) -> None:
    with pytest.raises(StudioError, match="no run and no model “tail”") as refused:
        generate.find_checkpoint("tail", str(project.path))
    assert refused.value.hint == "Runs: “tale”. Models: none yet."


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="neither a checkpoint nor a run"):
        generate.find_checkpoint(str(tmp_path), None)


def test_the_options_say_their_defaults() -> None:
    parser = argparse.ArgumentParser()
    generate.add_options(parser)
    assert "default: 0.8" in " ".join(parser.format_help().split())
