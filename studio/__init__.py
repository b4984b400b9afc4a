"""Atelier: build, train, look into and talk to a language model on your own computer."""

__version__ = "0.1.0"
