"""How wide a column beside a picture is: in a small window it leaves more of it to the picture."""

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

_ROOMY_FROM = 860  # pixels of the two together


@dataclass(frozen=True)
class Breadth:
    """Least and most pixels of the column, where there is room and where there is little."""

    roomy: tuple[int, int]
    narrow: tuple[int, int]

    def fit(self, column: QWidget, whole: int) -> None:
        """Hold the column to it while column and picture share `whole` pixels."""
        least, most = self.of(whole)
        column.setMinimumWidth(least)
        column.setMaximumWidth(most)

    def of(self, whole: int) -> tuple[int, int]:
        """Least and most for so many pixels."""
        return self.roomy if whole >= _ROOMY_FROM else self.narrow
