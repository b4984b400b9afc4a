"""One contract for each shelf, kept by every item that lies on it: a new file is tested by being there."""

import argparse
import dataclasses
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from studio.core.shelf import (
    BENCHES,
    COMMANDS,
    EXCHANGES,
    FAMILIES,
    FORMATS,
    OBJECTIVES,
    PROMPTS,
    SAMPLES,
    TOKENIZERS,
    Shelf,
)
from studio.panels import PANELS

ROOT = Path(__file__).resolve().parents[1]
SHELVES = (FORMATS, TOKENIZERS, PROMPTS, SAMPLES, FAMILIES, OBJECTIVES, EXCHANGES, COMMANDS, BENCHES)
ITEMS = [pytest.param(shelf, name, id=f"{shelf.package}.{name}") for shelf in SHELVES for name in shelf.names()]
SPEECH = "The cat sat on the mat. “Naïve”, said the dog: don't.\n\nA second line, 1234 <|endoftext|> 猫 🐈.\n"
PLAIN = "The cat sat on the mat, and the dog lay by the door.\n"


@pytest.mark.parametrize(("shelf", "name"), ITEMS)
def test_every_item_has_a_name_and_is_alone_in_its_file(shelf: Shelf, name: str) -> None:
    item = shelf.load(name)
    assert item.name
    assert not item.name.startswith("_")
    names = [shelf.load(other).name for other in shelf.names()]
    assert names.count(item.name) == 1


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda shelf: shelf.package)
def test_no_item_of_a_shelf_loads_anything_heavy(shelf: Shelf) -> None:
    """In a process of its own; the first item that brings something heavy along is named."""
    code = (
        f"import sys; from studio.core.shelf import Shelf; shelf = Shelf('{shelf.package}', '{shelf.constant}')\n"
        "for name in shelf.names():\n"
        "    shelf.load(name)\n"
        "    found = {'torch', 'PySide6', 'pyqtgraph', 'tiktoken', 'duckdb', 'transformers'} & set(sys.modules)\n"
        "    if found: sys.exit(f'{name} loads {sorted(found)}')\n"
        "print(len(shelf.names()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(len(shelf.names())), done.stdout + done.stderr


# --- formats --------------------------------------------------------------------------------------------------------


TEXTS = [name for name in FORMATS.names() if hasattr(FORMATS.load(name), "read")]
TABLES = [name for name in FORMATS.names() if name not in TEXTS]


@pytest.mark.parametrize("name", TEXTS)
def test_a_format_reads_back_what_was_written(name: str, tmp_path: Path) -> None:
    item = FORMATS.load(name)
    path = tmp_path / f"sample{item.suffixes[0]}" if item.suffixes else tmp_path
    (path if item.suffixes else path / "sample.txt").write_text(SPEECH, "utf-8")
    assert item.recognises(path)
    assert item.files(path)
    facts = item.describe(path)
    assert facts.why
    assert facts.bytes > 0
    assert "".join(item.read(path)).strip() == SPEECH.strip()


@pytest.mark.parametrize("name", FORMATS.names())
def test_a_format_refuses_what_is_empty_with_a_sentence(name: str, tmp_path: Path) -> None:
    from studio.core.errors import StudioError
    from studio.formats import Choices

    item = FORMATS.load(name)
    path = tmp_path / f"sample{item.suffixes[0]}" if item.suffixes else tmp_path / "folder"
    if item.suffixes:
        path.touch()
    else:
        path.mkdir()
    with pytest.raises(StudioError) as refused:
        item.describe(path) if name in TEXTS else item.open(path, Choices())
    assert refused.value.hint


@pytest.mark.parametrize("name", TABLES)
def test_a_table_recognises_its_names_and_never_raises(name: str, tmp_path: Path) -> None:
    item = FORMATS.load(name)
    (tmp_path / "letter.txt").touch()
    for path in (tmp_path, tmp_path / "letter.txt", tmp_path / "gone.txt", Path("/dev/null")):
        assert item.recognises(path) is False
    for suffix in item.suffixes:
        for packed in ("", ".gz", ".zst", ".GZ"):
            assert item.recognises(tmp_path / f"sample{suffix.upper()}{packed}") is True
    if item.suffixes:
        (tmp_path / f"folder{item.suffixes[0]}").mkdir()
        assert item.recognises(tmp_path / f"folder{item.suffixes[0]}") is False


# --- tokenizers -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=TOKENIZERS.names())
def kind(request: pytest.FixtureRequest) -> Any:
    return TOKENIZERS.load(request.param)


def test_a_tokenizer_decodes_what_it_encodes(kind: Any) -> None:
    tokenizer = kind.make([SPEECH] if kind.needs_text else None)
    ids = tokenizer.encode(SPEECH)
    assert ids
    assert all(0 <= token < tokenizer.vocab_size for token in ids)
    text = tokenizer.decode(ids)
    assert text == SPEECH if not kind.name.startswith("words") else tokenizer.encode(text) == ids
    assert all(isinstance(tokenizer.token_bytes(token), bytes) for token in ids)


def test_a_tokenizer_comes_back_from_its_file_equal(kind: Any) -> None:
    tokenizer = kind.make([SPEECH] if kind.needs_text else None)
    again = kind.from_json(tokenizer.to_json())
    assert again.fingerprint == tokenizer.fingerprint
    assert again.encode(PLAIN) == tokenizer.encode(PLAIN) if not kind.needs_text else True
    assert again.vocab_size == tokenizer.vocab_size


def test_a_stream_of_tokens_says_the_same_as_all_of_them(kind: Any) -> None:
    tokenizer = kind.make([SPEECH] if kind.needs_text else None)
    ids = tokenizer.encode(SPEECH)
    stream = tokenizer.stream()
    assert "".join(map(stream, ids)) + stream.flush() == tokenizer.decode(ids)


# --- prompts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROMPTS.names())
def test_a_prompt_begins_an_answer_where_a_learned_one_begins(name: str) -> None:
    from studio.prompts import Turn

    item = PROMPTS.load(name)
    assert item.name == name
    assert item.label
    assert item.about
    assert item.stops
    talk = [Turn("system", "Be kind."), Turn("user", "Ask", "this"), Turn("assistant", "Answer"), Turn("user", "Go on")]
    asked = [segment.text for segment in item.segments(talk, True)]
    whole = item.segments([*talk, Turn("assistant", "The end")], False)
    texts = [segment.text for segment in whole]
    assert texts[: len(asked)] == asked
    assert whole[len(asked)] == type(whole[0])("The end", True)
    ended = whole[len(asked) + 1]
    assert (ended.learned, ended.special) == (True, True)
    assert ended.text in item.stops
    assert {segment.text for segment in whole if segment.special} <= set(item.specials)
    assert all("Ask" not in segment.text and "Go on" not in segment.text for segment in whole if segment.learned)


# --- samples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES.names())
def test_a_sample_is_the_same_for_each_seed_and_fits_what_it_says_of_itself(name: str) -> None:
    from studio.rows.kinds import Reading, missing

    sample = SAMPLES.load(name)
    assert sample.name == name
    assert sample.label
    assert sample.about.endswith(".")
    first, again, other = (list(islice(sample.rows(seed), 200)) for seed in (sample.seed, sample.seed, 99))
    assert first == again != other
    assert len(first) == 200 < sample.count
    assert not missing(Reading(sample.kind, sample.roles))
    for row in first:
        assert list(row) == list(first[0]), "every row has the same columns in the same order"
        assert json.loads(json.dumps(row, allow_nan=False)) == row
        assert all(column in row for column in sample.roles.values())
        assert row.get(sample.split_column, "train") in ("train", "validation", "test")
    assert sample.split_column in first[0] or not sample.split_column


# --- families and objectives ----------------------------------------------------------------------------------------


def smallest(family: Any) -> Any:
    """The first preset of a family, made tiny where the family lets it be, with what it shares and hides kept."""
    config = family.presets[0].config
    return dataclasses.replace(
        config, vocab_size=61, context_length=24, n_layers=2, emb_dim=24, n_heads=3, drop_rate=0.0,
        n_kv_heads=1 if config.n_kv_heads else 0, head_width=10 if config.head_width else 0,
        hidden_dim=40 if config.hidden_dim else 0, sliding_window=7 if config.sliding_window else 0,
    )  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES.names())
