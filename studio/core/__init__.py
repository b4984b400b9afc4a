"""Words every other room speaks: configs, knobs, events, channels, history. Standard library and numpy only."""
