"""What can be said about the rows of a dataset and done to them: pure functions over streams of dicts."""

from typing import Any

__all__ = ["Values"]

Values = dict[str, Any]  # one row: column to a JSON value