def test_a_family_counts_its_presets_without_building_them(name: str) -> None:
    family = FAMILIES.load(name)
    assert family.presets
    assert len({preset.name for preset in family.presets}) == len(family.presets)
    for preset in family.presets:
        assert family.ledger(dataclasses.replace(preset.config, vocab_size=100)).total > 0
        assert preset.about


@pytest.mark.torch
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", FAMILIES.names())
def test_a_family_runs_forward_and_backward_and_has_the_weights_it_counts(name: str, tied: bool) -> None:
    import torch

    family = FAMILIES.load(name)
    config = dataclasses.replace(smallest(family), tie_embeddings=tied)
    model = family.build(config)
    ids = torch.randint(0, config.vocab_size, (2, config.context_length))
    logits = model(ids)
    assert logits.shape == (2, config.context_length, config.vocab_size)
    logits.square().mean().backward()
    assert all(weight.grad is not None and torch.isfinite(weight.grad).all() for weight in model.parameters())
    assert sum(weight.numel() for weight in model.parameters()) == family.ledger(config).total


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES.names())
def test_a_family_says_the_same_with_and_without_its_cache(name: str) -> None:
    import torch

    from studio.core.errors import StudioError
    from studio.layers.key_value_cache import KeyValueCache

    family = FAMILIES.load(name)
    config = smallest(family)
    model = family.build(config).eval()
    ids = torch.randint(0, config.vocab_size, (1, 12))
    if not config.causal:  # what was read would change with every token that follows
        with pytest.raises(StudioError, match="both sides"):
            KeyValueCache(config, like=model.lm_head.weight)
        return
    with torch.no_grad():
        cache = KeyValueCache(config, like=model.lm_head.weight)
        pieces = [model(ids[:, :5], cache), *(model(ids[:, place : place + 1], cache) for place in range(5, 12))]
        torch.testing.assert_close(torch.cat(pieces, dim=1), model(ids), rtol=1e-5, atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("name", FAMILIES.names())
def test_the_weights_of_a_family_survive_the_way_out_and_back(name: str) -> None:
    import torch

    from studio.layers.foreign_weights import collect, scatter

    family = FAMILIES.load(name)
    config = dataclasses.replace(smallest(family), qkv_bias=family.traits.get("qkv_bias", True))
    model = family.build(config)
    ours, sources = model.state_dict(), family.sources(config)
    assert sources.keys() == ours.keys()
    back = collect(sources, scatter(ours, sources).__getitem__)
    assert all(torch.equal(back[key], ours[key]) for key in ours)


@pytest.mark.parametrize("name", FAMILIES.names())
def test_the_shape_of_a_family_survives_the_way_out_and_back(name: str) -> None:
    family = FAMILIES.load(name)
    for preset in family.presets:
        config = dataclasses.replace(preset.config, vocab_size=100)
        outside = json.loads(json.dumps(family.to_outside(config)))
        assert outside["model_type"] in family.model_types
        back = family.from_outside(outside)
        assert family.to_outside(back) == outside
        assert back.family == name


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_an_objective_has_a_default_that_is_in_order(name: str) -> None:
    from studio.core.config import config_from_json, config_to_json
    from studio.core.knobs import problems

    objective = OBJECTIVES.load(name)
    assert problems(objective.default) == []
    assert objective.default.objective == objective.name == name
    assert config_from_json(config_to_json(objective.default)) == objective.default


OF_TEXTS = [name for name in OBJECTIVES.names() if OBJECTIVES.load(name).rows is None]
OF_ROWS = [name for name in OBJECTIVES.names() if OBJECTIVES.load(name).rows is not None]
ROWS: dict[str, Any] = {
    "labelled": lambda number: {"text": f"text {number}", "label": "12"[number % 2]},
    "completion": lambda number: {"prompt": f"thing {number}", "completion": f"{number}"},
    "alpaca": lambda number: {"instruction": f"ask {number}", "output": f"answer {number}"},
    "preference": lambda number: {"prompt": f"ask {number}", "chosen": f"yes {number}", "rejected": "no"},
}


def _examples(name: str, folder: Path) -> Any:
    """Forty small rows of the first kind that an objective reads and this test writes, as tokens."""
    from studio.store.project import Project
    from studio.tokenizers import make_tokenizer

    objective = OBJECTIVES.load(name)
    row = ROWS[next(kind for kind in objective.rows.kinds if kind in ROWS)]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row(number)) for number in range(40)), "utf-8")
    dataset = Project.create(folder / "project").add_dataset(folder / "rows.jsonl")
    model = dataclasses.replace(objective.default.model, context_length=256, emb_dim=16, n_layers=1, n_heads=2)
    config = objective.default.with_part(model=model)
    return objective.rows.read(dataset, make_tokenizer("bytes"), config, lambda done, total: None, lambda: True)


