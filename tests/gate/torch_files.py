"""Files as `torch.save` writes them, built by hand so that any part of them can be a lie."""

import struct
import zipfile
from pathlib import Path
from typing import Any


def put(path: Path, parts: dict[str, bytes], top: str = "model") -> Path:
    """A zip of stored parts inside one folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(f"{top}/{name}", content)
    return path


def pickle_of(value: Any) -> bytes:
    """A pickle of version 2 around one value."""
    return b"\x80\x02" + step(value) + b"."


def step(value: Any) -> bytes:
    """The steps that leave one value on the stack; bytes are steps already."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        raw = value.encode()
        return b"X" + struct.pack("<I", len(raw)) + raw
    if isinstance(value, dict):
        return b"}(" + b"".join(step(key) + step(item) for key, item in value.items()) + b"u"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(step, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(step, value)) + b"e"
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    raw = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def called(name: str, *arguments: Any) -> bytes:
    """A call of `module.name`, as a reduced object asks for it."""
    module, _, function = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + function.encode() + b"\n" + step(arguments) + b"R"


def storage(key: str = "0", count: int = 6, kind: str = "FloatStorage") -> bytes:
    """What stands for a storage."""
    return step(("storage", b"ctorch\n" + kind.encode() + b"\n", key, "cpu", count)) + b"Q"


def tensor(
    shape: tuple[int, ...] = (2, 3), strides: tuple[int, ...] = (3, 1), offset: int = 0, held: bytes | None = None
) -> bytes:
    """A tensor of the storage `held`, by default the one called 0."""
    ordered = called("collections.OrderedDict")
    return called("torch._utils._rebuild_tensor_v2", held or storage(), offset, shape, strides, False, ordered)
