"""Weights in safetensors files: each tensor's bytes are read straight into place or mapped, nothing is copied whole."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import StudioError
from studio.gate.tensor_files import TensorFile, TensorInfo

ELEMENTS: Mapping[str, torch.dtype] = {
    "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64,
}  # fmt: skip
PRECISIONS: Mapping[str, str] = {"F32": "fp32", "F16": "fp16", "BF16": "bf16", "F64": "fp64"}


class StoredWeights:
    """The tensors of one or several safetensors files; each name may lie in one of them only.

    `ignored` endings name buffers that are no weights, such as masks; anything else must be real numbers. `mapped`
    is for files that nobody changes while they are in use, our own: their tensors are the file's own pages, copied
    only where they are written to.
    """

    def __init__(self, paths: Sequence[Path], ignored: tuple[str, ...] = (), mapped: bool = False) -> None:
        self._mapped = mapped and os.name == "posix"  # Windows deletes no file that is mapped
        self._files: dict[str, TensorFile] = {}
        for path in paths:
            file = TensorFile(path)
            for name, info in file.infos.items():
                if ignored and name.endswith(ignored):
                    continue
                if name in self._files:
                    raise StudioError(
                        f"The tensor “{name}” lies in “{self._files[name].path.name}” and again in “{path.name}”.",
                        "The model is damaged. Get it again.",
                    )
                _refuse_numbers(path, name, info)
                self._files[name] = file

    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Every tensor's name and shape as stored."""
        return {name: file.infos[name].shape for name, file in self._files.items()}

    def element(self, name: str) -> str:
        """The number format of one tensor, by the file format's name for it."""
        return self._files[name].infos[name].dtype

    def file_of(self, name: str) -> str:
        """The file that holds one tensor."""
        return self._files[name].path.name

    def precision(self) -> str:
        """The number format of most weights."""
        counts: Counter[str] = Counter()
        for name, file in self._files.items():
            counts[file.infos[name].dtype] += file.infos[name].end - file.infos[name].start
        return PRECISIONS[counts.most_common(1)[0][0]] if counts else "fp32"

    def read(self, name: str, scratch: Tensor | None = None) -> Tensor:
        """One tensor in the type it is stored in: mapped, in fresh memory, or at the beginning of `scratch` (bytes)."""
        info = self._files[name].infos[name]
        if scratch is None and self._mapped and info.end > info.start:
            return self._map(self._files[name], info)
        if scratch is None:
            tensor = torch.empty(info.shape, dtype=ELEMENTS[info.dtype])
        else:
            tensor = scratch[: info.end - info.start].view(ELEMENTS[info.dtype]).view(info.shape)
        if info.end > info.start:
            self._files[name].read_into(name, _memory(tensor))
        return tensor

    def _map(self, file: TensorFile, info: TensorInfo) -> Tensor:
        first, last = file.data + info.start, file.data + info.end
        pages = torch.from_file(str(file.path), shared=False, size=last, dtype=torch.uint8)
        dtype = ELEMENTS[info.dtype]
        bytes_ = pages[first:last] if first % dtype.itemsize == 0 else pages[first:last].clone()
        return bytes_.view(dtype).view(info.shape)

    def bytes_of(self, name: str) -> int:
        """What one of them takes on disk."""
        info = self._files[name].infos[name]
        return info.end - info.start

    def bytes(self) -> int:
        """What all of them take on disk."""
        return sum(file.infos[name].end - file.infos[name].start for name, file in self._files.items())


def _refuse_numbers(path: Path, name: str, info: TensorInfo) -> None:
    if info.dtype not in ELEMENTS:
        raise StudioError(
            f"“{path.name}” was not opened: the tensor “{name}” holds {info.dtype} numbers.",
            "Weights are read as F32, F16, BF16 or F64. Choose a copy of the model that was not quantized.",
        )


def element_of(tensors: object, name: str) -> str:
    """The number format in which a tensor of ours goes out: as it is stored; what is computed on reading is fp32."""
    return tensors.element(name) if isinstance(tensors, StoredWeights) else "F32"


def raw_bytes(tensor: Tensor) -> memoryview:
    """The bytes of a tensor as a file holds them; a contiguous one on the CPU is not copied."""
    return _memory(tensor.detach().cpu().contiguous())


def _memory(tensor: Tensor) -> memoryview:
    raw: Any = tensor.view(-1).view(torch.uint8).numpy()
    return memoryview(raw)