@pytest.mark.torch
@pytest.mark.parametrize("name", OF_ROWS)
def test_batches_of_rows_depend_on_nothing_but_seed_and_number_and_name_their_targets(
    name: str, tmp_path: Path
) -> None:
    import numpy as np
    import torch

    objective, examples = OBJECTIVES.load(name), _examples(name, tmp_path)
    one, other = (objective.rows.batches(examples, examples.config, 4, "training") for _ in range(2))
    far = 2 * one.per_epoch + 1
    later = one.batch(far)
    for index in range(far):
        one.batch(index)
    assert np.array_equal(one.batch(far), later)
    assert np.array_equal(other.batch(far), later)
    assert not np.array_equal(one.batch(0), later)
    batch = torch.from_numpy(later)
    assert objective.targets(batch) > 0
    assert objective.rows.tokens(batch) > 0
    assert examples.training_tokens > examples.validation_tokens


@pytest.mark.parametrize("name", OF_TEXTS)
def test_a_batch_depends_on_nothing_but_seed_and_number(name: str) -> None:
    import numpy as np

    objective = OBJECTIVES.load(name)
    model = dataclasses.replace(objective.default.model, context_length=8, vocab_size=201)
    tokens = np.arange(200, dtype=np.uint16)
    one = objective.batches(tokens, objective.default.with_part(model=model), 3)
    other = objective.batches(tokens, objective.default.with_part(model=model), 3)
    far = 2 * one.per_epoch + 1
    later = one.batch(far)
    for index in range(far):
        one.batch(index)
    assert np.array_equal(one.batch(far), later)
    assert np.array_equal(other.batch(far), later)
    assert not np.array_equal(one.batch(0), later)


