"""How good answers are: figures from arrays of what is true and what a model said. Pure functions, numpy only."""

import numpy as np
import numpy.typing as npt

__all__ = ["Bools", "Floats", "Numbers"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
