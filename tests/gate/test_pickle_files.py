"""The inside of a PyTorch file: what is not a tensor is refused by name, and nothing of it ever runs."""

import os
import pickle
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import StudioError
from studio.gate.pickle_files import PickledTensor, check_pickle, converted
from tests.gate.torch_files import called, pickle_of, put, step, storage, tensor

FORBIDDEN = ("weights_only", "trust_remote_code", "Traceback")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


def file_of(path: Path, value: Any, **parts: bytes) -> Path:
    raw = value if isinstance(value, bytes) and value.startswith(b"\x80") else pickle_of(value)
    return put(path, {"data.pkl": raw, "data/0": struct.pack("<6f", *range(6)), **parts})


def refused(path: Path, words: str) -> None:
    began = time.process_time()
    with pytest.raises(StudioError, match=words) as caught:
        check_pickle(path)
    assert time.process_time() - began < 5
    assert path.name in str(caught.value)
    assert caught.value.hint
    assert not any(word in str(caught.value) for word in FORBIDDEN)


def test_a_state_dictionary_is_described_without_running_anything(path: Path) -> None:
    found = check_pickle(file_of(path, {"a": tensor(), "b": tensor((3, 2), (1, 3)), "epoch": 3}))
    assert found.tensors == {"a": PickledTensor("F32", (2, 3)), "b": PickledTensor("F32", (3, 2))}
    assert found.keys == ()


def test_weights_beside_an_optimizer_are_found_under_their_key(path: Path) -> None:
    whole = {"epoch": 3, "optimizer_state_dict": {"state": {0: {"step": 1.0}}}, "model_state_dict": {"a": tensor()}}
    found = check_pickle(file_of(path, whole))
    assert found.keys == ("model_state_dict",)
    assert list(found.tensors) == ["a"]


def test_a_parameter_is_its_tensor(path: Path) -> None:
    wrapped = called("torch._utils._rebuild_parameter", tensor(), True, called("collections.OrderedDict"))
    assert check_pickle(file_of(path, {"a": wrapped})).tensors["a"].shape == (2, 3)