# --- outside formats of models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXCHANGES.names())
def test_a_format_of_models_recognises_quickly_and_never_raises(name: str, tmp_path: Path) -> None:
    item = EXCHANGES.load(name)
    assert item.label
    assert item.about
    assert item.open is not None or item.write is not None
    (tmp_path / "letter.txt").write_text("Dear", "utf-8")
    (tmp_path / "empty").touch()
    for path in (tmp_path, tmp_path / "letter.txt", tmp_path / "empty", tmp_path / "gone", Path("/dev/null")):
        assert item.recognises(path) is False


@pytest.mark.torch
@pytest.mark.parametrize("name", [name for name in EXCHANGES.names() if EXCHANGES.load(name).open is not None])
def test_a_format_of_models_refuses_what_is_none_with_a_sentence(name: str, tmp_path: Path) -> None:
    from studio.core.errors import StudioError

    path = tmp_path / "letter.txt"
    path.write_text("Dear", "utf-8")
    with pytest.raises(StudioError) as refused:
        EXCHANGES.load(name).open(path)
    assert refused.value.hint


@pytest.mark.torch
@pytest.mark.parametrize("name", OF_TEXTS)
def test_the_loss_of_an_objective_counts_the_targets_it_names_and_starts_near_chance(name: str) -> None:
    import math

    import numpy as np
    import torch

    objective = OBJECTIVES.load(name)
    model = dataclasses.replace(objective.default.model, context_length=8, vocab_size=201)
    config = objective.default.with_part(model=model)
    batch = torch.from_numpy(objective.batches(np.arange(200, dtype=np.uint16), config, 4).batch(0))
    torch.manual_seed(0)
    network = FAMILIES.load(model.family).build(model)
    loss, count = objective.loss(network, batch)
    assert count == objective.targets(batch) > 0
    assert loss.item() / count == pytest.approx(math.log(201), abs=0.7)
    if objective.score is not None:
        found = objective.score(network, batch)
        assert (found.loss, found.targets) == (loss, count)


