"""Tensors: how many sides they have, what their type keeps of a number, and what comes of two of them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from studio.controls.editors import ChoiceEdit
from studio.controls.number_edit import NumberEdit
from studio.controls.segmented import Segmented
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.live.session import Session
from studio.maps.colours import number_text
from studio.parts.wording import count
from studio.teaching.flow_row import FlowRow
from studio.teaching.lesson_view import LessonView
from studio.teaching.number_grid import NumberGrid
from studio.widgets.label import ElidedLabel, Label
from studio.widgets.look import Look

if TYPE_CHECKING:
    from studio.exercises.tensors import Facts, Outcome

DESCRIBE = "studio.exercises.tensors:describe"
OPERATE = "studio.exercises.tensors:operate"
MODES = (
    ("number", "Number"), ("vector", "Vector"), ("matrix", "Matrix"), ("stack", "Stack"), ("product", "A × B"),
    ("add", "A + B"), ("transpose", "Transpose"), ("reshape", "Reshape"),
)  # fmt: skip
KINDS = ("float32", "float64", "float16", "bfloat16", "int64", "bool")
SIGNS = {"product": "@", "add": "+"}
_MOST = 6
_CELL = (96.0, 56.0)  # most pixels of a number
_PAIRS = ("product", "add")
_START = {"number": (), "vector": (3,), "matrix": (2, 3), "stack": (2, 2, 3)}


class Side(QWidget):
    """One matrix with the numbers of its rows and columns below it."""

    def __init__(self, look: Look, name: str, resized: Any) -> None:
        super().__init__()
        self.grid = NumberGrid(look, name, editable=True)
        self.sides = (NumberEdit(look, whole=True), NumberEdit(look, whole=True))
        self.sign = Label("×", "quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.grid.set_largest(*_CELL)
        self.grid.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        column.addWidget(self.grid)
        line = QHBoxLayout()
        line.setSpacing(6)
        for box, words in zip(self.sides, (tr("rows of {name}"), tr("columns of {name}")), strict=True):
            box.minimum, box.maximum, box.default = 1, _MOST, 1
            box.setFixedWidth(56)
            box.setAccessibleName(words.format(name=name))
            box.changed.connect(resized)
        line.addWidget(self.sides[0])
        line.addWidget(self.sign)
        line.addWidget(self.sides[1])
        line.addStretch(1)
        column.addLayout(line)

    def show_sides(self, shape: tuple[int, ...]) -> None:
        """A number has no side, a vector one."""
        for box, shown in zip(self.sides, (len(shape) >= 2, len(shape) >= 1), strict=True):
            box.setVisible(shown)
        self.sign.setVisible(len(shape) >= 2)
        for box, side in zip(self.sides, (1, 1, *shape)[-2:], strict=True):
            box.set_value(side)

    def wanted(self) -> tuple[int, int] | None:
        """Rows and columns as they are written; None while they cannot be."""
        found = [int(box.value()) for box in self.sides]
        usable = all(not box.problem and 1 <= side <= _MOST for box, side in zip(self.sides, found, strict=True))
        return (found[0], found[1]) if usable else None


class TensorsView(LessonView):
    """Every number can be changed; what torch makes of them is shown, or why it refuses."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(session, look, parent)
        self.values: dict[str, npt.NDArray[np.float64]] = {name: _begun(shape) for name, shape in _START.items()}
        self.values |= {"a": _begun((2, 3)), "b": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])}
        self.found: Facts | None = None
        self.modes = Segmented([(name, tr(words)) for name, words in MODES], look, tr("What to look at"))
        self.modes.set_value("matrix")
        self.modes.changed.connect(self._show_mode)
        self.kind = ChoiceEdit([(name, name) for name in KINDS], look)
        self.kind.setAccessibleName(tr("Type of the numbers"))
        self.kind.changed.connect(self.recompute)
        self.left, self.right = Side(look, "A", self._resized), Side(look, "B", self._resized)
        self.left.grid.edited.connect(self._edit_left)
        self.right.grid.edited.connect(self._edit_right)
        self.second = NumberGrid(look, "A[1]", editable=True)
        self.second.edited.connect(self._edit_second)
        self.result = NumberGrid(look, tr("result"))
        self.result.pointed.connect(self._explain)
        self.sign, self.equals = Label("", "title"), Label("=", "title")
        self.sum = ElidedLabel("", "mono")
        self.facts = Label("", "strong", wrap=True)
        self._lay_out()
        self._show_mode("matrix")

    def _lay_out(self) -> None:
        line = FlowRow()
        line.add(self.modes)
        line.add(self.kind)
        row = QHBoxLayout()
        row.setSpacing(20)
        row.addStretch(1)
        for grid in (self.second, self.result):
            grid.set_largest(*_CELL)
            grid.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        for widget in (self.left, self.second, self.sign, self.right, self.equals, self.result):
            sign = widget is self.sign or widget is self.equals
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter if sign else Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        for label in (self.sign, self.equals):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(line)
        self.body.addStretch(1)
        self.body.addLayout(row)
        self.body.addStretch(1)
        for label in (self.sum, self.facts):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.body.addWidget(label)
        self.body.addStretch(1)

    # --- what is looked at ----------------------------------------------------------------------------------------

    @property
    def mode(self) -> str:
        """One of `MODES`."""
        return self.modes.value()

    @property
    def _own(self) -> str:
        """The name of the first operand's numbers."""
        return self.mode if self.mode in _START else "a"

    def _show_mode(self, mode: str) -> None:
        pair = mode in _PAIRS
        self.second.setVisible(mode == "stack")
        self.sign.setVisible(pair)
        self.right.setVisible(pair)
        self.equals.setVisible(mode not in _START)
        self.result.setVisible(mode not in _START)
        self.sign.setText(SIGNS.get(mode, ""))
        self.equals.setText("=" if pair else "→")
        self.left.grid.title = "A[0]" if mode == "stack" else "A"
        self._show_operands()
        self.recompute()

    def _show_operands(self) -> None:
        values = self.values[self._own]
        self.left.show_sides(values.shape)
        self.left.grid.set_numbers(values[0] if values.ndim == 3 else values)
        if values.ndim == 3:
            self.second.set_numbers(values[1])
        self.right.show_sides(self.values["b"].shape)
        self.right.grid.set_numbers(self.values["b"])

    # --- computing ------------------------------------------------------------------------------------------------

    def compute(self) -> None:
        """What torch holds, or makes of both."""
        kind, left = str(self.kind.value()), self.values[self._own]
        if self.mode in _START:
            self.ask(DESCRIBE, left.tolist(), kind, lane="tensors", heard=self._described)
            return
        right: Any = self.values["b"].tolist()
        if self.mode == "reshape":
            right = [left.shape[1], left.shape[0]]
        self.ask(OPERATE, self.mode, left.tolist(), right, kind, lane="tensors", heard=self._operated)

    def _described(self, found: "Facts") -> None:
        self.found = found
        self.left.grid.set_numbers(found.values[0] if found.values.ndim == 3 else found.values)
        if found.values.ndim == 3:
            self.second.set_numbers(found.values[1])
        self.sum.setText(tr("Double-click a number, or press Enter on it, to change it."))
        self._show_facts()

    def _operated(self, found: "Outcome") -> None:
        self.found = found.result
        self.left.grid.set_numbers(found.left.values)
        if found.right is not None:
            self.right.grid.set_numbers(found.right.values)
        self.result.set_numbers(found.result.values)
        self._explain(*self.result.cell)
        self._show_facts()

    def complain(self, error: StudioError) -> None:
        """There is no result: nothing stands in its place."""
        super().complain(error)
        self.found = None
        self.result.set_numbers(np.zeros((0, 0)))
        self.sum.setText("")
        self._show_facts()

    def _show_facts(self) -> None:
        found = self.found
        if found is None:
            self.facts.setText("")
            return
        shape = " × ".join(map(str, found.shape)) or tr("none, it is a single number")
        each = found.bytes // max(1, found.count)
        parts = [
            tr("rank {rank}", rank=found.rank),
            tr("shape {shape}", shape=shape),
            tr(
                "{count} numbers of {each} bytes = {all} bytes",
                count=count(found.count),
                each=each,
                all=count(found.bytes),
            ),
        ]
        if found.strides:
            parts.append(tr("strides {strides}", strides=", ".join(map(str, found.strides))))
        self.facts.setText(" · ".join(parts))

    def _explain(self, row: int, column: int) -> None:
        """Where the number under the pointer comes from."""
        left, right, lit = self.left.grid.values, self.right.grid.values, self.result.values
        if row < 0 or not lit.size or self.mode in _START:
            self.left.grid.set_lit(())
            self.right.grid.set_lit(())
            self.sum.setText(tr("Point at a number of the result to see what it is made of."))
            return
        if self.mode == "product":
            self.left.grid.set_lit([(row, at) for at in range(left.shape[1])])
            self.right.grid.set_lit([(at, column) for at in range(right.shape[0])])
            parts = (f"{_short(left[row, at])} × {_short(right[at, column])}" for at in range(left.shape[1]))
            self.sum.setText(f"{' + '.join(parts)} = {number_text(float(lit[row, column]))}")
            return
        flat = row * lit.shape[1] + column
        here = (column, row) if self.mode == "transpose" else divmod(flat, left.shape[1])
        here = (min(row, left.shape[0] - 1), min(column, left.shape[1] - 1)) if self.mode == "add" else here
        self.left.grid.set_lit([here])
        if self.mode == "add":
            there = (min(row, right.shape[0] - 1), min(column, right.shape[1] - 1))
            self.right.grid.set_lit([there])
            one, other = _short(left[here]), _short(right[there])
            self.sum.setText(f"{one} + {other} = {number_text(float(lit[row, column]))}")
        else:
            self.sum.setText(tr("row {row}, column {column} of A", row=here[0] + 1, column=here[1] + 1))

    # --- what a person does ---------------------------------------------------------------------------------------

    def _edit_left(self, row: int, column: int, value: float) -> None:
        values = self.values[self._own]
        values.reshape(-1, *(values.shape[-1:] or (1,)))[row, column] = value
        self.recompute()

    def _edit_second(self, row: int, column: int, value: float) -> None:
        self.values["stack"][1, row, column] = value
        self.recompute()

    def _edit_right(self, row: int, column: int, value: float) -> None:
        self.values["b"][row, column] = value
        self.recompute()

    def _resized(self) -> None:
        """Keep the numbers that fit; new ones count on."""
        changed = False
        for name, side in ((self._own, self.left), ("b", self.right)):
            values, wanted = self.values[name], side.wanted()
            if wanted is None or not values.ndim:
                continue
            shape = (*values.shape[:-2], *wanted) if values.ndim >= 2 else wanted[1:]
            if shape != values.shape:
                self.values[name], changed = _resized(values, shape), True
        if changed:
            self._show_operands()
            self.recompute()


def _begun(shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """1, 2, 3, … in the order they lie in memory."""
    return np.arange(1, int(np.prod(shape)) + 1, dtype=np.float64).reshape(shape)


def _resized(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    found = _begun(shape)
    common = tuple(slice(0, min(one, other)) for one, other in zip(values.shape, shape, strict=True))
    found[common] = values[common]
    return found


def _short(value: float) -> str:
    return f"{value:g}".replace("-", "−")
