"""The curve plot, in its parts: axis, canvas, gestures, header, marks, reading, export."""
