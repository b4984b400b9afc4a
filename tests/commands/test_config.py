"""A complete default configuration, to edit."""

import json

import pytest

from studio import commands
from studio.core.config import RunConfig, config_from_json
from studio.core.shelf import OBJECTIVES


@pytest.mark.parametrize("objective", OBJECTIVES.names())
def test_what_is_printed_can_be_given_to_run(objective: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["config", objective]) == 0
    said = capsys.readouterr()
    config = config_from_json(json.loads(said.out))
    assert config == OBJECTIVES.load(objective).default
    assert said.err == ""


def test_every_setting_stands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(["config", "pretrain"])
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == set(RunConfig.__dataclass_fields__)
    assert set(printed["training"]) == set(type(RunConfig().training).__dataclass_fields__)


def test_an_unknown_objective_is_refused_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["config", "pretran"]) == 1
    assert "pretrain" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["lora", "qlora", "none"])
def test_an_adapter_is_one_option_of_every_objective(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["config", "classify", "--adapter", kind]) == 0
    printed = config_from_json(json.loads(capsys.readouterr().out))
    default = OBJECTIVES.load("classify").default
    assert printed.adapter.kind == kind
    assert printed.with_part(adapter=default.adapter) == default