class Canary:
    """Pickled, it asks for a call; were it ever loaded, a file would appear."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


@pytest.mark.parametrize("place", ["whole", "value", "optimizer", "deep", "key"])
@pytest.mark.parametrize("payload", ["system", "open", "eval"])
def test_a_payload_is_refused_by_its_name_wherever_it_stands(path: Path, place: str, payload: str) -> None:
    canary = path.with_name("canary")
    calls = {
        "system": (Canary(os.system, f"touch {canary}"), "system"),
        "open": (Canary(open, str(canary), "w"), "open"),
        "eval": (Canary(eval, f"open({str(canary)!r}, 'w')"), "eval"),
    }
    object_, word = calls[payload]
    wrapped = {
        "whole": object_, "value": {"a": object_}, "optimizer": {"model": {}, "optimizer_state_dict": [object_]},
        "deep": {"a": [[({"b": object_},)]]}, "key": {"hyper_parameters": {"_instantiator": object_}},
    }[place]  # fmt: skip
    refused(file_of(path, pickle.dumps(wrapped, protocol=2)), word)
    assert not canary.exists()


def test_a_payload_in_another_version_of_the_form_or_before_garbage_is_refused(path: Path) -> None:
    canary = path.with_name("canary")
    payload = Canary(os.system, f"touch {canary}")
    refused(file_of(path, pickle.dumps(payload, protocol=4)), "version 4")
    refused(file_of(path, pickle.dumps(payload, protocol=2)[:-1] + b"\xff\xff"), "system")
    refused(file_of(path, pickle_of({"a": tensor()}) + pickle.dumps(payload, protocol=2)), "goes on after its end")
    assert not canary.exists()


@pytest.mark.parametrize(
    "name",
    [
        "os.system", "builtins.eval", "builtins.getattr", "pip.main", "copyreg._reconstructor", "functools.partial",
        "torch.utils.collect_env.run", "torch.hub.load", "torch.load", "torch.storage._load_from_bytes",
        "numpy.core.multiarray._reconstruct", "collections.OrderedDict.__class__", "torch._utils._rebuild_qtensor",
        "torch._utils._rebuild_tensor_v3", "torch.nn.modules.linear.Linear", "torch._tensor._rebuild_from_type_v2",
    ],
)  # fmt: skip
def test_only_what_rebuilds_tensors_may_be_asked_for(path: Path, name: str) -> None:
    refused(file_of(path, {"a": called(name, "x")}), "asks for “")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": step(1) + step("x") + step(2) + b"s"}, "no dictionary"),
        ({"a": tensor((1 << 40,), (1,))}, "outside"),
        ({"a": tensor((10**12,), (0,))}, "outside"),
        ({"a": tensor((2, 3), (4, 1))}, "outside"),
        ({"a": tensor((2, 3), (3, 1), offset=1)}, "outside"),
        ({"a": tensor((-2, -3), (3, 1))}, "shape"),
        ({"a": tensor((2, 3), (3,))}, "shape"),
        ({"a": tensor((1,) * 9, (1,) * 9)}, "shape"),
        ({"a": tensor(held=storage("7"))}, "missing"),
        ({"a": tensor(held=storage(count=1 << 40))}, "another size"),
        ({"a": tensor(held=storage(count=3))}, "another size"),
        ({"a": tensor(held=storage(kind="ComplexFloatStorage"))}, "asks for"),
        ({"a": tensor(held=step(("module", "x", "0", "cpu", 6)) + b"Q")}, "no storage"),
        ({"a": called("collections.OrderedDict", [("a", 1)])}, "in a way"),
        ({"a": step([]) + step({"x": 1}) + b"b"}, "fills an object"),
        ({"a": step([]) + b"(" + step("x") + step(1) + b"u"}, "no dictionary"),
        ({"a": step({}) + step(1) + b"a"}, "no list"),
        ({(2**61 - 1) * 3: 1}, "keys"),
        ({("a",): 1}, "keys"),
        ({"a": b"]" * 500_000}, "too deep"),
        ({"a": 1}, "no weights"),
        ([tensor()], "no weights"),
        ({"a\x00b": tensor()}, "name"),
        ({"n" * 600: tensor()}, "name"),
        ({"a": b"I01\n"}, "INT"),
        ({"a": b"\x81"}, "NEWOBJ"),
        ({"a": b"0"}, "POP"),
    ],
)
def test_a_pickle_that_lies_is_refused(path: Path, value: Any, words: str) -> None:
    refused(file_of(path, value), words)


def test_an_endless_pickle_is_refused_in_time(path: Path) -> None:
    refused(file_of(path, b"\x80\x02" + b"}q\x00" * 5_000_000 + b"."), "too deep|steps")
    refused(file_of(path, b"\x80\x02]" + b"]a" * 3_000_000 + b"."), "steps")


def test_a_pickle_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    raw = pickle_of({"a": tensor(), "b": tensor()})
    for length in range(2, len(raw)):
        with pytest.raises(StudioError):
            check_pickle(file_of(path, raw[:length]))


# --- through the child ------------------------------------------------------------------------------------------------


@pytest.mark.torch
def test_what_torch_saved_comes_out_as_safetensors_bit_for_bit(path: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    shared = torch.randn(4, 6)
    weights = {
        "plain": torch.randn(3, 5), "turned": torch.randn(3, 5).t(), "part": torch.randn(9)[2:7], "tied": shared,
        "tied again": shared, "half": torch.randn(4).half(), "brain": torch.randn(4).bfloat16(),
        "mask": torch.tensor([True, False]), "count": torch.tensor(3), "none": torch.zeros(0, 4),
        "wrapped": torch.nn.Parameter(torch.randn(2)),
    }  # fmt: skip
    torch.save({"model_state_dict": weights, "epoch": 1}, path)
    (tmp_path / "out").mkdir()
    back = load_file(converted(path, tmp_path / "out"))
    assert back.keys() == weights.keys()
    for name, tensor_ in weights.items():
        assert back[name].dtype == tensor_.dtype
        assert torch.equal(back[name], tensor_.detach())


@pytest.mark.torch
def test_a_module_of_torch_is_refused_and_its_state_dictionary_is_not(path: Path) -> None:
    import torch

    layer = torch.nn.Linear(3, 2)
    torch.save(layer, path)
    refused(path, r"torch\.nn\.modules\.linear\.Linear")
    torch.save(layer.state_dict(), path)
    assert check_pickle(path).tensors == {"weight": PickledTensor("F32", (2, 3)), "bias": PickledTensor("F32", (2,))}


@pytest.mark.torch
def test_the_form_before_zip_is_explained(path: Path) -> None:
    import torch

    torch.save({"a": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    refused(path, r"before version 1\.6")


def test_numbers_that_are_shared_a_thousandfold_are_refused_before_they_are_written(path: Path, tmp_path: Path) -> None:
    one = tensor((60_000,), (1,), held=storage(count=60_000))
    put(path, {"data.pkl": pickle_of({str(number): one for number in range(30)}), "data/0": bytes(240_000)})
    with pytest.raises(StudioError, match="share"):
        converted(path, tmp_path)
    assert not (tmp_path / "weights.safetensors").exists()
