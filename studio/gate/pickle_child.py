"""What runs inside the limited child: the one place of the house where PyTorch reads a pickle, and only weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def convert(folder: Path, path: str, keys: Sequence[str], names: Sequence[str]) -> int:
    """Write the named tensors of a file of PyTorch as `folder/weights.safetensors`, one by one; how many there were.

    `keys` lead from what the file holds to the dictionary of its weights.
    """
    import torch

    loaded: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    for key in keys:
        loaded = loaded[key]
    tensors = {name: loaded[name].detach() for name in names}
    header: dict[str, Any] = {}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _NAMES[str(tensor.dtype)], "shape": list(tensor.shape), "data_offsets": [start, end]}
    raw = json.dumps(header).encode()
    with open(folder / "weights.safetensors", "wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for tensor in tensors.values():
            file.write(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return len(tensors)


_NAMES = {
    "torch.float64": "F64", "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16",
    "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8",
    "torch.uint8": "U8", "torch.bool": "BOOL",
}  # fmt: skip
