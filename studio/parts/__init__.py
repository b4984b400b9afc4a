"""Pieces of pages that know the program's objects: projects, texts, machines."""
