"""The frame around the pages: window, rail, strips, docks, palette, theme, and what happens when something breaks."""
