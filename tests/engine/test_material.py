"""What a run of rows reads: the rows and the template that it began with, whatever becomes of their sources."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from studio.core.config import DataConfig, InstructConfig, RunConfig
from studio.store.own_prompts import save_prompt
from studio.store.project import Project
from tests.engine.conftest import with_training
from tests.objectives.conversing import ROWS, SHAPE

pytestmark = pytest.mark.torch


@pytest.fixture
def brief(config: RunConfig, project: Project, tmp_path: Path) -> RunConfig:
    """Four steps of instructions from a file at a path, laid out by a template of the person's own."""
    (tmp_path / "rows.json").write_text(json.dumps(ROWS), "utf-8")
    save_prompt(project.path, "mine", "Q {user} A {assistant}")
    told = config.with_part(
        objective="instruct",
        model=SHAPE,
        data=DataConfig(
            dataset=str(tmp_path / "rows.json"), tokenizer="bytes", split="in_order", validation_share=0.2,
            test_share=0.0,
        ),
        instruct=InstructConfig(template="mine"),
    )  # fmt: skip
    return with_training(told, steps=4, accumulation=1, evaluate_every=2, sample_every=0, warmup_steps=1, save_every=2)


@pytest.mark.parametrize("batching", ["pad", "pack"])
def test_a_run_goes_on_bit_for_bit_though_its_file_and_its_template_are_others_by_now(
    play: Any, brief: RunConfig, project: Project, tmp_path: Path, batching: str
) -> None:
    play(brief.with_part(instruct=dataclasses.replace(brief.instruct, batching=batching)))
    run = project.run("run")
    assert run.config.instruct.template_text == "Q {user} A {assistant}"
    whole = (run.checkpoints_folder / "step-000004" / "model.safetensors").read_bytes()
    save_prompt(project.path, "mine", "### {user} ### {assistant}")
    (tmp_path / "rows.json").write_text(json.dumps(ROWS[::-1]), "utf-8")
    play(run.config, "run", resume=2)
    assert (run.checkpoints_folder / "step-000004" / "model.safetensors").read_bytes() == whole
