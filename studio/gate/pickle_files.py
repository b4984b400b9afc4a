"""The inside of a PyTorch file: its pickle is followed without running it, and must speak of tensors only."""

import math
import pickletools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from studio.core.errors import StudioError
from studio.gate.names import visible
from studio.gate.sandbox import Limits, run_limited
from studio.gate.tensor_files import check_header
from studio.gate.torch_archives import Archive, check_archive, refuse

MOST_STEPS = 400_000
MOST_WAITING = 10_000  # values on the stack; PyTorch writes dictionaries in lots of a thousand pairs
MOST_DIMENSIONS = 8
LONGEST_NAME = 512  # characters, as in a safetensors header

# Bytes of one element and the name in safetensors, by the storage's name in PyTorch.
STORAGES: Mapping[str, tuple[int, str]] = {
    "DoubleStorage": (8, "F64"), "FloatStorage": (4, "F32"), "HalfStorage": (2, "F16"), "BFloat16Storage": (2, "BF16"),
    "LongStorage": (8, "I64"), "IntStorage": (4, "I32"), "ShortStorage": (2, "I16"), "CharStorage": (1, "I8"),
    "ByteStorage": (1, "U8"), "BoolStorage": (1, "BOOL"),
}  # fmt: skip
_BYTES = {dtype: size for size, dtype in STORAGES.values()}
_ALLOWED = {
    ("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")
}  # fmt: skip
_WRAPPERS = ("model_state_dict", "state_dict", "model", "model_state", "module")


@dataclass(frozen=True)
class _Global:
    module: str
    name: str


@dataclass(frozen=True)
class _Storage:
    kind: str
    key: str


