"""The real network, taken apart: built of shapes alone, run once, and written down step by step with its shapes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from studio.core.config import ModelConfig
from studio.core.outline import Columns, Node, Shape
from studio.core.shelf import FAMILIES
from studio.layers.attention import Attention
from studio.layers.decoder import Block
from studio.layers.hollow import hollow

_STEPS = {"add", "mul", "gelu", "silu", "relu"}  # what a network does between its modules
_RESHAPES = {"transpose", "flatten"}  # heads apart, heads together


def outline(config: ModelConfig, batch: int) -> Node:
    """The network of `config` with the shapes that flow through it for `batch` windows of its whole context.

    Nothing is computed: every tensor lies on the meta device. Blocks that are alike are run once, and counted.
    """
    with hollow():
        model = FAMILIES.load(config.family).build(config).eval()
    count, layers = sum(each.numel() for each in model.parameters()), len(model.layers)
    alike = len({tuple(tuple(each.shape) for each in layer.parameters()) for layer in model.layers}) == 1
    if alike:
        model.layers = model.layers[:1]
    recorder = _Recorder(model, layers if alike else 1)
    ids = torch.zeros(batch, config.context_length, dtype=torch.long, device="meta")
    recorder.enter(ids)
    with torch.inference_mode(), recorder:
        logits = model(ids)
    recorder.leave()
    rows = _rows(recorder.frames[0].steps, id(ids))
    return Node(type(model).__name__, "", (_shape(ids),), _shape(logits), count, rows=rows)


@dataclass
class _Step:
    """A node, the tensors it reads and the one it makes, each by the id of where it was made."""

    node: Node
    reads: tuple[int, ...]
    makes: int


@dataclass
class _Frame:
    """A module that is being run, and what happened inside it so far."""

    module: nn.Module
    steps: list[_Step] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is made of modules, rather than one that only computes."""
        return next(self.module.children(), None) is not None