# --- commands and benches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS.names())
def test_a_command_is_named_after_its_file_and_explains_itself(name: str) -> None:
    command = COMMANDS.load(name)
    assert command.name == name
    assert command.help
    parser = argparse.ArgumentParser(prog="main.py")
    command.add_options(parser)
    for action in parser._actions:
        assert action.help, f"{name} {action.dest} has no words of its own"
    assert parser.format_help()


@pytest.mark.parametrize("name", BENCHES.names())
def test_a_bench_explains_itself(name: str) -> None:
    bench = BENCHES.load(name)
    assert bench.name == name
    assert bench.help
    parser = argparse.ArgumentParser()
    bench.add_options(parser)
    assert callable(bench.run)


# --- panels ---------------------------------------------------------------------------------------------------------


@pytest.mark.gui
@pytest.mark.parametrize("name", [entry.name for entry in PANELS])
def test_a_panel_opens_resizes_changes_its_theme_and_closes(name: str, qtbot: Any, scripted_run: Any) -> None:
    from studio.shell.pages import panel_class
    from studio.store.places import places
    from studio.widgets.look import Look

    look = Look(places().resources)
    panel = panel_class(name)(scripted_run.session, look)
    qtbot.addWidget(panel)
    panel.resize(1040, 740)
    panel.show()
    panel.refresh(frozenset())
    panel.resize(720, 560)
    look.set_theme("light")
    panel.refresh(frozenset())
    assert not panel.grab().toImage().isNull()
    scripted_run.settle()
    panel.close()


@pytest.mark.gui
@pytest.mark.parametrize("name", [entry.name for entry in PANELS])
def test_everything_on_a_panel_that_takes_input_has_a_name(name: str, qtbot: Any, scripted_run: Any) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit

    from studio.shell.pages import panel_class
    from studio.store.places import places
    from studio.widgets.look import Look

    panel = panel_class(name)(scripted_run.session, Look(places().resources))
    qtbot.addWidget(panel)
    panel.show()
    panel.refresh(frozenset())
    scripted_run.settle()
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)
    inputs = [widget for kind in kinds for widget in panel.findChildren(kind) if widget.isVisible()]
    unnamed = [
        f"{type(widget).__name__} “{widget.objectName()}” in {type(widget.parentWidget()).__name__}"
        for widget in inputs
        if not spoken_name(widget) and not isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox)
    ]
    assert not unnamed


def spoken_name(widget: Any) -> str:
    """What a screen reader says for a widget."""
    from PySide6.QtGui import QAccessible

    spoken = QAccessible.queryAccessibleInterface(widget)
    return str(spoken.text(QAccessible.Text.Name)) if spoken is not None and spoken.isValid() else "no interface"