@dataclass(frozen=True)
class PickledTensor:
    """One tensor as the pickle describes it: element type by safetensors' name, and its shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Pickled:
    """What a file of PyTorch holds: its weights by name, and under which keys they lie in what `torch.load` gives."""

    tensors: Mapping[str, PickledTensor]
    keys: tuple[str, ...]


def check_pickle(path: Path) -> Pickled:
    """The weights that a file of PyTorch offers, after its zip and every step of its pickle were found harmless."""
    archive = check_archive(path)
    found = _Reader(path, archive).read()
    keys: tuple[str, ...] = ()
    while isinstance(found, dict) and not _tensors(found) and len(keys) < 3:
        inner = next((name for name in _WRAPPERS if isinstance(found.get(name), dict)), None)
        if inner is None:
            break
        found, keys = found[inner], (*keys, inner)
    tensors = _tensors(found) if isinstance(found, dict) else {}
    if not tensors:
        refuse(path, "it holds no weights under names, as a saved state dictionary does")
    if any(not name or len(name) > LONGEST_NAME or not name.isprintable() for name in tensors):
        refuse(path, "a tensor's name is empty, too long or has marks that cannot be seen")
    return Pickled(MappingProxyType(tensors), keys)


def converted(path: Path, folder: Path, seconds: float = 600.0) -> Path:
    """Write the weights of a file of PyTorch as `folder/weights.safetensors`, in a limited child; its path.

    The pickle is loaded by the child only; what it wrote is held against what the check had found.
    """
    pickled = check_pickle(path)
    size = path.stat().st_size
    needed = sum(math.prod(tensor.shape) * _BYTES[tensor.dtype] for tensor in pickled.tensors.values())
    if needed > 2 * size:
        refuse(path, "its tensors share their numbers so often that they would grow far beyond the file")
    limits = Limits(seconds=seconds, memory=(512 << 20) + 2 * size, output=needed + (32 << 20), libraries=("torch",))
    names = {"keys": list(pickled.keys), "names": list(pickled.tensors)}
    run_limited("studio.gate.pickle_child:convert", {"path": str(path.resolve()), **names}, folder, limits)
    written = folder / "weights.safetensors"
    found = {name: PickledTensor(info.dtype, info.shape) for name, info in check_header(written).items()}
    if found != pickled.tensors:
        refuse(path, "what came out of it is not what its table of contents promised")
    return written


def _tensors(values: Mapping[Any, Any]) -> dict[str, PickledTensor]:
    return {name: value for name, value in values.items() if isinstance(name, str) and isinstance(value, PickledTensor)}


class _Reader:
    """Follows a pickle step by step on plain values; a step or a name that weights do not need is refused."""

    def __init__(self, path: Path, archive: Archive) -> None:
        self._path = path
        self._archive = archive
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._steps: Mapping[str, Callable[[Any], None]] = {
            "PROTO": self._protocol, "GLOBAL": self._global, "BINPERSID": self._storage, "REDUCE": self._reduce,
            "BUILD": self._build, "MARK": self._mark, "TUPLE": lambda _: self._push(tuple(self._since_mark())),
            "SETITEM": lambda _: self._set(self._last(2)), "SETITEMS": lambda _: self._set(self._since_mark()),
            "APPEND": lambda _: self._append(self._last(1)), "APPENDS": lambda _: self._append(self._since_mark()),
            "BINPUT": self._put, "LONG_BINPUT": self._put, "BINGET": self._get, "LONG_BINGET": self._get,
            **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), self._push),
            "NONE": lambda _: self._push(None), "NEWTRUE": lambda _: self._push(True),
            "NEWFALSE": lambda _: self._push(False), "EMPTY_DICT": lambda _: self._push({}),
            "EMPTY_LIST": lambda _: self._push([]), "EMPTY_TUPLE": lambda _: self._push(()),
            "TUPLE1": lambda _: self._push(tuple(self._last(1))), "TUPLE2": lambda _: self._push(tuple(self._last(2))),
            "TUPLE3": lambda _: self._push(tuple(self._last(3))),
        }  # fmt: skip

    def read(self) -> Any:
        """What the pickle describes: plain values, dictionaries, and `PickledTensor`s."""
        pickle = self._archive.pickle
        end = -1
        try:
            for number, (operation, argument, place) in enumerate(pickletools.genops(pickle)):
                if number > MOST_STEPS:
                    self._refuse(f"its pickle has more than {MOST_STEPS:,} steps")
                if operation.name == "STOP":
                    end = place or 0
                    break
                step = self._steps.get(operation.name)
                if step is None:
                    self._refuse(f"its pickle uses the step {operation.name}, which weights do not need")
                step(argument)
        except (ValueError, IndexError, KeyError, TypeError, UnicodeError) as error:
            raise self._broken() from error
        if end != len(pickle) - 1 or len(self._stack) != 1:
            raise self._broken()
        return self._stack[0]

    def _broken(self) -> StudioError:
        return StudioError(
            f"“{self._path.name}” was not opened: its pickle is damaged, cut off, or goes on after its end.",
            "Nothing in it was run. Get it again, or ask for the model as safetensors.",
        )

    def _refuse(self, reason: str) -> NoReturn:
        refuse(self._path, reason)

    def _push(self, value: Any) -> None:
        if len(self._stack) >= MOST_WAITING:
            self._refuse("its pickle is nested too deep")
        self._stack.append(value)

    def _pop(self) -> Any:
        if self._marks and len(self._stack) <= self._marks[-1]:
            raise IndexError
        return self._stack.pop()

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _last(self, count: int) -> list[Any]:
        return [self._pop() for _ in range(count)][::-1]

    def _mark(self, _: Any) -> None:
        self._marks.append(len(self._stack))

    def _protocol(self, version: int) -> None:
        if version != 2:
            self._refuse(f"its pickle has version {version}; PyTorch writes version 2")

    def _put(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def _get(self, place: int) -> None:
        self._push(self._memo[place])

    def _set(self, pairs: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            self._refuse("its pickle sets an entry in something that is no dictionary")
        # other keys could be chosen so that they all fall into one place of the dictionary, which then takes hours
        if not all(isinstance(key, str) or (type(key) is int and abs(key) < 1 << 31) for key in pairs[::2]):
            self._refuse("its pickle has a dictionary whose keys are neither words nor small numbers")
        self._stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))

    def _append(self, values: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            self._refuse("its pickle adds to something that is no list")
        self._stack[-1].extend(values)

    def _build(self, _: Any) -> None:
        """A state dictionary carries its version numbers this way; they are left out."""
        state = self._pop()
        if not isinstance(state, dict) or set(state) != {"_metadata"} or not isinstance(self._stack[-1], dict):
            self._refuse("its pickle fills an object, where only tensors are expected")

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        if (module, name) not in _ALLOWED and not (module == "torch" and name in STORAGES):
            self._refuse(f"its pickle asks for “{visible(f'{module}.{name}')}”, which no file of weights needs")
        self._push(_Global(module, name))

    def _storage(self, _: Any) -> None:
        """What stands for a storage: ("storage", its class, its name in the zip, where it was, number of elements)."""
        what, kind, key, where, count = self._pop()
        if what != "storage" or not isinstance(kind, _Global) or kind.name not in STORAGES or type(count) is not int:
            self._refuse("its pickle points at something that is no storage of numbers")
        if not isinstance(where, str) or self._archive.storages.get(str(key)) != count * STORAGES[kind.name][0]:
            self._refuse(f"its storage “{visible(str(key))}” is missing or has another size than promised")
        self._push(_Storage(kind.name, key))

    def _reduce(self, _: Any) -> None:
        called, arguments = self._last(2)
        name = called.name if isinstance(called, _Global) else ""
        if name == "OrderedDict" and arguments == ():
            self._push({})
        elif name == "_rebuild_parameter" and len(arguments) == 3 and isinstance(arguments[0], PickledTensor):
            self._push(arguments[0])
        elif name == "_rebuild_tensor_v2" and len(arguments) >= 6:
            self._push(self._tensor(*arguments[:4]))
        else:
            self._refuse("its pickle calls something in a way that weights do not need")

    def _tensor(self, storage: Any, offset: Any, shape: Any, strides: Any) -> PickledTensor:
        """A view of a storage that stays inside of it and has no more elements than it."""
        if not isinstance(storage, _Storage) or not _counts((offset,)) or not _counts(shape) or not _counts(strides):
            self._refuse("one of its tensors has no usable shape")
        if len(shape) != len(strides) or len(shape) > MOST_DIMENSIONS:
            self._refuse("one of its tensors has no usable shape")
        size, dtype = STORAGES[storage.kind]
        held = self._archive.storages[storage.key] // size
        reach = offset + sum((count - 1) * stride for count, stride in zip(shape, strides, strict=True)) + 1
        if math.prod(shape) > held or (math.prod(shape) and reach > held):
            self._refuse("one of its tensors reaches outside of its storage")
        return PickledTensor(dtype, shape)


def _counts(values: Any) -> bool:
    return isinstance(values, tuple) and all(type(value) is int and 0 <= value < 1 << 48 for value in values)