class _Recorder(TorchFunctionMode):
    """Listens to every module and every function while the network runs.

    What is no step of its own (a view, a slice, a repetition) stands for the tensor that it shows.
    """

    def __init__(self, model: nn.Module, layers: int) -> None:
        super().__init__()
        self.frames = [_Frame(model)]
        self._layers = layers
        self._seen: dict[int, tuple[Tensor, int]] = {}  # every tensor, kept so that ids stay its own; where it was made
        self._paths = {module: name for name, module in model.named_modules()}
        self._tables = {id(own): name for name, own in model.named_parameters()}
        self._handles: list[Any] = []
        self._model = model

    def enter(self, ids: Tensor) -> None:
        """Hook every module but the whole."""
        self._made(ids)
        for module in self._paths:
            if module is self._model:
                continue
            self._handles += [
                module.register_forward_pre_hook(self._begin), module.register_forward_hook(self._end)
            ]  # fmt: skip
            if isinstance(module, Attention) and module.rotary is not None:
                module.rotary.turn = self._turner(module)  # type: ignore[method-assign]

    def leave(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Let it happen, and write it down where it is a step."""
        out = func(*args, **(kwargs or {}))
        frame = self.frames[-1]
        if not isinstance(out, Tensor) or not frame.is_open:
            return out
        given, name = [arg for arg in args if isinstance(arg, Tensor)], getattr(func, "__name__", "")
        if name == "scaled_dot_product_attention":
            self._attend(given, out)
        elif name in _STEPS and given:
            self._operate("scale" if name == "mul" and given[-1].dim() == 0 else name, given, out)
        elif name in _RESHAPES and out.dim() != self._source(given[0]).dim():
            self._step("heads" if out.dim() == 4 else "merge", given[:1], out)
        else:
            self._alias(out, given)
        return out

    # --- modules --------------------------------------------------------------------------------------------------

    def _begin(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        for given in args:
            if isinstance(given, Tensor):
                self._made(given, again=False)
        self.frames.append(_Frame(module))

    def _end(self, module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        frame, path = self.frames.pop(), self._paths[module]
        given = [arg for arg in args if isinstance(arg, Tensor)]
        if out is given[0]:  # nn.Identity
            return
        own = list(module.named_parameters())
        weight = next((each for name, each in own if name == "weight"), None)
        shared = self._tables.get(id(weight), "") if weight is not None else ""
        tied = shared.rpartition(".")[0] if shared and shared != f"{path}.weight" else ""
        if not frame.is_open:
            self._made(out)
        node = Node(
            type(module).__name__, path, tuple(_shape(each) for each in given), _shape(out),
            sum(each.numel() for _, each in own) - (weight.numel() if tied and weight is not None else 0),
            _shape(weight) if weight is not None else (),
            _rows(frame.steps, self._root(given[0])) if frame.is_open else (),
            self._layers if isinstance(module, Block) else 1, tied,
        )  # fmt: skip
        self._add(node, given, out)

    def _turner(self, module: Attention) -> Callable[..., tuple[Tensor, Tensor]]:
        def turn(queries: Tensor, keys: Tensor, _start: int) -> tuple[Tensor, Tensor]:
            """Turning keeps the shape; its tables are real numbers, and of a long context many."""
            turned = torch.empty_like(queries), torch.empty_like(keys)
            for before, after in zip((queries, keys), turned, strict=True):
                self._step("turn", [before], after)
            return turned

        return turn

    # --- what happens between them --------------------------------------------------------------------------------

    def _attend(self, given: list[Tensor], out: Tensor) -> None:
        """The fused product, in the three steps it computes."""
        queries, keys, values = given[:3]
        scores = queries @ keys.transpose(-1, -2)  # (batch, heads, time, time)
        weights = torch.empty_like(scores)
        self._step("scores", [queries, keys], scores)
        self._step("softmax", [scores], weights)
        self._step("mix", [weights, values], out)

    def _operate(self, kind: str, given: list[Tensor], out: Tensor) -> None:
        """An operation; one that reads a table of its own, as BERT's segments, has that table's parameters."""
        table = next((self._source(each) for each in given if id(self._source(each)) in self._tables), None)
        self._step(kind, given, out)
        if table is not None:
            path = self._tables[id(table)].rpartition(".")[0]
            step = self.frames[-1].steps[-1]
            step.node = replace(step.node, path=path, parameters=table.numel(), weight=_shape(table))

    def _step(self, kind: str, given: list[Tensor], out: Tensor) -> None:
        path = self._paths[self.frames[-1].module]
        shapes = tuple(_shape(self._source(each)) for each in given if each.dim())
        self._made(out)
        self._add(Node(kind, f"{path}.{kind}".lstrip("."), shapes, _shape(out)), given, out)

    def _add(self, node: Node, given: list[Tensor], out: Tensor) -> None:
        reads = tuple(self._root(each) for each in given if id(each) in self._seen)
        self.frames[-1].steps.append(_Step(node, reads, self._root(out)))

    # --- which tensor is which ------------------------------------------------------------------------------------

    def _made(self, tensor: Tensor, again: bool = True) -> None:
        if again or id(tensor) not in self._seen:
            self._seen[id(tensor)] = (tensor, id(tensor))

    def _alias(self, out: Tensor, given: Iterable[Tensor]) -> None:
        first = next(iter(given), None)
        if first is not None:
            if id(first) in self._tables:
                self._made(first)
            self._seen[id(out)] = (out, self._root(first))

    def _root(self, tensor: Tensor) -> int:
        return self._seen[id(tensor)][1] if id(tensor) in self._seen else id(tensor)

    def _source(self, tensor: Tensor) -> Tensor:
        """The tensor that this one shows."""
        root = self._root(tensor)
        return self._seen[root][0] if root in self._seen else tensor


def _shape(tensor: Tensor) -> Shape:
    return tuple(tensor.shape)


# --- from steps to rows -------------------------------------------------------------------------------------------


class _Rows:
    """Puts what reads the same tensor side by side, and what reads one another below."""

    def __init__(self, entry: int) -> None:
        self.rows: list[Columns] = []
        self._open: list[list[_Step]] = []  # columns that grow
        self._entered = {entry: 0}  # a tensor, and the row that it enters
        self._late: dict[int, tuple[int, int]] = {}  # a column's end that its next row has not read

    def take(self, step: _Step) -> None:
        """Find the place of the next step."""
        tails = [at for at, column in enumerate(self._open) if column[-1].makes in step.reads]
        if not tails:
            self._keep_apart(step.reads)
            self._open.append([step])
        elif len(tails) > 1:
            self._close(tails)
            self._open = [[step]]
        else:
            late = next((self._late[each] for each in step.reads if each in self._late), (-1, -1))
            step.node = replace(step.node, since=self._shortcut(step, tails[0]), late=late)
            self._open[tails[0]].append(step)

    def _shortcut(self, step: _Step, column: int) -> int:
        """The row whose input this step reads beside the step above it, or -1."""
        found = dict(self._entered)
        if len(self._open) == 1:
            found |= {above.makes: len(self.rows) + at + 1 for at, above in enumerate(self._open[column])}
        return next((found[each] for each in step.reads if each in found and each != self._tail(column)), -1)

    def _tail(self, column: int) -> int:
        return self._open[column][-1].makes

    def _keep_apart(self, reads: Sequence[int]) -> None:
        """What stands above the tensor that a new column reads is not beside that column."""
        if len(self._open) == 1:
            above = next((at + 1 for at, step in enumerate(self._open[0]) if step.makes in reads), 0)
            rest = self._open[0][above:]
            self._open = [self._open[0][:above]]
            self._close()
            self._open = [rest] if rest else []

    def _close(self, read: Sequence[int] = ()) -> None:
        """End what stands side by side; columns that the next step does not read wait for another."""
        if len(self._open) == 1:
            for step in self._open[0]:
                self.rows.append(((step.node,),))
                self._entered[step.makes] = len(self.rows)
        elif self._open:
            place = len(self.rows)
            self._late |= {self._tail(at): (place, at) for at in range(len(self._open)) if at not in read}
            self.rows.append(tuple(tuple(step.node for step in column) for column in self._open))
        self._open = []

    def ended(self) -> tuple[Columns, ...]:
        """All rows."""
        self._close()
        return tuple(self.rows)


def _rows(steps: Iterable[_Step], entry: int) -> tuple[Columns, ...]:
    rows = _Rows(entry)
    for step in steps:
        rows.take(step)
    return rows.ended()
