"""A network of shapes only, for weights that are about to come from a file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _Untouched(TorchFunctionMode):
    """Lets `torch.nn.init` do nothing: on shapes alone its random numbers cost seconds and mean nothing."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)


@contextmanager
def hollow() -> Iterator[None]:
    """Modules made inside have parameters on the meta device, which take no memory and were never initialized."""
    with torch.device("meta"), _Untouched():
        yield
